//! Resources of which no two have anything in common by which telemetry is balanced.

use opentelemetry_proto::tonic::{
    collector::{
        logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
        trace::v1::ExportTraceServiceRequest,
    },
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{
        Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data,
        number_data_point::Value,
    },
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message as _;

use super::{pair, text};

/// A request of each signal, of so many resources with one item each.
pub(crate) fn apart(count: u128) -> [(&'static str, Vec<u8>); 3] {
    let traces = ExportTraceServiceRequest {
        resource_spans: (1..=count).map(span).collect(),
    };
    let metrics = ExportMetricsServiceRequest {
        resource_metrics: (1..=count).map(metric).collect(),
    };
    let logs = ExportLogsServiceRequest {
        resource_logs: (1..=count).map(record).collect(),
    };
    [
        ("traces", traces.encode_to_vec()),
        ("metrics", metrics.encode_to_vec()),
        ("logs", logs.encode_to_vec()),
    ]
}

fn name(nth: u128) -> String {
    format!("apart {nth}")
}

fn resource(nth: u128) -> Resource {
    let keys = ["service.name", "host.name", "region", "b"];
    Resource {
        attributes: keys.map(|key| pair(key, text(&name(nth)))).to_vec(),
        ..Resource::default()
    }
}

fn trace_id(nth: u128) -> Vec<u8> {
    (nth << 64).to_be_bytes().to_vec()
}

fn span(nth: u128) -> ResourceSpans {
    let span = Span {
        trace_id: trace_id(nth),
        span_id: vec![8; 8],
        name: name(nth),
        ..Span::default()
    };
    let scope = ScopeSpans {
        spans: vec![span],
        ..ScopeSpans::default()
    };
    ResourceSpans {
        resource: Some(resource(nth)),
        scope_spans: vec![scope],
        ..ResourceSpans::default()
    }
}

fn metric(nth: u128) -> ResourceMetrics {
    let point = NumberDataPoint {
        time_unix_nano: 1,
        value: Some(Value::AsInt(1)),
        ..NumberDataPoint::default()
    };
    let metric = Metric {
        name: name(nth),
        data: Some(Data::Gauge(Gauge {
            data_points: vec![point],
        })),
        ..Metric::default()
    };
    let scope = ScopeMetrics {
        metrics: vec![metric],
        ..ScopeMetrics::default()
    };
    ResourceMetrics {
        resource: Some(resource(nth)),
        scope_metrics: vec![scope],
        ..ResourceMetrics::default()
    }
}

fn record(nth: u128) -> ResourceLogs {
    let record = LogRecord {
        time_unix_nano: 1,
        severity_text: name(nth),
        trace_id: trace_id(nth),
        ..LogRecord::default()
    };
    let scope = ScopeLogs {
        log_records: vec![record],
        ..ScopeLogs::default()
    };
    ResourceLogs {
        resource: Some(resource(nth)),
        scope_logs: vec![scope],
        ..ResourceLogs::default()
    }
}
