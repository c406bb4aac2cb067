//! The receiver that asks a kubelet about its Pods.

use serde::{Deserialize, Serialize};

use super::is_default;
use crate::component::{Class, Component};
use crate::needs::port_of;
use crate::{ComponentType, Duration, Need, Reach, Rule, Signal, Stability, Traffic, Verb};

/// Asks a kubelet how much its node, Pods and containers use. Needs get on `nodes/stats`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KubeletStats {
    /// How it says who it is.
    pub auth_type: AuthType,
    /// `https://host:port` of the kubelet.
    pub endpoint: String,
    /// How often.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection_interval: Option<Duration>,
    /// The certificate authority that the kubelet's certificate must come from; the cluster's own, where
    /// the kubelet is asked with a service account and nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// Whether any certificate will do. Most clusters sign kubelet serving certificates by themselves.
    #[serde(skip_serializing_if = "is_default")]
    pub insecure_skip_verify: bool,
    /// What it asks about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metric_groups: Vec<MetricGroup>,
    /// The context of the kubeconfig.
    #[serde(skip_serializing_if = "super::is_default")]
    pub context: String,
    /// The collector's own certificate, for `auth_type: tls`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_file: Option<String>,
    /// Its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
    /// How long it waits before the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_delay: Option<Duration>,
    /// How long one round may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// The node, where shares of what it has are asked for: `${env:NODE_NAME}`.
    #[serde(skip_serializing_if = "super::is_default")]
    pub node: String,
    /// What else is asked of the kubelet's list of Pods: `container.id`, `k8s.volume.type`. Needs get on `nodes/pods`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra_metadata_labels: Vec<String>,
    /// How it reaches the API server, for what volumes and nodes are.
    #[serde(skip_serializing_if = "super::is_default")]
    pub k8s_api_config: Option<super::Settings>,
    /// Whose network interfaces are all measured, not only the first.
    #[serde(skip_serializing_if = "super::is_default")]
    pub collect_all_network_interfaces: AllInterfaces,
    /// Which metrics are made, by name.
    #[serde(skip_serializing_if = "super::is_default")]
    pub metrics: super::Settings,
    /// Which resource attributes are written, by name.
    #[serde(skip_serializing_if = "super::is_default")]
    pub resource_attributes: super::Settings,
}

settings! {
    /// Whose network interfaces are all measured.
    #[derive(Eq)]
    pub struct AllInterfaces {
        /// Those of Pods.
        pub pod: bool,
        /// Those of the node.
        pub node: bool,
    }
}

/// How a client says who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthType {
    /// With a certificate.
    #[default]
    #[serde(rename = "tls")]
    Tls,
    /// With the Pod's service account.
    #[serde(rename = "serviceAccount")]
    ServiceAccount,
    /// Not at all.
    #[serde(rename = "none")]
    None,
    /// As a kubeconfig says.
    #[serde(rename = "kubeConfig")]
    KubeConfig,
}

/// What a kubelet can be asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricGroup {
    /// Containers.
    Container,
    /// The node.
    Node,
    /// Pods.
    Pod,
    /// Volumes.
    Volume,
}

impl Component for KubeletStats {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Receiver, "kubelet_stats")
            .renamed_from("kubeletstats", 152)
            .signals(&[Signal::Metrics])
            .ripe(Stability::Beta);

    fn mistakes(&self) -> Vec<String> {
        let shares = self.metrics.iter().find(|(name, metric)| {
            name.ends_with(".node.utilization") && metric.get("enabled") == Some(&true.into())
        });
        let unknown = shares.filter(|_| self.node.is_empty());
        let found = unknown.map(|(name, _)| format!("`{name}` needs `node`"));
        found.into_iter().collect()
    }

    fn needs(&self) -> Vec<Need> {
        const PORT: u16 = 10250;
        let kubelet = Traffic::Kubelet(port_of(&self.endpoint).unwrap_or(PORT));
        let statistics = Rule::new(Reach::Cluster, "", "nodes/stats", [Verb::Get]);
        vec![Need::Rule(statistics), Need::Traffic(kubelet)]
    }
}
