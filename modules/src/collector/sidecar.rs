//! The sidecar: a collector in the Pod of the program that it serves.

use collector_config::{
    Config, Pipeline,
    components::{
        otlp::{GrpcServer, HttpServer, Otlp, Protocols},
        processors::{Action, AttributeAction, Resource},
    },
    lint::{Replicas, Tier},
};
use k8s_openapi::api::core::v1::Container;
use provider_core::{Destination, Endpoint, Finding, Pods, Scope};

use super::{
    Load, Memory, budget,
    memory::{Budget, Ledger},
    names::Outlets,
    parts,
    pipeline::AnyPipeline,
    program::{Engine, Ports, Program, Task, base},
};
use crate::{
    pod::Pod,
    protocol::{Export, OTLP_GRPC, OTLP_HTTP, Queue},
    signal::{Carries, Logs, Metrics, Traces},
    tls,
    units::{MIB, Millicores, millicores},
    watch::{Count, Guest},
};

/// What a sidecar says of everything that its program sends, and where it knows that from.
const FACTS: [(&str, &str); 4] = [
    ("k8s.namespace.name", "${env:POD_NAMESPACE}"),
    ("k8s.node.name", "${env:NODE_NAME}"),
    ("k8s.pod.name", "${env:POD_NAME}"),
    ("k8s.pod.uid", "${env:POD_UID}"),
];

/// The label that the injector gives to Pods that it added a sidecar to.
const INJECTED: &str = "sidecar.otelier.dev/injected";

/// A collector in each Pod of a program: it starts before the program and ends after it, and nobody else can reach
/// it.
///
/// It is a value that workloads take when they are defined; each gets the configuration in its own namespace.
///
/// ```
/// use modules::{Collector, Sidecar, Workload, metrics};
/// # use modules::protocol::Otlp;
/// # use provider_core::{Endpoint, Scope};
///
/// fn shop(stack: &mut Scope<'_>) {
///     # let backend: Endpoint<Otlp> = Endpoint::outside("otlp.example", 4317);
///     let gateway = stack.add(Collector::gateway("otlp").pipeline(metrics().export(&backend)));
///     let sidecar = Sidecar::new("telemetry").forward(&gateway.otlp);
///     stack.add(Workload::stateless("payment", "payment:1.0.0").sidecar(&sidecar));
/// }
/// ```
///
/// Whole traces cannot be sampled where only one program's spans are seen:
///
/// ```compile_fail
/// modules::Sidecar::new("telemetry").sample(0.1);
/// ```
#[derive(Clone, Debug)]
pub struct Sidecar {
    name: String,
    cpu: Millicores,
    memory: u64,
    load: Option<Load>,
    pipelines: Vec<AnyPipeline>,
    listens: Listens,
}

/// Where a sidecar is reached by its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listens {
    /// At the loopback address.
    Loopback,
    /// At a socket in a directory that both containers see.
    Socket,
}

/// The directory of the socket, and the socket.
const SOCKET_DIRECTORY: &str = "/var/run/otelcol";
const SOCKET: &str = "/var/run/otelcol/otlp.sock";

impl Sidecar {
    /// A collector of that container name, with 128 MiB of memory.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            cpu: millicores(50),
            memory: 128 * MIB,
            load: None,
            pipelines: Vec::new(),
            listens: Listens::Loopback,
        }
    }

    /// Takes what the program sends at a Unix socket, over gRPC, for SDKs that know such addresses (`unix://`): nothing
    /// in the Pod's network can send to it then. Both containers run as one user, for only its owner may write to a
    /// socket.
    ///
    /// A collector that is killed leaves its socket behind and does not start again beside it: then the Pod has to be
    /// replaced. The plan says so.
    #[must_use]
    pub fn on_socket(mut self) -> Self {
        self.listens = Listens::Socket;
        self
    }

    /// Reserves so much processor time.
    #[must_use]
    pub fn cpu(mut self, cpu: Millicores) -> Self {
        self.cpu = cpu;
        self
    }

    /// So much memory; queues and limits follow from it.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// So much comes from one Pod of the program.
    #[must_use]
    pub fn load(mut self, load: Load) -> Self {
        self.load = Some(load);
        self
    }

    /// Sends everything on, to an endpoint that takes all signals.
    #[must_use]
    pub fn forward<P>(mut self, endpoint: &Endpoint<P>) -> Self
    where
        P: Carries<Traces> + Carries<Metrics> + Carries<Logs>,
    {
        self.pipelines = AnyPipeline::of_all(&Export::all_to::<Traces, P>(endpoint));
        self
    }

    /// Puts the collector into a program's Pod, and says where the Pod then sends to.
    pub(crate) fn join(&self, scope: &mut Scope<'_>, pod: &mut Pod) -> Vec<Destination> {
        if self.pipelines.is_empty() {
            let message = format!("the sidecar `{}` sends nowhere", self.name);
            let finding = Finding::new("sidecar-without-target", message);
            scope.finding(finding.hint("`forward` to a gateway"));
        }
        let (config, ledger) = self.config(scope);
        let task = Task {
            name: &self.config_name(&pod.name),
            component: "sidecar",
            tier: Tier::Sidecar,
            replicas: Replicas::Each,
            config: &config,
            engine: &Engine::Collector,
            memory: self.memory,
            ledger: &ledger,
            ports: Ports::BESIDE,
            stores: &[],
            mounts: &[SOCKET_DIRECTORY],
        };
        let (own, mut sends) = Program::new(scope, task).into_parts();
        pod.marks.extend(own.marks);
        tls::trusts(scope, &pod.name);
        pod.add_sidecar(self.container(own.container), own.volumes);
        self.meet(scope, pod);
        sends.extend(self.pipelines.iter().flat_map(|p| p.first().sends()));
        sends
    }

    /// Announces where the collectors beside a program show what they do. What runs to its end is over before anyone
    /// asks, so only programs that stay are announced.
    pub(crate) fn watch(&self, scope: &mut Scope<'_>, pods: impl Into<Pods>, count: Count) {
        let pods = pods.into();
        let job = self.config_name(&pods.workload.name);
        Program::watch_beside(scope, pods, &job, (count, self.memory));
    }

    /// Announces the collectors that `injector` adds to the Pods of these namespaces.
    pub(crate) fn watch_injected(
        &self,
        scope: &mut Scope<'_>,
        injector: impl Into<Pods>,
        namespaces: Vec<String>,
    ) {
        let injector = injector.into();
        let job = self.config_name(&injector.workload.name);
        let guest = Guest {
            container: self.name.clone(),
            label: INJECTED,
            namespaces,
        };
        Program::watch_guest(scope, injector, (&job, guest), self.memory);
    }

    /// One sidecar serves many programs, whose configurations must not be one object.
    fn config_name(&self, program: &str) -> String {
        format!("{program}-{}", self.name)
    }

    /// Tells the program where its collector is.
    fn meet(&self, scope: &mut Scope<'_>, pod: &mut Pod) {
        let (url, protocol) = match self.listens {
            Listens::Loopback => {
                let url = format!("http://127.0.0.1:{}", OTLP_HTTP.number);
                (url, "http/protobuf")
            }
            Listens::Socket => {
                let volume = format!("{}-socket", self.name);
                pod.scratch(&volume, SOCKET_DIRECTORY);
                let shared = pod.container.volume_mounts.iter().flatten();
                let shared = shared.filter(|mount| mount.name == volume).cloned();
                let shared: Vec<_> = shared.collect();
                if let Some(sidecar) = pod.init.first_mut() {
                    sidecar.volume_mounts.get_or_insert_default().extend(shared);
                }
                let message = format!("the collector of `{}` listens at a Unix socket", pod.name);
                let hint = "if it is killed, its socket stays and it does not start again: replace the Pod then";
                scope.note(Finding::new("socket-stays", message).hint(hint));
                (format!("unix://{SOCKET}"), "grpc")
            }
        };
        pod.env_unless_set("OTEL_EXPORTER_OTLP_ENDPOINT", url);
        pod.env_unless_set("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
    }

    fn container(&self, made: Container) -> Container {
        let resources = crate::pod::Resources {
            cpu: self.cpu,
            memory_request: self.memory,
            memory_limit: self.memory,
        };
        Container {
            name: self.name.clone(),
            // The program goes on serving while its telemetry does not.
            readiness_probe: None,
            resources: Some(resources.requirements()),
            ..made
        }
    }

    fn config(&self, scope: &mut Scope<'_>) -> (Config, Ledger) {
        let exports: u64 = self.pipelines.iter().map(|p| p.first().queues()).sum();
        let plan = Memory::of_one(self.memory).queues(exports).load(self.load);
        let Budget { queue, ledger, .. } = budget(scope, &self.name, &plan);
        let outlets = Outlets::of_first(Queue::of(queue), &self.pipelines);
        let mut config = base();
        let receivers = vec![config.add(&receiver(self.listens))];
        let processors = vec![config.add(&Memory::limiter()), config.add(&this_pod())];
        for pipeline in &self.pipelines {
            let exporters = pipeline.first().define(scope, &mut config, &outlets);
            let parts = Pipeline {
                receivers: receivers.clone(),
                processors: processors.clone(),
                exporters,
            };
            parts::add(&mut config, pipeline.signal, parts);
        }
        (config, ledger)
    }
}

/// Takes OTLP from the same Pod alone.
fn receiver(listens: Listens) -> Otlp {
    if listens == Listens::Socket {
        return Otlp {
            protocols: Protocols {
                grpc: Some(GrpcServer::on_socket(SOCKET)),
                http: None,
            },
        };
    }
    let here = |port: u16| format!("127.0.0.1:{port}");
    let grpc = GrpcServer {
        endpoint: here(OTLP_GRPC.number),
        max_recv_msg_size_mib: Some(16),
        ..GrpcServer::default()
    };
    let http = HttpServer {
        endpoint: here(OTLP_HTTP.number),
        ..HttpServer::default()
    };
    Otlp {
        protocols: Protocols {
            grpc: Some(grpc),
            http: Some(http),
        },
    }
}

/// Everything comes from this Pod, whatever the program says of itself. No API needs to be asked for that.
fn this_pod() -> Resource {
    let fact = |(key, value): (&str, &str)| AttributeAction {
        key: key.to_owned(),
        action: Action::Upsert,
        value: Some(value.into()),
        ..AttributeAction::default()
    };
    Resource {
        attributes: FACTS.map(fact).to_vec(),
    }
}
