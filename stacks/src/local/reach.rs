//! Which places does an exporter send to, and can they be reached from this machine?

use std::collections::BTreeMap;

use provider::Graph;
use serde_json::Value;

use super::{program::Program, program::strings};

/// The place that an exporter sends to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// A program that runs on this machine too: its name, and the port that it has in the cluster.
    Here(String, u16),
    /// In the cluster, which is only simulated.
    Simulated,
    /// Somewhere else.
    Outside,
}

/// The Services of a stack that lead to programs which run here: by `service.namespace`.
#[derive(Clone, Debug, Default)]
pub(super) struct Services(BTreeMap<String, String>);

impl Services {
    /// Those of these programs.
    pub(super) fn of(graph: &Graph, programs: &[Program]) -> Self {
        let services = graph.resources().filter(|one| one.is("", "Service"));
        let found = services.filter_map(|service| {
            let selector = strings(service.at(&["spec", "selector"]));
            let namespace = service.id.namespace.clone()?;
            let leads_to = |program: &&Program| {
                let same = program.id.namespace.as_deref() == Some(&namespace);
                let mut labels = selector.iter();
                same && labels.all(|(key, value)| program.labels.get(key) == Some(value))
            };
            let program = programs.iter().find(leads_to);
            let program = program.filter(|_| !selector.is_empty())?;
            let name = format!("{}.{namespace}", service.id.name);
            Some((name, program.name.clone()))
        });
        Self(found.collect())
    }

    /// Where an address leads: `http://loki.dev.svc:3100/otlp`, `otlp-0.otlp-headless.dev.svc:4317`.
    pub(super) fn reach(&self, address: &str) -> Reach {
        let (host, port) = host_and_port(address);
        let labels: Vec<&str> = host.split('.').collect();
        let Some(at) = labels.iter().position(|label| *label == "svc") else {
            return Reach::Outside;
        };
        let [.., service, namespace] = &labels[..at] else {
            return Reach::Outside;
        };
        match (self.0.get(&format!("{service}.{namespace}")), port) {
            (Some(program), Some(port)) => Reach::Here(program.clone(), port),
            _ => Reach::Simulated,
        }
    }
}

/// The host of an address or a URL, and its port.
fn host_and_port(address: &str) -> (&str, Option<u16>) {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.trim_start_matches('/');
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (authority, None),
    }
}

/// An address with another host and port in it.
pub(super) fn moved(address: &str, host: &str, port: u16) -> String {
    let (old, _) = host_and_port(address);
    let begin = address.find(old).unwrap_or(0);
    let after = &address[begin + old.len()..];
    let path = after.find('/').map_or("", |at| &after[at..]);
    format!("{}{host}:{port}{path}", &address[..begin])
}

/// What is shown of an address: without its scheme and path.
pub(super) fn shown(address: &str) -> String {
    match host_and_port(address) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    }
}

/// The keys of an exporter with an address.
const KEYS: [&str; 4] = [
    "endpoint",
    "traces_endpoint",
    "metrics_endpoint",
    "logs_endpoint",
];

/// All addresses of an exporter, so that they can be changed. A name that is looked up in the cluster is one of them.
pub(super) fn addresses(exporter: &mut Value) -> Vec<&mut Value> {
    let mut found = Vec::new();
    let Some(fields) = exporter.as_object_mut() else {
        return found;
    };
    for (key, value) in fields.iter_mut() {
        if KEYS.contains(&key.as_str()) {
            found.push(value);
        } else if key == "resolver"
            && let Some(resolvers) = value.as_object_mut()
        {
            for (kind, resolver) in resolvers {
                let names = match kind.as_str() {
                    "static" => resolver.get_mut("hostnames"),
                    "dns" => resolver.get_mut("hostname"),
                    _ => None,
                };
                match names {
                    Some(Value::Array(names)) => found.extend(names),
                    Some(name) => found.push(name),
                    None => {}
                }
            }
        }
    }
    found.retain(|value| value.as_str().is_some_and(|text| !text.is_empty()));
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_in_the_cluster_is_told_from_one_outside() {
        let services =
            Services([("otlp-sampler.shop".to_owned(), "otlp-sampler".to_owned())].into());
        let here = || Reach::Here("otlp-sampler".to_owned(), 4317);
        for (address, expected) in [
            ("http://loki.dev.svc:3100/otlp", Reach::Simulated),
            ("https://loki.dev.svc.cluster.local:3100", Reach::Simulated),
            (
                "prometheus-0.prometheus-headless.dev.svc:9090",
                Reach::Simulated,
            ),
            ("otlp-sampler.dev.svc:4317", Reach::Simulated),
            ("otlp-sampler-1.otlp-sampler.shop.svc:4317", here()),
            ("dns:///otlp-sampler.shop.svc.cluster.local:4317", here()),
            ("https://otlp.example.com:4317", Reach::Outside),
            ("backend:4317", Reach::Outside),
            ("unix:///run/otlp.sock", Reach::Outside),
            ("", Reach::Outside),
        ] {
            assert_eq!(services.reach(address), expected, "{address}");
        }
    }

    #[test]
    fn an_address_moves_with_its_scheme_and_its_path() {
        for (address, expected) in [
            ("http://loki.dev.svc:3100/otlp", "http://127.0.0.1:9/otlp"),
            ("otlp.dev.svc:4317", "127.0.0.1:9"),
            ("dns:///otlp.dev.svc:4317", "dns:///127.0.0.1:9"),
        ] {
            assert_eq!(moved(address, "127.0.0.1", 9), expected);
        }
    }

    #[test]
    fn every_address_of_an_exporter_is_found() {
        let mut balancer =
            json!({"resolver": {"static": {"hostnames": ["a:1", "b:2"]}}, "protocol": {}});
        assert_eq!(addresses(&mut balancer).len(), 2);
        let mut http = json!({"endpoint": "", "traces_endpoint": "http://c:3/v1/traces"});
        assert_eq!(addresses(&mut http).len(), 1);
        assert_eq!(addresses(&mut json!({"path": "/x"})).len(), 0);
    }
}
