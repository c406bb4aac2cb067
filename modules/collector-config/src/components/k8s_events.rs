//! The receiver that turns the events of a cluster into logs.

use super::kubelet_stats::AuthType;
use crate::component::{Class, Component};
use crate::{ComponentId, ComponentType, Duration, Need, Reach, Rule, Signal, Stability};

settings! {
    /// Turns the events of a cluster into logs. Once in a cluster: every replica would report all of them.
    pub struct K8sEvents {
        /// How it says who it is: with the service account, where nothing is said.
        pub auth_type: Option<AuthType>,
        /// The context of the kubeconfig.
        pub context: String,
        /// How many requests a second it sends to the API server: 5 where nothing is said.
        pub kube_api_qps: Option<f32>,
        /// How many it may send at once: 10 where nothing is said.
        pub kube_api_burst: Option<u32>,
        /// The namespaces whose events it takes; all, where nothing is said.
        pub namespaces: Vec<String>,
        /// The storage extension that keeps how far it was. Without it a restart repeats what the cluster remembers.
        pub storage: Option<ComponentId>,
        /// The extension that says which of several replicas does it.
        pub k8s_leader_elector: Option<ComponentId>,
        /// How long it is silent about an event that only happened again; 0 for not at all.
        pub dedup_interval: Option<Duration>,
    }
}

impl Component for K8sEvents {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Receiver, "k8s_events")
        .signals(&[Signal::Logs])
        .ripe(Stability::Alpha);

    fn extensions(&self) -> Vec<ComponentId> {
        let named = [&self.storage, &self.k8s_leader_elector];
        named.into_iter().flatten().cloned().collect()
    }

    fn needs(&self) -> Vec<Need> {
        let reaches = if self.namespaces.is_empty() {
            vec![Reach::Cluster]
        } else {
            let near = self.namespaces.iter().cloned();
            near.map(Reach::Namespace).collect()
        };
        let rules = reaches
            .into_iter()
            .map(|reach| Rule::follow(reach, "", "events"));
        rules.map(Need::Rule).collect()
    }
}
