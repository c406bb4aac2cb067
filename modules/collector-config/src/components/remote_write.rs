//! The exporter that writes metrics as Prometheus servers send them to each other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{connection::ClientTls, is_default, otlp_exporters::is_url, queue::Retry};
use crate::component::{Class, Component};
use crate::{ComponentType, Distribution, Duration, Need, Signal, Stability, Traffic};

/// Writes metrics to a Prometheus server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrometheusRemoteWrite {
    /// The URL, with its path.
    pub endpoint: String,
    /// TLS for `https` URLs.
    #[serde(skip_serializing_if = "is_default")]
    pub tls: ClientTls,
    /// The largest request, in bytes before compression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_batch_size_bytes: Option<u64>,
    /// The queue, which can only count requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_write_queue: Option<RemoteWriteQueue>,
    /// Trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_on_failure: Option<Retry>,
    /// Who it says it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<super::connection::Auth>,
    /// Headers of every request.
    #[serde(skip_serializing_if = "super::is_default")]
    pub headers: BTreeMap<String, String>,
    /// How long one request may take: 5 s where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// What names begin with.
    #[serde(skip_serializing_if = "super::is_default")]
    pub namespace: String,
    /// Labels of every series.
    #[serde(skip_serializing_if = "super::is_default")]
    pub external_labels: BTreeMap<String, String>,
    /// How many parts of a large request are sent at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_batch_request_parallelism: Option<u32>,
    /// Whether attributes of resources become labels.
    #[serde(skip_serializing_if = "super::is_default")]
    pub resource_to_telemetry_conversion: super::prometheus_exporter::ResourceLabels,
    /// Whether the metric `target_info` is made: it is, where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_info: Option<TargetInfo>,
    /// Whether the names of scopes are left out.
    #[serde(skip_serializing_if = "super::is_default")]
    pub disable_scope_info: bool,
    /// The older way to say what names end with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub add_metric_suffixes: Option<bool>,
    /// How names are made fit for Prometheus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translation_strategy: Option<super::prometheus_exporter::Translation>,
    /// Whether types and units are sent.
    #[serde(skip_serializing_if = "super::is_default")]
    pub send_metadata: bool,
    /// Requests are kept in files of their own until they are sent.
    #[serde(skip_serializing_if = "super::is_default")]
    pub wal: Option<super::Settings>,
    /// How the connection is made, in place of the fields here; since 0.158.
    #[serde(skip_serializing_if = "super::is_default")]
    pub http: super::Settings,
}

/// The metric `target_info`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TargetInfo {
    /// Whether it is made: it is, where nothing is said.
    pub enabled: bool,
}

impl Default for TargetInfo {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// The queue before a remote write exporter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoteWriteQueue {
    /// Whether there is one.
    pub enabled: bool,
    /// How many requests it holds.
    pub queue_size: u64,
    /// How many senders empty it.
    pub num_consumers: u32,
}

impl Default for RemoteWriteQueue {
    /// What the exporter assumes for each key that is not there.
    fn default() -> Self {
        Self {
            enabled: true,
            queue_size: 10_000,
            num_consumers: 5,
        }
    }
}

impl PrometheusRemoteWrite {
    /// Writes to `endpoint` with a queue that holds about so many bytes, if requests have the size of the batches
    /// that this repository's collectors send: 8192 data points of some 120 bytes.
    pub fn to(endpoint: String, queue: u64) -> Self {
        const REQUEST: u64 = 1_000_000;
        Self {
            endpoint,
            max_batch_size_bytes: Some(REQUEST),
            remote_write_queue: Some(RemoteWriteQueue {
                enabled: true,
                queue_size: (queue / REQUEST).max(1),
                num_consumers: 5,
            }),
            ..Self::default()
        }
    }
}

impl Component for PrometheusRemoteWrite {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Exporter, "prometheus_remote_write")
            .in_gateway()
            .within(&[Distribution::Core, Distribution::Contrib])
            .renamed_from("prometheusremotewrite", 154)
            .signals(&[Signal::Metrics])
            .ripe(Stability::Beta);

    fn mistakes(&self) -> Vec<String> {
        let mut found = self.tls.mistakes();
        if !is_url(&self.endpoint) {
            found.push(format!("`endpoint` must be a URL: `{}`", self.endpoint));
        }
        let queue = self.remote_write_queue.as_ref();
        if queue.is_some_and(|queue| queue.enabled && queue.queue_size == 0) {
            found.push("remote_write_queue: `queue_size` must be positive".to_owned());
        }
        if self.max_batch_request_parallelism == Some(0) {
            found.push("`max_batch_request_parallelism` must be positive".to_owned());
        }
        found
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::Traffic(Traffic::Endpoint(self.endpoint.clone()))]
    }
}
