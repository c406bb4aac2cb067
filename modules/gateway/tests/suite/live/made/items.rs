//! Spans and log records.

use fastrand::Rng;
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::Event, span::Link},
};

use super::{attributes, one, pair, resource, scope, text, value};

/// Keys of attributes, of whatever is there.
pub(crate) const KEYS: [&str; 10] = [
    "http.status_code",
    "a",
    "b",
    "list",
    "map",
    "user.id",
    "user.name",
    "tier",
    "größe",
    "service.name",
];

const NAMES: [&str; 6] = ["GET /cart", "get /cart", "POST", "", "größe", "work"];

const STATES: [&str; 16] = [
    "",
    "",
    "",
    "a=1",
    "b=2,a=1",
    "ot=th:8",
    "ot=th:8;rv:00000000000001",
    "ot=th:c;rv:f0000000000001,b=1",
    "ot=rv:abcdefabcdefab",
    "ot=rv:80000000000000;xx:y",
    "a=1,ot=th:0",
    "ot=th:fffffffffffff",
    "ot=th:",
    "ot=th:zz",
    "ot=rv:1",
    "A B",
];

fn bytes(rng: &mut Rng, count: usize) -> Vec<u8> {
    (0..count).map(|_| rng.u8(..)).collect()
}

/// Mostly any, now and then none.
fn trace_id(rng: &mut Rng) -> Vec<u8> {
    match rng.u8(..20) {
        0 => Vec::new(),
        1 => vec![0; 16],
        _ => bytes(rng, 16),
    }
}

/// How important something is.
fn priority(rng: &mut Rng) -> Option<KeyValue> {
    let value = match rng.u8(..12) {
        0 => Value::IntValue(one(rng, &[0, 1, 50, 100, 200, -1])),
        1 => Value::DoubleValue(one(rng, &[0.0, 0.5, 33.3, 100.0, -2.0])),
        2 => text(one(rng, &["0", "1", "0.5", "-3", "many", ""])),
        3 => Value::BoolValue(true),
        _ => return None,
    };
    Some(pair("sampling.priority", value))
}

/// Requests of so many spans each.
pub(crate) fn traces(seed: u64, requests: usize, each: usize) -> Vec<ExportTraceServiceRequest> {
    let mut rng = Rng::with_seed(seed);
    let mut next = 0;
    let mut scope_of = |rng: &mut Rng, count: usize| ScopeSpans {
        scope: scope(rng),
        schema_url: one(rng, &["", "https://example.io/1"]).to_owned(),
        spans: (0..count)
            .map(|_| {
                next += 1;
                span(rng, next)
            })
            .collect(),
    };
    let mut request = |_| {
        let mut left = each;
        let mut all = Vec::new();
        while left > 0 {
            let count = rng.usize(1..=left.min(20));
            left -= count;
            let first = rng.usize(..=count);
            all.push(ResourceSpans {
                resource: Some(resource(&mut rng)),
                scope_spans: vec![scope_of(&mut rng, first), scope_of(&mut rng, count - first)],
                ..ResourceSpans::default()
            });
        }
        ExportTraceServiceRequest {
            resource_spans: all,
        }
    };
    (0..requests).map(&mut request).collect()
}

fn span(rng: &mut Rng, id: u64) -> Span {
    let start = 1_700_000_000_000_000_000 + rng.u64(..1_000_000_000);
    let mut attributes = attributes(rng, &KEYS, 5);
    attributes.extend(priority(rng));
    Span {
        trace_id: trace_id(rng),
        span_id: id.to_be_bytes().to_vec(),
        trace_state: one(rng, &STATES).to_owned(),
        parent_span_id: if rng.bool() {
            bytes(rng, 8)
        } else {
            Vec::new()
        },
        flags: rng.u32(..4),
        name: one(rng, &NAMES).to_owned(),
        kind: rng.i32(0..6),
        start_time_unix_nano: start,
        end_time_unix_nano: start + rng.u64(..1_000_000_000),
        attributes,
        dropped_attributes_count: rng.u32(..2),
        events: (0..rng.u8(..3)).map(|_| event(rng, start)).collect(),
        links: (0..rng.u8(..2)).map(|_| link(rng)).collect(),
        status: (rng.u8(..3) > 0).then(|| Status {
            message: one(rng, &["", "it broke"]).to_owned(),
            code: rng.i32(0..3),
        }),
        ..Span::default()
    }
}

fn event(rng: &mut Rng, start: u64) -> Event {
    Event {
        time_unix_nano: start + rng.u64(..1_000),
        name: one(rng, &["exception", "message", ""]).to_owned(),
        attributes: attributes(rng, &KEYS, 2),
        dropped_attributes_count: rng.u32(..2),
    }
}

fn link(rng: &mut Rng) -> Link {
    Link {
        trace_id: bytes(rng, 16),
        span_id: bytes(rng, 8),
        attributes: attributes(rng, &KEYS, 1),
        ..Link::default()
    }
}

/// Requests of so many log records each.
pub(crate) fn logs(seed: u64, requests: usize, each: usize) -> Vec<ExportLogsServiceRequest> {
    let mut rng = Rng::with_seed(seed);
    let mut next = 0;
    let mut request = |_| {
        let mut left = each;
        let mut all = Vec::new();
        while left > 0 {
            let count = rng.usize(1..=left.min(20));
            left -= count;
            let resource = resource(&mut rng);
            let scope = scope(&mut rng);
            let records = (0..count).map(|_| {
                next += 1;
                record(&mut rng, next)
            });
            let records = ScopeLogs {
                log_records: records.collect(),
                scope,
                ..ScopeLogs::default()
            };
            all.push(ResourceLogs {
                resource: Some(resource),
                scope_logs: vec![records],
                schema_url: "https://example.io/2".to_owned(),
            });
        }
        ExportLogsServiceRequest { resource_logs: all }
    };
    (0..requests).map(&mut request).collect()
}

fn record(rng: &mut Rng, id: u64) -> LogRecord {
    let mut attributes = attributes(rng, &KEYS, 5);
    attributes.extend(priority(rng));
    if rng.u8(..6) == 0 {
        let said = one(rng, &["abcdefabcdefab", "f0000000000001", "1", "", "x"]);
        attributes.push(pair("sampling.randomness", text(said)));
    }
    if rng.u8(..6) == 0 {
        let said = one(rng, &["8", "c", "0", "", "zz", "fffffffffffff"]);
        attributes.push(pair("sampling.threshold", text(said)));
    }
    LogRecord {
        // What it is known by.
        time_unix_nano: 1_700_000_000_000_000_000 + id,
        observed_time_unix_nano: rng.u64(..2),
        severity_number: rng.i32(0..25),
        severity_text: one(rng, &["", "WARN", "Info"]).to_owned(),
        body: (rng.u8(..5) > 0).then(|| AnyValue {
            value: Some(value(rng)),
        }),
        attributes,
        dropped_attributes_count: rng.u32(..2),
        flags: rng.u32(..2),
        trace_id: trace_id(rng),
        span_id: if rng.bool() {
            bytes(rng, 8)
        } else {
            Vec::new()
        },
        event_name: one(rng, &["", "started"]).to_owned(),
    }
}
