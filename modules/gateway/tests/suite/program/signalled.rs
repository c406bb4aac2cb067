//! What the program does when it is signalled: it drains, it takes a new configuration, it ends at once.

use std::net::SocketAddr;

use super::running::{File, Running, free, get, post, until};
use crate::support::PATIENCE;

/// A request with one span.
const SPAN: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"x"}]}]}]}"#;
/// What it says as it ends without a drain: how long that takes tells nothing.
const AT_ONCE: &str = "\"msg\":\"a second signal: the gateway ends at once\"";

struct Places {
    otlp: SocketAddr,
    health: SocketAddr,
    metrics: SocketAddr,
}

impl Places {
    fn new() -> Self {
        Self {
            otlp: free(),
            health: free(),
            metrics: free(),
        }
    }

    /// A configuration that sends to this address.
    fn config(&self, to: SocketAddr) -> String {
        let Self {
            otlp,
            health,
            metrics,
        } = self;
        let (host, port) = (metrics.ip(), metrics.port());
        format!(
            "receivers: {{otlp: {{protocols: {{http: {{endpoint: '{otlp}'}}}}}}}}
exporters: {{otlp: {{endpoint: '{to}', tls: {{insecure: true}}, retry_on_failure: {{initial_interval: 50ms}}}}}}
extensions: {{health_check: {{endpoint: '{health}'}}}}
service:
  extensions: [health_check]
  telemetry:
    logs: {{encoding: json}}
    metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: {host}, port: {port}, without_type_suffix: false, without_scope_info: true}}}}}}}}]}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [otlp]}}}}
"
        )
    }

    fn ready(&self) {
        until(
            "health",
            || get(self.health, "/"),
            |answer| answer.starts_with("HTTP/1.1 200 "),
        );
    }

    /// Sends one span.
    fn send(&self) -> Option<String> {
        Self::send_to(self.otlp)
    }

    fn send_to(address: SocketAddr) -> Option<String> {
        Self::post(address, SPAN)
    }

    fn post(address: SocketAddr, body: &str) -> Option<String> {
        let length = body.len();
        post(
            address,
            &format!(
                "POST /v1/traces HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            ),
        )
    }
}

#[test]
fn it_tells_how_it_is_and_what_it_did() {
    let places = Places::new();
    let config = File::new(&places.config(free()));
    let running = Running::start(&config);
    places.ready();
    assert!(
        places
            .send()
            .is_some_and(|answer| answer.starts_with("HTTP/1.1 200 "))
    );
    let accepted =
        "otelcol_receiver_accepted_spans_total{receiver=\"otlp\",transport=\"http\"} 1\n";
    // Nobody knows how many spans are in that.
    let broken = Places::post(places.otlp, "{");
    assert!(broken.is_some_and(|answer| answer.starts_with("HTTP/1.1 400 ")));
    let page = until(
        "metrics",
        || get(places.metrics, "/metrics"),
        |page| page.contains(accepted),
    );
    assert_eq!(running.memory("AnonHugePages"), 0, "it keeps what it uses");
    let size = "otelcol_exporter_queue_size{data_type=\"traces\",exporter=\"otlp\"} 1\n";
    let capacity = "otelcol_exporter_queue_capacity{data_type=\"traces\",exporter=\"otlp\"} 1000\n";
    let unread = "otelcol_gateway_receiver_unread_requests_total{data_type=\"traces\",receiver=\"otlp\",transport=\"http\"} 1\n";
    for line in [
        size,
        unread,
        capacity,
        "target_info{",
        "# TYPE otelcol_process_uptime_seconds_total counter\n",
    ] {
        assert!(page.contains(line), "{line}{page}");
    }
    // Its exporter never gets there: it would drain for long, but not after a second signal.
    running.signal("TERM");
    until(
        "draining",
        || get(places.health, "/"),
        |answer| answer.starts_with("HTTP/1.1 503 "),
    );
    running.signal("INT");
    let (code, log) = running.ended(PATIENCE);
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains(AT_ONCE), "{log}");
}

#[test]
fn a_broken_configuration_leaves_the_old_one_running_and_a_right_one_is_taken() {
    let places = Places::new();
    let config = File::new(&places.config(free()));
    let running = Running::start(&config);
    places.ready();
    config.write("exporters: {otlp: {endpoin: a}}\n");
    running.signal("HUP");
    let log = || Some(running.log());
    let log = until("the broken configuration", log, |log| {
        log.contains("the old configuration goes on")
    });
    assert!(
        log.contains("exporters::otlp::endpoin: there is no such key; did you mean `endpoint`?"),
        "{log}"
    );
    assert!(
        places
            .send()
            .is_some_and(|answer| answer.starts_with("HTTP/1.1 200 "))
    );
    let another = free();
    config.write(
        &places
            .config(free())
            .replace("health_check: {", "health_check: {path: /new, ")
            .replace(
                "receivers: {otlp",
                &format!("receivers: {{otlp/another: {{protocols: {{http: {{endpoint: '{another}'}}}}}}, otlp"),
            )
            .replace("receivers: [otlp]", "receivers: [otlp, otlp/another]"),
    );
    running.signal("HUP");
    // Whoever asks in between finds the old one or the new one, and nobody is refused.
    until(
        "the new configuration",
        || get(places.health, "/new"),
        |answer| {
            assert!(
                places
                    .send()
                    .is_some_and(|answer| answer.starts_with("HTTP/1.1 200 "))
            );
            answer.starts_with("HTTP/1.1 200 ")
        },
    );
    // Only the new one listens here: it has something to drain.
    let answer = Places::send_to(another);
    assert!(answer.is_some_and(|answer| answer.starts_with("HTTP/1.1 200 ")));
    running.signal("TERM");
    until(
        "draining",
        || get(places.health, "/new"),
        |answer| answer.starts_with("HTTP/1.1 503 "),
    );
    running.signal("TERM");
    let (code, log) = running.ended(PATIENCE);
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("the new configuration runs"), "{log}");
    assert!(log.contains(AT_ONCE), "{log}");
}
