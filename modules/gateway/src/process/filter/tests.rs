//! What is left of requests.

use serde_json::json;

use super::*;
use crate::process::samples::{left, payload};

fn filter(settings: serde_json::Value) -> Filter {
    Filter::new(&serde_json::from_value(settings).unwrap()).unwrap()
}

const TRACES: &str = r#"{"resourceSpans":[
    {"resource":{"attributes":[{"key":"env","value":{"stringValue":"test"}}]},"scopeSpans":[{"spans":[{"name":"x"},{"name":"y"}]}]},
    {"scopeSpans":[{"spans":[{"name":"a","events":[{"name":"e1"},{"name":"e2"}]},{"name":"b"}]}]}]}"#;

#[test]
fn spans_events_and_resources_are_left_out() {
    let by_span = filter(
        json!({"traces": {"span": [r#"name == "a""#, r#"resource.attributes["env"] == "test""#]}}),
    );
    assert_eq!(
        left(&by_span, Signal::Traces, TRACES).unwrap(),
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"b"}]}]}]}"#
    );
    let by_resource = filter(json!({"traces": {"resource": [r#"attributes["env"] != nil"#]}}));
    assert!(
        left(&by_resource, Signal::Traces, TRACES)
            .unwrap()
            .starts_with(r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a""#)
    );
    let by_event =
        filter(json!({"trace_conditions": [r#"spanevent.name == "e1" and span.name == "a""#]}));
    let after = left(&by_event, Signal::Traces, TRACES).unwrap();
    assert!(
        after.contains(r#"{"name":"a","events":[{"name":"e2"}]}"#),
        "{after}"
    );
    let all = filter(json!({"traces": {"span": ["true"]}}));
    assert_eq!(left(&all, Signal::Traces, TRACES), None);
    assert!(left(&filter(json!({})), Signal::Traces, TRACES).is_some());
}

#[test]
fn a_metric_goes_with_its_last_point() {
    let metrics = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[
        {"name":"one","gauge":{"dataPoints":[{"asInt":"1"}]}},{"name":"two","gauge":{"dataPoints":[{"asInt":"1"},{"asInt":"2"}]}}]}]}]}"#;
    let points = filter(
        json!({"metric_conditions": [{"context": "datapoint", "conditions": ["value_int == 1"]}]}),
    );
    assert_eq!(
        left(&points, Signal::Metrics, metrics).unwrap(),
        r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"two","gauge":{"dataPoints":[{"asInt":"2"}]}}]}]}]}"#
    );
    let names = filter(json!({"metric_conditions": [r#"metric.name == "one""#]}));
    assert!(
        !left(&names, Signal::Metrics, metrics)
            .unwrap()
            .contains("one")
    );
}

#[test]
fn what_cannot_be_told_is_kept_or_refuses_the_request() {
    let records = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityText":"x"}]}]}]}"#;
    let condition = r#"HasPrefix(attributes["none"], "x")"#;
    let kept = filter(json!({"logs": {"log_record": [condition]}}));
    assert!(left(&kept, Signal::Logs, records).is_some());
    let strict = filter(json!({"error_mode": "propagate", "logs": {"log_record": [condition]}}));
    let refusal = strict.apply(payload(Signal::Logs, records)).unwrap_err();
    assert_eq!(
        refusal,
        Refusal::invalid("filter: `HasPrefix` takes a string, and was given nothing")
    );
}

#[test]
fn older_ways_and_unknown_functions_are_refused_all_at_once() {
    let settings = json!({"spans": {"include": {}}, "traces": {"span": ["1 + 1 == 2", r#"SHA256(name) == "x""#]}});
    let wrong = Filter::new(&serde_json::from_value(settings).unwrap()).unwrap_err();
    assert_eq!(wrong.len(), 3, "{wrong:?}");
}
