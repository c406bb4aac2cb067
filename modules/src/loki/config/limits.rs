//! What does Loki keep, what does it refuse, and what becomes of attributes?

use serde::{Deserialize, Serialize};

/// What is kept, and what is refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// How long lines are kept.
    pub retention_period: String,
    /// Whether lines may have attributes beside their labels, as OTLP needs.
    pub allow_structured_metadata: bool,
    /// How old a line may be when it comes.
    pub reject_old_samples_max_age: String,
    /// How many megabytes each tenant may send in a second, over all processes.
    pub ingestion_rate_mb: u32,
    /// How many megabytes at once, which must hold one request.
    pub ingestion_burst_size_mb: u32,
    /// How many streams each tenant may have at a time.
    pub max_global_streams_per_user: u32,
    /// How long a question may take.
    pub query_timeout: String,
    /// Whether it answers how much there is of what, as Grafana asks.
    pub volume_enabled: bool,
    /// How OTLP becomes streams.
    pub otlp_config: OtlpConfig,
}

/// How OTLP becomes streams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtlpConfig {
    /// What becomes of resource attributes.
    pub resource_attributes: ResourceAttributes,
}

/// What becomes of resource attributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceAttributes {
    /// Whether the list that Loki brings is left out; it makes a label of every Pod's name.
    pub ignore_defaults: bool,
    /// What becomes of which.
    pub attributes_config: Vec<AttributesConfig>,
}

/// What becomes of some attributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributesConfig {
    /// `index_label`, `structured_metadata` or `drop`.
    pub action: String,
    /// Which.
    pub attributes: Vec<String>,
}

/// The most labels that a stream may have.
pub(crate) const MOST_LABELS: usize = 15;

/// The attributes that name streams: few values each, and none that comes and goes with a Pod.
pub(crate) const LABELS: [&str; 11] = [
    "service.name",
    "service.namespace",
    "deployment.environment.name",
    "k8s.cluster.name",
    "k8s.namespace.name",
    "k8s.deployment.name",
    "k8s.statefulset.name",
    "k8s.daemonset.name",
    "k8s.cronjob.name",
    "k8s.job.name",
    "k8s.container.name",
];
