//! The catalogue: what can be added to a stack.
//!
//! A module is a struct with what is required in its constructor, and what is optional as methods. Adding it to a
//! [`provider_core::Scope`] gives its outputs: endpoints with the protocol that is spoken there as a type, so that
//! what does not fit together does not compile. Ports, rights, network policies, queues and limits are not said:
//! they follow from what is.

pub mod alertmanager;
mod collector;
pub mod elasticsearch;
mod file;
pub mod grafana;
pub mod image;
pub mod ingress;
mod injector;
pub mod jaeger;
pub mod login;
pub mod loki;
mod made;
mod monitoring;
pub mod object_store;
pub mod otlp_gateway;
mod pod;
pub mod postgres;
pub mod prometheus;
pub mod protocol;
pub mod signal;
pub mod template;
pub mod tempo;
mod tls;
pub mod units;
mod url;
pub mod victoria_metrics;
pub mod watch;
mod workload;

pub use alertmanager::{Alertmanager, AlertmanagerOutputs};
pub use collector::{
    AddressFamily, Agent, AgentOutputs, Archived, Cluster, ClusterOutputs, Collector,
    ContainerRuntime, Gateway, GatewayOutputs, Kubelet, Load, Pipeline, ScaleOn, Sidecar, logs,
    memory, metrics, sampling, self_metrics, traces,
};
pub use elasticsearch::{Elasticsearch, ElasticsearchOutputs};
pub use grafana::{Dashboard, Grafana, GrafanaOutputs};
pub use ingress::{Entrance, Site};
pub use injector::{Asked, Elsewhere, Injector, InjectorOutputs, Placement, WhenDown};
pub use jaeger::{IndexRotation, Jaeger, JaegerInMemory, JaegerOutputs, Sampling};
pub use login::{LoginProxy, LoginProxyOutputs, Oidc};
pub use loki::{Loki, LokiOutputs};
pub use object_store::ObjectStore;
pub use pod::Spread;
pub use postgres::Postgres;
pub use prometheus::{Prometheus, PrometheusOutputs};
pub use protocol::{Datasource, Exports};
pub use signal::{Carries, Logs, Metrics, Signal, Traces};
pub use tempo::{Tempo, TempoOutputs};
pub use tls::{Issuer, Tls, TlsConfig};
pub use victoria_metrics::{VictoriaClusterOutputs, VictoriaMetrics, VictoriaMetricsOutputs};
pub use watch::{Rules, Watched};
pub use workload::{Direct, SpokenBySdk, TakesTelemetry, Way, Workload, WorkloadKind};
