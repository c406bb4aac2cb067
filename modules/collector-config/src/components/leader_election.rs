//! The extension that lets one of several replicas do what only one may.

use super::kubelet_stats::AuthType;
use crate::component::{Class, Component};
use crate::{ComponentType, Duration, Need, Reach, Rule, Stability, Verb};

settings! {
    /// Lets one of several replicas do what only one may, by a Lease in the cluster.
    pub struct LeaderElector {
        /// How it says who it is: with the service account, where nothing is said.
        pub auth_type: Option<AuthType>,
        /// The context of the kubeconfig.
        pub context: String,
        /// How many requests a second it sends to the API server: 5 where nothing is said.
        pub kube_api_qps: Option<f32>,
        /// How many it may send at once: 10 where nothing is said.
        pub kube_api_burst: Option<u32>,
        /// The Lease's name.
        pub lease_name: String,
        /// Its namespace.
        pub lease_namespace: String,
        /// How long it holds when nobody renews it: 15 s where nothing is said.
        pub lease_duration: Option<Duration>,
        /// How long the leader tries to renew it before it gives up: 10 s where nothing is said.
        pub renew_deadline: Option<Duration>,
        /// How long everyone waits between two attempts: 2 s where nothing is said.
        pub retry_period: Option<Duration>,
    }
}

impl Component for LeaderElector {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Extension, "k8s_leader_elector")
            .since(126)
            .ripe(Stability::Alpha);

    fn needs(&self) -> Vec<Need> {
        let reach = Reach::Namespace(self.lease_namespace.clone());
        let verbs = [Verb::Get, Verb::Create, Verb::Update];
        let lease = Rule::new(reach, "coordination.k8s.io", "leases", verbs);
        vec![Need::Rule(lease)]
    }

    fn mistakes(&self) -> Vec<String> {
        let fields = [
            ("lease_name", &self.lease_name),
            ("lease_namespace", &self.lease_namespace),
        ];
        let missing = fields.into_iter().filter(|(_, value)| value.is_empty());
        let mut found: Vec<String> = missing
            .map(|(field, _)| format!("`{field}` is missing"))
            .collect();
        let lease = self.lease_duration.unwrap_or(Duration::seconds(15));
        let renew = self.renew_deadline.unwrap_or(Duration::seconds(10));
        if lease <= renew {
            found.push("`lease_duration` must be longer than `renew_deadline`".to_owned());
        }
        found
    }
}
