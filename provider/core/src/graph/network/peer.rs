//! How does a NetworkPolicy say who is meant?

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::scope::Source;

/// One side of a rule.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Peers {
    /// Whoever it is.
    Anyone,
    /// The peers of a list.
    Only(Value),
}

impl Peers {
    /// The peers as text, which has an order.
    pub(super) fn key(&self) -> String {
        match self {
            Peers::Anyone => String::new(),
            Peers::Only(list) => list.to_string(),
        }
    }
}

/// Pods of one workload.
pub(super) fn pods(namespace: &str, selector: &Value) -> Peers {
    let peer = json!({ "namespaceSelector": named(namespace), "podSelector": selector });
    Peers::Only(json!([peer]))
}

/// All Pods of one namespace.
pub(super) fn namespace(name: &str) -> Peers {
    Peers::Only(json!([{ "namespaceSelector": named(name) }]))
}

/// Senders that the stack does not describe.
pub(super) fn source(source: &Source) -> Peers {
    match source {
        Source::Namespace(name) => namespace(name),
        Source::AnyNamespace => Peers::Only(json!([{ "namespaceSelector": {} }])),
        Source::Anywhere => Peers::Anyone,
    }
}

/// A place that the stack does not describe, as its host name or address says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    /// The Pod itself: no policy is about that.
    Own,
    /// The API server.
    KubernetesApi,
    /// Pods of one namespace, behind a Service.
    Namespace(String),
    /// Addresses outside the cluster's Pod network.
    Addresses(Peers),
}

/// What a host means to a policy. Addresses of Pods are not matched by blocks everywhere, so a Service's name is
/// read as the namespace that it stands in.
pub(super) fn place(host: &str) -> Place {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = host.parse::<IpAddr>() {
        return match address {
            _ if address.is_loopback() => Place::Own,
            IpAddr::V4(address) => blocks(&[&format!("{address}/32")]),
            IpAddr::V6(address) => blocks(&[&format!("{address}/128")]),
        };
    }
    let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    match labels.iter().position(|label| *label == "svc") {
        _ if labels == ["localhost"] => Place::Own,
        Some(2) if labels[..2] == ["kubernetes", "default"] => Place::KubernetesApi,
        Some(at)
            if at >= 2 && (at + 1 == labels.len() || labels.ends_with(&["cluster", "local"])) =>
        {
            Place::Namespace(labels[at - 1].to_owned())
        }
        _ => blocks(&["0.0.0.0/0", "::/0"]),
    }
}

fn blocks(ranges: &[&str]) -> Place {
    let blocks = ranges
        .iter()
        .map(|range| json!({ "ipBlock": { "cidr": range } }));
    Place::Addresses(Peers::Only(blocks.collect()))
}

fn named(namespace: &str) -> Value {
    json!({ "matchLabels": { "kubernetes.io/metadata.name": namespace } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_say_where_they_are() {
        let any = || blocks(&["0.0.0.0/0", "::/0"]);
        for (host, expected) in [
            ("localhost", Place::Own),
            ("127.0.0.1", Place::Own),
            ("[::1]", Place::Own),
            ("10.1.2.3", blocks(&["10.1.2.3/32"])),
            ("[fd00::7]", blocks(&["fd00::7/128"])),
            ("kubernetes.default.svc", Place::KubernetesApi),
            ("db.shop.svc", Place::Namespace("shop".into())),
            (
                "db-0.db.shop.svc.cluster.local.",
                Place::Namespace("shop".into()),
            ),
            ("example.com", any()),
            ("svc", any()),
            ("a.b.svc.example.com", any()),
            ("", any()),
        ] {
            assert_eq!(place(host), expected, "{host}");
        }
    }
}
