//! Do real collectors pass on what they are sent?
//!
//! They run with the configuration that is rendered for them. Only what exists in a cluster alone is changed: the
//! places that they send to, the certificates, and the way in which they prove to the API who they are.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};
use support::{Container, Live, Running, ask};

use super::of;

mod sdk;
mod secured;
mod sender;
mod sink;

pub(in crate::live) use sender::send;
pub(in crate::live) use sink::Sink;

/// Who asks the API of the cluster, by default as the account of its Pod.
const ASK_THE_API: [&str; 5] = [
    "k8s_attributes",
    "k8s_cluster",
    "k8s_events",
    "k8s_objects",
    "k8s_leader_elector",
];

/// Lets a configuration send to the sink, and ask the API as the caller of `make live`. Gives the signals that lead
/// to the sink.
pub(in crate::live) fn redirect(text: &str, sink: &str) -> (String, BTreeSet<String>) {
    let mut config: Value = serde_saphyr::from_str(text).unwrap();
    let mut led = BTreeSet::new();
    for (id, exporter) in config["exporters"].as_object_mut().into_iter().flatten() {
        let plain = json!({ "insecure": true });
        match id.split('/').next().unwrap_or_default() {
            "otlp_http" => {
                exporter["endpoint"] = json!(format!("http://{sink}:4318"));
                exporter["tls"] = Value::Null;
            }
            "otlp_grpc" => {
                exporter["endpoint"] = json!(format!("{sink}:4317"));
                exporter["tls"] = plain;
            }
            "load_balancing" => {
                exporter["resolver"] =
                    json!({ "static": { "hostnames": [format!("{sink}:4317")] } });
                exporter["protocol"]["otlp"]["tls"] = plain;
            }
            _ => continue,
        }
        led.insert(id.clone());
    }
    for protocol in ["grpc", "http"] {
        config["receivers"]["otlp"]["protocols"][protocol]["tls"] = Value::Null;
    }
    ask_as_ourselves(&mut config);
    let signals = signals(&config, &led);
    (config.to_string(), signals)
}

/// Lets components ask the API as the caller of `make live`.
fn ask_as_ourselves(config: &mut Value) {
    for section in ["receivers", "processors", "extensions"] {
        for (id, component) in config[section].as_object_mut().into_iter().flatten() {
            if ASK_THE_API.contains(&id.split('/').next().unwrap_or_default()) {
                component["auth_type"] = json!("kubeConfig");
            }
        }
    }
}

/// The signals that lead from programs to one of these exporters.
fn signals(config: &Value, led: &BTreeSet<String>) -> BTreeSet<String> {
    let pipelines = config["service"]["pipelines"].as_object().unwrap().iter();
    let leading = pipelines.filter(|(_, pipeline)| {
        let takes = pipeline["receivers"]
            .as_array()
            .is_some_and(|all| all.contains(&json!("otlp")));
        let exporters = pipeline["exporters"].as_array().into_iter().flatten();
        takes
            && exporters
                .filter_map(Value::as_str)
                .any(|id| led.contains(id))
    });
    leading
        .map(|(id, _)| id.split('/').next().unwrap_or_default().to_owned())
        .collect()
}

/// A real collector with a configuration that was rendered, and what has to arrive of what it was sent.
struct Sent {
    who: String,
    mark: String,
    collector: Running,
    expected: BTreeSet<String>,
    _files: Container,
}

/// Starts a collector at an address of its own, and sends it something of each signal.
fn started((stack, container): (String, Container), address: &str, sink: &str) -> Sent {
    let who = format!("{} of {stack}", container.workload);
    let mut container = container.at(address);
    let kubeconfig = Live::expected().kubeconfig.display().to_string();
    container.env.insert("KUBECONFIG".to_owned(), kubeconfig);
    let config = container.argument("--config").unwrap().to_owned();
    // A sidecar listens to its own Pod alone, which here is everyone's machine.
    let text = fs::read_to_string(&config).unwrap();
    let text = text.replace("127.0.0.1:", &format!("{address}:"));
    let (text, expected) = redirect(&text, sink);
    fs::write(&config, text).unwrap();
    let mut collector = Running::start(&container, "otelcol", &[]);
    collector.wait(&format!("{who} is healthy"), || {
        ask(&format!("{address}:13133"), "GET", "/", "")
    });
    let mark = format!("at-{address}-");
    let taken = send(address, &mark);
    assert!(
        expected
            .iter()
            .all(|signal| taken.contains(signal.as_str())),
        "{who} takes {taken:?}, and not {expected:?}"
    );
    Sent {
        who,
        mark,
        collector,
        expected,
        _files: container,
    }
}

#[test]
fn a_real_collector_passes_on_a_span_a_metric_and_a_log_with_every_configuration() {
    let sink_address = "127.0.9.1";
    let sink = Sink::at(sink_address);
    let all = [
        "opentelemetry-collector-k8s",
        "opentelemetry-collector-contrib",
    ]
    .map(|repository| of(&stacks::catalog::all(), repository));
    let all = all.into_iter().flatten().enumerate();
    // Some keep spans until a trace is whole, so all are sent something before anything is waited for.
    let all: Vec<Sent> = all
        .map(|(number, one)| started(one, &format!("127.0.9.{}", number + 2), sink_address))
        .collect();
    for one in all {
        let Sent {
            who,
            mark,
            mut collector,
            expected,
            _files,
        } = one;
        collector.wait(&format!("{expected:?} through {who}"), || {
            let arrived = sink.arrived(&mark);
            let there = |signal: &String| arrived.contains(signal.as_str());
            expected.iter().all(there).then_some(())
        });
    }
}
