//! What the program sends over HTTP is JSON, where that is asked for.

use std::io::Read as _;

use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest},
    common::v1::{AnyValue, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{
        Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data,
        number_data_point::Value as Number,
    },
    trace::v1::{Span, Status},
};
use prost::Message as _;
use serde_json::json;

use super::running::{File, Running, free};
use crate::support::{Backend, request, request_of};

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn traces() -> Vec<u8> {
    let span = Span {
        trace_id: vec![0xab; 16],
        span_id: vec![0x01; 8],
        name: "größe".to_owned(),
        kind: 2,
        start_time_unix_nano: 1_700_000_000_000_000_001,
        attributes: vec![
            pair("large", Value::IntValue(i64::MAX)),
            pair("bytes", Value::BytesValue(vec![0xff])),
            pair("none", Value::DoubleValue(f64::NAN)),
        ],
        status: Some(Status {
            code: 2,
            ..Status::default()
        }),
        ..Span::default()
    };
    request_of([span])
}

fn metrics() -> Vec<u8> {
    let point = NumberDataPoint {
        time_unix_nano: 7,
        value: Some(Number::AsInt(-3)),
        ..NumberDataPoint::default()
    };
    let metric = Metric {
        name: "m".to_owned(),
        data: Some(Data::Gauge(Gauge {
            data_points: vec![point],
        })),
        ..Metric::default()
    };
    let scope = ScopeMetrics {
        metrics: vec![metric],
        ..ScopeMetrics::default()
    };
    let resource = ResourceMetrics {
        scope_metrics: vec![scope],
        ..ResourceMetrics::default()
    };
    let request = ExportMetricsServiceRequest {
        resource_metrics: vec![resource],
    };
    request.encode_to_vec()
}

fn logs() -> Vec<u8> {
    let record = LogRecord {
        severity_number: 17,
        body: Some(AnyValue {
            value: Some(Value::BoolValue(true)),
        }),
        ..LogRecord::default()
    };
    let scope = ScopeLogs {
        log_records: vec![record],
        ..ScopeLogs::default()
    };
    let resource = ResourceLogs {
        scope_logs: vec![scope],
        ..ResourceLogs::default()
    };
    let request = ExportLogsServiceRequest {
        resource_logs: vec![resource],
    };
    request.encode_to_vec()
}

/// What the specification says of ids, enumerations, large numbers, bytes and what is no number.
fn expected(signal: &str) -> serde_json::Value {
    match signal {
        "traces" => json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [{
            "traceId": "abababababababababababababababab",
            "spanId": "0101010101010101",
            "name": "größe",
            "kind": 2,
            "startTimeUnixNano": "1700000000000000001",
            "attributes": [
                { "key": "large", "value": { "intValue": "9223372036854775807" } },
                { "key": "bytes", "value": { "bytesValue": "/w==" } },
                { "key": "none", "value": { "doubleValue": "NaN" } },
            ],
            "status": { "code": 2 },
        }] }] }] }),
        "metrics" => json!({ "resourceMetrics": [{ "scopeMetrics": [{ "metrics": [{
            "name": "m", "gauge": { "dataPoints": [{ "timeUnixNano": "7", "asInt": "-3" }] },
        }] }] }] }),
        _ => json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [{
            "severityNumber": 17, "body": { "boolValue": true },
        }] }] }] }),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_written_as_json_where_that_is_asked_for() {
    for compression in ["none", "gzip"] {
        let (backend, to) = Backend::start().await;
        let address = free();
        let pipeline = json!({ "receivers": ["otlp"], "exporters": ["otlp_http"] });
        let config = json!({
            "receivers": { "otlp": { "protocols": { "http": { "endpoint": address } } } },
            "exporters": { "otlp_http": {
                "endpoint": format!("http://{to}"), "encoding": "json", "compression": compression,
            } },
            "service": {
                "telemetry": { "metrics": { "level": "none" } },
                "pipelines": { "traces": pipeline, "metrics": pipeline, "logs": pipeline },
            },
        });
        let config = File::new(&config.to_string());
        let running = Running::start(&config);
        running.listens(address);
        let proto = [("content-type", "application/x-protobuf")];
        for (signal, body) in [
            ("traces", traces()),
            ("metrics", metrics()),
            ("logs", logs()),
        ] {
            let path = format!("/v1/{signal}");
            let (status, ..) = request(address, "POST", &path, &proto, body).await;
            assert_eq!(status, 200);
        }
        let got = backend.wait_for(3).await;
        for got in got {
            assert_eq!(got.headers["content-type"], "application/json");
            let signal = got.path.strip_prefix("/v1/").unwrap();
            let mut body = got.body.clone();
            if compression == "gzip" {
                assert_eq!(got.headers["content-encoding"], "gzip");
                body.clear();
                let mut reader = flate2::read::GzDecoder::new(&got.body[..]);
                reader.read_to_end(&mut body).unwrap();
            }
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body, expected(signal), "{signal}");
        }
        drop(running);
    }
}
