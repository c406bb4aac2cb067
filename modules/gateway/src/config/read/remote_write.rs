//! How is a Prometheus server written to?

use std::time::Duration;

use collector_config::components::{
    prometheus_exporter::Translation,
    queue::Retry,
    remote_write::{PrometheusRemoteWrite as Text, RemoteWriteQueue},
};
use serde_json::Value;

use super::super::at::At;
use super::{client, connection, or_default, queue};
use crate::settings::{Exporter, ExporterKind, Queue, RemoteWrite, Sizer, WriteVersion};

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
pub(super) fn remote_write(text: Text, version: WriteVersion, at: &At<'_>) -> Exporter {
    client::without(text.auth.as_ref(), &[], at);
    at.without(
        "wal",
        &text.wal,
        "this exporter keeps nothing on disk here: send to Prometheus by `otlp_http`, whose `sending_queue` can name a `storage`",
    );
    at.without("http", &text.http, "say it without `http` around it");
    if !client::is_http(&text.endpoint) {
        at.key("endpoint")
            .refuse("must be a URL with its path, such as `http://host:9090/api/v1/write`");
    }
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
    let default = RemoteWriteQueue {
        enabled: true,
        queue_size: 10_000,
        num_consumers: 5,
    };
    let waiting = text.remote_write_queue.clone().unwrap_or(default);
    let senders = text
        .max_batch_request_parallelism
        .unwrap_or(waiting.num_consumers);
    let retry = text.retry_on_failure.clone().unwrap_or(Retry {
        initial_interval: collector_config::Duration::millis(50),
        ..Retry::default()
    });
    Exporter {
        timeout: or_default(text.timeout, Some(Duration::from_secs(5))),
        queue: requests(&waiting, &at.key("remote_write_queue")),
        retry: queue::retry(&retry, at),
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
fn requests(text: &RemoteWriteQueue, at: &At<'_>) -> Option<Queue> {
    if text.enabled && text.queue_size == 0 {
        at.key("queue_size").refuse("must be positive");
    }
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
