//! Each change, on each kind of item.

use serde_json::json;

use super::*;
use crate::process::samples::left;

fn of(of: Of, actions: &serde_json::Value) -> Attributes {
    let actions: Vec<AttributeAction> = serde_json::from_value(actions.clone()).unwrap();
    Attributes::new(of, &actions).unwrap()
}

/// The attributes of one span after these changes.
#[expect(clippy::needless_pass_by_value, reason = "written where it is used")]
fn changed(before: &str, actions: serde_json::Value) -> String {
    let text = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"attributes":[{before}]}}]}}]}}]}}"#
    );
    let after = left(&of(Of::Items, &actions), Signal::Traces, &text).unwrap();
    let (_, attributes) = after.split_once(r#""attributes":["#).unwrap_or_default();
    attributes
        .split("]}]}]}]}")
        .next()
        .unwrap_or_default()
        .to_owned()
}

const A: &str = r#"{"key":"a","value":{"stringValue":"1"}}"#;

#[test]
fn attributes_are_set_where_they_are_absent_present_or_always() {
    let b = |value: &str| format!(r#"{A},{{"key":"b","value":{{"stringValue":"{value}"}}}}"#);
    assert_eq!(
        changed(A, json!([{"key": "b", "action": "insert", "value": "x"}])),
        b("x")
    );
    assert_eq!(
        changed(A, json!([{"key": "a", "action": "insert", "value": "x"}])),
        A
    );
    assert_eq!(
        changed(A, json!([{"key": "b", "action": "update", "value": "x"}])),
        A
    );
    assert_eq!(
        changed(
            A,
            json!([{"key": "b", "action": "upsert", "from_attribute": "a"}])
        ),
        b("1")
    );
    assert_eq!(
        changed(
            A,
            json!([{"key": "b", "action": "upsert", "from_attribute": "none"}])
        ),
        A
    );
    // What is empty is as good as not said.
    assert_eq!(
        changed(
            A,
            json!([{"key": "b", "action": "insert", "value": "x", "from_attribute": ""}])
        ),
        b("x")
    );
    assert_eq!(
        changed(A, json!([{"key": "b", "action": "delete", "pattern": ""}])),
        A
    );
    let default =
        json!([{"key": "b", "action": "upsert", "from_attribute": "none", "default_value": "d"}]);
    assert_eq!(changed(A, default), b("d"));
    let values = json!([{"key": "a", "action": "update", "value": {"n": [1, 0.5, true]}}]);
    assert_eq!(
        changed(A, values),
        concat!(
            r#"{"key":"a","value":{"kvlistValue":{"values":[{"key":"n","value":{"arrayValue":{"values":"#,
            r#"[{"intValue":"1"},{"doubleValue":0.5},{"boolValue":true}]}}}]}}}"#
        )
    );
}

#[test]
fn attributes_are_removed_hashed_taken_apart_and_converted() {
    assert_eq!(changed(A, json!([{"key": "a", "action": "delete"}])), "");
    assert_eq!(
        changed(A, json!([{"pattern": "^[a-c]$", "action": "delete"}])),
        ""
    );
    let hash = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";
    let hashed = format!(r#"{{"key":"a","value":{{"stringValue":"{hash}"}}}}"#);
    assert_eq!(changed(A, json!([{"key": "a", "action": "hash"}])), hashed);
    let url = r#"{"key":"url","value":{"stringValue":"http://x/cart?id=7"}}"#;
    let parts = json!([{"key": "url", "action": "extract", "pattern": r"^(?P<scheme>\w+)://.*id=(?P<id>\d+)"}]);
    assert_eq!(
        changed(url, parts),
        format!(
            r#"{url},{{"key":"scheme","value":{{"stringValue":"http"}}}},{{"key":"id","value":{{"stringValue":"7"}}}}"#
        )
    );
    let to = |to: &str| json!([{"key": "a", "action": "convert", "converted_type": to}]);
    assert_eq!(
        changed(A, to("int")),
        r#"{"key":"a","value":{"intValue":"1"}}"#
    );
    assert_eq!(
        changed(A, to("double")),
        r#"{"key":"a","value":{"doubleValue":1.0}}"#
    );
    assert_eq!(changed(A, to("string")), A);
}

#[test]
fn resources_points_and_records_are_changed_too() {
    let add = json!([{"key": "k", "action": "insert", "value": 1}]);
    let pair = r#""attributes":[{"key":"k","value":{"intValue":"1"}}]"#;
    let records = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}"#;
    assert!(
        left(&of(Of::Items, &add), Signal::Logs, records)
            .unwrap()
            .contains(&format!(r#""logRecords":[{{{pair}}}]"#))
    );
    assert!(
        left(&of(Of::Resources, &add), Signal::Logs, records)
            .unwrap()
            .contains(&format!(r#""resource":{{{pair}}}"#))
    );
    for kind in [
        "gauge",
        "sum",
        "histogram",
        "exponentialHistogram",
        "summary",
    ] {
        let metric = format!(
            r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"m","{kind}":{{"dataPoints":[{{}},{{}}]}}}}]}}]}}]}}"#
        );
        let after = left(&of(Of::Items, &add), Signal::Metrics, &metric).unwrap();
        assert_eq!(after.matches(pair).count(), 2, "{after}");
    }
}

#[test]
fn what_is_not_done_is_refused_all_at_once() {
    let actions = json!([
        {"key": "a", "action": "insert", "from_context": "metadata.x"},
        {"key": "b", "action": "extract", "pattern": "("},
        {"key": "c", "action": "extract", "pattern": "(x)"},
    ]);
    let actions: Vec<AttributeAction> = serde_json::from_value(actions).unwrap();
    let wrong = Attributes::new(Of::Items, &actions).err().unwrap();
    assert_eq!(wrong.len(), 3, "{wrong:?}");
    assert_eq!(
        wrong[0],
        "attribute `a`: the gateway does not know `from_context`"
    );
}

/// Whether the attributes of the one item of a request are changed.
fn is_meant(signal: Signal, text: &str, said: &serde_json::Value) -> bool {
    let mut settings = json!({"actions": [{"key": "k", "action": "insert", "value": 1}]});
    settings
        .as_object_mut()
        .unwrap()
        .append(&mut said.as_object().unwrap().clone());
    let settings: OfItems = serde_json::from_value(settings).unwrap();
    let step = Attributes::of_items(&settings, signal).unwrap();
    left(&step, signal, text).unwrap().contains(r#""key":"k""#)
}

#[test]
fn only_whose_attributes_are_meant_are_changed() {
    let span = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[{"scope":{"name":"lib","version":"2"},"spans":[{"name":"GET /","kind":2,"attributes":[{"key":"n","value":{"intValue":"7"}}]}]}]}]}"#;
    let record = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":9,"severityText":"INFO","body":{"intValue":"5"}}]}]}]}"#;
    let metric = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m.a","gauge":{"dataPoints":[{}]}}]}]}]}"#;
    let (traces, logs, metrics) = (
        (Signal::Traces, span),
        (Signal::Logs, record),
        (Signal::Metrics, metric),
    );
    for (of, said, expected) in [
        (
            traces,
            json!({"match_type": "strict", "services": ["shop"]}),
            true,
        ),
        (
            traces,
            json!({"match_type": "strict", "services": ["sho"]}),
            false,
        ),
        (
            traces,
            json!({"match_type": "regexp", "services": ["^s"], "span_names": ["POST"]}),
            false,
        ),
        (
            traces,
            json!({"match_type": "regexp", "span_kinds": ["SERVER$"]}),
            true,
        ),
        (
            traces,
            json!({"match_type": "strict", "libraries": [{"name": "lib"}]}),
            true,
        ),
        (
            traces,
            json!({"match_type": "strict", "libraries": [{"name": "lib", "version": ""}]}),
            false,
        ),
        (traces, json!({"attributes": [{"key": "n"}]}), true),
        (
            traces,
            json!({"match_type": "strict", "attributes": [{"key": "n", "value": 7}]}),
            true,
        ),
        (
            traces,
            json!({"match_type": "strict", "attributes": [{"key": "n", "value": "7"}]}),
            false,
        ),
        (
            traces,
            json!({"match_type": "regexp", "attributes": [{"key": "n", "value": "^7$"}]}),
            true,
        ),
        (
            traces,
            json!({"match_type": "strict", "resources": [{"key": "service.name", "value": "shop"}]}),
            true,
        ),
        (
            logs,
            json!({"match_type": "strict", "log_bodies": ["5"]}),
            true,
        ),
        (
            logs,
            json!({"match_type": "strict", "log_severity_texts": ["WARN"]}),
            false,
        ),
        (logs, json!({"log_severity_number": {"min": 9}}), true),
        (
            logs,
            json!({"log_severity_number": {"min": 10, "match_undefined": true}}),
            false,
        ),
        (
            metrics,
            json!({"match_type": "regexp", "metric_names": [r"^m\."]}),
            true,
        ),
        (
            metrics,
            json!({"match_type": "strict", "metric_names": ["m"]}),
            false,
        ),
    ] {
        let (signal, text) = of;
        assert_eq!(
            is_meant(signal, text, &json!({"include": said})),
            expected,
            "{said}"
        );
        assert_eq!(
            is_meant(signal, text, &json!({"exclude": said})),
            !expected,
            "not {said}"
        );
    }
}

#[test]
fn who_says_nothing_of_a_signal_is_refused_there() {
    let named = json!({"match_type": "strict", "span_names": ["a"]});
    for (signal, said, why) in [
        (
            Signal::Logs,
            named.clone(),
            "`include`: `span_names` and `span_kinds` say nothing of logs",
        ),
        (
            Signal::Metrics,
            named,
            "`include`: `span_names` and `span_kinds` say nothing of metrics",
        ),
        (
            Signal::Traces,
            json!({"match_type": "strict"}),
            "`include`: nothing is said that traces could be told by",
        ),
        (
            Signal::Traces,
            json!({"services": ["a"]}),
            "`include`: `match_type` is missing: `strict` or `regexp`",
        ),
        (
            Signal::Traces,
            json!({"match_type": "strict", "span_kinds": ["SERVER"]}),
            "`include`: `SERVER` is no kind of span: `SPAN_KIND_SERVER` is one",
        ),
    ] {
        let settings: OfItems = serde_json::from_value(json!({"include": said})).unwrap();
        assert_eq!(Attributes::wrong_for(&settings, signal), [why]);
    }
}
