//! What was given to an exporter, in the words of `modules/gateway/tests/suite/live/clients.rs`.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::{
    Array, InstrumentationScope, KeyValue, SpanId, TraceId, Value,
    logs::AnyValue,
    trace::{SpanKind, Status},
};
use opentelemetry_sdk::{
    Resource,
    logs::SdkLogRecord,
    metrics::{
        Temporality,
        data::{AggregatedMetrics, Histogram, Metric, MetricData, ResourceMetrics, Sum},
    },
    trace::SpanData,
};
use serde_json::{Map, Value as Json, json};

pub fn resource(resource: &Resource) -> Json {
    let pairs = resource.iter();
    let pairs = pairs.map(|(key, value)| (key.to_string(), plain(value)));
    pairs.collect::<Map<_, _>>().into()
}

pub fn span(resource: &Json, span: &SpanData) -> Json {
    let events = span.events.iter();
    let links = span.links.iter();
    let (code, message) = match &span.status {
        Status::Unset => (0, ""),
        Status::Ok => (1, ""),
        Status::Error { description } => (2, &**description),
    };
    let parent = span.parent_span_id;
    let parent = (parent != SpanId::INVALID).then(|| parent.to_string());
    json!({
        "resource": resource,
        "scope": scope(&span.instrumentation_scope),
        "traceId": span.span_context.trace_id().to_string(),
        "spanId": span.span_context.span_id().to_string(),
        "parentSpanId": parent.unwrap_or_default(),
        "name": span.name,
        "kind": kind(&span.span_kind),
        "start": nanos(span.start_time),
        "end": nanos(span.end_time),
        "attributes": attributes(&span.attributes),
        "events": events.map(|event| json!([event.name, nanos(event.timestamp), attributes(&event.attributes)])).collect::<Json>(),
        "links": links.map(|link| json!([
            link.span_context.trace_id().to_string(),
            link.span_context.span_id().to_string(),
            attributes(&link.attributes),
        ])).collect::<Json>(),
        "status": [json!(code), json!(message)],
    })
}

pub fn record(resource: &Json, of: &InstrumentationScope, record: &SdkLogRecord) -> Json {
    let context = record.trace_context();
    let attributes = record.attributes_iter();
    let attributes = attributes.map(|(key, value)| (key.to_string(), any(value)));
    json!({
        "resource": resource,
        "scope": scope(of),
        "time": record.timestamp().map(nanos),
        "severity": [json!(record.severity_number().map(|severity| severity as i32)), json!(record.severity_text())],
        "body": record.body().map(any),
        "attributes": attributes.collect::<Map<_, _>>(),
        "traceId": context.map_or(TraceId::INVALID, |context| context.trace_id).to_string(),
        "spanId": context.map_or(SpanId::INVALID, |context| context.span_id).to_string(),
    })
}

pub fn metrics(metrics: &ResourceMetrics) -> Vec<Json> {
    let mut all = Vec::new();
    for of_scope in metrics.scope_metrics() {
        for metric in of_scope.metrics() {
            let mut item = match metric.data() {
                AggregatedMetrics::F64(data) => data_of(data),
                AggregatedMetrics::U64(data) => data_of(data),
                AggregatedMetrics::I64(data) => data_of(data),
            };
            named(&mut item, metric);
            item["resource"] = resource(metrics.resource());
            item["scope"] = scope(of_scope.scope());
            all.push(item);
        }
    }
    all
}

fn named(item: &mut Json, metric: &Metric) {
    item["name"] = metric.name().into();
    item["unit"] = metric.unit().into();
    item["description"] = metric.description().into();
}

fn data_of<T: Copy + Into<Json>>(data: &MetricData<T>) -> Json {
    match data {
        MetricData::Gauge(gauge) => {
            let points = gauge.data_points().map(|point| {
                json!({
                    "attributes": attributes(point.attributes()), "value": point.value().into(),
                    "start": gauge.start_time().map_or(0, nanos), "time": nanos(gauge.time()),
                })
            });
            json!({ "kind": "Gauge", "temporality": 0, "monotonic": false, "points": points.collect::<Json>() })
        }
        MetricData::Sum(sum) => json!({
            "kind": "Sum", "temporality": code(sum.temporality()), "monotonic": sum.is_monotonic(),
            "points": points_of(sum),
        }),
        MetricData::Histogram(histogram) => json!({
            "kind": "Histogram", "temporality": code(histogram.temporality()), "monotonic": false,
            "points": buckets_of(histogram),
        }),
        MetricData::ExponentialHistogram(_) => unreachable!("nobody makes one"),
    }
}

fn points_of<T: Copy + Into<Json>>(sum: &Sum<T>) -> Json {
    let points = sum.data_points().map(|point| {
        json!({
            "attributes": attributes(point.attributes()), "value": point.value().into(),
            "start": nanos(sum.start_time()), "time": nanos(sum.time()),
        })
    });
    points.collect()
}

fn buckets_of<T: Copy + Into<Json>>(histogram: &Histogram<T>) -> Json {
    let points = histogram.data_points().map(|point| {
        json!({
            "attributes": attributes(point.attributes()),
            "start": nanos(histogram.start_time()), "time": nanos(histogram.time()),
            "count": point.count(), "sum": point.sum().into(),
            "counts": point.bucket_counts().collect::<Vec<_>>(),
            "bounds": point.bounds().collect::<Vec<_>>(),
            "min": point.min().map(Into::into), "max": point.max().map(Into::into),
        })
    });
    points.collect()
}

fn code(temporality: Temporality) -> u32 {
    match temporality {
        Temporality::Delta => 1,
        _ => 2,
    }
}

fn kind(kind: &SpanKind) -> u32 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).expect("it is after 1970");
    u64::try_from(since.as_nanos()).expect("it is before 2554")
}

fn scope(scope: &InstrumentationScope) -> Json {
    json!([scope.name(), scope.version().unwrap_or_default()])
}

fn attributes<'a>(attributes: impl IntoIterator<Item = &'a KeyValue>) -> Json {
    let pairs = attributes.into_iter();
    let pairs = pairs.map(|pair| (pair.key.to_string(), plain(&pair.value)));
    pairs.collect::<Map<_, _>>().into()
}

fn plain(value: &Value) -> Json {
    match value {
        Value::Bool(value) => json!(value),
        Value::I64(value) => json!(value),
        Value::F64(value) => json!(value),
        Value::String(value) => json!(value.as_str()),
        Value::Array(Array::Bool(values)) => json!(values),
        Value::Array(Array::I64(values)) => json!(values),
        Value::Array(Array::F64(values)) => json!(values),
        Value::Array(Array::String(values)) => values.iter().map(|text| text.as_str()).collect(),
        other => unreachable!("nobody sends {other:?}"),
    }
}

fn any(value: &AnyValue) -> Json {
    match value {
        AnyValue::Int(value) => json!(value),
        AnyValue::Double(value) => json!(value),
        AnyValue::String(value) => json!(value.as_str()),
        AnyValue::Boolean(value) => json!(value),
        AnyValue::ListAny(values) => values.iter().map(any).collect(),
        AnyValue::Map(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| (key.to_string(), any(value)));
            pairs.collect::<Map<_, _>>().into()
        }
        other => unreachable!("nobody sends {other:?}"),
    }
}
