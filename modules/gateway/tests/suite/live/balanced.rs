//! Does the gateway choose the same destinations as a collector that balances beside it?

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry_proto::tonic::{
    collector::{metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::any_value::Value as Any,
    metrics::v1::{ExponentialHistogram, Gauge, Histogram, Metric, Sum, Summary, metric::Data},
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
/// How many keys each way has at the least: resources with nothing in common.
const KEYS: u128 = 64;
/// How many traces are sent.
const TRACES: u64 = 10_000;

/// The ways: a name, the signal, what belongs together, and the attributes that say it.
const WAYS: [(&str, &str, Option<&str>, &[&str]); 17] = [
    ("spans", "traces", None, &[]),
    ("spans-id", "traces", Some("traceID"), &[]),
    ("spans-service", "traces", Some("service"), &[]),
    (
        "spans-own",
        "traces",
        BY,
        &["tier", "a", "host.name", "none"],
    ),
    ("spans-kind", "traces", BY, &["span.kind", "b"]),
    ("spans-name", "traces", BY, &["region", "span.name"]),
    ("metrics", "metrics", None, &[]),
    ("metrics-service", "metrics", Some("service"), &[]),
    ("metrics-name", "metrics", Some("metric"), &[]),
    ("metrics-resource", "metrics", Some("resource"), &[]),
    ("metrics-stream", "metrics", Some("streamID"), &[]),
    (
        "metrics-own",
        "metrics",
        BY,
        &["instance", "region", "größe"],
    ),
    ("logs", "logs", None, &[]),
    ("logs-id", "logs", Some("traceID"), &[]),
    ("logs-resource", "logs", Some("resource"), &[]),
    ("logs-own", "logs", BY, &["tier", "region", "map"]),
    (
        "logs-said",
        "logs",
        BY,
        &["log.body", "service.name", "log.severity"],
    ),
];
const BY: Option<&str> = Some("attributes");

fn config(receiver: &str, members: &[String]) -> Value {
    let mut config = json!({
        "receivers": { "otlp": { "protocols": { "http": { "endpoint": receiver } } } },
        "service": { "telemetry": { "metrics": { "level": "none" }, "logs": { "level": "error" } } },
    });
    for (way, signal, key, attributes) in WAYS {
        let mut balancer = json!({
            "protocol": { "otlp": { "tls": { "insecure": true }, "compression": "none", "headers": { "way": way } } },
            "resolver": { "static": { "hostnames": members } },
        });
        if let Some(key) = key {
            balancer["routing_key"] = json!(key);
        }
        if !attributes.is_empty() {
            balancer["routing_attributes"] = json!(attributes);
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
        .chain(made::traces(1, 5, 100))
        .chain(several_each());
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
    let all = traces.chain(metrics).chain(logs);
    all.chain(made::apart(KEYS)).collect()
}

/// Spans of a few traces, several of each in a scope: the first of them says where the others go.
fn several_each() -> Vec<ExportTraceServiceRequest> {
    let mut requests = made::traces(4, 3, 100);
    let resources = requests.iter_mut().flat_map(|one| &mut one.resource_spans);
    let spans = resources
        .flat_map(|one| &mut one.scope_spans)
        .flat_map(|scope| &mut scope.spans);
    for (nth, span) in (0_u128..).zip(spans) {
        span.trace_id = (nth % 3 + 1).to_be_bytes().to_vec();
        // Another than all others have.
        span.span_id[0] = 7;
    }
    requests
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
                // What is the same twice goes to the same.
                let before = chosen.insert((way.clone(), item.clone()), at);
                assert!(before.is_none_or(|before| before == at), "{way}: {item}");
            }
        }
    }
    chosen
}

/// The items of a request but for those that go anywhere: records without a trace, where it is their traces that say
/// where they go.
fn known(way: &str, body: &[u8]) -> Vec<String> {
    let signal = WAYS.iter().find(|(of, ..)| *of == way).unwrap().1;
    if matches!(way, "metrics-stream" | "metrics-own") {
        let points = one_by_one(ExportMetricsServiceRequest::decode(body).unwrap());
        return told::items(signal, &[points.encode_to_vec()])
            .into_keys()
            .collect();
    }
    let items = told::items(signal, &[body.to_vec()]).into_keys();
    // The collector puts resources together whose schemas differ.
    let items = items.map(|item| {
        item.split(" of Resource")
            .next()
            .unwrap_or_default()
            .to_owned()
    });
    items
        .filter(|item| !(way == "logs-id" && item.contains("trace_id: []")))
        .collect()
}

/// Each point as a metric of its own, with nothing that the collector puts together.
fn one_by_one(mut request: ExportMetricsServiceRequest) -> ExportMetricsServiceRequest {
    fn each<P>(points: Vec<P>, data: impl Fn(Vec<P>) -> Data) -> Vec<Data> {
        points.into_iter().map(|point| data(vec![point])).collect()
    }
    for resource in &mut request.resource_metrics {
        resource.schema_url.clear();
        for scope in &mut resource.scope_metrics {
            scope.schema_url.clear();
            let metrics = std::mem::take(&mut scope.metrics).into_iter();
            scope.metrics = metrics
                .flat_map(|metric| {
                    let points = match metric.data.clone().unwrap() {
                        Data::Gauge(of) => each(of.data_points, |data_points| {
                            Data::Gauge(Gauge { data_points })
                        }),
                        Data::Sum(of) => each(of.data_points, |data_points| {
                            Data::Sum(Sum {
                                data_points,
                                aggregation_temporality: of.aggregation_temporality,
                                is_monotonic: of.is_monotonic,
                            })
                        }),
                        Data::Histogram(of) => each(of.data_points, |data_points| {
                            Data::Histogram(Histogram {
                                data_points,
                                aggregation_temporality: of.aggregation_temporality,
                            })
                        }),
                        Data::ExponentialHistogram(of) => each(of.data_points, |data_points| {
                            Data::ExponentialHistogram(ExponentialHistogram {
                                data_points,
                                aggregation_temporality: of.aggregation_temporality,
                            })
                        }),
                        Data::Summary(of) => each(of.data_points, |data_points| {
                            Data::Summary(Summary { data_points })
                        }),
                    };
                    points.into_iter().map(move |data| Metric {
                        name: metric.name.clone(),
                        unit: metric.unit.clone(),
                        data: Some(data),
                        ..Metric::default()
                    })
                })
                .collect();
        }
    }
    request
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
    // Where members listen is chance, and with it which keys each gets: one in five of them on average. Even if two
    // members got every second key each, one of them would get all KEYS of one of the ways with a chance of
    // 17 * 2 * 2^-64, which is less than 1e-17.
    for (way, ..) in WAYS {
        let items = theirs.iter().filter(|((of, _), _)| of == way);
        let members: Vec<usize> = items.map(|(_, member)| *member).collect();
        assert!(members.len() > 100, "{way} has {}", members.len());
        let used = BTreeSet::from_iter(members);
        assert!(used.len() > 1, "{way} chooses nobody but {used:?}");
    }
}
