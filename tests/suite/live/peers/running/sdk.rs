//! Does telemetry arrive that a program of others sends, told nothing but what its Pod is told?
//!
//! The program is `examples/sdk` with the variables of a workload of `hybrid`. It sends to the sidecar that is rendered
//! for it, that one to the gateway.

use std::collections::BTreeSet;

use serde_json::Value;
use support::{Container, Live, Running, ask, peers};

use super::{Sink, redirect};
use crate::live::peers::of;

const SIDECAR: &str = "127.0.14.1";
const GATEWAY: &str = "127.0.14.2";
const SINK: &str = "127.0.14.3";

/// Starts the collector of a workload at an address, sending to another.
fn started(container: Container, at: &str, to: &str) -> (Running, Container) {
    let mut container = container.at(at);
    let kubeconfig = Live::expected().kubeconfig.display().to_string();
    container.env.insert("KUBECONFIG".to_owned(), kubeconfig);
    let config = container.argument("--config").unwrap();
    container.edit(config, |text| {
        redirect(&text.replace("127.0.0.1:", &format!("{at}:")), to).0
    });
    let mut collector = Running::start(&container, "otelcol", &[]);
    collector.wait(&format!("{} is healthy", container.workload), || {
        ask(&format!("{at}:13133"), "GET", "/", "")
    });
    (collector, container)
}

/// The value of an attribute.
fn attribute<'a>(of: &'a Value, key: &str) -> &'a Value {
    let all = of["attributes"].as_array().into_iter().flatten();
    let mut named = all.filter(|attribute| attribute["key"] == key);
    named.next().map_or(&Value::Null, |found| &found["value"])
}

/// All spans that have arrived, each with its resource.
fn spans(sink: &Sink) -> Vec<(Value, Value)> {
    let mut spans = Vec::new();
    for line in sink.lines() {
        for resource in line["resourceSpans"].as_array().into_iter().flatten() {
            for scope in resource["scopeSpans"].as_array().into_iter().flatten() {
                for span in scope["spans"].as_array().into_iter().flatten() {
                    spans.push((resource["resource"].clone(), span.clone()));
                }
            }
        }
    }
    spans
}

#[test]
fn what_a_program_of_others_sends_arrives_with_all_that_its_pod_is_told() {
    let sink = Sink::at(SINK);
    let stacks: Vec<_> = stacks::catalog::all()
        .into_iter()
        .filter(|stack| stack.name() == "hybrid")
        .collect();
    let container = |repository: &str, workload: &str| {
        let mut all = of(&stacks, repository).into_iter();
        let found = all.find(|(_, container)| container.workload == workload);
        found.expect("it is rendered").1
    };
    let (_gateway, _files) = started(
        container("opentelemetry-collector-contrib", "Deployment/otlp"),
        GATEWAY,
        SINK,
    );
    let (mut sidecar, _more) = started(
        container("opentelemetry-collector-k8s", "Deployment/payment"),
        SIDECAR,
        GATEWAY,
    );

    let program = container("registry.example/payment", "Deployment/payment");
    let here = |value: &String| value.replace("127.0.0.1:", &format!("{SIDECAR}:"));
    let told = program.env.iter().map(|(name, value)| (name, here(value)));
    let (ended, said) = peers::run(peers::peer("sdk").envs(told));
    assert!(ended, "{said}");

    let spans = sidecar.wait("three spans", || {
        Some(spans(&sink)).filter(|spans| spans.len() == 3)
    });
    let orders: BTreeSet<_> = spans
        .iter()
        .map(|(_, span)| attribute(span, "order.id")["intValue"].to_string())
        .collect();
    assert_eq!(orders.len(), 3, "{spans:?}");
    let failed = spans.iter().filter(|(_, span)| span["status"]["code"] == 2);
    assert_eq!(failed.count(), 1, "{spans:?}");
    for (key, value) in [
        ("service.name", "payment"),
        ("service.version", "1.4.2"),
        ("service.instance.id", "shop.name.payment"),
        ("k8s.deployment.name", "payment"),
        ("k8s.pod.uid", "uid"),
    ] {
        let said = &attribute(&spans[0].0, key)["stringValue"];
        assert_eq!(said, value, "{key}");
    }
    sidecar.wait("the durations", || {
        let lines = sink.lines();
        let mut texts = lines.iter().map(Value::to_string);
        texts
            .any(|line| line.contains("shop.order.duration"))
            .then_some(())
    });
}
