//! The exporter that shows metrics on a page, for Prometheus servers to fetch.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    connection::{Auth, ServerTls},
    otlp_exporters::{queue_mistakes, storage},
    queue::SendingQueue,
};
use crate::component::{Class, Component};
use crate::needs::listens;
use crate::{ComponentId, ComponentType, Distribution, Duration, Need, Signal, Stability};

settings! {
    /// Shows metrics on a page, for Prometheus servers to fetch.
    #[derive(Eq)]
    pub struct PrometheusExporter {
        /// The address that it listens on: `localhost:8889` where nothing is said.
        pub endpoint: String,
        /// TLS; none where nothing is said.
        pub tls: Option<ServerTls>,
        /// Who has to ask; anyone, where nothing is said.
        pub auth: Option<Auth>,
        /// What names begin with.
        pub namespace: String,
        /// Labels of every metric.
        pub const_labels: BTreeMap<String, String>,
        /// Whether the time of measuring is shown.
        pub send_timestamps: bool,
        /// After how long without data a metric is forgotten: 5 min where nothing is said.
        pub metric_expiration: Option<Duration>,
        /// Whether attributes of resources become labels.
        pub resource_to_telemetry_conversion: ResourceLabels,
        /// Whether it speaks `OpenMetrics`, which has examples.
        pub enable_open_metrics: bool,
        /// Whether the names of scopes are left out.
        pub without_scope_info: bool,
        /// The older way to say what names end with.
        pub add_metric_suffixes: Option<bool>,
        /// How names are made fit for Prometheus.
        pub translation_strategy: Option<Translation>,
        /// The queue; none where nothing is said.
        pub sending_queue: Option<SendingQueue>,
    }

    /// Whether attributes of resources become labels.
    #[derive(Eq)]
    pub struct ResourceLabels {
        /// Whether they do.
        pub enabled: bool,
        /// Whether those that name the service do not, since they are `job` and `instance` already.
        pub exclude_service_attributes: bool,
    }
}

/// How names are made fit for Prometheus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Translation {
    /// With `_` for what was not legal of old, and with unit and type at the end.
    UnderscoreEscapingWithSuffixes,
    /// With `_` for what was not legal of old.
    UnderscoreEscapingWithoutSuffixes,
    /// With unit and type at the end.
    #[serde(rename = "NoUTF8EscapingWithSuffixes")]
    NoUtf8EscapingWithSuffixes,
    /// As they are.
    NoTranslation,
}

impl Component for PrometheusExporter {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Exporter, "prometheus")
        .within(&[
            Distribution::Core,
            Distribution::Contrib,
            Distribution::Jaeger,
        ])
        .signals(&[Signal::Metrics])
        .ripe(Stability::Beta);

    fn extensions(&self) -> Vec<ComponentId> {
        let mut named = storage(self.sending_queue.as_ref());
        named.extend(Auth::extension(self.auth.as_ref()));
        named
    }

    fn needs(&self) -> Vec<Need> {
        let port = listens("prometheus", &self.endpoint, 8889);
        port.filter(|_| !self.endpoint.is_empty())
            .into_iter()
            .collect()
    }

    fn mistakes(&self) -> Vec<String> {
        let mut found = queue_mistakes(self.sending_queue.as_ref());
        found.extend(self.tls.iter().flat_map(ServerTls::mistakes));
        found
    }
}
