//! Can what is called be reached, and does it listen where it should?

use super::{
    Found, Lint, Severity, Tier,
    look::{Look, Part},
};
use crate::{Signal, component::Class, needs::host_of};

pub(super) const LINTS: &[Lint] = &[
    Lint {
        id: "tls-without-authority",
        severity: Severity::Error,
        why: "the public authorities sign no names inside a cluster, so every handshake fails",
        items: &["M21"],
        find: without_authority,
    },
    Lint {
        id: "endpoint-of-signal",
        severity: Severity::Error,
        why: "the exporter appends the path of each signal to it, so every request goes where nobody answers",
        items: &[],
        find: of_signal,
    },
    Lint {
        id: "plain-listener",
        severity: Severity::Hint,
        why: "a sender that asks for TLS cannot connect, and everyone on the way can read along",
        items: &["M5"],
        find: plain_listener,
    },
    Lint {
        id: "unix-as-address",
        severity: Severity::Error,
        why: "the server does not start: a socket is a transport, and its path is the endpoint",
        items: &["1.6"],
        find: unix_as_address,
    },
    Lint {
        id: "listens-everywhere",
        severity: Severity::Hint,
        why: "it is reachable on every network that the Pod, or with its network the node, has",
        items: &["M13"],
        find: listens_everywhere,
    },
    Lint {
        id: "address-without-brackets",
        severity: Severity::Hint,
        why: "an address of IPv6 has colons of its own, so the collector does not start in a cluster that gives such ones",
        items: &["M13"],
        find: without_brackets,
    },
];

/// Whether only the cluster's own DNS knows a host.
fn is_in_cluster(host: &str) -> bool {
    let local = host == "localhost" || host.starts_with("127.") || host.contains('$');
    let address = host.chars().all(|c| c.is_ascii_digit() || c == '.') || host.starts_with('[');
    let service = !host.contains('.') || host.split('.').any(|part| part == "svc");
    !host.is_empty() && !local && !address && service
}

fn without_authority(look: &Look<'_>) -> Vec<Found> {
    let trusting = look.parts(Class::Exporter).filter_map(|part| {
        let endpoint = part.text("endpoint")?;
        let plain = endpoint.starts_with("http://") || part.truth("tls.insecure") == Some(true);
        // An exporter that speaks HTTP says in its address whether it uses TLS; one that speaks gRPC always does.
        let grpc = part.id.kind() == "otlp_grpc";
        let secured = endpoint.starts_with("https://") || (grpc && !plain);
        let trusts = ["tls.ca_file", "tls.ca_pem", "tls.include_system_ca_certs_pool"];
        let careless = part.truth("tls.insecure_skip_verify") == Some(true);
        let known = trusts.iter().any(|name| part.has(name)) || careless;
        (secured && !plain && !known && is_in_cluster(host_of(endpoint))).then(|| {
            Found::new(
                part.place_of("tls"),
                format!("`{endpoint}` is called with TLS, and no authority is named"),
                "set `tls.ca_file` to the authority that signed its certificate, or `tls.insecure: true` where there is no TLS",
            )
        })
    });
    trusting.collect()
}

fn of_signal(look: &Look<'_>) -> Vec<Found> {
    let whole = Signal::ALL.map(|signal| format!("{signal}_endpoint"));
    let wrong = look
        .of_kind(Class::Exporter, "otlp_http")
        .filter_map(|part| {
            let endpoint = part.text("endpoint")?;
            let shown = endpoint.trim_end_matches('/');
            let (base, signal) = Signal::ALL.into_iter().find_map(|signal| {
                let base = shown.strip_suffix(signal.as_str())?.strip_suffix("/v1/")?;
                Some((base, signal))
            })?;
            // Where each signal has an address of its own, nothing is appended to this one.
            let unread = whole.iter().all(|name| part.get(name).is_some());
            (!unread).then(|| {
                Found::new(
                    part.place_of("endpoint"),
                    format!("`{shown}` is the address of one signal, and `/v1/{signal}` is appended to it"),
                    format!("write `{signal}_endpoint: {shown}` for that signal alone, or `endpoint: {base}` for all"),
                )
            })
        });
    wrong.collect()
}

/// The servers of OTLP receivers: where each stands, and its endpoint.
fn servers<'a>(look: &Look<'a>) -> impl Iterator<Item = (Part<'a>, String, &'a str)> {
    look.of_kind(Class::Receiver, "otlp").flat_map(|part| {
        ["protocols.grpc", "protocols.http"]
            .into_iter()
            .filter_map(move |protocol| {
                let endpoint = part.text(&format!("{protocol}.endpoint")).unwrap_or("");
                part.has(protocol)
                    .then(|| (part, protocol.to_owned(), endpoint))
            })
    })
}

fn plain_listener(look: &Look<'_>) -> Vec<Found> {
    if !matches!(look.setting.tier, Tier::Gateway | Tier::Sampler) {
        return Vec::new();
    }
    let open = servers(look).filter(|(part, protocol, endpoint)| {
        let unreachable = endpoint.is_empty() || host_of(endpoint) == "localhost";
        !unreachable && !part.has(&format!("{protocol}.tls"))
    });
    open.map(|(part, protocol, _)| {
        Found::new(
            part.place_of(&protocol),
            "it takes data without TLS from other Pods",
            "set `tls.cert_file` and `tls.key_file`, and tell every sender the authority; or let no sender use TLS",
        )
    })
    .collect()
}

pub(super) fn unix_as_address(look: &Look<'_>) -> Vec<Found> {
    let wrong = servers(look).filter_map(|(part, protocol, endpoint)| {
        let path = endpoint.strip_prefix("unix://")?;
        let transport = part.text(&format!("{protocol}.transport"));
        Some(Found::new(
            part.place_of(&format!("{protocol}.endpoint")),
            format!("the endpoint is `{endpoint}`, and the transport is `{}`", transport.unwrap_or("tcp")),
            format!("set `transport: unix` and `endpoint: {path}`, in a volume that both containers mount"),
        ))
    });
    wrong.collect()
}

fn listens_everywhere(look: &Look<'_>) -> Vec<Found> {
    let address = match look.setting.tier {
        Tier::Sidecar => "127.0.0.1",
        _ => "[${env:POD_IP}]",
    };
    let everywhere =
        listened(look).filter(|(_, _, endpoint)| matches!(host_of(endpoint), "0.0.0.0" | "[::]"));
    everywhere
        .map(|(part, path, endpoint)| {
            let port = endpoint.rsplit(':').next().unwrap_or_default();
            Found::new(
                part.place_of(&path),
                format!("it listens on every address, `{endpoint}`"),
                format!("listen on `{address}:{port}`"),
            )
        })
        .collect()
}

/// Everything that a configuration listens on: who does, where that stands, and the address.
fn listened<'a>(look: &Look<'a>) -> impl Iterator<Item = (Part<'a>, String, &'a str)> {
    let serving = look
        .parts(Class::Receiver)
        .chain(look.parts(Class::Extension))
        .chain(look.of_kind(Class::Exporter, "prometheus"));
    serving.flat_map(|part| {
        let endpoints = part.texts_named("endpoint").into_iter();
        endpoints.map(move |(path, endpoint)| (part, path, endpoint))
    })
}

fn without_brackets(look: &Look<'_>) -> Vec<Found> {
    let bare = listened(look).filter_map(|(part, path, endpoint)| {
        let (host, port) = endpoint.rsplit_once(':')?;
        let name = host.strip_prefix("${env:")?.strip_suffix('}')?;
        // Others may hold a name; and what is called is not the Pod's own.
        name.ends_with("POD_IP").then(|| {
            Found::new(
                part.place_of(&path),
                format!("`{endpoint}` is an address of IPv4 alone"),
                format!("write `[{host}]:{port}`, which is right for both families"),
            )
        })
    });
    bare.collect()
}
