//! What requests look like: any, from a seed.

use collector_config::Signal;
use fastrand::Rng;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{
        AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
        any_value::Value,
    },
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{
        Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram,
        HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary,
        SummaryDataPoint, exponential_histogram_data_point::Buckets, metric::Data,
        number_data_point, summary_data_point::ValueAtQuantile,
    },
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Event, Link},
    },
};
use prost::Message;

/// A valid request of this signal, as prost writes it.
pub(super) fn request(signal: Signal, seed: u64) -> Vec<u8> {
    let mut rng = Rng::with_seed(seed);
    match signal {
        Signal::Traces => traces(&mut rng).encode_to_vec(),
        Signal::Metrics => metrics(&mut rng).encode_to_vec(),
        Signal::Logs => logs(&mut rng).encode_to_vec(),
    }
}

/// The same with some bytes changed, left out, doubled or cut off.
pub(super) fn mutated(mut bytes: Vec<u8>, seed: u64) -> Vec<u8> {
    let mut rng = Rng::with_seed(seed);
    for _ in 0..rng.usize(1..4) {
        if bytes.is_empty() {
            break;
        }
        let at = rng.usize(..bytes.len());
        match rng.u8(..6) {
            0 => bytes[at] = rng.u8(..),
            1 => bytes[at] ^= 1 << rng.u8(..8),
            2 => bytes.insert(at, rng.u8(..)),
            3 => drop(bytes.remove(at)),
            4 => bytes.truncate(at),
            _ => {
                let end = (at + rng.usize(..20)).min(bytes.len());
                bytes.extend_from_within(at..end);
            }
        }
    }
    bytes
}

fn some<T>(rng: &mut Rng, most: usize, mut one: impl FnMut(&mut Rng) -> T) -> Vec<T> {
    (0..rng.usize(..=most)).map(|_| one(rng)).collect()
}

pub(super) fn traces(rng: &mut Rng) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest {
        resource_spans: some(rng, 3, |rng| ResourceSpans {
            resource: resource(rng),
            scope_spans: some(rng, 3, |rng| ScopeSpans {
                scope: scope(rng),
                spans: some(rng, 5, span),
                schema_url: text(rng),
            }),
            schema_url: text(rng),
        }),
    }
}

fn span(rng: &mut Rng) -> Span {
    Span {
        trace_id: id(rng, 16),
        span_id: id(rng, 8),
        trace_state: text(rng),
        parent_span_id: id(rng, 8),
        flags: rng.u32(..),
        name: text(rng),
        kind: rng.i32(0..9),
        start_time_unix_nano: rng.u64(..),
        end_time_unix_nano: rng.u64(..),
        attributes: attributes(rng, 2),
        dropped_attributes_count: rng.u32(..3),
        events: some(rng, 2, |rng| Event {
            time_unix_nano: rng.u64(..),
            name: text(rng),
            attributes: attributes(rng, 1),
            dropped_attributes_count: 0,
        }),
        dropped_events_count: 0,
        links: some(rng, 1, |rng| Link {
            trace_id: id(rng, 16),
            span_id: id(rng, 8),
            trace_state: text(rng),
            attributes: attributes(rng, 1),
            dropped_attributes_count: 1,
            flags: 1,
        }),
        dropped_links_count: 0,
        status: rng.bool().then(|| Status {
            message: text(rng),
            code: rng.i32(0..4),
        }),
    }
}

fn logs(rng: &mut Rng) -> ExportLogsServiceRequest {
    ExportLogsServiceRequest {
        resource_logs: some(rng, 3, |rng| ResourceLogs {
            resource: resource(rng),
            scope_logs: some(rng, 3, |rng| ScopeLogs {
                scope: scope(rng),
                log_records: some(rng, 5, |rng| LogRecord {
                    time_unix_nano: rng.u64(..),
                    observed_time_unix_nano: rng.u64(..),
                    severity_number: rng.i32(0..30),
                    severity_text: text(rng),
                    body: Some(value(rng, 3)),
                    attributes: attributes(rng, 2),
                    flags: rng.u32(..),
                    trace_id: id(rng, 16),
                    span_id: id(rng, 8),
                    event_name: text(rng),
                    ..LogRecord::default()
                }),
                schema_url: text(rng),
            }),
            schema_url: text(rng),
        }),
    }
}

fn metrics(rng: &mut Rng) -> ExportMetricsServiceRequest {
    ExportMetricsServiceRequest {
        resource_metrics: some(rng, 3, |rng| ResourceMetrics {
            resource: resource(rng),
            scope_metrics: some(rng, 3, |rng| ScopeMetrics {
                scope: scope(rng),
                metrics: some(rng, 4, |rng| Metric {
                    name: text(rng),
                    description: text(rng),
                    unit: text(rng),
                    metadata: attributes(rng, 1),
                    data: points(rng),
                }),
                schema_url: text(rng),
            }),
            schema_url: text(rng),
        }),
    }
}

fn points(rng: &mut Rng) -> Option<Data> {
    let temporality = rng.i32(0..3);
    Some(match rng.u8(..6) {
        0 => Data::Gauge(Gauge {
            data_points: some(rng, 3, number),
        }),
        1 => Data::Sum(Sum {
            data_points: some(rng, 3, number),
            aggregation_temporality: temporality,
            is_monotonic: true,
        }),
        2 => Data::Histogram(Histogram {
            data_points: some(rng, 3, |rng| HistogramDataPoint {
                attributes: attributes(rng, 1),
                bucket_counts: some(rng, 4, |rng| rng.u64(..)),
                explicit_bounds: some(rng, 4, Rng::f64),
                exemplars: some(rng, 1, exemplar),
                sum: Some(rng.f64()),
                max: Some(rng.f64()),
                ..HistogramDataPoint::default()
            }),
            aggregation_temporality: temporality,
        }),
        3 => Data::ExponentialHistogram(ExponentialHistogram {
            data_points: some(rng, 3, |rng| ExponentialHistogramDataPoint {
                attributes: attributes(rng, 1),
                scale: rng.i32(..),
                positive: Some(buckets(rng)),
                negative: Some(buckets(rng)),
                exemplars: some(rng, 1, exemplar),
                zero_threshold: rng.f64(),
                ..ExponentialHistogramDataPoint::default()
            }),
            aggregation_temporality: temporality,
        }),
        4 => Data::Summary(Summary {
            data_points: some(rng, 3, |rng| SummaryDataPoint {
                attributes: attributes(rng, 1),
                sum: rng.f64(),
                quantile_values: some(rng, 2, |rng| ValueAtQuantile {
                    quantile: rng.f64(),
                    value: rng.f64(),
                }),
                ..SummaryDataPoint::default()
            }),
        }),
        _ => return None,
    })
}

fn number(rng: &mut Rng) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(rng, 2),
        time_unix_nano: rng.u64(..),
        exemplars: some(rng, 1, exemplar),
        value: Some(number_data_point::Value::AsInt(rng.i64(..))),
        ..NumberDataPoint::default()
    }
}

fn exemplar(rng: &mut Rng) -> Exemplar {
    Exemplar {
        filtered_attributes: attributes(rng, 1),
        span_id: id(rng, 8),
        trace_id: id(rng, 16),
        ..Exemplar::default()
    }
}

fn buckets(rng: &mut Rng) -> Buckets {
    Buckets {
        offset: rng.i32(..),
        bucket_counts: some(rng, 4, |rng| rng.u64(..) >> rng.u8(..64)),
    }
}

fn resource(rng: &mut Rng) -> Option<Resource> {
    rng.bool().then(|| Resource {
        attributes: attributes(rng, 1),
        dropped_attributes_count: rng.u32(..2),
        entity_refs: some(rng, 1, |rng| EntityRef {
            schema_url: text(rng),
            r#type: text(rng),
            id_keys: some(rng, 2, text),
            description_keys: some(rng, 2, text),
        }),
    })
}

fn scope(rng: &mut Rng) -> Option<InstrumentationScope> {
    rng.bool().then(|| InstrumentationScope {
        name: text(rng),
        version: text(rng),
        attributes: attributes(rng, 1),
        dropped_attributes_count: 0,
    })
}

fn attributes(rng: &mut Rng, depth: u8) -> Vec<KeyValue> {
    some(rng, 4, |rng| KeyValue {
        key: text(rng),
        value: rng.u8(..8).gt(&0).then(|| value(rng, depth)),
        ..KeyValue::default()
    })
}

fn value(rng: &mut Rng, depth: u8) -> AnyValue {
    let most = if depth == 0 { 6 } else { 8 };
    AnyValue {
        value: Some(match rng.u8(..most) {
            0 | 1 => Value::StringValue(text(rng)),
            2 => Value::BoolValue(rng.bool()),
            3 => Value::IntValue(rng.i64(..) >> rng.u8(..64)),
            4 => Value::DoubleValue(rng.f64()),
            5 => Value::BytesValue(some(rng, 9, |rng| rng.u8(..))),
            6 => Value::ArrayValue(ArrayValue {
                values: some(rng, 3, |rng| value(rng, depth - 1)),
            }),
            _ => Value::KvlistValue(KeyValueList {
                values: attributes(rng, depth - 1),
            }),
        }),
    }
}

fn id(rng: &mut Rng, length: usize) -> Vec<u8> {
    match rng.u8(..10) {
        0 => Vec::new(),
        _ => (0..length).map(|_| rng.u8(..)).collect(),
    }
}

fn text(rng: &mut Rng) -> String {
    let most = if rng.u8(..20) == 0 { 300 } else { 12 };
    let last = if rng.u8(..5) == 0 { '\u{10ffff}' } else { '~' };
    (0..rng.usize(..most))
        .map(|_| rng.char(' '..=last))
        .collect()
}
