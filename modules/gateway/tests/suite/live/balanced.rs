//! Does the gateway choose the same destinations as a collector that balances beside it?

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value as Any,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{
    beside::{Program, Who},
    made, told,
};
use crate::support::Backend;

/// How many destinations there are.
const MEMBERS: usize = 5;
/// How many traces are sent.
const TRACES: u64 = 10_000;

/// The ways: a name, the signal, and what belongs together.
const WAYS: [(&str, &str, Option<&str>); 8] = [
    ("spans", "traces", None),
    ("spans-id", "traces", Some("traceID")),
    ("spans-service", "traces", Some("service")),
    ("metrics", "metrics", None),
    ("metrics-service", "metrics", Some("service")),
    ("metrics-name", "metrics", Some("metric")),
    ("logs", "logs", None),
    ("logs-id", "logs", Some("traceID")),
];

fn config(receiver: &str, members: &[String]) -> Value {
    let mut config = json!({
        "receivers": { "otlp": { "protocols": { "http": { "endpoint": receiver } } } },
        "service": { "telemetry": { "metrics": { "level": "none" }, "logs": { "level": "error" } } },
    });
    for (way, signal, key) in WAYS {
        let mut balancer = json!({
            "protocol": { "otlp": { "tls": { "insecure": true }, "compression": "none", "headers": { "way": way } } },
            "resolver": { "static": { "hostnames": members } },
        });
        if let Some(key) = key {
            balancer["routing_key"] = json!(key);
        }
        config["exporters"][format!("loadbalancing/{way}")] = balancer;
        config["service"]["pipelines"][format!("{signal}/{way}")] = json!({
            "receivers": ["otlp"], "exporters": [format!("loadbalancing/{way}")],
        });
    }
    config
}

/// Spans of as many traces, and what the other tests have too.
fn requests() -> Vec<(&'static str, Vec<u8>)> {
    let mut rng = fastrand::Rng::with_seed(9);
    let ids: Vec<u64> = (1..=TRACES).collect();
    let traces = ids.chunks(500).map(|ids| {
        let spans = ids.iter().map(|id| Span {
            trace_id: rng.u128(..).to_be_bytes().to_vec(),
            span_id: (id << 32).to_be_bytes().to_vec(),
            ..Span::default()
        });
        let scope = ScopeSpans {
            spans: spans.collect(),
            ..ScopeSpans::default()
        };
        ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                scope_spans: vec![scope],
                ..ResourceSpans::default()
            }],
        }
    });
    let traces = traces
        .collect::<Vec<_>>()
        .into_iter()
        .chain(made::traces(1, 5, 100));
    let traces = traces.map(|request| ("traces", request.encode_to_vec()));
    let mut metrics = made::metrics(2, 1_700_000_000, 5, 60);
    // The collector does not send on what is of no service, if that is what belongs together.
    for resource in metrics.iter_mut().flat_map(|of| &mut of.resource_metrics) {
        let attributes = &mut resource.resource.get_or_insert_default().attributes;
        if attributes.iter().all(|pair| pair.key != "service.name") {
            attributes.push(made::pair("service.name", Any::IntValue(7)));
        }
    }
    let metrics = metrics
        .iter()
        .map(|request| ("metrics", request.encode_to_vec()));
    let logs = made::logs(3, 5, 100);
    let logs = logs.iter().map(|request| ("logs", request.encode_to_vec()));
    traces.chain(metrics).chain(logs).collect()
}

/// Where each item arrived, by way and by what it is known by.
fn chosen(
    who: Who,
    requests: &[(&str, Vec<u8>)],
    runtime: &Runtime,
    members: &[(Backend, String)],
) -> BTreeMap<(String, String), usize> {
    let names: Vec<String> = members.iter().map(|(_, name)| name.clone()).collect();
    let mut before = members.iter().map(|(backend, _)| backend.got().len());
    let before: Vec<usize> = before.by_ref().collect();
    let mut program = Program::start(who, |_, receiver| config(receiver, &names));
    for (signal, request) in requests {
        assert_eq!(program.post(signal, request), 200);
    }
    program.end();
    let _running = runtime.enter();
    let mut chosen = BTreeMap::new();
    for (at, (backend, _)) in members.iter().enumerate() {
        for got in backend.got().split_off(before[at]) {
            let way = got.headers["way"].to_str().unwrap().to_owned();
            for item in known(&way, &got.body) {
                let before = chosen.insert((way.clone(), item), at);
                assert_eq!(before, None, "an item came twice");
            }
        }
    }
    chosen
}

/// The items of a request but for those that go anywhere: records without a trace; and spans of a service that only they
/// name themselves, where they are of no trace: the collector asks the first of them for all.
fn known(way: &str, body: &[u8]) -> impl Iterator<Item = String> {
    let signal = WAYS.iter().find(|(of, ..)| *of == way).unwrap().1;
    let traced = matches!(way, "logs-id" | "spans-service");
    let items = told::items(signal, &[body.to_vec()]).into_keys();
    // The collector puts resources together whose schemas differ.
    let items = items.map(|item| {
        item.split(" of Resource")
            .next()
            .unwrap_or_default()
            .to_owned()
    });
    items.filter(move |item| !(traced && item.contains("trace_id: []")))
}

#[test]
fn each_trace_service_and_metric_has_the_destination_that_the_collector_chooses() {
    let runtime = Runtime::new().unwrap();
    let members = (0..MEMBERS).map(|_| runtime.block_on(Backend::start()));
    let members: Vec<_> = members
        .map(|(backend, address)| (backend, address.to_string()))
        .collect();
    let requests = requests();
    let theirs = chosen(Who::Collector(""), &requests, &runtime, &members);
    let ours = chosen(Who::Gateway, &requests, &runtime, &members);
    assert_eq!(theirs.len(), ours.len());
    let apart = theirs
        .iter()
        .filter(|(item, member)| ours.get(*item) != Some(member));
    let apart: Vec<_> = apart.collect();
    assert!(
        apart.is_empty(),
        "{} of {}: {:?}",
        apart.len(),
        theirs.len(),
        &apart[..apart.len().min(10)]
    );
    for (way, ..) in WAYS {
        let mut used: Vec<usize> = theirs
            .iter()
            .filter(|((of, _), _)| of == way)
            .map(|(_, at)| *at)
            .collect();
        assert!(used.len() > 100, "{way} has {}", used.len());
        used.sort_unstable();
        used.dedup();
        assert!(used.len() > 1, "{way} chooses nobody but {used:?}");
    }
}
