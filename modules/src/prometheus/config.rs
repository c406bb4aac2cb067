//! What stands in `prometheus.yml`?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::tls::TlsConfig;

/// `prometheus.yml`, as Prometheus 3.11 and newer read it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrometheusYml {
    /// What holds for everything.
    pub global: Global,
    /// Who is told of alerts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerting: Option<Alerting>,
    /// How OTLP becomes series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otlp: Option<OtlpSettings>,
    /// Where everything is sent on to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remote_write: Vec<RemoteWriteTo>,
    /// How long and how late.
    pub storage: StorageSettings,
    /// Who is asked, of those that no file names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scrape_configs: Vec<ScrapeConfig>,
    /// Files that say who is asked.
    pub scrape_config_files: Vec<String>,
    /// Files of rules.
    pub rule_files: Vec<String>,
}

/// What holds for everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Global {
    /// How often targets are asked.
    pub scrape_interval: String,
    /// How often rules are worked out.
    pub evaluation_interval: String,
    /// Whether histograms are taken as they are, where a program offers them so.
    pub scrape_native_histograms: bool,
    /// Whether their buckets are taken too, as series.
    pub always_scrape_classic_histograms: bool,
    /// Who this server is to others. Variables of the environment stand in `${…}`.
    #[serde(default)]
    pub external_labels: BTreeMap<String, String>,
}

/// Who is told of alerts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alerting {
    /// What is done to their labels before.
    pub alert_relabel_configs: Vec<Relabel>,
    /// Each of them.
    pub alertmanagers: Vec<AlertmanagerTargets>,
}

/// Alertmanagers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertmanagerTargets {
    /// `http` where none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// How they are trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_config: Option<TlsConfig>,
    /// The addresses.
    pub static_configs: Vec<StaticTargets>,
}

/// Another store that gets everything too.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteWriteTo {
    /// Where it is.
    pub url: String,
    /// How it is trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_config: Option<TlsConfig>,
    /// Whether exemplars are sent too.
    pub send_exemplars: bool,
    /// Whether native histograms are sent too.
    pub send_native_histograms: bool,
    /// What is done to labels before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub write_relabel_configs: Vec<Relabel>,
}

/// Addresses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaticTargets {
    /// `host:port` each.
    pub targets: Vec<String>,
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
    /// Traces that samples are examples of.
    pub exemplars: Exemplars,
}

/// Traces that samples are examples of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exemplars {
    /// How many are kept, in memory; a hundred bytes each.
    pub max_exemplars: u32,
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

/// A file that says who is asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScrapeFile {
    /// By the names of their jobs.
    pub scrape_configs: Vec<ScrapeConfig>,
}

/// Who is asked under one name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScrapeConfig {
    /// The name.
    pub job_name: String,
    /// Whether labels that the target says win over ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub honor_labels: Option<bool>,
    /// The path; `/metrics` where none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics_path: Option<String>,
    /// `http` where none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// How they are trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_config: Option<TlsConfig>,
    /// What is said in the URL.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Vec<String>>,
    /// Addresses that are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub static_configs: Vec<StaticTargets>,
    /// The Pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kubernetes_sd_configs: Vec<KubernetesPods>,
    /// Which of them, and what is said of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relabel_configs: Vec<Relabel>,
    /// What is done to the labels of what they answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metric_relabel_configs: Vec<Relabel>,
}

/// What is asked of the API.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KubernetesPods {
    /// The kind of objects.
    pub role: String,
    /// Where they live.
    pub namespaces: Namespaces,
}

/// Where objects live.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Namespaces {
    /// The names.
    pub names: Vec<String>,
}

/// One step that chooses targets or writes their labels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relabel {
    /// The labels whose values are looked at, joined with `;`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_labels: Vec<String>,
    /// What they have to match, all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// What is done; `replace` where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The label that is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_label: Option<String>,
    /// What is written, or what a label is called from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
}

impl Relabel {
    /// Without that label.
    pub(super) fn without(label: &str) -> Self {
        Self {
            regex: Some(label.to_owned()),
            action: Some("labeldrop".to_owned()),
            ..Self::default()
        }
    }

    /// Calls a label so too.
    pub(super) fn also(pattern: &str, name: &str) -> Self {
        Self {
            regex: Some(pattern.to_owned()),
            action: Some("labelmap".to_owned()),
            replacement: Some(name.to_owned()),
            ..Self::default()
        }
    }

    fn from(labels: &[&str]) -> Self {
        let full = |label: &&str| format!("__meta_kubernetes_{label}");
        Self {
            source_labels: labels.iter().map(full).collect(),
            ..Self::default()
        }
    }

    /// Only what matches.
    pub(super) fn keep(labels: &[&str], regex: String) -> Self {
        Self {
            regex: Some(regex),
            action: Some("keep".to_owned()),
            ..Self::from(labels)
        }
    }

    /// Only what does not match.
    pub(super) fn drop(labels: &[&str], regex: &str) -> Self {
        Self {
            regex: Some(regex.to_owned()),
            action: Some("drop".to_owned()),
            ..Self::from(labels)
        }
    }

    /// What the API says, as a label of every series.
    pub(super) fn copy(label: &str, target: &str) -> Self {
        Self {
            target_label: Some(target.to_owned()),
            ..Self::from(&[label])
        }
    }
}

/// The attributes that Prometheus' own guide recommends to make labels of, and what tells nodes, volumes and what
/// Kubernetes makes apart: without them, what is measured of two nodes would be one series.
pub(crate) const PROMOTED: [&str; 24] = [
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
    "k8s.hpa.name",
    "k8s.job.name",
    "k8s.namespace.name",
    "k8s.node.name",
    "k8s.persistentvolume.name",
    "k8s.persistentvolumeclaim.name",
    "k8s.pod.name",
    "k8s.replicaset.name",
    "k8s.resourcequota.name",
    "k8s.statefulset.name",
    "k8s.volume.name",
];
