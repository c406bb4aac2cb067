//! Does tail sampling count what the collector counts, under the same names?

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::beside::Program;
use crate::program::running::{File, Running, free, post};

/// A configuration for both, and where they listen.
struct Places {
    spans: SocketAddr,
    metrics: SocketAddr,
    config: File,
}

impl Places {
    fn new() -> Self {
        let (spans, metrics) = (free(), free());
        let config = json!({
            "receivers": { "otlp": { "protocols": { "http": { "endpoint": spans } } } },
            "processors": {
                "tail_sampling": {
                    "decision_wait": "3s", "num_traces": 3, "maximum_trace_size_bytes": 3000,
                    "policies": [
                        { "name": "errors", "type": "status_code", "status_code": { "status_codes": ["ERROR"] } },
                        { "name": "dropped", "type": "drop", "drop": { "drop_sub_policy": [
                            { "name": "gold", "type": "string_attribute", "string_attribute": { "key": "tier", "values": ["gold"] } },
                        ] } },
                        { "name": "some", "type": "composite", "composite": {
                            "max_total_spans_per_second": 10, "policy_order": ["slow"],
                            "composite_sub_policy": [{ "name": "slow", "type": "latency", "latency": { "threshold_ms": 1000 } }],
                        } },
                    ],
                },
                "tail_sampling/named": {
                    "decision_wait": "3s",
                    "decision_cache": { "sampled_cache_size": 10, "non_sampled_cache_size": 10 },
                    "policies": [{ "name": "all", "type": "always_sample" }],
                },
            },
            "exporters": { "nop": {} },
            "service": {
                "telemetry": { "logs": { "level": "warn" }, "metrics": { "readers": [{ "pull": { "exporter": { "prometheus": {
                    "host": metrics.ip(), "port": metrics.port(),
                    "without_units": false, "without_type_suffix": false, "without_scope_info": true,
                } } } }] } },
                "pipelines": {
                    "traces": { "receivers": ["otlp"], "processors": ["tail_sampling"], "exporters": ["nop"] },
                    "traces/named": { "receivers": ["otlp"], "processors": ["tail_sampling/named"], "exporters": ["nop"] },
                },
            },
        });
        let config = File::new(&config.to_string());
        Self {
            spans,
            metrics,
            config,
        }
    }

    fn send(&self, spans: &[Value]) {
        let body = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] }).to_string();
        let request = format!(
            "POST /v1/traces HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        until("nobody takes spans", || {
            post(self.spans, &request).filter(|answer| answer.starts_with("HTTP/1.1 200"))
        });
    }

    /// Waits until so many decisions were counted and so many traces are left, and says what is on the page.
    fn decided(&self, traces: f64, left: f64) -> Page {
        until("the decisions are not counted", || {
            // Version 1.0: in one piece.
            let page = Page::read(&post(self.metrics, "GET /metrics HTTP/1.0\r\n\r\n")?);
            let decided = page.series.iter().filter(|(name, _)| {
                name.starts_with("otelcol_processor_tail_sampling_global_count_traces_sampled")
            });
            let decided: f64 = decided.map(|(_, count)| count).sum();
            let known = "otelcol_processor_tail_sampling_sampling_traces_on_memory";
            (decided >= traces && page.series.get(known) == Some(&left)).then_some(page)
        })
    }
}

fn until<T>(otherwise: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "{otherwise}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// What a page says of tail sampling.
#[derive(Debug, Default, PartialEq)]
struct Page {
    /// Help and type by the name.
    about: BTreeMap<String, String>,
    /// What does not depend on how fast the machine is.
    series: BTreeMap<String, f64>,
}

impl Page {
    fn read(text: &str) -> Self {
        let mut page = Self::default();
        let lines = text
            .lines()
            .filter(|line| line.contains("processor_tail_sampling_"));
        for line in lines {
            if let Some(about) = line.strip_prefix("# ") {
                let mut words = about.splitn(3, ' ');
                let (kind, name) = (words.next().unwrap(), words.next().unwrap());
                let said = words.next().unwrap_or_default().to_owned();
                page.about.insert(format!("{name} {kind}"), said);
                continue;
            }
            let (name, value) = line.rsplit_once(' ').unwrap();
            let timed = ["_bucket{", "_sum ", "latency", "execution_time"];
            let value: f64 = value.parse().unwrap();
            if value > 0.0 && !timed.iter().any(|part| line.contains(part)) {
                page.series.insert(name.to_owned(), value);
            }
        }
        page
    }
}

fn span(trace: u32, id: u32, more: &Value) -> Value {
    let mut span = json!({
        "traceId": format!("{trace:032x}"), "spanId": format!("{id:016x}"), "name": "work",
        "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000000100000000",
    });
    for (key, value) in more.as_object().unwrap() {
        span[key] = value.clone();
    }
    span
}

/// Sends what makes each of the numbers grow.
fn measured(places: &Places) -> Page {
    let plain = json!({});
    let failed = json!({ "status": { "code": 2 } });
    let gold = json!({ "attributes": [{ "key": "tier", "value": { "stringValue": "gold" } }] });
    let large = json!({ "name": "large".repeat(1000) });
    places.send(&[span(1, 1, &failed), span(2, 2, &gold), span(3, 3, &plain)]);
    places.decided(6.0, 3.0);
    // Late ones.
    places.send(&[span(1, 4, &plain), span(3, 5, &plain)]);
    // More than are held.
    let many: Vec<Value> = (10..16).map(|n| span(n, 100 + n, &plain)).collect();
    places.send(&many);
    places.send(&[span(77, 77, &large)]);
    places.decided(15.0, 3.0)
}

#[test]
fn tail_sampling_counts_what_the_collector_counts() {
    let (theirs, ours) = (Places::new(), Places::new());
    let _collector = Program::collector(theirs.config.path());
    let _gateway = Running::start(&ours.config);
    let (ours, theirs) = thread::scope(|scope| {
        let theirs = scope.spawn(|| measured(&theirs));
        (measured(&ours), theirs.join().unwrap())
    });
    assert_eq!(ours, theirs);
    assert!(theirs.series.len() > 15, "{theirs:#?}");
}
