//! The receiver that counts what a cluster runs.

use super::{Settings, kubelet_stats::AuthType};
use crate::component::{Class, Component};
use crate::{ComponentId, ComponentType, Duration, Need, Reach, Rule, Signal, Stability};

settings! {
    /// Counts what a cluster runs and says in which state it is: as metrics, and as events of its entities in logs.
    /// Once in a cluster: every replica would report all of it.
    pub struct K8sCluster {
        /// How it says who it is: with the service account, where nothing is said.
        pub auth_type: Option<AuthType>,
        /// The context of the kubeconfig.
        pub context: String,
        /// How many requests a second it sends to the API server: 5 where nothing is said.
        pub kube_api_qps: Option<f32>,
        /// How many it may send at once: 10 where nothing is said.
        pub kube_api_burst: Option<u32>,
        /// How often.
        pub collection_interval: Option<Duration>,
        /// How often what did not change is told again as an entity; 0 for never.
        pub metadata_collection_interval: Option<Duration>,
        /// The conditions of nodes that become metrics: `Ready` where nothing is said.
        pub node_conditions_to_report: Option<Vec<String>>,
        /// What nodes can allot that becomes metrics: `cpu`, `memory`, `storage`.
        pub allocatable_types_to_report: Vec<String>,
        /// Exporters that take labels and annotations too.
        pub metadata_exporters: Vec<ComponentId>,
        /// What kind of cluster it is.
        pub distribution: Option<ClusterKind>,
        /// The namespaces that it looks at; then it cannot see nodes. All, where nothing is said.
        pub namespaces: Vec<String>,
        /// The extension that says which of several replicas does it.
        pub k8s_leader_elector: Option<ComponentId>,
        /// Which metrics are made, by name.
        pub metrics: Settings,
        /// Which resource attributes are written, by name.
        pub resource_attributes: Settings,
    }
}

/// What kind of cluster it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClusterKind {
    /// Any.
    #[default]
    Kubernetes,
    /// With quotas of its own.
    OpenShift,
}

/// What it watches: the API group and the kind, and whether that belongs to a namespace.
const WATCHED: [(&str, &str, bool); 15] = [
    ("", "namespaces", false),
    ("", "nodes", false),
    ("", "persistentvolumeclaims", true),
    ("", "persistentvolumes", false),
    ("", "pods", true),
    ("", "replicationcontrollers", true),
    ("", "resourcequotas", true),
    ("", "services", true),
    ("apps", "daemonsets", true),
    ("apps", "deployments", true),
    ("apps", "replicasets", true),
    ("apps", "statefulsets", true),
    ("autoscaling", "horizontalpodautoscalers", true),
    ("batch", "cronjobs", true),
    ("batch", "jobs", true),
];

impl K8sCluster {
    /// Whether a metric is asked for that it counts endpoints for.
    fn counts_endpoints(&self) -> bool {
        let metric = self.metrics.get("k8s.service.endpoint.count");
        metric.and_then(|metric| metric.get("enabled")) == Some(&true.into())
    }

    fn kinds(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        let endpoints = ("discovery.k8s.io", "endpointslices", true);
        let quotas = ("quota.openshift.io", "clusterresourcequotas", false);
        let open_shift = self.distribution == Some(ClusterKind::OpenShift);
        let more = [(self.counts_endpoints(), endpoints), (open_shift, quotas)];
        let more = more.into_iter().filter(|(asked, _)| *asked);
        WATCHED.into_iter().chain(more.map(|(_, kind)| kind))
    }
}

impl Component for K8sCluster {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Receiver, "k8s_cluster")
        .signals(&[Signal::Metrics, Signal::Logs])
        .ripe_for(&[
            (Signal::Metrics, Stability::Beta),
            (Signal::Logs, Stability::Development),
        ]);

    fn extensions(&self) -> Vec<ComponentId> {
        self.k8s_leader_elector.clone().into_iter().collect()
    }

    fn needs(&self) -> Vec<Need> {
        let everywhere = self.namespaces.is_empty();
        let rules = self.kinds().flat_map(|(group, kind, in_namespace)| {
            let near = || self.namespaces.iter().cloned().map(Reach::Namespace);
            let reaches: Vec<Reach> = match (everywhere, in_namespace) {
                (true, _) => vec![Reach::Cluster],
                (false, true) => near().collect(),
                (false, false) => Vec::new(),
            };
            reaches
                .into_iter()
                .map(move |reach| Rule::follow(reach, group, kind))
        });
        rules.map(Need::Rule).collect()
    }
}
