//! What does every tier have in common? Its configuration, its account and its Pod.

use collector_config::{
    Config, Problem, Release, Telemetry,
    components::health::HealthCheck,
    lint::{Replicas, Tier},
};
use provider_core::{Destination, Pods, Port, Scope, Security};

use super::{
    Memory, account::account, judge::judge, memory::Ledger, needs::Needs, pipeline::explain,
};
use crate::{
    elasticsearch::logs,
    file::Files,
    image,
    object_store::ObjectStore,
    otlp_gateway::{ENGINE, GATEWAY},
    pod::{Pod, User, every, http_probe},
    protocol::{Http, OTLP_GRPC, OTLP_HTTP},
    tls::{self, Reads},
    units::go_bytes,
    watch::{Count, Guest, Role, Watched},
};

const HEALTH: Port<Http> = Port::new("health", 13133);
/// Where queues are kept that outlive a Pod.
pub(super) const QUEUE_DIRECTORY: &str = "/var/lib/otelcol";

const SELF_METRICS: Port<Http> = Port::new("metrics", 8888);

/// A collector that is ready to be run by some workload.
pub(super) struct Program {
    pub(super) pod: Pod,
    sends: Vec<Destination>,
}

/// A configuration with what every collector has.
pub(super) fn base() -> Config {
    let mut config = Config::default();
    config.service.telemetry = Telemetry::standard("${env:POD_IP}", SELF_METRICS.number);
    config.add(&HealthCheck {
        endpoint: format!("[${{env:POD_IP}}]:{}", HEALTH.number),
        ..HealthCheck::default()
    });
    config
}

/// The smallest distribution that contains what a configuration uses.
fn release_for(config: &Config) -> Release {
    let missing = |mistake: collector_config::Mistake| {
        matches!(mistake.problem, Problem::NotInDistribution(..))
    };
    if config.check(Release::KUBERNETES).into_iter().any(missing) {
        Release::CONTRIB
    } else {
        Release::KUBERNETES
    }
}

/// Which program runs a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Engine {
    /// The smallest distribution of the collector that has what the configuration uses.
    #[default]
    Collector,
    /// The gateway of this repository, from this image.
    Gateway(String),
}

impl Engine {
    fn release(&self, config: &Config) -> Release {
        match self {
            Self::Collector => release_for(config),
            Self::Gateway(_) => Release::GATEWAY,
        }
    }

    /// What says on the configuration who reads it, where that is no collector.
    fn mark(&self) -> Option<(String, String)> {
        match self {
            Self::Collector => None,
            Self::Gateway(_) => Some((ENGINE.to_owned(), GATEWAY.to_owned())),
        }
    }

    fn image(&self, release: Release) -> String {
        match self {
            Self::Gateway(image) => image.clone(),
            Self::Collector if release == Release::CONTRIB => image::COLLECTOR_CONTRIB.into(),
            Self::Collector => image::COLLECTOR.into(),
        }
    }
}

/// What one collector is to be.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) name: &'a str,
    pub(super) component: &'static str,
    pub(super) tier: Tier,
    pub(super) replicas: Replicas,
    pub(super) config: &'a Config,
    pub(super) engine: &'a Engine,
    pub(super) memory: u64,
    pub(super) ledger: &'a Ledger,
    /// How its ports are called where they stand beside those of others.
    pub(super) ports: Ports,
    /// The buckets that it writes to.
    pub(super) stores: &'a [ObjectStore],
    /// Where its tier mounts something later.
    pub(super) mounts: &'a [&'a str],
}

/// Where a collector is asked about itself.
#[derive(Clone, Copy)]
pub(super) struct Ports {
    health: Port<Http>,
    metrics: Port<Http>,
}

impl Ports {
    /// In a Pod of its own.
    pub(super) const OWN: Self = Self {
        health: HEALTH,
        metrics: SELF_METRICS,
    };
    /// Where it says whether it works.
    pub(super) fn health(self) -> u16 {
        self.health.number
    }

    /// In the Pod of a program, which may call its own ports like that.
    pub(super) const BESIDE: Self = Self {
        health: Port::new("otel-health", HEALTH.number),
        metrics: Port::new("otel-metrics", SELF_METRICS.number),
    };
}

impl Program {
    /// Adds the configuration and the account, and makes the Pod.
    pub(super) fn new(scope: &mut Scope<'_>, task: Task<'_>) -> Self {
        let Task {
            name,
            config,
            engine,
            ledger,
            ports,
            ..
        } = task;
        let release = engine.release(config);
        let files = Files::one("config.yaml", config.to_yaml(release));
        let files = files.annotated(ledger.annotation());
        let files = engine.mark().into_iter().fold(files, Files::annotated);
        let files = files.build(scope, name);
        let needs = Needs::of(config, scope.namespace());

        let mut pod = Pod::new(name, engine.image(release));
        pod.user = User::new(10001);
        pod.component = Some(task.component);
        pod.resources.memory_request = task.memory;
        pod.resources.memory_limit = task.memory;
        pod.config(files.name(), "/etc/otelcol");
        pod.arg("--config=/etc/otelcol/config.yaml");
        for (variable, field) in &needs.fields {
            pod.env_field(variable, field);
        }
        if *engine == Engine::Collector {
            let go_limit = Memory::of(task.memory).go_limit();
            pod.env("GOMEMLIMIT", go_bytes(go_limit));
        }
        pod.listen(ports.health);
        pod.listen(ports.metrics);
        let health = || http_probe(ports.health.name, "/");
        pod.container.startup_probe = Some(every(health(), 2, 60));
        pod.container.readiness_probe = Some(every(health(), 10, 3));
        pod.container.liveness_probe = Some(every(health(), 15, 6));
        certify(scope, &mut pod, task.component);
        logs::admit(scope, &mut pod, config);
        if needs.calls_api() {
            let annotations = task.stores.iter().flat_map(ObjectStore::annotations);
            let account = account(scope, name, &needs, annotations.collect());
            pod.account = Some(account.name().to_owned());
        }
        judge(scope, task, release, &pod);
        for store in task.stores {
            store.attach(scope, &mut pod);
            explain(scope, name, store);
        }
        Self {
            pod,
            sends: needs.sends,
        }
    }

    /// Takes OTLP on both ports.
    pub(super) fn takes_otlp(mut self) -> Self {
        self.pod.listen(OTLP_GRPC);
        self.pod.listen(OTLP_HTTP);
        self
    }
}

/// Gives the Pod a certificate where it is called from afar, or has to prove who it is.
fn certify(scope: &mut Scope<'_>, pod: &mut Pod, component: &str) {
    let is_near = matches!(component, "agent" | "cluster" | "sidecar");
    if is_near && tls::collector_security(scope) != Security::MutualTls {
        tls::trust(scope, pod, Reads::Certificate);
        return;
    }
    let headless = format!("{}-headless", pod.name);
    let services = [pod.name.clone(), headless];
    let services: Vec<&str> = services.iter().map(String::as_str).collect();
    tls::serve(scope, pod, &services, Reads::Certificate);
}

/// Declares where the Pods send to.
pub(super) fn connect(
    scope: &mut Scope<'_>,
    pods: impl Into<Pods>,
    sends: &[Destination],
    stores: &[ObjectStore],
) {
    let pods = pods.into();
    for to in sends {
        scope.connect(&pods, to);
        logs::prepare_for(scope, &pods, to);
    }
    for store in stores {
        store.connect(scope, &pods);
    }
}

impl Program {
    /// Announces where its Pods show what they do.
    pub(super) fn watch(
        scope: &mut Scope<'_>,
        pods: impl Into<Pods>,
        role: Role,
        (count, memory): (Count, u64),
    ) {
        let watched = Watched::new(pods, SELF_METRICS).role(role).count(count);
        Self::announce(scope, watched.memory(memory));
    }

    /// The same for collectors in the Pods of a program, as a job of their own.
    pub(super) fn watch_beside(
        scope: &mut Scope<'_>,
        pods: impl Into<Pods>,
        job: &str,
        (count, memory): (Count, u64),
    ) {
        let watched = Watched::new(pods, Ports::BESIDE.metrics).job(job);
        let watched = watched.role(Role::Sidecar).count(count);
        Self::announce(scope, watched.memory(memory));
    }

    /// The same for collectors that `pods` bring into the Pods of others.
    pub(super) fn watch_guest(
        scope: &mut Scope<'_>,
        pods: impl Into<Pods>,
        (job, guest): (&str, Guest),
        memory: u64,
    ) {
        let watched = Watched::new(pods, Ports::BESIDE.metrics).job(job);
        let watched = watched.role(Role::Sidecar).count(Count::Asked);
        Self::announce(scope, watched.guest(guest).memory(memory));
    }

    fn announce(scope: &mut Scope<'_>, watched: Watched) {
        let why =
            "what collectors tell of themselves is spoken in the open: they cannot do otherwise";
        match &watched.guest {
            None => tls::in_the_open(scope, &watched.pods.workload, watched.port, why),
            Some(guest) => {
                for namespace in &guest.namespaces {
                    tls::in_the_open_at(scope, &guest.place(namespace, watched.port), why);
                }
            }
        }
        scope.announce(watched);
    }

    /// The Pod, and where it sends to beside its exporters.
    pub(super) fn into_parts(self) -> (Pod, Vec<Destination>) {
        (self.pod, self.sends)
    }
}
