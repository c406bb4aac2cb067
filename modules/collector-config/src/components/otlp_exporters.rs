//! The exporters that speak OTLP, over gRPC and over HTTP.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    connection::ClientTls,
    is_default,
    queue::{Retry, SendingQueue},
};
use crate::component::{Class, Component};
use crate::{ComponentId, ComponentType, Distribution, Duration, Need, Signal, Stability, Traffic};

/// OTLP over gRPC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OtlpGrpc {
    /// `host:port`, or `dns:///host:port` to balance over all addresses of a name. Inside a load balancer
    /// there is none: the resolver knows it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub endpoint: String,
    /// TLS; on, with the system's authorities, where nothing is said.
    #[serde(skip_serializing_if = "is_default")]
    pub tls: ClientTls,
    /// How calls are spread over addresses: `round_robin` where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balancer_name: Option<String>,
    /// How requests are compressed: `gzip` where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// Headers of every request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// How long one request may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// The queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sending_queue: Option<SendingQueue>,
    /// Trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_on_failure: Option<Retry>,
}

/// OTLP over HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OtlpHttp {
    /// The base URL; `/v1/traces`, `/v1/metrics`, `/v1/logs` are appended.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub endpoint: String,
    /// TLS for `https` URLs.
    #[serde(skip_serializing_if = "is_default")]
    pub tls: ClientTls,
    /// How requests are compressed: `gzip` where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// `proto` or `json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Headers of every request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// How long one request may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// The queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sending_queue: Option<SendingQueue>,
    /// Trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_on_failure: Option<Retry>,
}

/// The storage extension that a queue names.
pub(crate) fn storage(queue: Option<&SendingQueue>) -> Vec<ComponentId> {
    let storage = queue.and_then(|queue| queue.storage.clone());
    storage.into_iter().collect()
}

/// What is wrong with a queue, if there is one.
pub(crate) fn queue_mistakes(queue: Option<&SendingQueue>) -> Vec<String> {
    queue.map(SendingQueue::mistakes).unwrap_or_default()
}

impl Component for OtlpGrpc {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Exporter, "otlp_grpc")
        .within(Distribution::ALL)
        .renamed_from("otlp", 144)
        .signals(&Signal::ALL)
        .ripe(Stability::Stable);

    fn extensions(&self) -> Vec<ComponentId> {
        storage(self.sending_queue.as_ref())
    }

    fn mistakes(&self) -> Vec<String> {
        let mut found = queue_mistakes(self.sending_queue.as_ref());
        if self.endpoint.is_empty() {
            found.push("`endpoint` is missing".to_owned());
        }
        found
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::Traffic(Traffic::Endpoint(self.endpoint.clone()))]
    }
}

impl Component for OtlpHttp {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Exporter, "otlp_http")
        .within(Distribution::ALL)
        .renamed_from("otlphttp", 144)
        .signals(&Signal::ALL)
        .ripe(Stability::Stable);

    fn extensions(&self) -> Vec<ComponentId> {
        storage(self.sending_queue.as_ref())
    }

    fn mistakes(&self) -> Vec<String> {
        let mut found = queue_mistakes(self.sending_queue.as_ref());
        if !self.endpoint.contains("://") && !self.endpoint.starts_with("${") {
            found.push(format!("`endpoint` must be a URL: `{}`", self.endpoint));
        }
        found
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::Traffic(Traffic::Endpoint(self.endpoint.clone()))]
    }
}
