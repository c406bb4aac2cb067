//! The gateway: collectors that everything goes through. What can be said of it, and what it is.

mod autoscale;
mod config;
mod layer;

use collector_config::{
    Signal as Kind,
    lint::{Replicas, Tier},
};
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use provider_core::{Destination, Endpoint, Exposure, Module, Pods, Scope, Source};

pub(crate) use self::autoscale::Autoscale;
pub use self::autoscale::ScaleOn;
use self::layer::Layer;
use super::{
    Collector, Load,
    pipeline::{AnyPipeline, FILES_DIRECTORY, Pipeline},
    program::{Engine, Ports, Program, QUEUE_DIRECTORY, Task, connect},
};
use crate::{
    made,
    protocol::{OTLP_GRPC, OTLP_HTTP, Otlp, OtlpHttpProtocol},
    signal::Signal,
    tls,
    units::{GIB, millicores},
    watch::{Count, Role},
    workload::Workload,
};

/// Collectors that everything goes through.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Not called like their methods: the compiler would speak of private fields where there are no such methods.
    wanted: u32,
    scale: Option<Autoscale>,
    second: Second,
    pipelines: Vec<AnyPipeline>,
    /// What runs it, in both layers.
    pub(super) engine: Engine,
    sources: Vec<Source>,
    queue: Option<u64>,
    /// How many Pods there are whose names it knows.
    known_pods: Option<u64>,
}

/// How large the second layers are.
#[derive(Clone, Copy, Debug)]
struct Second {
    samplers: u32,
    sampler_memory: u64,
    writers: u32,
    writer_memory: u64,
}

/// What others may refer to of a gateway.
#[derive(Clone, Debug)]
pub struct GatewayOutputs {
    /// Where collectors send to.
    pub otlp: Endpoint<Otlp>,
    /// Where programs that speak HTTP send to.
    pub otlp_http: Endpoint<OtlpHttpProtocol>,
    /// The Pods that take everything.
    pub pods: Pods,
}

impl Collector<Gateway> {
    /// Collectors that everything goes through: two Pods, if nothing else is said.
    ///
    /// Its second layer cannot be scaled by the cluster: how many samplers there are is part of which of them decides
    /// about which trace.
    ///
    /// ```compile_fail
    /// # use modules::{Collector, units::GIB};
    /// Collector::gateway("otlp").samplers(2..=10, 2 * GIB);
    /// ```
    pub fn gateway(name: &str) -> Self {
        let gateway = Gateway {
            wanted: 2,
            scale: None,
            second: Second {
                samplers: 2,
                sampler_memory: 2 * GIB,
                writers: 2,
                writer_memory: GIB,
            },
            pipelines: Vec::new(),
            engine: Engine::Collector,
            sources: Vec::new(),
            queue: None,
            known_pods: None,
        };
        Self::new(name, GIB, gateway)
    }

    pub(crate) fn run_by(mut self, engine: Engine) -> Self {
        self.tier.engine = engine;
        self
    }

    /// So many Pods.
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.tier.wanted = replicas;
        self
    }

    /// So many Pods that decide about traces, with so much memory each. A change moves traces from one to another,
    /// and some of those under way are decided in two halves.
    #[must_use]
    pub fn samplers(mut self, replicas: u32, memory: u64) -> Self {
        self.tier.second.samplers = replicas;
        self.tier.second.sampler_memory = memory;
        self
    }

    /// So many Pods that write series, with so much memory each, for metrics with
    /// [`one_writer`](Pipeline::one_writer).
    #[must_use]
    pub fn writers(mut self, replicas: u32, memory: u64) -> Self {
        self.tier.second.writers = replicas;
        self.tier.second.writer_memory = memory;
        self
    }

    /// Lets programs that are no part of the stack send to it, past the network policies.
    #[must_use]
    pub fn accept(mut self, source: Source) -> Self {
        self.tier.sources.push(source);
        self
    }

    /// What happens to one signal.
    #[must_use]
    pub fn pipeline<S: Signal>(mut self, pipeline: Pipeline<S>) -> Self {
        self.tier.pipelines.push(pipeline.erase());
        self
    }

    /// Keeps what waits to be sent on a volume of so many bytes for each Pod: it outlives Pods and nodes.
    ///
    /// Each Pod then has a name and a volume of its own; a volume that several Pods write is not possible. What is on
    /// its way from one layer to the next waits in memory all the same: both layers are in one hand.
    #[must_use]
    pub fn keep_queue(mut self, bytes: u64) -> Self {
        self.tier.queue = Some(bytes);
        self
    }

    /// Says which Pod something comes from, where programs send to the gateway themselves. Agents do that better: what
    /// came through one of them comes from the agent's Pod.
    #[must_use]
    pub fn name_pods(self) -> Self {
        self.name_pods_of(2000)
    }

    /// The same in a cluster of so many Pods, all of which are remembered.
    #[must_use]
    pub fn name_pods_of(mut self, pods: u64) -> Self {
        self.tier.known_pods = Some(pods);
        self
    }

    /// So much arrives at all of them together.
    #[must_use]
    pub fn load(mut self, load: Load) -> Self {
        self.expected = Some(load);
        self
    }
}

impl Module for Collector<Gateway> {
    type Outputs = GatewayOutputs;

    fn build(self, scope: &mut Scope<'_>) -> GatewayOutputs {
        self.check(scope);
        self.tier.engine.say_where_its_image_is(scope);
        let layers: Vec<Layer> = self.layers(scope);
        let (config, ledger) = self.config(scope, &layers);
        let first = self.tier.pipelines.iter().map(AnyPipeline::first);
        let stores: Vec<_> = first.clone().flat_map(|out| out.stores()).collect();
        let writes = first.clone().any(|out| out.writes());
        let task = Task {
            name: &self.name,
            component: "gateway",
            tier: Tier::Gateway,
            replicas: self.judged_as(),
            config: &config,
            engine: &self.tier.engine,
            memory: self.limit,
            ledger: &ledger,
            ports: Ports::OWN,
            stores: &stores,
            mounts: &self.mounts(writes),
        };
        let program = Program::new(scope, task).takes_otlp();
        let (pods, mut sends) = self.run(scope, program, writes);
        sends.extend(first.flat_map(|out| out.sends()));
        sends.extend(layers.iter().map(|layer| layer.at.destination().clone()));
        made::passes(scope, &pods, self.sends_metrics(&layers));
        connect(scope, &pods, &sends, &stores);
        for source in &self.tier.sources {
            scope.accept(&pods, OTLP_GRPC, source.clone());
            scope.accept(&pods, OTLP_HTTP, source.clone());
        }
        let security = tls::collector_security(scope);
        let (grpc, http) = (OTLP_GRPC.secured(security), OTLP_HTTP.secured(security));
        scope.expose(&pods, grpc);
        Program::watch(scope, &pods, Role::Gateway, (self.count(), self.limit));
        self.judge_agents(scope, &pods);
        GatewayOutputs {
            otlp: scope.expose_as(Exposure::headless(), &pods, grpc),
            otlp_http: scope.expose(&pods, http),
            pods,
        }
    }
}

impl Collector<Gateway> {
    /// Adds the Pods that take everything.
    fn run(
        &self,
        scope: &mut Scope<'_>,
        program: Program,
        writes: bool,
    ) -> (Pods, Vec<Destination>) {
        let (mut pod, sends) = program.into_parts();
        if writes {
            pod.scratch("files", FILES_DIRECTORY);
        }
        pod.resources.cpu = millicores(500);
        pod.leave_slowly(10);
        // What is still queued has to be sent.
        pod.grace_seconds = Some(60);
        let wanted = self.tier.wanted;
        let pods = if let Some(volume) = self.tier.queue {
            let mut set = Workload::<StatefulSet>::of(pod).replicas(wanted);
            set = set.keep(volume, QUEUE_DIRECTORY);
            set.parallel = true;
            set.serves_as = Some(format!("{}-headless", self.name));
            Pods::from(&scope.add(set))
        } else {
            let deployment = scope.add(Workload::<Deployment>::of(pod).replicas(wanted));
            if let Some(scale) = &self.tier.scale {
                scale.add(scope, &deployment);
            }
            Pods::from(&deployment)
        };
        (pods, sends)
    }

    /// Where volumes are mounted.
    fn mounts(&self, writes: bool) -> Vec<&'static str> {
        let queue = self.tier.queue.map(|_| QUEUE_DIRECTORY);
        let files = writes.then_some(FILES_DIRECTORY);
        queue.into_iter().chain(files).collect()
    }

    /// Where it sends metrics to: straight on, or to those who write them.
    fn sends_metrics(&self, layers: &[Layer]) -> Vec<Destination> {
        let of_metrics = |pipeline: &&AnyPipeline| pipeline.signal == Kind::Metrics;
        let pipelines = self.tier.pipelines.iter().filter(of_metrics);
        let direct = pipelines.flat_map(|pipeline| pipeline.first().sends());
        let writers = layers.iter();
        let writers = writers.filter(|layer| layer.signal == Kind::Metrics);
        let writers = writers.map(|layer| layer.at.destination().clone());
        direct.chain(writers).collect()
    }

    fn judged_as(&self) -> Replicas {
        match self.tier.scale {
            None => Replicas::Fixed(self.tier.wanted),
            Some(_) => Replicas::Autoscaled,
        }
    }

    fn count(&self) -> Count {
        match &self.tier.scale {
            None => Count::Replicas(self.tier.wanted),
            Some(scale) => Count::Between(scale.least(), scale.most()),
        }
    }
}
