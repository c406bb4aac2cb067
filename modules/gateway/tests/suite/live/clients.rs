//! Does what real SDKs send arrive as they sent it?
//!
//! The clients say what they gave to their exporters; that is compared with what left the gateway, field by field.

use std::{collections::BTreeMap, fmt::Write as _};

use gateway::settings::WireCompression;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
    metrics::v1::{Metric, NumberDataPoint, metric::Data, number_data_point},
    resource::v1::Resource,
};
use prost::Message as _;
use serde_json::{Map, Value, json};

use super::beside::peer;
use crate::support::{Backend, Got, Running, over_grpc, settings};

/// Which program, and what it is told of how to send.
const WAYS: [(&str, &str); 8] = [
    ("python-client", "grpc"),
    ("python-client", "http"),
    ("node-client", "grpc"),
    ("node-client", "proto"),
    ("node-client", "json"),
    ("rust-client", "grpc"),
    ("rust-client", "proto"),
    ("rust-client", "json"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_sdks_send_arrives_as_they_sent_it() {
    let (backend, to) = Backend::start().await;
    let gateway = Running::start(&settings(over_grpc(to, WireCompression::None)));
    let mut known = 0;
    for (program, protocol) in WAYS {
        for compression in ["none", "gzip"] {
            let address = if protocol == "grpc" {
                gateway.grpc
            } else {
                gateway.http
            };
            let mut command = peer(program);
            command.args([protocol, compression, &address.to_string()]);
            let run = move || command.output().unwrap();
            let output = tokio::task::spawn_blocking(run).await.unwrap();
            let way = format!("{program} {protocol} {compression}");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{way}: {said}");
            let sent = normal(serde_json::from_slice(&output.stdout).unwrap());
            assert_eq!(
                ["spans", "logs", "metrics"].map(|of| sent[of].as_array().unwrap().len()),
                [2, 2, 4]
            );
            // Spans and records one by one, metrics together.
            let requests = backend.wait_for(known + 5).await.split_off(known);
            known += 5;
            assert_eq!(normal(arrived(&requests)), sent, "{way}");
        }
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_sdk_for_rust_sends_arrives() {
    let (backend, to) = Backend::start().await;
    let gateway = Running::start(&settings(over_grpc(to, WireCompression::None)));
    let mut command = peer("sdk");
    command
        .env(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            format!("http://{}", gateway.http),
        )
        .env("OTEL_SERVICE_NAME", "rust-shop");
    let run = move || command.output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let arrived = normal(arrived(&backend.wait_for(2).await));
    gateway.stop().await;
    let spans = arrived["spans"].as_array().unwrap();
    let told = spans.iter().map(|span| {
        assert_eq!((&span["name"], &span["kind"]), (&json!("order"), &json!(2)));
        assert_eq!(span["resource"]["service.name"], "rust-shop");
        (
            span["attributes"]["order.id"].clone(),
            span["status"].clone(),
        )
    });
    let fine = json!([0, ""]);
    let expected = [
        (json!(1), fine.clone()),
        (json!(2), fine),
        (json!(3), json!([2, "sold out"])),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let durations = &arrived["metrics"][0];
    assert_eq!(
        (&durations["name"], &durations["unit"]),
        (&json!("shop.order.duration"), &json!("s"))
    );
    assert_eq!(durations["points"][0]["count"], 3);
}

fn arrived(requests: &[Got]) -> Value {
    let mut all = BTreeMap::from([
        ("spans", Vec::new()),
        ("logs", Vec::new()),
        ("metrics", Vec::new()),
    ]);
    for got in requests {
        let (kind, items) = match got.path.rsplit('.').next().unwrap() {
            "TraceService/Export" => ("spans", spans(&got.body)),
            "LogsService/Export" => ("logs", records(&got.body)),
            _ => ("metrics", metrics(&got.body)),
        };
        all.get_mut(kind).unwrap().extend(items);
    }
    json!(all)
}

/// In an order, with times as numbers, and with what a measurement has as doubles.
fn normal(value: Value) -> Value {
    match value {
        Value::String(text) if text.len() == 19 && text.starts_with('1') => {
            text.parse::<u64>().map_or(json!(text), |time| json!(time))
        }
        Value::Array(values) => values.into_iter().map(normal).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| {
                let mut value = normal(value);
                match (key.as_str(), &mut value) {
                    ("bounds", Value::Array(bounds)) => {
                        for bound in bounds {
                            *bound = json!(bound.as_f64());
                        }
                    }
                    ("sum" | "min" | "max", value) => *value = json!(value.as_f64()),
                    ("spans" | "logs" | "metrics" | "points", Value::Array(items)) => {
                        items.sort_by_key(|item| {
                            json!([item["name"], item["severity"], item["attributes"]]).to_string()
                        });
                    }
                    _ => {}
                }
                (key, value)
            });
            fields.collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

fn plain(value: Option<&AnyValue>) -> Value {
    match value.and_then(|value| value.value.as_ref()) {
        None => Value::Null,
        Some(any_value::Value::StringValue(text)) => json!(text),
        Some(any_value::Value::BoolValue(yes)) => json!(yes),
        Some(any_value::Value::IntValue(number)) => json!(number),
        Some(any_value::Value::DoubleValue(number)) => json!(number),
        Some(any_value::Value::ArrayValue(array)) => array
            .values
            .iter()
            .map(|value| plain(Some(value)))
            .collect(),
        Some(any_value::Value::KvlistValue(map)) => attributes(&map.values),
        Some(other) => panic!("nobody sent {other:?}"),
    }
}

fn attributes(attributes: &[KeyValue]) -> Value {
    let pairs = attributes
        .iter()
        .map(|pair| (pair.key.clone(), plain(pair.value.as_ref())));
    pairs.collect::<Map<_, _>>().into()
}

fn hex(id: &[u8]) -> String {
    let mut text = String::new();
    for byte in id {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// With whose it is beside what it is.
fn of(resource: Option<&Resource>, scope: Option<&InstrumentationScope>, mut item: Value) -> Value {
    item["resource"] = attributes(&resource.unwrap().attributes);
    let scope = scope.unwrap();
    item["scope"] = json!([scope.name, scope.version]);
    item
}

fn spans(body: &[u8]) -> Vec<Value> {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let mut all = Vec::new();
    for resource in &request.resource_spans {
        for scope in &resource.scope_spans {
            for span in &scope.spans {
                let events = span.events.iter();
                let links = span.links.iter();
                let status = span.status.clone().unwrap_or_default();
                let item = json!({
                    "traceId": hex(&span.trace_id),
                    "spanId": hex(&span.span_id),
                    "parentSpanId": hex(&span.parent_span_id),
                    "name": span.name,
                    "kind": span.kind,
                    "start": span.start_time_unix_nano,
                    "end": span.end_time_unix_nano,
                    "attributes": attributes(&span.attributes),
                    "events": events.map(|event| json!([event.name, event.time_unix_nano, attributes(&event.attributes)])).collect::<Value>(),
                    "links": links.map(|link| json!([hex(&link.trace_id), hex(&link.span_id), attributes(&link.attributes)])).collect::<Value>(),
                    "status": [json!(status.code), json!(status.message)],
                });
                all.push(of(resource.resource.as_ref(), scope.scope.as_ref(), item));
            }
        }
    }
    all
}

fn records(body: &[u8]) -> Vec<Value> {
    let request = ExportLogsServiceRequest::decode(body).unwrap();
    let mut all = Vec::new();
    for resource in &request.resource_logs {
        for scope in &resource.scope_logs {
            for record in &scope.log_records {
                let item = json!({
                    "time": record.time_unix_nano,
                    "severity": [json!(record.severity_number), json!(record.severity_text)],
                    "body": plain(record.body.as_ref()),
                    "attributes": attributes(&record.attributes),
                    "traceId": hex(&record.trace_id),
                    "spanId": hex(&record.span_id),
                });
                all.push(of(resource.resource.as_ref(), scope.scope.as_ref(), item));
            }
        }
    }
    all
}

fn metrics(body: &[u8]) -> Vec<Value> {
    let request = ExportMetricsServiceRequest::decode(body).unwrap();
    let mut all = Vec::new();
    for resource in &request.resource_metrics {
        for scope in &resource.scope_metrics {
            for of_scope in &scope.metrics {
                let item = metric(of_scope);
                all.push(of(resource.resource.as_ref(), scope.scope.as_ref(), item));
            }
        }
    }
    all
}

fn metric(metric: &Metric) -> Value {
    let numbers = |points: &[NumberDataPoint]| -> Value {
        let point = |point: &NumberDataPoint| {
            let value = match point.value {
                Some(number_data_point::Value::AsInt(value)) => json!(value),
                Some(number_data_point::Value::AsDouble(value)) => json!(value),
                None => Value::Null,
            };
            json!({
                "attributes": attributes(&point.attributes), "start": point.start_time_unix_nano,
                "time": point.time_unix_nano, "value": value,
            })
        };
        points.iter().map(point).collect()
    };
    let (kind, temporality, monotonic, points) = match metric.data.as_ref().unwrap() {
        Data::Gauge(gauge) => ("Gauge", 0, false, numbers(&gauge.data_points)),
        Data::Sum(sum) => (
            "Sum",
            sum.aggregation_temporality,
            sum.is_monotonic,
            numbers(&sum.data_points),
        ),
        Data::Histogram(histogram) => {
            let points = histogram.data_points.iter().map(|point| json!({
                "attributes": attributes(&point.attributes), "start": point.start_time_unix_nano,
                "time": point.time_unix_nano, "count": point.count, "sum": point.sum,
                "counts": point.bucket_counts, "bounds": point.explicit_bounds,
                "min": point.min, "max": point.max,
            }));
            (
                "Histogram",
                histogram.aggregation_temporality,
                false,
                points.collect(),
            )
        }
        other => panic!("nobody sent {other:?}"),
    };
    json!({
        "name": metric.name, "unit": metric.unit, "description": metric.description, "kind": kind,
        "temporality": temporality, "monotonic": monotonic, "points": points,
    })
}
