//! Does the scanner take and refuse what prost does, and read the same?

use collector_config::Signal;
use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    common::v1::{KeyValue, any_value},
    metrics::v1::{Metric, metric::Data},
    trace::v1 as otlp,
};
use proptest::prelude::*;
use prost::Message;

use super::sample::{mutated, request};
use crate::wire::{Attribute, Fault, Span, Value, count, resources};

fn signals() -> impl Strategy<Value = Signal> {
    proptest::sample::select(Signal::ALL.to_vec())
}

/// How many items prost finds.
fn reference(signal: Signal, body: &[u8]) -> Option<u64> {
    let items = match signal {
        Signal::Traces => {
            let decoded = ExportTraceServiceRequest::decode(body).ok()?;
            let scopes = decoded.resource_spans.iter().flat_map(|r| &r.scope_spans);
            scopes.map(|scope| scope.spans.len()).sum::<usize>()
        }
        Signal::Logs => {
            let decoded = ExportLogsServiceRequest::decode(body).ok()?;
            let scopes = decoded.resource_logs.iter().flat_map(|r| &r.scope_logs);
            scopes.map(|scope| scope.log_records.len()).sum()
        }
        Signal::Metrics => {
            let decoded = ExportMetricsServiceRequest::decode(body).ok()?;
            let scopes = decoded
                .resource_metrics
                .iter()
                .flat_map(|r| &r.scope_metrics);
            scopes.flat_map(|scope| &scope.metrics).map(points).sum()
        }
    };
    Some(items as u64)
}

fn points(metric: &Metric) -> usize {
    match &metric.data {
        Some(Data::Gauge(gauge)) => gauge.data_points.len(),
        Some(Data::Sum(sum)) => sum.data_points.len(),
        Some(Data::Histogram(histogram)) => histogram.data_points.len(),
        Some(Data::ExponentialHistogram(histogram)) => histogram.data_points.len(),
        Some(Data::Summary(summary)) => summary.data_points.len(),
        None => 0,
    }
}

fn agrees(signal: Signal, body: &[u8]) -> Result<(), TestCaseError> {
    let reference = reference(signal, body);
    match count(signal, body) {
        Ok(items) => {
            prop_assert_eq!(Some(items), reference);
            if signal == Signal::Traces {
                reads_the_same(body)?;
            }
        }
        // Refused for other readers' sake; prost takes both.
        Err(malformed) if matches!(malformed.fault, Fault::Id | Fault::Group) => {}
        Err(malformed) => prop_assert_eq!(None, reference, "we say: {}", malformed),
    }
    Ok(())
}

fn reads_the_same(body: &[u8]) -> Result<(), TestCaseError> {
    let decoded = ExportTraceServiceRequest::decode(body).unwrap();
    let ours: Vec<_> = resources(body).collect();
    prop_assert_eq!(ours.len(), decoded.resource_spans.len());
    for (ours, theirs) in ours.iter().zip(&decoded.resource_spans) {
        let attributes = theirs.resource.as_ref().map(|r| r.attributes.as_slice());
        same_attributes(ours.resource_attributes(), attributes.unwrap_or_default())?;
        let scopes: Vec<_> = ours.children().collect();
        prop_assert_eq!(scopes.len(), theirs.scope_spans.len());
        for (ours, theirs) in scopes.iter().zip(&theirs.scope_spans) {
            let attributes = theirs.scope.as_ref().map(|s| s.attributes.as_slice());
            same_attributes(ours.scope_attributes(), attributes.unwrap_or_default())?;
            let spans: Vec<_> = ours.children().collect();
            prop_assert_eq!(spans.len(), theirs.spans.len());
            for (ours, theirs) in spans.iter().zip(&theirs.spans) {
                prop_assert!(body[ours.range()].ends_with(ours.message()));
                same_span(&Span::read(ours.message()), theirs)?;
            }
        }
    }
    Ok(())
}

fn same_span(ours: &Span<'_>, theirs: &otlp::Span) -> Result<(), TestCaseError> {
    let id = |bytes: &[u8]| <[u8; 8]>::try_from(bytes).unwrap_or_default();
    prop_assert_eq!(
        ours.trace_id,
        <[u8; 16]>::try_from(theirs.trace_id.as_slice()).unwrap_or_default()
    );
    prop_assert_eq!(ours.span_id, id(&theirs.span_id));
    prop_assert_eq!(ours.parent, id(&theirs.parent_span_id));
    let status = theirs.status.as_ref().map_or(0, |status| status.code);
    prop_assert_eq!(
        (ours.start, ours.end, ours.status, ours.flags, ours.kind),
        (
            theirs.start_time_unix_nano,
            theirs.end_time_unix_nano,
            status,
            theirs.flags,
            theirs.kind
        )
    );
    prop_assert_eq!(
        (ours.trace_state, ours.name),
        (&*theirs.trace_state, &*theirs.name)
    );
    prop_assert_eq!(ours.events().count(), theirs.events.len());
    same_attributes(ours.attributes(), &theirs.attributes)
}

fn same_attributes<'a>(
    ours: impl Iterator<Item = Attribute<'a>>,
    theirs: &[KeyValue],
) -> Result<(), TestCaseError> {
    let ours: Vec<_> = ours.collect();
    prop_assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        prop_assert_eq!(ours.key, &*theirs.key);
        let value = theirs.value.as_ref().and_then(|value| value.value.as_ref());
        let same = match (ours.value, value) {
            (Value::Text(ours), Some(any_value::Value::StringValue(theirs))) => ours == theirs,
            (Value::Bool(ours), Some(any_value::Value::BoolValue(theirs))) => ours == *theirs,
            (Value::Int(ours), Some(any_value::Value::IntValue(theirs))) => ours == *theirs,
            (Value::Double(ours), Some(any_value::Value::DoubleValue(theirs))) => {
                ours.to_bits() == theirs.to_bits()
            }
            (Value::Bytes(ours), Some(any_value::Value::BytesValue(theirs))) => ours == theirs,
            (Value::Array(_), Some(any_value::Value::ArrayValue(_)))
            | (Value::Map(_), Some(any_value::Value::KvlistValue(_)))
            | (Value::Empty, None | Some(any_value::Value::StringValueStrindex(_))) => true,
            _ => false,
        };
        prop_assert!(same, "{:?} {:?}", ours, value);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_prost_writes_is_read(signal in signals(), seed: u64) {
        let body = request(signal, seed);
        prop_assert_eq!(count(signal, &body).ok(), reference(signal, &body));
        agrees(signal, &body)?;
    }

    #[test]
    fn what_is_broken_is_refused_as_prost_does(signal in signals(), seed: u64, how: u64) {
        for how in how..how.saturating_add(20) {
            agrees(signal, &mutated(request(signal, seed), how))?;
        }
    }

    #[test]
    fn arbitrary_bytes_are_judged_as_prost_does(signal in signals(), bytes: Vec<u8>) {
        agrees(signal, &bytes)?;
        // Within a span, a metric or a record too.
        let mut body = bytes;
        for number in [2, 2, 1] {
            let mut outer = vec![number << 3 | 2];
            crate::put::varint(&mut outer, body.len() as u64);
            outer.append(&mut body);
            body = outer;
        }
        agrees(signal, &body)?;
    }
}

#[test]
fn each_way_to_be_broken_has_its_name() {
    let nested = |depth: usize| {
        let mut value = Vec::new();
        for _ in 0..depth {
            value = wrap(5, &wrap(1, &value));
        }
        wrap(1, &wrap(1, &wrap(1, &wrap(2, &value))))
    };
    let in_span = |field: &[u8]| wrap(1, &wrap(2, &wrap(2, field)));
    for (body, fault) in [
        (vec![0x80], Fault::Varint),
        (vec![0x02, 0], Fault::Key),
        (vec![0x0f], Fault::Layout),
        (vec![0x08, 1], Fault::Layout),
        (vec![0x0a, 1], Fault::Length),
        (vec![0x13, 0x14], Fault::Group),
        (in_span(&[0x2a, 1, 0xff]), Fault::Text),
        (in_span(&[0x0a, 1, 7]), Fault::Id),
        (nested(60), Fault::Depth),
    ] {
        let refused = count(Signal::Traces, &body).map_err(|malformed| malformed.fault);
        assert_eq!(refused, Err(fault), "{body:?}");
    }
    // As deep as prost goes, and not one deeper.
    for depth in 40..55 {
        let body = nested(depth);
        let taken = count(Signal::Traces, &body).is_ok();
        assert_eq!(taken, reference(Signal::Traces, &body).is_some(), "{depth}");
    }
}

fn wrap(number: u32, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    crate::put::prefix(&mut out, number, content.len());
    out.extend_from_slice(content);
    out
}
