//! What a server of remote write 2.0 says that it has written is counted, and what it does not say is told.

use serde_json::{Value, json};

use super::{
    logged::lines,
    running::{File, Running, free, get, post, until},
};
use crate::support::Backend;

const SAMPLES: (&str, &str) = ("x-prometheus-remote-write-samples-written", "1");
const HISTOGRAMS: (&str, &str) = ("x-prometheus-remote-write-histograms-written", "0");
const EXEMPLARS: (&str, &str) = ("x-prometheus-remote-write-exemplars-written", "0");
const UNSAID: &str = "a server does not say what it has written: it may not know remote write 2.0, and drop what it is sent; without `protobuf_message` it is sent 1.0";
const LESS: &str = "a server took requests, and says that it has written less than was in them";

/// A gauge of three points, each a sample of a series of its own.
fn metrics() -> Value {
    let points = [1, 2, 3].map(|at| {
        let key = json!({ "key": "at", "value": { "intValue": at } });
        json!({ "asInt": at, "timeUnixNano": "1000000000", "attributes": [key] })
    });
    let gauge = json!({ "name": "g", "gauge": { "dataPoints": points } });
    json!({ "resourceMetrics": [{ "scopeMetrics": [{ "metrics": [gauge] }] }] })
}

/// What the program says, beside its page, of a server that answers so.
async fn told(status: u16, headers: &[(&'static str, &'static str)], log: &str) -> (Value, String) {
    let (_backend, to) = Backend::saying(&[(status, None)], headers).await;
    let (at, page) = (free(), free());
    let config = json!({
        "receivers": { "otlp": { "protocols": { "http": { "endpoint": at } } } },
        "exporters": { "prometheusremotewrite": {
            "endpoint": format!("http://{to}/api/v1/write"),
            "protobuf_message": "io.prometheus.write.v2.Request",
            "remote_write_queue": { "num_consumers": 1 },
        } },
        "service": {
            "telemetry": {
                "logs": { "encoding": "json" },
                "metrics": { "readers": [{ "pull": { "exporter": { "prometheus": {
                    "host": page.ip(), "port": page.port(),
                } } } }] },
            },
            "pipelines": { "metrics": { "receivers": ["otlp"], "exporters": ["prometheusremotewrite"] } },
        },
    });
    let file = File::new(&config.to_string());
    tokio::task::block_in_place(|| {
        let gateway = Running::start(&file);
        gateway.listens(at);
        let body = metrics().to_string();
        let head = "POST /v1/metrics HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nconnection: close";
        let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        assert!(post(at, &request).unwrap().starts_with("HTTP/1.1 200"));
        let said = lines(&gateway, log).remove(0);
        let written = || {
            let page = get(page, "/metrics").unwrap_or_default();
            let lines = page
                .lines()
                .filter(|line| line.contains("_written_") && !line.starts_with('#'));
            let short = |line: &str| {
                let (name, value) = (line.split_once('{')?.0, line.rsplit_once(' ')?.1);
                Some(format!("{} {value}", name.rsplit_once("write_")?.1))
            };
            let mut lines: Vec<String> = lines.filter_map(short).collect();
            lines.sort();
            Some(lines.join(", "))
        };
        let page = until("the page", written, |page| !page.is_empty());
        (said, page)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_is_counted_and_what_is_missing_is_told() {
    let (said, page) = told(200, &[SAMPLES, HISTOGRAMS, EXEMPLARS], LESS).await;
    assert_eq!(said["items"], 2, "{said}");
    let counted = "written_exemplars 0, written_histograms 0, written_samples 1";
    assert_eq!(page, counted);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_say_it_may_not_understand_what_it_is_sent() {
    for headers in [
        &[][..],
        &[("x-prometheus-remote-write-samples-written", "all")],
    ] {
        let (said, page) = told(204, headers, UNSAID).await;
        assert_eq!(said["requests"], 1, "{said}");
        assert!(page.ends_with("written_samples 0"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_of_a_request_that_was_refused_is_counted_too() {
    let (_, page) = told(400, &[SAMPLES], "could not deliver, and gave it up").await;
    assert!(page.ends_with("written_samples 1"), "{page}");
}
