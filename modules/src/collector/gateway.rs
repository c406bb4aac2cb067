//! The gateway: any Pod takes anything; traces that are sampled go on to the sampler that is responsible.

use collector_config::{Config, Pipeline, Signal};
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use provider_core::{Destination, Endpoint, Exposure, Finding, Module, Scope};

use super::{
    AnyPipeline, Collector, Gateway, GatewayOutputs, Memory, budget,
    parts::{self, DECISION_WAIT},
    program::{Program, base, connect},
};
use crate::{
    protocol::{OTLP_GRPC, OTLP_HTTP, Otlp},
    units::millicores,
    workload::Workload,
};

impl Module for Collector<Gateway> {
    type Outputs = GatewayOutputs;

    fn build(self, scope: &mut Scope<'_>) -> GatewayOutputs {
        self.check(scope);
        let sampled = self
            .pipelines
            .iter()
            .find(|pipeline| pipeline.share.is_some());
        let samplers = sampled.map(|pipeline| self.sampler_set(scope, pipeline));
        let config = self.config(scope, samplers.as_ref());
        let program = Program::new(scope, &self.name, "gateway", &config, self.memory);
        let (mut pod, sends) = program.into_parts();
        pod.resources.cpu = millicores(500);
        pod.leave_slowly(10);
        // What is still queued has to be sent.
        pod.grace_seconds = Some(60);
        let gateway = scope.add(Workload::<Deployment>::of(pod).replicas(self.wanted));
        let direct = self.unsampled().flat_map(|pipeline| &pipeline.exports);
        let to = direct.map(|export| export.to.clone());
        let to = to.chain(samplers.map(|samplers| samplers.destination().clone()));
        connect(scope, &gateway, &sends, to);
        for source in self.sources {
            scope.accept(&gateway, OTLP_GRPC, source.clone());
            scope.accept(&gateway, OTLP_HTTP, source);
        }
        scope.expose(&gateway, OTLP_GRPC);
        GatewayOutputs {
            otlp: scope.expose_as(Exposure::headless(), &gateway, OTLP_GRPC),
            otlp_http: scope.expose(&gateway, OTLP_HTTP),
        }
    }
}

impl Collector<Gateway> {
    fn check(&self, scope: &mut Scope<'_>) {
        let sampled: Vec<f64> = self.pipelines.iter().filter_map(|p| p.share).collect();
        if sampled.len() > 1 {
            let message = format!(
                "the gateway `{}` samples traces in two pipelines",
                self.name
            );
            let hint = "sample once, and export to several endpoints";
            scope.finding(Finding::new("sampled-twice", message).hint(hint));
        }
        for share in sampled {
            if !(0.0..=1.0).contains(&share) {
                let message = format!("`sample({share})`: a share lies between 0 and 1");
                scope.finding(Finding::new("sample-share", message));
            }
        }
    }

    fn unsampled(&self) -> impl Iterator<Item = &AnyPipeline> {
        let pipelines = self.pipelines.iter();
        pipelines.filter(|pipeline| pipeline.share.is_none())
    }

    /// The configuration of the Pods that take everything.
    fn config(&self, scope: &mut Scope<'_>, samplers: Option<&Endpoint<Otlp>>) -> Config {
        let direct: usize = self
            .unsampled()
            .map(|pipeline| pipeline.exports.len())
            .sum();
        let queues = direct as u64 + samplers.map_or(0, |_| u64::from(self.wanted_samplers));
        let plan = Memory::of(self.memory).queues(queues);
        let queue = budget(scope, &self.name, plan).queue;
        let mut config = base();
        let receivers = vec![config.add(&parts::receiver())];
        let processors = vec![config.add(&Memory::limiter())];
        for pipeline in self.unsampled() {
            let exporters = parts::exporters(scope, &mut config, &pipeline.exports, queue);
            let parts = Pipeline {
                receivers: receivers.clone(),
                processors: processors.clone(),
                exporters,
            };
            parts::add(&mut config, pipeline.signal, parts);
        }
        if let Some(Destination::Service(to)) = samplers.map(Endpoint::destination) {
            let namespace = to.service.namespace.as_deref().unwrap_or_default();
            let balancer = parts::balancer(&to.service.name, namespace, queue);
            let exporters = vec![config.add(&balancer)];
            let pipeline = Pipeline {
                receivers,
                processors,
                exporters,
            };
            parts::add(&mut config, Signal::Traces, pipeline);
        }
        config
    }

    /// The Pods that decide about traces. Their number is part of which of them decides about which trace.
    fn sampler_set(&self, scope: &mut Scope<'_>, pipeline: &AnyPipeline) -> Endpoint<Otlp> {
        let name = format!("{}-sampler", self.name);
        let share = pipeline.share.unwrap_or(1.0);
        let queues = pipeline.exports.len() as u64;
        let plan = Memory::of(self.sampler_memory)
            .queues(queues)
            .waiting(DECISION_WAIT);
        let budget = budget(scope, &name, plan);
        let mut config = base();
        let receivers = vec![config.add(&parts::receiver())];
        let limiter = config.add(&Memory::limiter());
        let sampler = config.add(&parts::sampler(share, budget));
        let exporters = parts::exporters(scope, &mut config, &pipeline.exports, budget.queue);
        let parts = Pipeline {
            receivers,
            processors: vec![limiter, sampler],
            exporters,
        };
        parts::add(&mut config, Signal::Traces, parts);

        let program = Program::new(scope, &name, "sampler", &config, self.sampler_memory);
        let (mut pod, sends) = program.into_parts();
        pod.resources.cpu = millicores(500);
        // Traces under way are decided when it ends, and what was decided is sent.
        let wait = i64::try_from(DECISION_WAIT.get().as_secs()).unwrap_or(0);
        pod.grace_seconds = Some(wait + 60);
        let mut set = Workload::<StatefulSet>::of(pod).replicas(self.wanted_samplers);
        set.parallel = true;
        set.serves_as = Some(name.clone());
        let set = scope.add(set);
        let to = pipeline.exports.iter().map(|export| export.to.clone());
        connect(scope, &set, &sends, to);
        scope.expose_as(Exposure::headless().named(name), &set, OTLP_GRPC)
    }
}
