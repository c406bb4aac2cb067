//! Collectors, by tier: what one can do and another cannot is a method that is there or not.
//!
//! ```text
//! programs ─┬─► sidecar ─────────────────┐
//!           └─► agent (one on each node) ┼─► gateway ─┬─► backends
//!               cluster (one for all) ───┘            └─► sampler ─► backends
//! ```
//!
//! A gateway that samples has two layers: any of its Pods takes any span and hands it to the one sampler that is
//! responsible for its trace, and only there is decided.

mod account;
mod agent;
mod cluster;
mod gateway;
mod judge;
pub mod memory;
mod names;
mod needs;
mod parts;
mod pipeline;
mod program;
pub mod self_metrics;
mod sidecar;

use collector_config::{Config, Mistake, Release};
use provider_core::{Finding, Scope};

pub use self::{
    agent::{AddressFamily, Agent, AgentOutputs, ContainerRuntime, Kubelet},
    cluster::{Cluster, ClusterOutputs},
    gateway::{Gateway, GatewayOutputs, ScaleOn},
    memory::Load,
    pipeline::{Archived, Pipeline, logs, metrics, traces},
    sidecar::Sidecar,
};
pub(crate) use self::{
    gateway::Autoscale,
    memory::{Memory, SMALLEST_QUEUE, budget},
    needs::WANTED_BY,
    program::Engine,
};

/// What the names of metrics of spans begin with.
#[cfg(test)]
pub(crate) fn span_namespace() -> &'static str {
    pipeline::NAMESPACE
}

/// The reasons for which a trace is kept.
pub mod sampling {
    pub use collector_config::components::tail_sampling::*;
}

/// Collectors of one tier.
///
/// ```compile_fail
/// // There is one agent on each node, however many nodes there are.
/// modules::Collector::agent("node").replicas(3);
/// ```
#[derive(Clone, Debug)]
pub struct Collector<Tier> {
    name: String,
    /// Not called like their methods: the compiler would speak of private fields where there are no such methods.
    limit: u64,
    expected: Option<Load>,
    tier: Tier,
}

impl<Tier> Collector<Tier> {
    fn new(name: &str, limit: u64, tier: Tier) -> Self {
        Self {
            name: name.to_owned(),
            limit,
            expected: None,
            tier,
        }
    }

    /// So much memory for each Pod; queues and limits follow from it.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }
}

/// Reports what the program would refuse of a configuration that was put together here.
pub(crate) fn check(scope: &mut Scope<'_>, name: &str, config: &Config, release: Release) {
    for mistake in config.check(release) {
        scope.finding(mistaken(name, &mistake));
    }
}

fn mistaken(name: &str, mistake: &Mistake) -> Finding {
    let message = format!("the configuration of `{name}`: {mistake}");
    Finding::new("collector-config", message)
}
