//! What Jaeger v2 adds to the collector that it is: storage, and a server for queries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    connection::ClientTls,
    is_default,
    jaeger_elasticsearch::ElasticsearchBackend,
    otlp::{GrpcServer, HttpServer},
};
use crate::component::{Class, Component};
use crate::{ComponentId, ComponentType, Distribution, Signal};

/// Where traces are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JaegerStorage {
    /// By name; each is of exactly one type.
    pub backends: BTreeMap<String, Backend>,
    /// Where rates and durations of calls are asked for, by name; each is of exactly one type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metric_backends: BTreeMap<String, MetricBackend>,
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

/// One place that knows rates and durations of calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricBackend {
    /// Prometheus, which was given what a `span_metrics` connector counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prometheus: Option<PrometheusMetrics>,
    /// Elasticsearch, which counts the spans when it is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elasticsearch: Option<ElasticsearchBackend>,
}

/// Rates and durations of calls in Prometheus.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrometheusMetrics {
    /// Its URL.
    pub endpoint: String,
    /// TLS for an `https` URL.
    #[serde(skip_serializing_if = "is_default")]
    pub tls: ClientTls,
    /// What the names of the metrics begin with.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub metric_namespace: String,
    /// The unit of the durations: `ms` or `s`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub latency_unit: String,
    /// Whether the name of the counter ends with `_total`.
    #[serde(skip_serializing_if = "is_default")]
    pub normalize_calls: bool,
    /// Whether the name of the histogram ends with its unit.
    #[serde(skip_serializing_if = "is_default")]
    pub normalize_duration: bool,
}

/// Traces in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MemoryBackend {
    /// How many.
    pub max_traces: u64,
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
    /// Rates and durations of calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<String>,
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

const JAEGER: &[Distribution] = &[Distribution::Jaeger];

impl Component for JaegerStorage {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Extension, "jaeger_storage").within(JAEGER);

    fn mistakes(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (name, backend) in &self.backends {
            let Backend {
                elasticsearch,
                memory,
            } = backend;
            let one = elasticsearch.is_some() != memory.is_some();
            found.extend(of_one_type("backends", name, one, elasticsearch.as_ref()));
        }
        for (name, backend) in &self.metric_backends {
            let MetricBackend {
                prometheus,
                elasticsearch,
            } = backend;
            let one = elasticsearch.is_some() != prometheus.is_some();
            found.extend(of_one_type(
                "metric_backends",
                name,
                one,
                elasticsearch.as_ref(),
            ));
            let unit = prometheus
                .iter()
                .map(|metrics| metrics.latency_unit.as_str());
            found.extend(
                unit.filter(|unit| !["", "ms", "s"].contains(unit))
                    .map(|unit| {
                        format!(
                            "metric_backends.{name}: `latency_unit` is `ms` or `s`, not `{unit}`"
                        )
                    }),
            );
        }
        if self.backends.is_empty() {
            found.push("backends: at least one is needed".to_owned());
        }
        found
    }
}

fn of_one_type(
    section: &str,
    name: &str,
    one: bool,
    elasticsearch: Option<&ElasticsearchBackend>,
) -> Vec<String> {
    let mut found = Vec::new();
    if !one {
        found.push(format!(
            "{section}.{name}: exactly one type of storage is needed"
        ));
    }
    let inside = elasticsearch
        .into_iter()
        .flat_map(ElasticsearchBackend::mistakes);
    found.extend(inside.map(|mistake| format!("{section}.{name}.elasticsearch.{mistake}")));
    found
}

impl Component for JaegerQuery {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Extension, "jaeger_query").within(JAEGER);

    fn extensions(&self) -> Vec<ComponentId> {
        vec![ComponentId::of::<JaegerStorage>()]
    }

    fn mistakes(&self) -> Vec<String> {
        let path = &self.base_path;
        let inner = path.strip_prefix('/').unwrap_or_default();
        let plain = inner
            .split('/')
            .all(|part| !["", ".", ".."].contains(&part));
        if path.is_empty() || path == "/" || plain {
            Vec::new()
        } else {
            vec![format!("base_path: `{path}` is no path such as `/jaeger`")]
        }
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
