//! Where does a Jaeger keep its traces, and when does it begin a new index?

use collector_config::{
    Duration,
    components::{
        connection::ClientTls,
        jaeger::{Backend, JaegerStorage, MemoryBackend, MetricBackend, PrometheusMetrics},
        jaeger_elasticsearch::{
            BasicAuth, ElasticsearchAuth, ElasticsearchBackend, Index, Indices, ManualRollover,
            Rotation,
        },
    },
};

use crate::units::Days;

/// The names by which the parts of a configuration refer to the stores.
pub(super) const TRACES: &str = "traces";
pub(super) const ARCHIVE: &str = "archive";
pub(super) const METRICS: &str = "metrics";

/// When a new index is begun, and how old ones go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexRotation {
    /// Every day one; a job deletes those that are too old. Indices are as large as the day was busy.
    Daily,
    /// When one is large, or a day old; Elasticsearch itself does it, and deletes those that are too old.
    BySize,
}

/// Where traces are kept.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    pub(super) url: String,
    pub(super) prefix: String,
    pub(super) nodes: u32,
    pub(super) keep: Days,
    pub(super) rotation: IndexRotation,
    pub(super) archive: bool,
    pub(super) metrics: Metrics,
}

/// Who asks a store, and how it knows whom it asks.
#[derive(Clone, Debug, Default)]
pub(super) struct Access {
    pub(super) login: Option<BasicAuth>,
    pub(super) tls: ClientTls,
}

/// Who knows rates and durations of calls.
#[derive(Clone, Debug)]
pub(super) enum Metrics {
    /// Nobody.
    None,
    /// Elasticsearch, which counts spans when it is asked.
    Counted,
    /// Prometheus at this URL.
    Prometheus(String),
}

impl Storage {
    /// What the part that writes has to know.
    pub(super) fn written(&self, access: &Access) -> JaegerStorage {
        // Where Elasticsearch begins the indices, a job has written the templates with its policy.
        let create = self.rotation == IndexRotation::Daily;
        only(TRACES, in_elasticsearch(self.backend(create, access)))
    }

    /// What the part that answers has to know. It makes nothing.
    pub(super) fn read(&self, access: &Access) -> JaegerStorage {
        let mut storage = only(TRACES, in_elasticsearch(self.backend(false, access)));
        if self.archive {
            let archive = in_elasticsearch(self.archive_backend(access));
            storage.backends.insert(ARCHIVE.to_owned(), archive);
        }
        let metrics = match &self.metrics {
            Metrics::None => return storage,
            Metrics::Counted => MetricBackend {
                elasticsearch: Some(self.backend(false, access)),
                prometheus: None,
            },
            Metrics::Prometheus(url) => MetricBackend {
                prometheus: Some(span_metrics(url, access)),
                elasticsearch: None,
            },
        };
        storage.metric_backends.insert(METRICS.to_owned(), metrics);
        storage
    }

    /// The lifecycle policy of its indices.
    pub(super) fn policy(&self) -> String {
        format!("{}-traces", self.prefix)
    }

    /// What the names of archived indices begin with.
    pub(super) fn archive_prefix(&self) -> String {
        format!("{}-archive", self.prefix)
    }

    /// A copy on every other member is enough to lose one; a cluster of one has nowhere to put it.
    pub(super) fn copies(&self) -> u32 {
        u32::from(self.nodes > 1)
    }

    fn backend(&self, create: bool, access: &Access) -> ElasticsearchBackend {
        let index = |shards| match self.rotation {
            IndexRotation::Daily => Index::daily(shards, self.copies()),
            IndexRotation::BySize => Index::rolled_over(shards, self.copies(), &self.policy()),
        };
        ElasticsearchBackend {
            server_urls: vec![self.url.clone()],
            auth: access.auth(),
            tls: access.tls.clone(),
            indices: Indices {
                index_prefix: self.prefix.clone(),
                spans: index(self.nodes),
                services: index(1),
                dependencies: index(1),
                sampling: index(1),
            },
            create_mappings: Some(create),
            max_span_age: Some(Duration::hours(self.keep.hours())),
            ..ElasticsearchBackend::default()
        }
    }

    /// What someone chose to keep stays in one index, which is found whatever its age.
    fn archive_backend(&self, access: &Access) -> ElasticsearchBackend {
        let index = || Index {
            shards: 1,
            replicas: self.copies(),
            rotation: Rotation {
                manual_rollover: Some(ManualRollover::default()),
                ..Rotation::default()
            },
        };
        ElasticsearchBackend {
            server_urls: vec![self.url.clone()],
            auth: access.auth(),
            tls: access.tls.clone(),
            indices: Indices {
                index_prefix: self.archive_prefix(),
                spans: index(),
                services: index(),
                dependencies: index(),
                sampling: index(),
            },
            create_mappings: Some(false),
            ..ElasticsearchBackend::default()
        }
    }
}

impl Access {
    fn auth(&self) -> ElasticsearchAuth {
        ElasticsearchAuth {
            basic: self.login.clone(),
        }
    }
}

/// Keeps the last so many traces, and forgets all of them when the Pod ends.
pub(super) fn in_memory(max_traces: u64) -> JaegerStorage {
    let backend = Backend {
        memory: Some(MemoryBackend { max_traces }),
        elasticsearch: None,
    };
    only(TRACES, backend)
}

fn in_elasticsearch(backend: ElasticsearchBackend) -> Backend {
    Backend {
        elasticsearch: Some(backend),
        memory: None,
    }
}

fn only(name: &str, backend: Backend) -> JaegerStorage {
    JaegerStorage {
        backends: [(name.to_owned(), backend)].into(),
        ..JaegerStorage::default()
    }
}

/// What a `span_metrics` connector counts, as Prometheus names it when it comes as OTLP.
fn span_metrics(url: &str, access: &Access) -> PrometheusMetrics {
    let tls = if url.starts_with("https") {
        access.tls.clone()
    } else {
        ClientTls::default()
    };
    PrometheusMetrics {
        endpoint: url.to_owned(),
        tls,
        metric_namespace: "traces_span_metrics".to_owned(),
        latency_unit: "ms".to_owned(),
        normalize_calls: true,
        normalize_duration: true,
    }
}
