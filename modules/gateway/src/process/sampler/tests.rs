//! Decisions about items, and what travels with those that are kept.

use collector_config::components::processors::{ProbabilisticSampler as Settings, SamplerMode};
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest,
};
use prost::Message as _;

use super::*;
use crate::{Budget, json};

fn sampler(percent: f64, mode: Option<SamplerMode>) -> Sampler {
    Sampler::new(&Settings {
        sampling_percentage: percent,
        mode,
        from_attribute: "order".into(),
        sampling_priority: "importance".into(),
        ..Settings::default()
    })
}

fn apply(sampler: &Sampler, signal: Signal, json: &str) -> Option<Vec<u8>> {
    let body = bytes::Bytes::from(json::to_protobuf(signal, json.as_bytes()).unwrap());
    let payload = Payload {
        signal,
        items: crate::wire::count(signal, &body).unwrap(),
        body: body.into(),
        arrived: std::time::Instant::now(),
        charge: Budget::new(10).charge(1).unwrap().into(),
        metadata: None,
    };
    let left = sampler.apply(payload).unwrap()?;
    let body = left.body.joined();
    assert_eq!(left.items, crate::wire::count(signal, &body).unwrap());
    Some(body.to_vec())
}

/// The trace states of the spans that are left.
fn spans(sampler: &Sampler, spans: &str) -> Vec<String> {
    let json = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#);
    let Some(left) = apply(sampler, Signal::Traces, &json) else {
        return Vec::new();
    };
    let left = ExportTraceServiceRequest::decode(left.as_slice()).unwrap();
    let spans = &left.resource_spans[0].scope_spans[0].spans;
    spans.iter().map(|span| span.trace_state.clone()).collect()
}

const HALF: &str = r#"{"traceId":"00000000000000000080000000000000"}"#;
const BELOW: &str = r#"{"traceId":"0000000000000000007fffffffffffff"}"#;

#[test]
fn a_trace_is_kept_by_its_own_random_bits() {
    let sampler = sampler(50.0, Some(SamplerMode::Proportional));
    assert_eq!(spans(&sampler, &[HALF, BELOW].join(",")), ["ot=th:8"]);
    assert_eq!(sampler.tally().of(Policy::TraceId, true), 1);
    assert_eq!(sampler.tally().of(Policy::TraceId, false), 1);
}

#[test]
fn earlier_sampling_multiplies_or_counts() {
    let before = r#"{"traceId":"000000000000000000c0000000000000","traceState":"ot=th:8,x=y"}"#;
    assert_eq!(
        spans(&sampler(50.0, Some(SamplerMode::Proportional)), before),
        ["ot=th:c,x=y"]
    );
    assert_eq!(
        spans(&sampler(50.0, Some(SamplerMode::Equalizing)), before),
        ["ot=th:8,x=y"]
    );
    let carried =
        r#"{"traceId":"00000000000000000000000000000001","traceState":"ot=rv:ffffffffffffff"}"#;
    assert_eq!(
        spans(&sampler(10.0, Some(SamplerMode::Equalizing)), carried),
        ["ot=rv:ffffffffffffff;th:e666"]
    );
}

#[test]
fn what_cannot_be_decided_is_dropped_unless_the_settings_say_otherwise() {
    let broken = r#"{"traceId":"000000000000000000c0000000000000","traceState":"!"},{"traceId":""},
        {"traceId":"00000000000000000000000000000001","traceState":"ot=th:8"}"#;
    assert_eq!(
        spans(&sampler(50.0, Some(SamplerMode::Equalizing)), broken),
        [""; 0]
    );
    let open = Sampler::new(&Settings {
        sampling_percentage: 50.0,
        mode: Some(SamplerMode::Equalizing),
        fail_closed: Some(false),
        ..Settings::default()
    });
    assert_eq!(spans(&open, broken), ["!", "ot=th:0", "ot=th:0"]);
}

#[test]
fn importance_decides_before_everything_else() {
    let said = |value: &str| {
        format!(
            r#"{{"traceId":"00000000000000000000000000000001","attributes":[{{"key":"sampling.priority","value":{value}}}]}}"#
        )
    };
    let all = [
        r#"{"intValue":1}"#,
        r#"{"doubleValue":0.5}"#,
        r#"{"stringValue":"2"}"#,
        r#"{"intValue":-1}"#,
        r#"{"boolValue":true}"#,
    ]
    .map(said);
    assert_eq!(spans(&sampler(0.0, None), &all.join(",")).len(), 3);
    assert_eq!(
        spans(&sampler(100.0, None), &said(r#"{"intValue":0}"#)),
        [""; 0]
    );
}

#[test]
fn a_hash_leaves_those_alone_who_were_sampled_by_other_rules() {
    let sampler = sampler(100.0, None);
    let plain = r#"{"traceId":"000000000000000000c0000000000000"}"#;
    let state = spans(&sampler, plain);
    assert!(
        state[0].starts_with("ot=rv:") && state[0].ends_with(";th:0"),
        "{state:?}"
    );
    let before = r#"{"traceId":"000000000000000000c0000000000000","traceState":"ot=th:8"}"#;
    assert_eq!(spans(&sampler, before), [""; 0]);
}

#[test]
fn log_records_are_decided_by_trace_then_attribute_and_carry_it_in_attributes() {
    let records = |sampler: &Sampler, records: &str| {
        let json =
            format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#);
        let Some(left) = apply(sampler, Signal::Logs, &json) else {
            return Vec::new();
        };
        let left = ExportLogsServiceRequest::decode(left.as_slice()).unwrap();
        let records = left.resource_logs[0].scope_logs[0].log_records.clone();
        records
            .iter()
            .map(|record| {
                record
                    .attributes
                    .iter()
                    .map(|pair| pair.key.clone())
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect()
    };
    let of_order = r#"{"attributes":[{"key":"order","value":{"stringValue":"7"}}]}"#;
    assert_eq!(
        records(&sampler(100.0, None), of_order),
        ["order sampling.randomness sampling.threshold"]
    );
    assert_eq!(records(&sampler(100.0, None), "{}"), [""; 0]);
    let important = r#"{"traceId":"00000000000000000000000000000001","attributes":[{"key":"importance","value":{"intValue":"100"}}]}"#;
    assert_eq!(
        records(&sampler(1.0, Some(SamplerMode::Equalizing)), important),
        ["importance sampling.threshold"]
    );
}
