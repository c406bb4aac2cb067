//! The second layer: collectors that each see everything of a kind, all spans of a trace or all points of a series.

use collector_config::{
    Config, Pipeline, Signal,
    components::load_balancing::RoutingKey,
    lint::{Replicas, Tier},
};
use k8s_openapi::api::apps::v1::StatefulSet;
use provider_core::{Endpoint, Exposure, Scope};

use super::Gateway;
use crate::{
    collector::{
        Collector, Load, Memory, budget,
        memory::Budget,
        names::Outlets,
        parts::{self, DECISION_WAIT},
        pipeline::{AnyPipeline, FILES_DIRECTORY, Red},
        program::{Ports, Program, QUEUE_DIRECTORY, Task, base, connect},
    },
    made,
    protocol::{OTLP_GRPC, Otlp},
    tls,
    units::millicores,
    watch::{Count, Role},
    workload::Workload,
};

/// Collectors behind the gateway.
pub(super) struct Layer {
    /// Where each of them is reached.
    pub(super) at: Endpoint<Otlp>,
    /// What arrives there.
    pub(super) signal: Signal,
    /// What belongs together.
    pub(super) key: RoutingKey,
    /// How many there are.
    pub(super) replicas: u32,
}

/// What a second layer is to be.
struct Shape {
    name: String,
    component: &'static str,
    role: Role,
    key: RoutingKey,
    replicas: u32,
    memory: u64,
    /// What arrives at all of them.
    load: Option<Load>,
}

impl Collector<Gateway> {
    /// Adds the second layers that the pipelines need.
    pub(super) fn layers(&self, scope: &mut Scope<'_>) -> Vec<Layer> {
        let pipelines = self.tier.pipelines.iter();
        let routed = pipelines.filter(|pipeline| pipeline.together.is_needed());
        routed.map(|pipeline| self.layer(scope, pipeline)).collect()
    }

    fn shape(&self, pipeline: &AnyPipeline) -> Shape {
        let second = self.tier.second;
        let samples = pipeline.together.policies.is_some();
        let component = match pipeline.signal {
            Signal::Metrics => "metrics",
            _ if samples => "sampler",
            _ => "traces",
        };
        let metrics = pipeline.signal == Signal::Metrics;
        let (replicas, memory, key, load) = if metrics {
            let load = self.expected.map(Load::of_metrics);
            (
                second.writers,
                second.writer_memory,
                RoutingKey::StreamId,
                load,
            )
        } else {
            let load = self.expected.map(Load::of_traces);
            (
                second.samplers,
                second.sampler_memory,
                RoutingKey::TraceId,
                load,
            )
        };
        Shape {
            name: format!("{}-{component}", self.name),
            component,
            role: if samples {
                Role::Sampler
            } else {
                Role::Gateway
            },
            key,
            replicas,
            memory,
            load,
        }
    }

    /// The Pods of one layer. Their number is part of which of them gets what.
    fn layer(&self, scope: &mut Scope<'_>, pipeline: &AnyPipeline) -> Layer {
        let shape = self.shape(pipeline);
        let Shape { name, replicas, .. } = &shape;
        let budget = self.layer_budget(scope, &shape, pipeline);
        let config = self.layer_config(scope, pipeline, &budget);
        let stores = pipeline.second_stores();
        let task = Task {
            name,
            component: shape.component,
            tier: Tier::Sampler,
            replicas: Replicas::Fixed(*replicas),
            config: &config,
            engine: &self.tier.engine,
            memory: shape.memory,
            ledger: &budget.ledger,
            ports: Ports::OWN,
            stores: &stores,
            mounts: &self.mounts(pipeline.second_writes()),
        };
        let (mut pod, mut sends) = Program::new(scope, task).takes_otlp().into_parts();
        pod.resources.cpu = millicores(500);
        if pipeline.second_writes() {
            pod.scratch("files", FILES_DIRECTORY);
        }
        // Traces under way are decided when it ends, and what was decided is sent.
        let wait = i64::try_from(DECISION_WAIT.get().as_secs()).unwrap_or(0);
        pod.grace_seconds = Some(wait + 60);
        let mut set = Workload::<StatefulSet>::of(pod).replicas(*replicas);
        if let Some(volume) = self.tier.queue {
            set = set.keep(volume, QUEUE_DIRECTORY);
        }
        set.parallel = true;
        set.serves_as = Some(name.clone());
        let set = scope.add(set);
        if pipeline.signal == Signal::Metrics {
            made::passes(scope, &set, pipeline.second().sends());
        }
        sends.extend(pipeline.second_sends());
        connect(scope, &set, &sends, &stores);
        Program::watch(
            scope,
            &set,
            shape.role,
            (Count::Replicas(*replicas), shape.memory),
        );
        let security = tls::collector_security(scope);
        Layer {
            at: scope.expose_as(
                Exposure::headless().named(name),
                &set,
                OTLP_GRPC.secured(security),
            ),
            signal: pipeline.signal,
            key: shape.key,
            replicas: *replicas,
        }
    }

    fn layer_budget(&self, scope: &mut Scope<'_>, shape: &Shape, pipeline: &AnyPipeline) -> Budget {
        let red = pipeline.together.red.as_ref();
        let queues = pipeline.second().queues() + red.map_or(0, |red| red.to.first().queues());
        let mut plan = Memory::of(shape.memory)
            .queues(queues)
            .on_volume(self.tier.queue, queues)
            .share_of(shape.load, shape.replicas);
        if pipeline.together.policies.is_some() {
            plan = plan.waiting(DECISION_WAIT);
        }
        if red.is_some() {
            plan = Red::remember(plan);
        }
        budget(scope, &shape.name, &plan)
    }

    fn layer_config(
        &self,
        scope: &mut Scope<'_>,
        pipeline: &AnyPipeline,
        budget: &Budget,
    ) -> Config {
        let mut config = base();
        let red = pipeline.together.red.as_ref();
        let outs = red.map(|red| red.to.first()).into_iter();
        let outs = outs.chain([pipeline.second()]);
        let outlets = Outlets::of(self.queue(&mut config, budget.queue), outs);
        let receivers = vec![config.add(&parts::receiver(tls::collector_security(scope)))];
        let mut processors = vec![config.add(&Memory::limiter())];
        if let Some(red) = red {
            red.define(scope, &mut config, &receivers, &processors[0], &outlets);
        }
        if let Some(policies) = &pipeline.together.policies {
            processors.push(config.add(&parts::sampler(policies, budget)));
        }
        let exporters = pipeline.second().define(scope, &mut config, &outlets);
        // What is only measured goes nowhere else.
        if !exporters.is_empty() || pipeline.together.red.is_none() {
            let parts = Pipeline {
                receivers,
                processors,
                exporters,
            };
            parts::add(&mut config, pipeline.signal, parts);
        }
        config
    }
}
