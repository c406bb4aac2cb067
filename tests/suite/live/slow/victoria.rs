//! Does VictoriaMetrics run as we start it, on addresses of both families, and keep what a collector sends it?

use std::{fs, net::TcpListener};

use modules::{Collector, VictoriaMetrics, metrics};
use provider::{Scope, Stack};
use serde_json::json;
use support::{Container, Live, Running, ask};

use super::super::peers::of;

/// A collector that sends to the one process.
fn stored(stack: &mut Scope<'_>) {
    let store = stack.add(VictoriaMetrics::single("store"));
    stack.add(Collector::gateway("otlp").pipeline(metrics().export(&store.otlp)));
}

fn container(stack: &Stack, repository: &str) -> Container {
    let mut found = of(std::slice::from_ref(stack), repository).into_iter();
    found.next().expect("the stack runs it").1
}

/// What sends the load of this machine, as if of a Pod.
fn sends(to: &str) -> String {
    let attributes = ["k8s.node.name", "k8s.pod.uid"];
    let attributes =
        attributes.map(|key| json!({ "key": key, "value": "one", "action": "upsert" }));
    let config = json!({
        "receivers": { "host_metrics": { "collection_interval": "1s", "scrapers": { "load": {} } } },
        "processors": { "resource": { "attributes": attributes } },
        "exporters": { "otlp_http": {
            "metrics_endpoint": format!("http://{to}/opentelemetry/v1/metrics"),
        } },
        "service": {
            "telemetry": { "metrics": { "level": "none" } },
            "pipelines": { "metrics": {
                "receivers": ["host_metrics"],
                "processors": ["resource"],
                "exporters": ["otlp_http"],
            } },
        },
    });
    config.to_string()
}

/// Starts the store where a Pod has this address, sends to it, and asks it.
fn works(at: &str) {
    let stack = Stack::new("stored", stored);
    let container = container(&stack, "victoriametrics/victoria-metrics");
    let address = format!("{at}:8428");
    let listen = format!("-httpListenAddr={address}");
    let mut store = Running::start(&container, "victoria-metrics", &[listen]);
    store.wait("it is healthy", || ask(&address, "GET", "/health", ""));

    let gateway = self::container(&stack, "opentelemetry-collector-k8s");
    fs::write(gateway.argument("--config").unwrap(), sends(&address)).unwrap();
    let _collector = Running::start(&gateway, "otelcol", &[]);
    let series = store.wait("what was sent can be asked for", || {
        // What came in the last seconds is neither searched nor shown without being asked for.
        ask(&address, "GET", "/internal/force_flush", "")?;
        let path = "/api/v1/export?match[]=system_cpu_load_average_1m";
        ask(&address, "GET", path, "").filter(|found| !found.is_empty())
    });
    assert!(series.contains(r#""k8s_node_name":"one""#), "{series}");
    // A label of every Pod's own would make new series of every restart.
    assert!(!series.contains("k8s_pod_uid"), "{series}");
}

#[test]
fn victoria_metrics_runs_as_rendered_at_addresses_of_both_families() {
    let _live = Live::expected();
    works("127.0.21.3");
    match TcpListener::bind("[::1]:0") {
        Ok(_) => works("[::1]"),
        Err(error) => eprintln!("SKIPPED: this machine has no IPv6: {error}"),
    }
}
