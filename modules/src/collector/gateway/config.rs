//! What does the first layer of a gateway do with what? Its configuration, and what would be wrong with it.

use collector_config::{Config, Pipeline, Signal, components::health::FileStorage};
use provider_core::{Destination, Finding, Pods, Scope};

use super::{Gateway, autoscale::Autoscale, layer::Layer};
use crate::{
    collector::{
        Collector, Memory, budget,
        memory::{Budget, Ledger},
        names::Outlets,
        parts::{self, Forwards},
        pipeline::Step,
        program::{Engine, QUEUE_DIRECTORY, base},
    },
    protocol::Queue,
    tls,
    units::KIB,
};

/// What is remembered of one Pod of the cluster.
const PER_KNOWN_POD: u64 = 32 * KIB;

impl Collector<Gateway> {
    pub(super) fn check(&self, scope: &mut Scope<'_>) {
        for (signal, what) in [
            (Signal::Traces, "brings the spans of a trace together"),
            (Signal::Metrics, "lets each series have one writer"),
        ] {
            let pipelines = self.tier.pipelines.iter();
            let routed = pipelines.filter(|p| p.signal == signal && p.together.is_needed());
            if routed.count() > 1 {
                let message = format!("the gateway `{}` {what} in two pipelines", self.name);
                let hint = "do so once, and export to several endpoints";
                scope.finding(Finding::new("layer-twice", message).hint(hint));
            }
        }
        if let Some(scale) = &self.tier.scale {
            scale.check(scope, &self.name);
        }
    }

    /// The configuration of the Pods that take everything.
    pub(super) fn config(&self, scope: &mut Scope<'_>, layers: &[Layer]) -> (Config, Ledger) {
        let Budget {
            queue,
            in_memory,
            ledger,
            ..
        } = self.budget(scope, layers);
        let mut config = base();
        let outlets = Outlets::of_first(self.queue(&mut config, queue), &self.tier.pipelines);
        let receivers = vec![config.add(&parts::receiver(tls::collector_security(scope)))];
        let mut common = vec![config.add(&Memory::limiter())];
        if self.tier.known_pods.is_some() {
            common.push(config.add(&parts::whose(None)));
        }
        for pipeline in &self.tier.pipelines {
            let mut processors = common.clone();
            let name = pipeline.signal.to_string();
            let steps = Step::define_all(&pipeline.steps, &mut config, pipeline.signal, &name);
            processors.extend(parts::legal(scope, steps));
            let mut exporters = pipeline.first().define(scope, &mut config, &outlets);
            if pipeline.together.is_needed() {
                let layer = layers.iter().find(|layer| layer.signal == pipeline.signal);
                exporters.extend(layer.and_then(|layer| self.route(&mut config, layer, in_memory)));
            }
            let parts = Pipeline {
                receivers: receivers.clone(),
                processors,
                exporters,
            };
            parts::add(&mut config, pipeline.signal, parts);
        }
        (config, ledger)
    }

    fn budget(&self, scope: &mut Scope<'_>, layers: &[Layer]) -> Budget {
        let pipelines = self.tier.pipelines.iter();
        let direct: u64 = pipelines.map(|pipeline| pipeline.first().queues()).sum();
        let routed: u64 = layers.iter().map(|layer| u64::from(layer.replicas)).sum();
        let replicas = self
            .tier
            .scale
            .as_ref()
            .map_or(self.tier.wanted, Autoscale::most);
        let mut plan = Memory::of(self.limit)
            .queues(direct + routed)
            .on_volume(self.tier.queue, direct)
            .share_of(self.expected, replicas);
        if let Some(pods) = self.tier.known_pods {
            let why = format!("what is known of {pods} Pods");
            plan = plan.beside("Pods", pods * PER_KNOWN_POD, why);
        }
        budget(scope, &self.name, &plan)
    }

    /// The queue of each exporter, and where it is kept.
    pub(super) fn queue(&self, config: &mut Config, bytes: u64) -> Queue {
        let storage = self.tier.queue.map(|_| {
            config.add(&FileStorage {
                directory: QUEUE_DIRECTORY.to_owned(),
                ..FileStorage::default()
            })
        });
        Queue { bytes, storage }
    }

    /// An agent says which Pod something comes from; behind it, the gateway would take the agent for it.
    pub(super) fn judge_agents(&self, scope: &mut Scope<'_>, pods: &Pods) {
        if self.tier.known_pods.is_none() {
            return;
        }
        let (name, pods) = (self.name.clone(), pods.clone());
        scope.at_end(move |scope| {
            for Forwards { agent, to } in scope.announced::<Forwards>() {
                let Destination::Service(to) = to else { continue };
                if to.pods != pods {
                    continue;
                }
                let message = format!("the agent `{agent}` and the gateway `{name}` both say which Pod something comes from");
                let hint = "what a node measures would seem to come from the agent's Pod; leave `name_pods` out";
                scope.finding(Finding::new("pods-named-twice", message).hint(hint));
            }
        });
    }

    /// Sends everything to the one of the layer that it belongs to.
    fn route(
        &self,
        config: &mut Config,
        layer: &Layer,
        queue: u64,
    ) -> Option<collector_config::ComponentId> {
        let mut balancer = parts::balancer(layer.at.destination(), layer.key, &Queue::of(queue));
        if self.tier.engine != Engine::Collector {
            // The gateway reads no API. How many there are is fixed, and each has a name.
            balancer.resolver = parts::fixed(layer.at.destination(), layer.replicas);
        }
        let defined = match layer.signal {
            Signal::Traces => Ok(config.add(&balancer)),
            other => config.add_named(&other.to_string(), &balancer),
        };
        defined.ok()
    }
}
