//! The processor that finds out what machine and cloud the collector runs on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Settings, is_default, queue::Retry};
use crate::component::{Class, Component};
use crate::{ComponentType, Duration, Need, Reach, Rule, Signal, Stability, Traffic, Verb};

/// Finds out what machine and cloud the collector runs on, and says so on resources.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResourceDetection {
    /// Who is asked, in this order: the environment alone, where nothing is said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub detectors: Vec<Detector>,
    /// Whether what senders said is replaced: it is, where nothing is said.
    #[serde(rename = "override", skip_serializing_if = "Option::is_none")]
    pub replace: Option<bool>,
    /// How long one attempt may take: 5 s where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// How often it looks again; 0 for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_interval: Option<Duration>,
    /// Whether a cloud that does not answer is an error, so that it is asked again.
    #[serde(skip_serializing_if = "is_default")]
    pub fail_on_missing_metadata: bool,
    /// Trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// What each detector is told.
    #[serde(flatten)]
    pub of: BTreeMap<Detector, Settings>,
}

/// Someone who knows about the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detector {
    /// Akamai's cloud.
    Akamai,
    /// Azure's Kubernetes.
    Aks,
    /// Alibaba's cloud.
    AlibabaEcs,
    /// Azure's machines.
    Azure,
    /// Azure's containers.
    #[serde(rename = "azurecontainerapps")]
    AzureContainerApps,
    /// Consul.
    Consul,
    /// `DigitalOcean`.
    #[serde(rename = "digitalocean")]
    DigitalOcean,
    /// Docker.
    Docker,
    /// Dynatrace.
    Dynatrace,
    /// Amazon's machines.
    Ec2,
    /// Amazon's containers.
    Ecs,
    /// Amazon's Kubernetes.
    Eks,
    /// Amazon's Elastic Beanstalk.
    #[serde(rename = "elastic_beanstalk", alias = "elasticbeanstalk")]
    ElasticBeanstalk,
    /// The variable `OTEL_RESOURCE_ATTRIBUTES`.
    Env,
    /// Google's cloud.
    Gcp,
    /// Heroku.
    Heroku,
    /// Hetzner.
    Hetzner,
    /// IBM's older cloud.
    #[serde(rename = "ibmcloud_classic")]
    IbmClassic,
    /// IBM's cloud.
    #[serde(rename = "ibmcloud_vpc")]
    IbmVpc,
    /// The API server, about the node and the cluster; since 0.154.
    #[serde(rename = "k8s_api")]
    KubernetesApi,
    /// The name that it had before, which is still understood.
    #[serde(rename = "k8snode")]
    KubernetesNode,
    /// What kubeadm wrote down.
    Kubeadm,
    /// Amazon's functions.
    Lambda,
    /// `OpenStack`.
    Nova,
    /// `OpenShift`.
    #[serde(rename = "openshift")]
    OpenShift,
    /// Oracle's cloud.
    #[serde(rename = "oraclecloud")]
    OracleCloud,
    /// Scaleway.
    Scaleway,
    /// The operating system.
    System,
    /// Tencent's cloud.
    TencentCvm,
    /// `UpCloud`.
    #[serde(rename = "upcloud")]
    UpCloud,
    /// Vultr.
    Vultr,
}

impl Detector {
    /// What it has to ask.
    fn needs(self) -> Vec<Need> {
        match self {
            Self::KubernetesApi | Self::KubernetesNode => vec![
                Need::Rule(Rule::follow(Reach::Cluster, "", "nodes")),
                Need::Rule(Rule::new(Reach::Cluster, "", "namespaces", [Verb::Get])),
            ],
            Self::Kubeadm => {
                let system = Reach::Namespace("kube-system".to_owned());
                vec![Need::Rule(Rule::new(system, "", "configmaps", [Verb::Get]))]
            }
            Self::Env
            | Self::System
            | Self::Docker
            | Self::Lambda
            | Self::Heroku
            | Self::Dynatrace
            | Self::Consul
            | Self::ElasticBeanstalk
            | Self::AzureContainerApps => Vec::new(),
            Self::OpenShift => vec![Need::Traffic(Traffic::KubernetesApi)],
            _ => vec![Need::Traffic(Traffic::CloudMetadata)],
        }
    }
}

impl ResourceDetection {
    /// The variable in which a detector looks for the name of the node.
    fn variable(&self, detector: Detector) -> Option<String> {
        if !matches!(detector, Detector::KubernetesApi | Detector::KubernetesNode) {
            return None;
        }
        let told = self.of.get(&detector);
        let name = told.and_then(|told| told.get("node_from_env_var")?.as_str());
        Some(name.unwrap_or("K8S_NODE_NAME").to_owned())
    }
}

impl Component for ResourceDetection {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Processor, "resource_detection")
            .renamed_from("resourcedetection", 153)
            .signals(&Signal::ALL)
            .ripe(Stability::Beta);

    fn needs(&self) -> Vec<Need> {
        let detectors = self.detectors.iter().copied();
        let variables = detectors.clone().filter_map(|one| self.variable(one));
        detectors
            .flat_map(Detector::needs)
            .chain(variables.map(Need::Variable))
            .collect()
    }

    fn mistakes(&self) -> Vec<String> {
        let retry = self.retry.as_ref().filter(|retry| retry.enabled);
        let endless = retry.is_some_and(|retry| retry.max_elapsed_time == Duration::ZERO);
        let unbounded = endless && self.timeout == Some(Duration::ZERO);
        let rule = "`retry` needs a `timeout` or a `max_elapsed_time`";
        let unbounded = unbounded.then(|| rule.to_owned());
        unbounded.into_iter().collect()
    }
}
