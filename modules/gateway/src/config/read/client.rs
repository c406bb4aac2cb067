//! How do the OTLP exporters speak to their servers?

use std::{collections::BTreeMap, time::Duration};

use collector_config::components::{
    connection::{Auth, Middleware},
    otlp_exporters::{OtlpGrpc as GrpcText, OtlpHttp as HttpText},
};

use super::super::at::At;
use super::{NO_AUTHENTICATORS, NO_MIDDLEWARES, connection, or_default};
use crate::settings::{ClientTls, Encoding, OtlpGrpc, OtlpHttp, Secret, WireCompression};

/// Nobody is asked more often whether it is still there.
const SHORTEST_SILENCE: Duration = Duration::from_secs(10);
const NO_BUFFERS: &str = "does nothing: the gateway chooses the sizes of its buffers itself";

/// What no client can have.
pub(super) fn without(auth: Option<&Auth>, middlewares: &[Middleware], at: &At<'_>) {
    if auth.is_some_and(|auth| auth.authenticator.is_some()) {
        at.key("auth")
            .refuse(format!("{NO_AUTHENTICATORS}, or `headers`"));
    }
    if !middlewares.is_empty() {
        at.key("middlewares").refuse(NO_MIDDLEWARES);
    }
}

/// Headers, whose values nobody needs to see.
pub(super) fn headers(text: BTreeMap<String, String>, at: &At<'_>) -> BTreeMap<String, Secret> {
    let at = at.key("headers");
    let headers = text.into_iter().filter_map(|(name, value)| {
        let known = header(&name, &value, &at);
        known.then(|| (name.to_ascii_lowercase(), Secret::new(value)))
    });
    headers.collect()
}

/// Whether a header can be sent, which is said if not.
pub(super) fn header(name: &str, value: &str, at: &At<'_>) -> bool {
    let at = at.key(name);
    if http::HeaderName::try_from(name).is_err() {
        at.refuse("is not the name of a header");
        return false;
    }
    if http::HeaderValue::try_from(value).is_err() {
        at.refuse("its value cannot stand in a header");
        return false;
    }
    true
}

/// OTLP over gRPC.
pub(super) fn grpc(text: GrpcText, at: &At<'_>) -> OtlpGrpc {
    without(text.auth.as_ref(), &text.middlewares, at);
    at.moot("read_buffer_size", &text.read_buffer_size, NO_BUFFERS);
    at.moot("write_buffer_size", &text.write_buffer_size, NO_BUFFERS);
    let ping_after = text.keepalive.as_ref().map(|pings| {
        // As the collector's gRPC library has it, so that no server takes offence.
        pings.time.unwrap_or_default().get().max(SHORTEST_SILENCE)
    });
    let keepalive = text.keepalive.unwrap_or_default();
    let (endpoint, secure) = endpoint(&text.endpoint);
    let tls = match secure {
        Some(true) => Some(connection::always(&text.tls, at)),
        Some(false) | None => connection::client(&text.tls, at),
    };
    let authority = text.authority.filter(|name| !name.is_empty());
    let (authority, tls) = believed(authority, tls, at);
    OtlpGrpc {
        endpoint: endpoint.to_owned(),
        tls,
        compression: match text.compression.as_deref() {
            Some("snappy") => WireCompression::Snappy,
            name => compression(name, None, "`none`, `gzip`, `zstd` and `snappy`", at),
        },
        headers: headers(text.headers, at),
        authority,
        user_agent: text.user_agent.filter(|name| !name.is_empty()),
        round_robin: !matches!(text.balancer_name.as_deref(), Some("pick_first" | "")),
        ping_after,
        ping_timeout: or_default(keepalive.timeout, None).unwrap_or(Duration::from_secs(20)),
        ping_without_calls: keepalive.permit_without_stream,
        wait_for_ready: text.wait_for_ready,
    }
}

/// What a server is told that it is called, and what its certificate has to say: with TLS it is one name, as the
/// collector's gRPC library has it.
fn believed(
    authority: Option<String>,
    tls: Option<ClientTls>,
    at: &At<'_>,
) -> (Option<String>, Option<ClientTls>) {
    let Some(tls) = tls else {
        return (authority, None);
    };
    match (authority, tls.server_name.clone()) {
        (Some(authority), Some(name)) if authority != name => {
            let what = "differs from `tls::server_name_override`, and a server has one name";
            at.key("authority").refuse(what);
            (Some(authority), Some(tls))
        }
        (None, name) => (name, Some(tls)),
        (Some(authority), _) => {
            let host = authority
                .rsplit_once(':')
                .map_or(&*authority, |(host, _)| host);
            let server_name = Some(host.trim_matches(['[', ']']).to_owned());
            (Some(authority), Some(ClientTls { server_name, ..tls }))
        }
    }
}

/// An address without a scheme of HTTP, and whether that scheme asks for TLS.
fn endpoint(text: &str) -> (&str, Option<bool>) {
    let schemes = [("https://", Some(true)), ("http://", Some(false))];
    for (scheme, secure) in schemes {
        if let Some(rest) = text.strip_prefix(scheme) {
            return (rest.trim_end_matches('/'), secure);
        }
    }
    (text, None)
}

/// OTLP over HTTP.
pub(super) fn http(text: HttpText, at: &At<'_>) -> OtlpHttp {
    without(text.auth.as_ref(), &text.middlewares, at);
    at.without(
        "proxy_url",
        &text.proxy_url,
        "the gateway speaks to servers itself, without a proxy",
    );
    let version =
        "does nothing: the gateway posts over HTTP/1.1, on as many connections as it needs";
    at.moot("force_attempt_http2", &text.force_attempt_http2, version);
    at.moot(
        "http2_read_idle_timeout",
        &text.http2_read_idle_timeout,
        version,
    );
    at.moot("http2_ping_timeout", &text.http2_ping_timeout, version);
    at.moot("max_idle_conns", &text.max_idle_conns, version);
    at.moot(
        "max_idle_conns_per_host",
        &text.max_idle_conns_per_host,
        version,
    );
    at.moot("read_buffer_size", &text.read_buffer_size, NO_BUFFERS);
    at.moot("write_buffer_size", &text.write_buffer_size, NO_BUFFERS);
    let tls = connection::always(&text.tls, at);
    let base = Some(text.endpoint.trim_end_matches('/')).filter(|base| !base.is_empty());
    let check = |url: &str, key: &str| {
        if !is_http(url) {
            let what = format!("`{url}` is not a URL such as `http://host:4318`");
            at.key(key).refuse(what);
        }
        anonymous(url, &at.key(key));
    };
    if let Some(base) = base {
        check(base, "endpoint");
    }
    let url = |own: &Option<String>, key: &str, path: &str| {
        let own = own.as_ref().filter(|url| !url.is_empty());
        if let Some(own) = own {
            check(own, key);
        }
        own.cloned()
            .or_else(|| base.map(|base| format!("{base}{path}")))
    };
    OtlpHttp {
        traces: url(&text.traces_endpoint, "traces_endpoint", "/v1/traces"),
        metrics: url(&text.metrics_endpoint, "metrics_endpoint", "/v1/metrics"),
        logs: url(&text.logs_endpoint, "logs_endpoint", "/v1/logs"),
        tls,
        compression: match text.compression.as_deref() {
            Some("snappy") => WireCompression::SnappyBlock,
            Some("x-snappy-framed") => WireCompression::Snappy,
            Some("lz4") => WireCompression::Lz4,
            name => {
                let names = "`none`, `gzip`, `zstd`, `snappy`, `x-snappy-framed` and `lz4`";
                compression(name, text.compression_params.level, names, at)
            }
        },
        encoding: match text.encoding.as_deref() {
            None | Some("proto") => Encoding::Proto,
            Some("json") => Encoding::Json,
            Some(other) => {
                let what = format!("must be `proto` or `json`, not `{other}`");
                at.key("encoding").refuse(what);
                Encoding::Proto
            }
        },
        headers: headers(text.headers, at),
        max_connections: text.max_conns_per_host.filter(|most| *most > 0),
        idle_timeout: or_default(text.idle_conn_timeout, Some(Duration::from_secs(90))),
        keep_alive: !text.disable_keep_alives,
    }
}

/// Whether it is a whole URL of HTTP.
pub(super) fn is_http(url: &str) -> bool {
    url.parse::<http::Uri>().is_ok_and(|url| {
        matches!(url.scheme_str(), Some("http" | "https"))
            && url.host().is_some_and(|host| !host.is_empty())
    })
}

/// Nobody says who it is in a URL, which is shown where headers are not.
pub(super) fn anonymous(url: &str, at: &At<'_>) {
    let url = url.parse::<http::Uri>().ok();
    let authority = url.as_ref().and_then(http::Uri::authority);
    if authority.is_some_and(|authority| authority.as_str().contains('@')) {
        at.refuse("a name and a password stand in `headers`, as `authorization: Basic …`");
    }
}

fn compression(
    name: Option<&str>,
    level: Option<i32>,
    names: &str,
    at: &At<'_>,
) -> WireCompression {
    match name {
        None | Some("gzip") => WireCompression::Gzip(level),
        Some("" | "none") => WireCompression::None,
        Some("zstd") => WireCompression::Zstd(level),
        Some(other) => {
            let what = format!("`{other}` is not sent; {names} are");
            at.key("compression").refuse(what);
            WireCompression::None
        }
    }
}
