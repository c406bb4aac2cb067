//! How is a Prometheus server written to?

use std::time::Duration;

use collector_config::components::{
    prometheus_exporter::Translation,
    remote_write::{PrometheusRemoteWrite as Text, RemoteWriteQueue},
};
use serde_json::Value;

use super::super::at::At;
use super::{
    client, connection, or_default,
    queue::{self, Stored},
};
use crate::settings::{Exporter, ExporterKind, Queue, RemoteWrite, Sizer, WriteVersion};

/// How the connection is made.
const CONNECTION: [&str; 5] = ["auth", "endpoint", "headers", "timeout", "tls"];
/// What of that nobody here has to be told.
const MOOT: [&str; 7] = [
    "force_attempt_http2",
    "http2_ping_timeout",
    "http2_read_idle_timeout",
    "max_idle_conns",
    "max_idle_conns_per_host",
    "read_buffer_size",
    "write_buffer_size",
];
/// What of that is not there.
const NONE: [&str; 6] = [
    "cookies",
    "disable_keep_alives",
    "idle_conn_timeout",
    "max_conns_per_host",
    "middlewares",
    "proxy_url",
];

/// Puts what stands in `http` where it stood before 0.158. Beside it, the same keys outside of it do nothing.
pub(super) fn flattened(settings: &mut Value, at: &At<'_>) {
    if let Some((within, http)) = at.take(settings, "http") {
        let all = CONNECTION.iter().chain(&MOOT).chain(&NONE);
        let all: Vec<&str> = all.chain(&["compression"]).copied().collect();
        for key in &all {
            if let Some((at, _)) = at.take(settings, key) {
                at.note("does nothing beside `http`, here as in the collector");
            }
        }
        let (Value::Object(http), Some(fields)) = (http, settings.as_object_mut()) else {
            within.refuse("must be keys with values");
            return;
        };
        for (key, value) in http {
            if all.contains(&key.as_str()) {
                fields.insert(key, value);
            } else {
                within.key(&key).refuse("there is no such key");
            }
        }
    }
    if let Some((at, name)) = at.take(settings, "compression")
        && !matches!(name.as_str(), Some("" | "snappy"))
    {
        at.refuse("must be `snappy`");
    }
    for (at, _) in MOOT.iter().filter_map(|key| at.take(settings, key)) {
        at.note("does nothing: connections are of HTTP/1.1, and as many as are needed");
    }
    at.foreign(settings, &NONE);
    at.foreign(
        settings,
        &[
            "convert_explicit_histograms_to_nhcb",
            "include_metadata_keys",
            "keep_classic_histograms",
        ],
    );
}

/// The keys that the collector's exporter has and its type here has not: taken out, so that the rest is read strictly.
pub(super) fn version(settings: &mut Value, at: &At<'_>) -> WriteVersion {
    let message = settings
        .as_object_mut()
        .and_then(|fields| fields.remove("protobuf_message"));
    match message
        .as_ref()
        .map(|message| message.as_str().unwrap_or_default())
    {
        None | Some("prometheus.WriteRequest") => WriteVersion::V1,
        Some("io.prometheus.write.v2.Request") => WriteVersion::V2,
        Some(_) => {
            let what = "must be `prometheus.WriteRequest` or `io.prometheus.write.v2.Request`";
            at.key("protobuf_message").refuse(what);
            WriteVersion::V1
        }
    }
}

/// The exporter that writes to a Prometheus server.
pub(super) fn remote_write(
    text: Text,
    settings: &Value,
    version: WriteVersion,
    at: &At<'_>,
) -> Exporter {
    client::without(text.auth.as_ref(), &[], at);
    at.without(
        "wal",
        &text.wal,
        "this exporter keeps nothing on disk here: send to Prometheus by `otlp_http`, whose `sending_queue` can name a `storage`",
    );
    if !client::is_http(&text.endpoint) {
        at.key("endpoint")
            .refuse("must be a URL with its path, such as `http://host:9090/api/v1/write`");
    }
    client::anonymous(&text.endpoint, &at.key("endpoint"));
    let any_name = matches!(
        text.translation_strategy,
        Some(Translation::NoUtf8EscapingWithSuffixes | Translation::NoTranslation)
    );
    if any_name && version == WriteVersion::V1 {
        let why = "names that may have any character need `protobuf_message: io.prometheus.write.v2.Request`";
        at.key("translation_strategy").refuse(why);
    }
    let mut external = text.external_labels.iter();
    if external.any(|(name, value)| name.is_empty() || value.is_empty()) {
        at.key("external_labels")
            .refuse("neither a name nor a value can be empty");
    }
    let waiting = text.remote_write_queue.clone().unwrap_or_default();
    let senders = text
        .max_batch_request_parallelism
        .unwrap_or(waiting.num_consumers);
    let key = match text.max_batch_request_parallelism {
        Some(_) => at.key("max_batch_request_parallelism"),
        None => at.keys(&["remote_write_queue", "num_consumers"]),
    };
    queue::few(senders, &key);
    let mut retry = text.retry_on_failure.clone().unwrap_or_default();
    // It begins sooner than the other exporters where nothing is said.
    if settings
        .pointer("/retry_on_failure/initial_interval")
        .is_none()
    {
        retry.initial_interval = collector_config::Duration::millis(50);
    }
    Exporter {
        timeout: or_default(text.timeout, Some(Duration::from_secs(5))),
        queue: requests(&waiting),
        retry: queue::retry(&retry, settings, Stored::No, at),
        kind: ExporterKind::RemoteWrite(Box::new(RemoteWrite {
            version,
            tls: connection::always(&text.tls, at),
            headers: client::headers(text.headers.clone(), at),
            senders: senders.max(1),
            max_request: text
                .max_batch_size_bytes
                .filter(|size| *size > 0)
                .unwrap_or(3_000_000),
            settings: text,
        })),
    }
}

/// The queue of the exporter, which counts requests.
fn requests(text: &RemoteWriteQueue) -> Option<Queue> {
    text.enabled.then(|| Queue {
        sizer: Sizer::Requests,
        size: text.queue_size,
        consumers: text.num_consumers.max(1),
        block_on_overflow: false,
        wait_for_result: false,
        storage: None,
        batch: None,
    })
}
