//! The receiver that asks a kubelet about its Pods.

use serde::{Deserialize, Serialize};

use super::is_default;
use crate::component::{Class, Component};
use crate::needs::port_of;
use crate::{ComponentType, Duration, Need, Reach, Rule, Signal, Stability, Traffic, Verb};

/// Asks a kubelet how much its node, Pods and containers use. Needs get on `nodes/stats`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

    fn needs(&self) -> Vec<Need> {
        const PORT: u16 = 10250;
        let kubelet = Traffic::Kubelet(port_of(&self.endpoint).unwrap_or(PORT));
        let statistics = Rule::new(Reach::Cluster, "", "nodes/stats", [Verb::Get]);
        vec![Need::Rule(statistics), Need::Traffic(kubelet)]
    }
}
