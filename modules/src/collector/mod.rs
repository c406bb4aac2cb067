//! Collectors, by tier: what one can do and another cannot is a method that is there or not.
//!
//! ```text
//! applications ─► agent (one on each node) ─► gateway ─┬─► backends
//!                                                      └─► sampler ─► backends
//! ```
//!
//! A gateway that samples has two layers: any of its Pods takes any span and hands it to the one sampler that is
//! responsible for its trace, and only there is decided.

mod agent;
mod gateway;
mod memory;
mod needs;
mod parts;
mod pipeline;
mod program;

use std::marker::PhantomData;

use collector_config::{Config, Release};
use k8s_openapi::api::apps::v1::DaemonSet;
use provider_core::{Endpoint, Finding, Ref, Scope, Source};

use self::pipeline::AnyPipeline;
use crate::{
    protocol::{Export, Otlp, OtlpHttpProtocol},
    signal::{Carries, Logs, Metrics, Signal, Traces},
    units::{GIB, MIB},
};

pub(crate) use self::memory::{Memory, budget};
pub use self::pipeline::{Pipeline, logs, metrics, traces};

/// One collector on each node.
#[derive(Clone, Copy, Debug)]
pub enum Agent {}
/// Collectors that everything goes through.
#[derive(Clone, Copy, Debug)]
pub enum Gateway {}

/// Collectors of one tier.
///
/// ```compile_fail
/// // There is one agent on each node, however many nodes there are.
/// modules::Collector::agent("node").replicas(3);
/// ```
#[derive(Clone, Debug)]
pub struct Collector<Tier> {
    name: String,
    memory: u64,
    /// Not called like their methods: the compiler would speak of private fields where there are no such methods.
    wanted: u32,
    wanted_samplers: u32,
    sampler_memory: u64,
    pipelines: Vec<AnyPipeline>,
    sources: Vec<Source>,
    kubelet: Option<Kubelet>,
    tier: PhantomData<fn() -> Tier>,
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

/// What others may refer to of a gateway.
#[derive(Clone, Debug)]
pub struct GatewayOutputs {
    /// Where collectors send to.
    pub otlp: Endpoint<Otlp>,
    /// Where programs that speak HTTP send to.
    pub otlp_http: Endpoint<OtlpHttpProtocol>,
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
}

impl<Tier> Collector<Tier> {
    fn new(name: &str, memory: u64) -> Self {
        Self {
            name: name.to_owned(),
            memory,
            wanted: 2,
            wanted_samplers: 2,
            sampler_memory: 2 * GIB,
            pipelines: Vec::new(),
            sources: Vec::new(),
            kubelet: None,
            tier: PhantomData,
        }
    }

    /// So much memory for each Pod; queues and limits follow from it.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }
}

impl Collector<Gateway> {
    /// Collectors that everything goes through: two Pods, if nothing else is said.
    pub fn gateway(name: &str) -> Self {
        Self::new(name, GIB)
    }

    /// So many Pods.
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.wanted = replicas;
        self
    }

    /// So many Pods that decide about traces, with so much memory each. A change moves traces from one to another,
    /// and some of those under way are decided in two halves.
    #[must_use]
    pub fn samplers(mut self, replicas: u32, memory: u64) -> Self {
        self.wanted_samplers = replicas;
        self.sampler_memory = memory;
        self
    }

    /// Lets programs that are no part of the stack send to it, past the network policies.
    #[must_use]
    pub fn accept(mut self, source: Source) -> Self {
        self.sources.push(source);
        self
    }

    /// What happens to one signal.
    #[must_use]
    pub fn pipeline<S: Signal>(mut self, pipeline: Pipeline<S>) -> Self {
        self.pipelines.push(pipeline.erase());
        self
    }
}

impl Collector<Agent> {
    /// One collector on each node: reads the logs of its containers, measures it, takes what programs on it send,
    /// and says which Pod all that comes from.
    ///
    /// It lives in the namespace for what needs the node, `<namespace>-agents`; programs send to
    /// `<name>.<namespace>-agents.svc`, which leads to the agent of their own node.
    pub fn agent(name: &str) -> Self {
        Self::new(name, 512 * MIB)
    }

    /// Asks the kubelet how much each container and each Pod uses.
    #[must_use]
    pub fn ask_kubelet(mut self, kubelet: Kubelet) -> Self {
        self.kubelet = Some(kubelet);
        self
    }

    /// Sends everything on, to an endpoint that takes all signals.
    #[must_use]
    pub fn forward<P>(mut self, endpoint: &Endpoint<P>) -> Self
    where
        P: Carries<Traces> + Carries<Metrics> + Carries<Logs>,
    {
        let exports = Export::all_to::<Traces, P>(endpoint);
        self.pipelines = collector_config::Signal::ALL
            .into_iter()
            .map(|signal| AnyPipeline {
                signal,
                share: None,
                exports: exports.clone(),
            })
            .collect();
        self
    }
}

/// Reports what the program would refuse of a configuration that was put together here.
pub(crate) fn check(scope: &mut Scope<'_>, name: &str, config: &Config, release: Release) {
    for mistake in config.check(release) {
        let message = format!("the configuration of `{name}`: {mistake}");
        scope.finding(Finding::new("collector-config", message));
    }
}
