//! Requests that the program keeps apart by headers, over both protocols.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::running::{File, Running, free, get, until};
use crate::support::{Backend, TRACES, call_raw, count, framed, request, spans};

/// Where a program listens that keeps requests apart.
pub(crate) struct Places {
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
    page: SocketAddr,
}

/// What a sender says of itself.
type Headers = &'static [(&'static str, &'static str)];

/// Who sends, in this order.
const SENDERS: [Headers; 12] = [
    &[("tenant", "a")],
    &[("Tenant", "b")],
    &[("TENANT", "a"), ("other", "c")],
    &[("tenant", "a"), ("tenant", "b")],
    &[("tenant", "b"), ("tenant", "a")],
    &[("tenant", "a,b")],
    &[],
    &[("tenant", "")],
    &[("user", "a")],
    &[("user", "a"), ("tenant", "a")],
    &[("tenant", "one too many")],
    &[("tenant", "b")],
];

/// The headers by which they are kept apart, and how many combinations are.
fn keys() -> Value {
    json!({ "metadata_keys": ["Tenant", "user"], "metadata_cardinality_limit": 9 })
}

/// What puts requests together: what the processor is told, or what the queue is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By {
    Processor,
    Queue,
}

impl Places {
    pub(crate) fn new() -> Self {
        Self {
            grpc: free(),
            http: free(),
            page: free(),
        }
    }

    /// A configuration whose batches leave when the program ends.
    pub(crate) fn config(&self, by: By, to: SocketAddr) -> Value {
        let mut batch = keys();
        batch["send_batch_size"] = 1000.into();
        batch["timeout"] = "1h".into();
        let partition = json!({ "metadata_keys": ["Tenant", "user"] });
        let queue =
            json!({ "batch": { "flush_timeout": "1h", "min_size": 1000, "partition": partition } });
        let (processors, queue) = match by {
            By::Processor => (vec!["batch"], json!({})),
            By::Queue => (Vec::new(), queue),
        };
        let mut config = json!({
            "receivers": { "otlp": { "protocols": {
                "grpc": { "endpoint": self.grpc, "include_metadata": true },
                "http": { "endpoint": self.http, "include_metadata": true },
            } } },
            "processors": { "batch": batch },
            "exporters": { "otlp_http": {
                "endpoint": format!("http://{to}"),
                "compression": "none",
                "sending_queue": queue,
            } },
            "service": {
                "telemetry": { "logs": { "level": "error" } },
                "pipelines": { "traces": { "receivers": ["otlp"], "exporters": ["otlp_http"] } },
            },
        });
        config["service"]["pipelines"]["traces"]["processors"] = processors.into();
        let prometheus = json!({ "host": "127.0.0.1", "port": self.page.port() });
        config["service"]["telemetry"]["metrics"]["readers"] =
            json!([{ "pull": { "exporter": { "prometheus": prometheus } } }]);
        config
    }

    /// Sends as everybody, over both protocols: what each is answered.
    pub(crate) async fn answers(&self) -> Vec<String> {
        let mut answers = Vec::new();
        for (nth, headers) in (0..).zip(SENDERS) {
            let body = spans(1 + nth);
            let call = call_raw(self.grpc, TRACES, headers, framed(0, &body)).await;
            let proto = [("content-type", "application/x-protobuf")];
            let posted = [&proto, headers].concat();
            let (status, ..) = request(self.http, "POST", "/v1/traces", &posted, body).await;
            answers.push(format!("{headers:?}: {} {status}", call.code));
        }
        answers
    }

    /// How many combinations it says that it has seen, however the metric is spelled exactly.
    pub(crate) fn seen(&self) -> Option<String> {
        let page = get(self.page, "/metrics")?;
        let name = "otelcol_processor_batch_metadata_cardinality{";
        let line = page.lines().find(|line| line.starts_with(name))?;
        line.split(' ').next_back().map(ToOwned::to_owned)
    }
}

/// How many spans each request had, in no order.
pub(crate) fn sizes(backend: &Backend) -> Vec<usize> {
    let got = backend.got();
    let mut sizes: Vec<_> = got.iter().map(|one| count(&one.body)).collect();
    sizes.sort_unstable();
    sizes
}

#[tokio::test(flavor = "multi_thread")]
async fn each_combination_of_headers_leaves_by_itself() {
    for (by, refused, expected) in [
        (
            By::Processor,
            "13 500",
            vec![8, 8, 10, 12, 14, 16, 18, 20, 28],
        ),
        (
            By::Queue,
            "0 200",
            vec![8, 8, 10, 12, 14, 16, 18, 20, 22, 28],
        ),
    ] {
        let (backend, to) = Backend::start().await;
        let places = Places::new();
        let file = File::new(&places.config(by, to).to_string());
        let running = Running::start(&file);
        running.listens(places.grpc);
        running.listens(places.http);
        let answers = places.answers().await;
        for (nth, answer) in answers.iter().enumerate() {
            let expected = if nth == 10 { refused } else { "0 200" };
            assert!(
                answer.ends_with(&format!(": {expected}")),
                "{by:?} {answer}"
            );
        }
        if let By::Processor = by {
            until("the page tells", || places.seen(), |seen| seen == "9");
        }
        running.signal("TERM");
        let (status, log) = running.ended(crate::support::PATIENCE);
        assert_eq!((status, log.as_str()), (Some(0), ""), "{by:?}");
        assert_eq!(sizes(&backend), expected, "{by:?}");
    }
}
