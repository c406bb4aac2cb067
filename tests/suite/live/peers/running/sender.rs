//! What does an application send?

use std::{
    collections::BTreeSet,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use support::ask;

const SIGNALS: [&str; 3] = ["traces", "metrics", "logs"];

/// Sends one span, one metric and one log as an application does: which signals were taken.
pub(in crate::live) fn send(address: &str, mark: &str) -> BTreeSet<&'static str> {
    let http = format!("{address}:4318");
    send_by(mark, |path, body| ask(&http, "POST", path, body).is_some())
}

/// The same by whoever says whether something was taken.
pub(super) fn send_by(mark: &str, post: impl Fn(&str, &str) -> bool) -> BTreeSet<&'static str> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos();
    let (before, now) = ((now - 1_000_000_000).to_string(), now.to_string());
    let resource =
        json!({ "attributes": [{ "key": "service.name", "value": { "stringValue": mark } }] });
    let trace = mark.bytes().fold(7_u128, |id, byte| {
        id.wrapping_mul(31).wrapping_add(byte.into())
    });
    let span = json!({
        "traceId": format!("{trace:032x}"), "spanId": "eee19b7ec3c1b174", "name": mark,
        "kind": 2, "startTimeUnixNano": before, "endTimeUnixNano": now, "status": { "code": 2 },
    });
    let log = json!({ "body": { "stringValue": mark }, "timeUnixNano": now });
    let point = json!({ "asInt": "7", "startTimeUnixNano": before, "timeUnixNano": now });
    let sum = json!({ "aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [point] });
    let metric = json!({ "name": "otelier.test", "sum": sum });
    let bodies = [
        json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": [{ "spans": [span] }] }] }),
        json!({ "resourceMetrics": [{ "resource": resource, "scopeMetrics": [{ "metrics": [metric] }] }] }),
        json!({ "resourceLogs": [{ "resource": resource, "scopeLogs": [{ "logRecords": [log] }] }] }),
    ];
    let taken = |signal: &str, body: &Value| post(&format!("/v1/{signal}"), &body.to_string());
    let each = SIGNALS.into_iter().zip(&bodies);
    each.filter(|(signal, body)| taken(signal, body))
        .map(|(signal, _)| signal)
        .collect()
}
