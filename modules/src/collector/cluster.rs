//! The cluster's own collector: what is there once, and must be received once.

use collector_config::{
    ComponentId, Config, Duration, Pipeline as Parts, Signal as Kind,
    components::{
        k8s_cluster::K8sCluster,
        k8s_events::K8sEvents,
        k8s_objects::{K8sObjects, Mode, Objects},
        kubelet_stats::AuthType,
        leader_election::LeaderElector,
    },
    lint::{Replicas, Tier},
};
use k8s_openapi::api::apps::v1::Deployment;
use provider_core::{Endpoint, Finding, Module, Pods, Scope};

use super::{
    Collector, Memory, budget,
    memory::{Budget, Ledger},
    names::Outlets,
    parts,
    pipeline::AnyPipeline,
    program::{Engine, Ports, Program, Task, base, connect},
};
use crate::{
    made::{self, Made},
    protocol::{Export, Queue},
    signal::{Carries, Logs, Metrics},
    units::{MIB, millicores},
    watch::{Count, Role},
    workload::Workload,
};

/// What is known of the cluster's objects: some thousand of them, without most of their fields.
const OBJECTS: u64 = 80 * MIB;

/// What a whole cluster is and does.
#[derive(Clone, Debug)]
pub struct Cluster {
    wanted: u32,
    namespaces: Vec<String>,
    objects: Vec<Objects>,
    metrics: Option<AnyPipeline>,
    logs: Option<AnyPipeline>,
}

/// What others may refer to of a cluster's collector.
#[derive(Clone, Debug)]
pub struct ClusterOutputs {
    /// Its Pods.
    pub pods: Pods,
}

impl Collector<Cluster> {
    /// One collector for what is there once: how many replicas are wanted and there, what state nodes and Pods are in,
    /// and the cluster's events, as logs.
    ///
    /// On each node, or in each replica of a gateway, everything of that would come as often as there are of them.
    ///
    /// ```
    /// # use modules::{Collector, protocol::Otlp};
    /// # use provider_core::Endpoint;
    /// # let gateway: Endpoint<Otlp> = Endpoint::outside("gateway.example", 4317);
    /// let cluster = Collector::cluster("cluster").forward(&gateway);
    /// ```
    ///
    /// It takes nothing from programs, so nothing can be sent to it:
    ///
    /// ```compile_fail
    /// # use modules::{Collector, Workload};
    /// # fn shop(stack: &mut provider_core::Scope<'_>, gateway: &provider_core::Endpoint<modules::protocol::Otlp>) {
    /// let cluster = stack.add(Collector::cluster("cluster").forward(gateway));
    /// stack.add(Workload::stateless("shop", "shop:1.0.0").send_to(&cluster));
    /// # }
    /// ```
    pub fn cluster(name: &str) -> Self {
        let cluster = Cluster {
            wanted: 1,
            namespaces: Vec::new(),
            objects: Vec::new(),
            metrics: None,
            logs: None,
        };
        Self::new(name, 512 * MIB, cluster)
    }

    /// So many Pods, of which one works and the others wait for it to end: they agree by a Lease.
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.tier.wanted = replicas;
        self
    }

    /// Of these namespaces alone; of nodes and of what else is in no namespace, nothing then.
    #[must_use]
    pub fn only(mut self, namespaces: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let namespaces = namespaces.into_iter().map(Into::into);
        self.tier.namespaces = namespaces.collect();
        self
    }

    /// Logs each change of these objects, such as `deployments` of the group `apps`. Whole objects are large, and what
    /// is in them is in the logs then: never Secrets.
    #[must_use]
    pub fn watch(mut self, group: &str, resource: &str) -> Self {
        self.tier.objects.push(Objects {
            name: resource.to_owned(),
            group: group.to_owned(),
            mode: Mode::Watch,
            ..Objects::default()
        });
        self
    }

    /// Sends everything on, to an endpoint that takes metrics and logs.
    #[must_use]
    pub fn forward<P: Carries<Metrics> + Carries<Logs>>(mut self, endpoint: &Endpoint<P>) -> Self {
        let exports = Export::all_to::<Metrics, P>(endpoint);
        self.tier.metrics = Some(AnyPipeline::to(Kind::Metrics, exports));
        let exports = Export::all_to::<Logs, P>(endpoint);
        self.tier.logs = Some(AnyPipeline::to(Kind::Logs, exports));
        self
    }
}

impl Module for Collector<Cluster> {
    type Outputs = ClusterOutputs;

    fn build(self, scope: &mut Scope<'_>) -> ClusterOutputs {
        self.check(scope);
        let (config, ledger) = self.config(scope);
        let wanted = self.tier.wanted;
        let task = Task {
            name: &self.name,
            component: "cluster",
            tier: Tier::Singleton,
            replicas: Replicas::Fixed(wanted),
            config: &config,
            engine: &Engine::Collector,
            memory: self.limit,
            ledger: &ledger,
            ports: Ports::OWN,
            stores: &[],
            mounts: &[],
        };
        let (mut pod, mut sends) = Program::new(scope, task).into_parts();
        pod.resources.cpu = millicores(100);
        let mut deployment = Workload::<Deployment>::of(pod).replicas(wanted);
        // A second one beside the first, for a moment, would say everything twice.
        deployment.one_at_a_time = wanted < 2;
        let pods = Pods::from(&scope.add(deployment));
        sends.extend(
            self.pipelines()
                .flat_map(|pipeline| pipeline.first().sends()),
        );
        self.announce(scope);
        connect(scope, &pods, &sends, &[]);
        Program::watch(
            scope,
            &pods,
            Role::ClusterCollector,
            (Count::Replicas(wanted), self.limit),
        );
        ClusterOutputs { pods }
    }
}

impl Collector<Cluster> {
    fn pipelines(&self) -> impl Iterator<Item = &AnyPipeline> {
        self.tier.metrics.iter().chain(&self.tier.logs)
    }

    /// Says what is made: nodes are in no namespace.
    fn announce(&self, scope: &mut Scope<'_>) {
        let Some(metrics) = &self.tier.metrics else {
            return;
        };
        let to = metrics.first().sends();
        made::makes(scope, Made::Objects, to.clone());
        if self.tier.namespaces.is_empty() {
            made::makes(scope, Made::Nodes, to);
        }
    }

    fn check(&self, scope: &mut Scope<'_>) {
        let name = &self.name;
        if self.tier.metrics.is_none() {
            let message = format!("the collector `{name}` of the cluster sends nowhere");
            let finding = Finding::new("cluster-without-target", message);
            scope.finding(finding.hint("`forward` to a gateway"));
        }
        for objects in &self.tier.objects {
            if objects.name == "secrets" && objects.group.is_empty() {
                let message =
                    format!("the collector `{name}` would write every Secret into the logs");
                scope
                    .finding(Finding::new("secrets-in-logs", message).hint("watch something else"));
            }
        }
    }

    fn config(&self, scope: &mut Scope<'_>) -> (Config, Ledger) {
        let queues = self.pipelines().map(|pipeline| pipeline.first().queues());
        let plan = Memory::of(self.limit).queues(queues.sum()).beside(
            "objects",
            OBJECTS,
            "what is known of the cluster",
        );
        let Budget { queue, ledger, .. } = budget(scope, &self.name, &plan);
        let outs = self.pipelines().map(AnyPipeline::first);
        let outlets = Outlets::of(Queue::of(queue), outs);
        let mut config = base();
        let leader = (self.tier.wanted > 1).then(|| config.add(&self.leader(scope.namespace())));
        let processors = vec![config.add(&Memory::limiter())];
        for pipeline in self.pipelines() {
            let receivers = match pipeline.signal {
                Kind::Metrics => vec![config.add(&self.states(leader.clone()))],
                _ => self.happenings(&mut config, leader.as_ref()),
            };
            let exporters = pipeline.first().define(scope, &mut config, &outlets);
            let parts = Parts {
                receivers,
                processors: processors.clone(),
                exporters,
            };
            parts::add(&mut config, pipeline.signal, parts);
        }
        (config, ledger)
    }

    /// One of several works at a time.
    fn leader(&self, namespace: &str) -> LeaderElector {
        LeaderElector {
            auth_type: Some(AuthType::ServiceAccount),
            lease_name: self.name.clone(),
            lease_namespace: namespace.to_owned(),
            ..LeaderElector::default()
        }
    }

    fn states(&self, leader: Option<ComponentId>) -> K8sCluster {
        K8sCluster {
            auth_type: Some(AuthType::ServiceAccount),
            collection_interval: Some(Duration::seconds(30)),
            node_conditions_to_report: Some(
                ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"]
                    .map(str::to_owned)
                    .to_vec(),
            ),
            allocatable_types_to_report: ["cpu", "memory", "ephemeral-storage", "pods"]
                .map(str::to_owned)
                .to_vec(),
            namespaces: self.tier.namespaces.clone(),
            k8s_leader_elector: leader,
            ..K8sCluster::default()
        }
    }

    /// What is received as logs.
    fn happenings(&self, config: &mut Config, leader: Option<&ComponentId>) -> Vec<ComponentId> {
        let mut receivers = vec![config.add(&K8sEvents {
            auth_type: Some(AuthType::ServiceAccount),
            namespaces: self.tier.namespaces.clone(),
            k8s_leader_elector: leader.cloned(),
            ..K8sEvents::default()
        })];
        if !self.tier.objects.is_empty() {
            let within = |objects: &Objects| Objects {
                namespaces: self.tier.namespaces.clone(),
                ..objects.clone()
            };
            receivers.push(config.add(&K8sObjects {
                auth_type: Some(AuthType::ServiceAccount),
                objects: self.tier.objects.iter().map(within).collect(),
                k8s_leader_elector: leader.cloned(),
                ..K8sObjects::default()
            }));
        }
        receivers
    }
}
