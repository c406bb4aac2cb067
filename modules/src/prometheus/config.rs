//! What stands in `prometheus.yml`?

use serde::{Deserialize, Serialize};

/// `prometheus.yml`, as Prometheus 3.11 and newer read it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrometheusYml {
    /// What holds for everything.
    pub global: Global,
    /// How OTLP becomes series.
    pub otlp: OtlpSettings,
    /// How long and how late.
    pub storage: StorageSettings,
    /// Who is asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scrape_configs: Vec<ScrapeConfig>,
}

/// What holds for everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Global {
    /// How often targets are asked.
    pub scrape_interval: String,
    /// How often rules are worked out.
    pub evaluation_interval: String,
    /// Who this server is to others.
    #[serde(default)]
    pub external_labels: std::collections::BTreeMap<String, String>,
}

/// How OTLP becomes series.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtlpSettings {
    /// The resource attributes that become labels of every series; the others stand on `target_info`.
    pub promote_resource_attributes: Vec<String>,
    /// How names are written.
    pub translation_strategy: String,
    /// Whether `service.name` and its like stay on `target_info` too.
    pub keep_identifying_resource_attributes: bool,
}

/// What is stored how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageSettings {
    /// The database.
    pub tsdb: Tsdb,
}

/// The database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tsdb {
    /// When samples go.
    pub retention: Retention,
    /// How late a sample may come: several senders are never quite in step.
    pub out_of_order_time_window: String,
}

/// When samples go; the first that is reached holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// After this time.
    pub time: String,
    /// When there are so many.
    pub size: String,
}

/// Who is asked under one name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScrapeConfig {
    /// The name.
    pub job_name: String,
    /// The addresses.
    pub static_configs: Vec<StaticTargets>,
}

/// Addresses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaticTargets {
    /// `host:port` each.
    pub targets: Vec<String>,
}

/// The attributes that Prometheus' own guide recommends to make labels of.
pub(super) const PROMOTED: [&str; 17] = [
    "service.instance.id",
    "service.name",
    "service.namespace",
    "service.version",
    "cloud.availability_zone",
    "cloud.region",
    "container.name",
    "deployment.environment.name",
    "k8s.cluster.name",
    "k8s.container.name",
    "k8s.cronjob.name",
    "k8s.daemonset.name",
    "k8s.deployment.name",
    "k8s.job.name",
    "k8s.namespace.name",
    "k8s.pod.name",
    "k8s.statefulset.name",
];
