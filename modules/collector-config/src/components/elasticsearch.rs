//! The exporter that writes to Elasticsearch, document by document, in bulk.
//!
//! Where no index is named, each document goes to a data stream that follows from what it says of itself:
//! `logs-<data set>.otel-<namespace>`, of which Elasticsearch itself brings the template.

use serde::{Deserialize, Serialize};

use super::{connection::ClientTls, is_default, otlp_exporters::storage, queue::SendingQueue};
use crate::component::{Class, Component};
use crate::{ComponentId, ComponentType, Distribution, Duration, Need, Signal, Stability, Traffic};

/// Writes to Elasticsearch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Elasticsearch {
    /// Base URLs, asked in turn.
    pub endpoints: Vec<String>,
    /// Who asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Authenticator>,
    /// TLS for `https` URLs.
    #[serde(skip_serializing_if = "is_default")]
    pub tls: ClientTls,
    /// The index or data stream for all logs, instead of what follows from each of them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub logs_index: String,
    /// The same for spans.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub traces_index: String,
    /// The same for data points.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub metrics_index: String,
    /// Trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<BulkRetry>,
    /// The queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sending_queue: Option<SendingQueue>,
    /// A name, where no extension says who asks.
    #[serde(skip_serializing_if = "super::is_default")]
    pub user: String,
    /// A password; better a placeholder than itself.
    #[serde(skip_serializing_if = "super::is_default")]
    pub password: String,
    /// A key; better a placeholder than itself.
    #[serde(skip_serializing_if = "super::is_default")]
    pub api_key: String,
    /// Headers of every request.
    #[serde(skip_serializing_if = "super::is_default")]
    pub headers: std::collections::BTreeMap<String, String>,
    /// How long one request may take: 90 s where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// How requests are compressed: `gzip` where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// In which shapes documents may be written; all, where nothing is said, and `otel` unless a request says another.
    #[serde(skip_serializing_if = "super::is_default")]
    pub mapping: Mapping,
    /// The pipeline of Elasticsearch that each document goes through.
    #[serde(skip_serializing_if = "super::is_default")]
    pub pipeline: String,
    /// Whether log records bring the id of their document.
    #[serde(skip_serializing_if = "super::is_default")]
    pub logs_dynamic_id: Switch,
    /// Whether log records bring the pipeline that they go through.
    #[serde(skip_serializing_if = "super::is_default")]
    pub logs_dynamic_pipeline: Switch,
    /// Whether spans bring the id of their document.
    #[serde(skip_serializing_if = "super::is_default")]
    pub traces_dynamic_id: Switch,
    /// Whether the nodes are asked who else there is.
    #[serde(skip_serializing_if = "super::is_default")]
    pub discover: super::Settings,
    /// Headers of requests that are handed on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metadata_keys: Vec<String>,
}

settings! {
    /// In which shapes documents may be written.
    #[derive(Eq)]
    pub struct Mapping {
        /// The shapes: `otel`, `ecs`, `none`, `raw`, `bodymap`.
        pub allowed_modes: Vec<String>,
        /// What was the shape before 0.147, and is now passed over.
        pub mode: Option<String>,
    }

    /// Something that can be on.
    #[derive(Eq)]
    pub struct Switch {
        /// Whether it is.
        pub enabled: bool,
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authenticator {
    /// The extension that says it.
    pub authenticator: ComponentId,
}

/// Trying again what was not written. It is this exporter's own: it tries again single documents of a request too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BulkRetry {
    /// Whether at all.
    pub enabled: bool,
    /// How often, before what is left is given up: twice, where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<u32>,
    /// The first pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_interval: Option<Duration>,
    /// The longest pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_interval: Option<Duration>,
    /// After which answers; 429 alone, where nothing is said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retry_on_status: Vec<u16>,
}

impl Elasticsearch {
    /// Writes to one cluster with a queue of so many bytes, and tries again for as long as a queue is of use: some
    /// sixteen hours.
    ///
    /// A cluster that is being restarted answers 502 to 504 through what stands before it. What it wrote before it
    /// did is then there twice, which is better than not at all.
    pub fn to(endpoint: String, queue: u64) -> Self {
        Self {
            endpoints: vec![endpoint],
            retry: Some(BulkRetry {
                enabled: true,
                max_retries: Some(1000),
                initial_interval: Some(Duration::millis(100)),
                max_interval: Some(Duration::minutes(1)),
                retry_on_status: vec![429, 502, 503, 504],
            }),
            sending_queue: Some(SendingQueue::bytes(queue)),
            ..Self::default()
        }
    }
}

impl Component for Elasticsearch {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Exporter, "elasticsearch")
            .within(&[Distribution::Contrib])
            .signals(&Signal::ALL)
            .ripe(Stability::Beta);

    fn extensions(&self) -> Vec<ComponentId> {
        let auth = self.auth.iter();
        let auth = auth.map(|auth| auth.authenticator.clone());
        auth.chain(storage(self.sending_queue.as_ref())).collect()
    }

    fn mistakes(&self) -> Vec<String> {
        let mut found: Vec<String> = self
            .endpoints
            .iter()
            .filter(|url| !url.contains("://") && !url.starts_with("${"))
            .map(|url| format!("endpoints: `{url}` is no URL"))
            .collect();
        if self.endpoints.is_empty() {
            found.push("endpoints: at least one is needed".to_owned());
        }
        let queue = self.sending_queue.iter();
        found.extend(queue.flat_map(SendingQueue::mistakes));
        found
    }

    fn needs(&self) -> Vec<Need> {
        let all = self.endpoints.iter().cloned();
        all.map(|url| Need::Traffic(Traffic::Endpoint(url)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_url_and_there_is_one() {
        let none = Elasticsearch::default();
        assert_eq!(none.mistakes(), ["endpoints: at least one is needed"]);
        let host = Elasticsearch::to("search:9200".to_owned(), 1);
        assert_eq!(host.mistakes(), ["endpoints: `search:9200` is no URL"]);
        let url = Elasticsearch::to("http://search:9200".to_owned(), 1 << 20);
        assert_eq!(url.mistakes(), Vec::<String>::new());
    }

    #[test]
    fn whoever_says_who_asks_has_to_be_enabled() {
        let id: ComponentId = "basicauth/search".parse().unwrap();
        let exporter = Elasticsearch {
            auth: Some(Authenticator {
                authenticator: id.clone(),
            }),
            ..Elasticsearch::to("http://search:9200".to_owned(), 1)
        };
        assert_eq!(exporter.extensions(), [id]);
    }
}
