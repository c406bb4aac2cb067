//! Who is responsible for what, among several collectors?

use std::time::Duration;

use collector_config::components::load_balancing::{
    DnsResolver, FixedResolver, LoadBalancing as Text, Resolver, RoutingKey as KeyText,
};
use serde_json::Value;

use super::super::at::At;
use super::{
    client, or_default,
    queue::{self, Stored},
};
use crate::settings::{Choice, DnsNames, LoadBalancing, RoutingKey};

/// How long everything may take where nothing is said and no collector has a queue.
const WITHIN: Duration = Duration::from_secs(5);

/// The exporter that keeps together what belongs together.
pub(super) fn load_balancing(
    text: Text,
    settings: &Value,
    stored: Stored,
    at: &At<'_>,
) -> LoadBalancing {
    let inner = at.keys(&["protocol", "otlp"]);
    let why = "does nothing: the resolver knows who is spoken to";
    inner.moot("endpoint", &text.protocol.otlp.endpoint, why);
    let timeout = text.protocol.otlp.timeout;
    let again = text
        .protocol
        .otlp
        .retry_on_failure
        .clone()
        .unwrap_or_default();
    // Where each collector has a queue, that is all that would have to happen in this time.
    let queued = text.protocol.otlp.sending_queue.as_ref();
    let within = or_default(text.timeout, None);
    if within.is_some() && queued.is_none_or(|queue| queue.enabled) {
        let why = "does nothing while `protocol::otlp::sending_queue` is enabled, here as in the collector";
        at.key("timeout").note(why);
    }
    LoadBalancing {
        within: queued
            .filter(|queue| !queue.enabled)
            .map(|_| within.unwrap_or(WITHIN)),
        key: text
            .routing_key
            .map(|key| routing(key, text.routing_attributes)),
        choice: choice(text.resolver, &at.key("resolver")),
        timeout: or_default(timeout, Some(Duration::from_secs(5))),
        retry: queue::retry(&again, &settings["protocol"]["otlp"], stored, &inner),
        protocol: client::grpc(text.protocol.otlp, &inner),
    }
}

fn routing(key: KeyText, attributes: Vec<String>) -> RoutingKey {
    match key {
        KeyText::TraceId => RoutingKey::TraceId,
        KeyText::Service => RoutingKey::Service,
        KeyText::Metric => RoutingKey::Metric,
        KeyText::Resource => RoutingKey::Resource,
        KeyText::StreamId => RoutingKey::StreamId,
        KeyText::Attributes => RoutingKey::Attributes(attributes),
    }
}

fn choice(text: Resolver, at: &At<'_>) -> Choice {
    const UNKNOWN: &str = "the gateway asks `dns`, or is told by `static`";
    if text.kubernetes.is_some() {
        at.key("k8s")
            .refuse(format!("{UNKNOWN}; a headless Service is a name for `dns`"));
    }
    if text.aws_cloud_map.is_some() {
        at.key("aws_cloud_map").refuse(UNKNOWN);
    }
    match text {
        Resolver { dns: Some(dns), .. } => Choice::Dns(names(dns, &at.key("dns"))),
        Resolver { fixed, .. } => {
            let FixedResolver { hostnames } = fixed.unwrap_or_default();
            Choice::Fixed(hostnames.into_iter().map(with_port).collect())
        }
    }
}

/// `host:port`, with the port of OTLP where none is said.
fn with_port(host: String) -> String {
    let bracketed = host.ends_with(']');
    match host.rsplit_once(':') {
        Some((_, port)) if !bracketed && port.parse::<u16>().is_ok() => host,
        _ => format!("{host}:4317"),
    }
}

fn names(text: DnsResolver, at: &At<'_>) -> DnsNames {
    let port = text.port.filter(|port| !port.is_empty());
    let port = port.map(|port| {
        port.parse().unwrap_or_else(|_| {
            at.key("port").refuse(format!("`{port}` is not a port"));
            0
        })
    });
    DnsNames {
        host: text.hostname,
        port: port.unwrap_or(4317),
        interval: or_default(text.interval, None).unwrap_or(Duration::from_secs(5)),
        timeout: or_default(text.timeout, None).unwrap_or(Duration::from_secs(1)),
    }
}
