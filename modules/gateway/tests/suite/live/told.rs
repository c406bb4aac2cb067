//! What is in requests, so that the same telemetry is the same text: one line for each span, metric and log record.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    metrics::v1::{Exemplar, Metric, metric::Data},
    resource::v1::Resource,
};
use prost::Message;

/// How often each item is there.
pub(super) type Items = BTreeMap<String, usize>;

/// What is in these requests of a signal.
pub(super) fn items(signal: &str, requests: &[Vec<u8>]) -> Items {
    let mut items = Items::new();
    for request in requests {
        let told = match signal {
            "traces" => spans(request),
            "metrics" => metrics(request),
            _ => records(request),
        };
        for item in told {
            *items.entry(item).or_default() += 1;
        }
    }
    items
}

/// What one of two has and the other has not; none if they have the same.
pub(super) fn apart(theirs: &Items, ours: &Items) -> Option<String> {
    let less = |of: &Items, other: &Items| {
        let missing = of
            .iter()
            .filter(|(item, count)| other.get(*item) != Some(count));
        let missing: Vec<_> = missing
            .map(|(item, count)| format!("{count} {item}"))
            .collect();
        missing
    };
    let (theirs, ours) = (less(theirs, ours), less(ours, theirs));
    let first = |items: &[String]| items.first().cloned().unwrap_or_default();
    let [theirs_first, ours_first] = [&theirs, &ours].map(|items| first(items));
    // What is the same in both says nothing.
    let same = theirs_first.chars().zip(ours_first.chars());
    let same = same.take_while(|(a, b)| a == b).count().saturating_sub(100);
    let rest = |text: &str| text.chars().skip(same).take(400).collect::<String>();
    (theirs.len() + ours.len() > 0).then(|| {
        format!(
            "theirs alone {}, ours alone {}:\n  theirs {}\n  ours   {}",
            theirs.len(),
            ours.len(),
            rest(&theirs_first),
            rest(&ours_first)
        )
    })
}

fn whose(
    resource: Option<Resource>,
    schema: &str,
    scope: Option<InstrumentationScope>,
    scope_schema: &str,
) -> String {
    let (mut resource, mut scope) = (resource.unwrap_or_default(), scope.unwrap_or_default());
    plain(&mut resource.attributes);
    plain(&mut scope.attributes);
    format!("{resource:?} {schema} {scope:?} {scope_schema}")
}

fn spans(request: &[u8]) -> Vec<String> {
    let request = ExportTraceServiceRequest::decode(request).unwrap();
    let mut told = Vec::new();
    for resource in request.resource_spans {
        for scope in resource.scope_spans {
            let whose = whose(
                resource.resource.clone(),
                &resource.schema_url,
                scope.scope,
                &scope.schema_url,
            );
            for mut span in scope.spans {
                plain(&mut span.attributes);
                span.events
                    .iter_mut()
                    .for_each(|event| plain(&mut event.attributes));
                span.links
                    .iter_mut()
                    .for_each(|link| plain(&mut link.attributes));
                span.status.get_or_insert_default();
                without_zeros(&mut span.trace_id);
                told.push(format!("{span:?} of {whose}"));
            }
        }
    }
    told
}

fn records(request: &[u8]) -> Vec<String> {
    let request = ExportLogsServiceRequest::decode(request).unwrap();
    let mut told = Vec::new();
    for resource in request.resource_logs {
        for scope in resource.scope_logs {
            let whose = whose(
                resource.resource.clone(),
                &resource.schema_url,
                scope.scope,
                &scope.schema_url,
            );
            for mut record in scope.log_records {
                plain(&mut record.attributes);
                plain_value(record.body.get_or_insert_default());
                without_zeros(&mut record.trace_id);
                told.push(format!("{record:?} of {whose}"));
            }
        }
    }
    told
}

fn metrics(request: &[u8]) -> Vec<String> {
    let request = ExportMetricsServiceRequest::decode(request).unwrap();
    let mut told = Vec::new();
    for resource in request.resource_metrics {
        for scope in resource.scope_metrics {
            let whose = whose(
                resource.resource.clone(),
                &resource.schema_url,
                scope.scope,
                &scope.schema_url,
            );
            for mut metric in scope.metrics {
                plain_metric(&mut metric);
                told.push(format!("{metric:?} of {whose}"));
            }
        }
    }
    told
}

fn plain_metric(metric: &mut Metric) {
    plain(&mut metric.metadata);
    let point = |attributes: &mut Vec<KeyValue>, exemplars: &mut [Exemplar]| {
        plain(attributes);
        for exemplar in exemplars {
            plain(&mut exemplar.filtered_attributes);
        }
    };
    match metric.data.as_mut().unwrap() {
        Data::Gauge(data) => data
            .data_points
            .iter_mut()
            .for_each(|of| point(&mut of.attributes, &mut of.exemplars)),
        Data::Sum(data) => data
            .data_points
            .iter_mut()
            .for_each(|of| point(&mut of.attributes, &mut of.exemplars)),
        Data::Histogram(data) => data
            .data_points
            .iter_mut()
            .for_each(|of| point(&mut of.attributes, &mut of.exemplars)),
        Data::ExponentialHistogram(data) => data.data_points.iter_mut().for_each(|of| {
            point(&mut of.attributes, &mut of.exemplars);
            of.positive.get_or_insert_default();
            of.negative.get_or_insert_default();
        }),
        Data::Summary(data) => data
            .data_points
            .iter_mut()
            .for_each(|of| point(&mut of.attributes, &mut [])),
    }
}

/// Attributes in the order of their names, for theirs has no meaning.
fn plain(attributes: &mut [KeyValue]) {
    attributes.sort_by(|a, b| a.key.cmp(&b.key));
    for attribute in attributes {
        plain_value(attribute.value.get_or_insert_default());
    }
}

fn plain_value(value: &mut AnyValue) {
    match &mut value.value {
        Some(Value::ArrayValue(array)) => array.values.iter_mut().for_each(plain_value),
        Some(Value::KvlistValue(map)) => plain(&mut map.values),
        _ => {}
    }
}

/// An id of nothing but zeros is none.
fn without_zeros(id: &mut Vec<u8>) {
    if id.iter().all(|byte| *byte == 0) {
        id.clear();
    }
}
