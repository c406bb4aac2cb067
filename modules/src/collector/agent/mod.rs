//! The agent: one collector on each node. What can be said of it, and what it is.

mod config;
mod node;

use collector_config::{
    Signal,
    lint::{Replicas, Tier},
};
use k8s_openapi::api::apps::v1::DaemonSet;
use provider_core::{Destination, Endpoint, Exposure, Finding, Module, Ref, Scope, Source};

use super::{
    Collector, Load,
    parts::Forwards,
    pipeline::AnyPipeline,
    program::{Engine, Ports, Program, Task, connect},
};
use crate::{
    made::{self, Made},
    protocol::{Export, OTLP_GRPC, OTLP_HTTP, Otlp, OtlpHttpProtocol},
    signal::{Carries, Logs, Metrics, Traces},
    tls,
    units::{MIB, millicores},
    watch::{Count, Role},
    workload::{Address, Workload},
};

/// One collector on each node.
#[derive(Clone, Debug)]
pub struct Agent {
    pipelines: Vec<AnyPipeline>,
    kubelet: Option<Kubelet>,
    reached: Reached,
    runtime: ContainerRuntime,
    family: AddressFamily,
    priority: Option<String>,
    queue: Option<u64>,
}

/// How an agent knows that it speaks to the kubelet of its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kubelet {
    /// By a certificate of the cluster's authority, which kubelets have where the cluster signs their serving
    /// certificates (`serverTLSBootstrap`).
    Verified,
    /// Not at all, as most clusters leave it: whoever answers on the node's port is shown the agent's token.
    AnyCertificate,
}

/// What runs a node's containers, and so decides where their logs lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContainerRuntime {
    /// containerd, CRI-O and what else speaks CRI: logs lie below `/var/log/pods`.
    #[default]
    Cri,
    /// Docker behind `cri-dockerd`: `/var/log/pods` only points to where the logs lie.
    Docker,
}

/// The family of a node's first address, by which it is called.
///
/// What listens need not know it, nor what is called by a name. But a URL with an address of IPv6 has brackets, and one
/// with an address of IPv4 may have none, so no URL is right for both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressFamily {
    /// IPv4, where there are both too.
    #[default]
    V4,
    /// IPv6, where there is no other or it comes first.
    V6,
}

/// How programs reach the agent of their node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reached {
    /// By one name that leads to the agent of each node.
    #[default]
    ByName,
    /// By the node's own address.
    ByNode,
}

/// What others may refer to of an agent.
#[derive(Clone, Debug)]
pub struct AgentOutputs {
    /// Where programs on the same node send to.
    pub otlp: Endpoint<Otlp>,
    /// Where programs on the same node that speak HTTP send to.
    pub otlp_http: Endpoint<OtlpHttpProtocol>,
    /// Its Pods.
    pub pods: Ref<DaemonSet>,
    reached: Reached,
    family: AddressFamily,
}

impl Collector<Agent> {
    /// One collector on each node: reads the logs of its containers, measures it, takes what programs on it send,
    /// and says which Pod all that comes from.
    ///
    /// It lives in the namespace for what needs the node, `<namespace>-agents`; programs send to
    /// `<name>.<namespace>-agents.svc`, which leads to the agent of their own node.
    ///
    /// Events are received once for the whole cluster, and not once on each node:
    ///
    /// ```compile_fail
    /// modules::Collector::agent("node").events();
    /// ```
    pub fn agent(name: &str) -> Self {
        let agent = Agent {
            pipelines: Vec::new(),
            kubelet: None,
            reached: Reached::default(),
            runtime: ContainerRuntime::default(),
            family: AddressFamily::default(),
            priority: None,
            queue: None,
        };
        Self::new(name, 512 * MIB, agent)
    }

    /// Asks the kubelet how much each container and each Pod uses.
    #[must_use]
    pub fn ask_kubelet(mut self, kubelet: Kubelet) -> Self {
        self.tier.kubelet = Some(kubelet);
        self
    }

    /// Takes what programs send at ports 4317 and 4318 of the node itself, for programs that know their node's
    /// address and no names. Whoever reaches the node reaches these ports too.
    #[must_use]
    pub fn host_ports(mut self) -> Self {
        self.tier.reached = Reached::ByNode;
        self
    }

    /// Reads logs where this runtime keeps them.
    #[must_use]
    pub fn runtime(mut self, runtime: ContainerRuntime) -> Self {
        self.tier.runtime = runtime;
        self
    }

    /// The nodes are called by addresses of this family. The kubelet is, and so is an agent with [`Self::host_ports`].
    #[must_use]
    pub fn nodes_have(mut self, family: AddressFamily) -> Self {
        self.tier.family = family;
        self
    }

    /// Gives its Pods this priority, such as `system-node-critical`: a full node then makes room for its agent.
    #[must_use]
    pub fn priority_class(mut self, name: &str) -> Self {
        self.tier.priority = Some(name.to_owned());
        self
    }

    /// Keeps what waits to be sent on the node's disk, up to so many bytes: it outlives the agent.
    #[must_use]
    pub fn keep_queue(mut self, bytes: u64) -> Self {
        self.tier.queue = Some(bytes);
        self
    }

    /// So much comes from one node.
    #[must_use]
    pub fn load(mut self, load: Load) -> Self {
        self.expected = Some(load);
        self
    }

    /// Sends everything on, to an endpoint that takes all signals.
    #[must_use]
    pub fn forward<P>(mut self, endpoint: &Endpoint<P>) -> Self
    where
        P: Carries<Traces> + Carries<Metrics> + Carries<Logs>,
    {
        self.tier.pipelines = AnyPipeline::of_all(&Export::all_to::<Traces, P>(endpoint));
        self
    }
}

impl Agent {
    fn sends(&self) -> impl Iterator<Item = Destination> {
        self.pipelines
            .iter()
            .flat_map(|pipeline| pipeline.first().sends())
    }

    fn sends_metrics(&self) -> Vec<Destination> {
        let of_metrics = |pipeline: &&AnyPipeline| pipeline.signal == Signal::Metrics;
        let pipelines = self.pipelines.iter().filter(of_metrics);
        pipelines
            .flat_map(|pipeline| pipeline.first().sends())
            .collect()
    }
}

impl AddressFamily {
    /// A URL of the node whose address this variable holds.
    pub(crate) fn url(self, scheme: &str, variable: &str, port: u16) -> String {
        match self {
            Self::V4 => format!("{scheme}://{variable}:{port}"),
            Self::V6 => format!("{scheme}://[{variable}]:{port}"),
        }
    }
}

impl AgentOutputs {
    /// Where programs on the same node send to, as they know it.
    pub(crate) fn address(&self) -> Address {
        match self.reached {
            Reached::ByName => Address::Url(self.otlp_http.url()),
            Reached::ByNode => Address::Node(OTLP_HTTP.number, self.family),
        }
    }
}

impl Module for Collector<Agent> {
    type Outputs = AgentOutputs;

    fn build(self, scope: &mut Scope<'_>) -> AgentOutputs {
        if self.tier.pipelines.is_empty() {
            let message = format!("the agent `{}` sends nowhere", self.name);
            let finding = Finding::new("agent-without-target", message);
            scope.finding(finding.hint("`forward` to a gateway"));
        }
        scope.on_nodes(|scope| self.on_nodes(scope))
    }
}

impl Collector<Agent> {
    fn on_nodes(&self, scope: &mut Scope<'_>) -> AgentOutputs {
        let (config, ledger) = self.config(scope);
        let task = Task {
            name: &self.name,
            component: "agent",
            tier: Tier::Agent,
            replicas: Replicas::Each,
            config: &config,
            engine: &Engine::Collector,
            memory: self.limit,
            ledger: &ledger,
            ports: Ports::OWN,
            stores: &[],
            mounts: &node::MOUNTS,
        };
        let (mut pod, mut sends) = Program::new(scope, task).takes_otlp().into_parts();
        pod.resources.cpu = millicores(100);
        self.tier
            .see_the_node(scope.namespace(), &self.name, &mut pod);
        let pods = scope.add(Workload::<DaemonSet>::of(pod));
        sends.extend(self.tier.sends());
        for to in self.tier.sends() {
            let agent = self.name.clone();
            scope.announce(Forwards { agent, to });
        }
        made::makes(scope, Made::Machines, self.tier.sends_metrics());
        if self.tier.kubelet.is_some() {
            made::makes(scope, Made::Usage, self.tier.sends_metrics());
        }
        connect(scope, &pods, &sends, &[]);
        Program::watch(scope, &pods, Role::Agent, (Count::PerNode, self.limit));
        let why = "what programs send to the agent of their own node is spoken in the open: it does not leave the node";
        let workload = pods.id();
        tls::in_the_open(scope, workload, OTLP_GRPC, why);
        tls::in_the_open(scope, workload, OTLP_HTTP, why);
        // Programs of other stacks send to the agent of their node.
        scope.accept(&pods, OTLP_GRPC, Source::AnyNamespace);
        scope.accept(&pods, OTLP_HTTP, Source::AnyNamespace);
        AgentOutputs {
            otlp: scope.expose_as(Exposure::same_node(), &pods, OTLP_GRPC),
            otlp_http: scope.expose_as(Exposure::same_node(), &pods, OTLP_HTTP),
            pods,
            reached: self.tier.reached,
            family: self.tier.family,
        }
    }
}
