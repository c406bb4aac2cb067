//! What Jaeger v2 adds to the collector that it is: storage, and a server for queries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    connection::ClientTls,
    is_default,
    otlp::{GrpcServer, HttpServer},
};
use crate::component::{Class, Component};
use crate::{ComponentId, ComponentType, Distribution, Duration, Signal};

/// Where traces are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JaegerStorage {
    /// By name; each is of exactly one type.
    pub backends: BTreeMap<String, Backend>,
}

/// One place that keeps traces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backend {
    /// Elasticsearch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elasticsearch: Option<ElasticsearchBackend>,
    /// Memory, for trying out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryBackend>,
}

/// Traces in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MemoryBackend {
    /// How many.
    pub max_traces: u64,
}

/// Traces in Elasticsearch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ElasticsearchBackend {
    /// Base URLs.
    pub server_urls: Vec<String>,
    /// TLS for `https` URLs.
    #[serde(skip_serializing_if = "is_default")]
    pub tls: ClientTls,
    /// The indices.
    pub indices: Indices,
    /// Whether it writes the index templates when it starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_mappings: Option<bool>,
    /// How far back a trace is looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_span_age: Option<Duration>,
    /// How writes are put together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bulk_processing: Option<BulkProcessing>,
}

/// The indices of one Jaeger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Indices {
    /// What their names begin with, so that two Jaegers can share a cluster.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub index_prefix: String,
    /// Spans.
    pub spans: Index,
    /// The names of services and operations.
    pub services: Index,
    /// Who calls whom.
    pub dependencies: Index,
    /// Adaptive sampling.
    pub sampling: Index,
}

/// One family of indices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Index {
    /// Into how many parts each index is split.
    pub shards: u32,
    /// How many copies of each part there are beside the first.
    pub replicas: u32,
    /// When a new one is begun.
    pub rotation: Rotation,
}

/// When a new index is begun.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rotation {
    /// Every day or hour; old ones are deleted by a job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub periodic: Option<Periodic>,
}

/// A new index every day or hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Periodic {
    /// The date in the index's name, as Go writes layouts.
    pub date_layout: String,
    /// `day` or `hour`; must fit the layout.
    pub rollover_frequency: String,
}

/// How writes are put together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BulkProcessing {
    /// So many bytes are sent at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// So many documents are sent at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_actions: Option<u64>,
    /// Fewer are sent after this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flush_interval: Option<Duration>,
    /// How many requests are under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
}

/// Answers queries: the user interface and the API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JaegerQuery {
    /// What is queried.
    pub storage: QueryStorage,
    /// The path that it is served below.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub base_path: String,
    /// The user interface and its API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpServer>,
    /// The API over gRPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc: Option<GrpcServer>,
}

/// What is queried, by the names of backends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueryStorage {
    /// Traces.
    pub traces: String,
    /// Traces that someone chose to keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traces_archive: Option<String>,
}

/// Writes spans to a backend.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JaegerStorageExporter {
    /// The backend's name.
    pub trace_storage: String,
    /// The queue before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<super::queue::SendingQueue>,
    /// Trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_on_failure: Option<super::queue::Retry>,
}

impl Default for Periodic {
    fn default() -> Self {
        Self {
            date_layout: "2006-01-02".to_owned(),
            rollover_frequency: "day".to_owned(),
        }
    }
}

impl Index {
    /// A new index every day, split and copied so many times.
    pub fn daily(shards: u32, replicas: u32) -> Self {
        Self {
            shards,
            replicas,
            rotation: Rotation {
                periodic: Some(Periodic::default()),
            },
        }
    }
}

const JAEGER: &[Distribution] = &[Distribution::Jaeger];

impl Component for JaegerStorage {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Extension, "jaeger_storage").within(JAEGER);

    fn mistakes(&self) -> Vec<String> {
        let wrong = |(name, backend): (&String, &Backend)| {
            let Backend {
                elasticsearch,
                memory,
            } = backend;
            (elasticsearch.is_some() == memory.is_some())
                .then(|| format!("backends.{name}: exactly one type of storage is needed"))
        };
        self.backends.iter().filter_map(wrong).collect()
    }
}

impl Component for JaegerQuery {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Extension, "jaeger_query").within(JAEGER);

    fn extensions(&self) -> Vec<ComponentId> {
        vec![ComponentId::of::<JaegerStorage>()]
    }
}

impl Component for JaegerStorageExporter {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Exporter, "jaeger_storage_exporter")
            .within(JAEGER)
            .signals(&[Signal::Traces]);

    fn extensions(&self) -> Vec<ComponentId> {
        vec![ComponentId::of::<JaegerStorage>()]
    }
}
