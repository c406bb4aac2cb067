//! A program of one's own, with the defaults that are safe: the kinds that run Pods, as types.

use std::marker::PhantomData;

use k8s_openapi::{
    api::{
        core::v1::{EnvVarSource, Volume},
        policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec},
    },
    apimachinery::pkg::{apis::meta::v1::LabelSelector, util::intstr::IntOrString},
};
use provider_core::{Port, Scope, Transport, kube_core::ObjectMeta};

mod direct;
mod job;
mod kinds;
mod telemetry;

pub use direct::{Direct, SpokenBySdk};
pub(crate) use telemetry::{Address, Route};
pub use telemetry::{TakesTelemetry, Way, WorkloadKind};

use crate::{
    collector::Sidecar,
    pod::{Pod, User, every, http_probe, tcp_probe},
    units::Millicores,
};

/// A program that runs as Pods of the kind `K`.
///
/// Its container runs as an unprivileged user, with a root file system that cannot be written but for `/tmp`, no
/// capabilities, and no token for the API.
///
/// ```
/// use modules::{Workload, protocol::Http};
/// use provider_core::{Port, Scope};
///
/// const WEB: Port<Http> = Port::new("web", 8080);
///
/// fn shop(stack: &mut Scope<'_>) {
///     let shop = stack.add(Workload::stateless("shop", "shop:1.0.0").listen(WEB).replicas(2));
///     let _web = stack.expose(&shop, WEB);
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Workload<K> {
    pub(crate) pod: Pod,
    /// Not called `replicas`: the compiler would speak of a private field where there is no such method.
    pub(crate) wanted: u32,
    pub(crate) parallel: bool,
    /// Whether the old Pod goes before the new one comes.
    pub(crate) one_at_a_time: bool,
    pub(crate) serves_as: Option<String>,
    pub(crate) claim: Option<u64>,
    schedule: String,
    routes: Vec<Route>,
    /// The collector in its Pods, once it is there.
    beside: Option<Box<Sidecar>>,
    kind: PhantomData<fn() -> K>,
}

impl<K> Workload<K> {
    pub(crate) fn of(pod: Pod) -> Self {
        Self {
            pod,
            wanted: 1,
            parallel: false,
            one_at_a_time: false,
            serves_as: None,
            claim: None,
            schedule: String::new(),
            routes: Vec::new(),
            beside: None,
            kind: PhantomData,
        }
    }

    fn new(name: &str, image: impl Into<String>) -> Self {
        let mut pod = Pod::new(name, image);
        pod.scratch("tmp", "/tmp");
        Self::of(pod)
    }

    /// Declares a port. The first TCP port that is declared also says when a Pod is ready.
    #[must_use]
    pub fn listen<P>(mut self, port: Port<P>) -> Self {
        self.pod.listen(port);
        if port.transport == Transport::Tcp && self.pod.container.readiness_probe.is_none() {
            self.pod.container.readiness_probe = Some(every(tcp_probe(port.name), 10, 3));
            // Ten minutes to begin; afterwards the readiness probe judges.
            self.pod.container.startup_probe = Some(every(tcp_probe(port.name), 5, 120));
            self.pod.leave_slowly(5);
        }
        self
    }

    /// A Pod is ready when this path answers on that port.
    #[must_use]
    pub fn ready_at<P>(mut self, port: Port<P>, path: &str) -> Self {
        self.pod.container.readiness_probe = Some(every(http_probe(port.name, path), 10, 3));
        self.pod.container.startup_probe = Some(every(http_probe(port.name, path), 5, 120));
        self
    }

    /// Passes an argument to the program.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.pod.arg(arg);
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.pod.env(name, value);
        self
    }

    /// Sets a variable from a ConfigMap or a Secret, such as `login.key("password")`.
    #[must_use]
    pub fn env_from(mut self, name: &str, source: EnvVarSource) -> Self {
        self.pod.env_from(name, source);
        self
    }

    /// Mounts a volume, such as `settings.volume("settings")`, to be read.
    #[must_use]
    pub fn volume(mut self, volume: Volume, path: &str) -> Self {
        self.pod.mount_read_only(&volume.name, path);
        self.pod.volumes.push(volume);
        self
    }

    /// Makes a directory writable; what is written there ends with the Pod.
    #[must_use]
    pub fn scratch(mut self, name: &str, path: &str) -> Self {
        self.pod.scratch(name, path);
        self
    }

    /// Runs the program as this user and group instead of 65532.
    #[must_use]
    pub fn user(mut self, id: u32) -> Self {
        self.pod.user = User::new(i64::from(id));
        self
    }

    /// Reserves so much processor time.
    #[must_use]
    pub fn cpu(mut self, cpu: Millicores) -> Self {
        self.pod.resources.cpu = cpu;
        self
    }

    /// Reserves so many bytes of memory, and allows no more.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.pod.resources.memory_request = bytes;
        self.pod.resources.memory_limit = bytes;
        self
    }

    fn metadata(&self, stack: &str) -> ObjectMeta {
        ObjectMeta {
            name: Some(self.pod.name.clone()),
            labels: Some(self.pod.labels(stack)),
            ..ObjectMeta::default()
        }
    }

    fn selector(&self) -> LabelSelector {
        LabelSelector {
            match_labels: Some(self.pod.selector()),
            ..LabelSelector::default()
        }
    }

    /// Lets nodes be drained one Pod at a time. A single replica has none: it would block every drain.
    fn budget(&self, scope: &mut Scope<'_>) {
        if self.wanted < 2 {
            return;
        }
        let spec = PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(1)),
            selector: Some(self.selector()),
            // A Pod that is broken anyway must not keep a node from being drained.
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
            ..PodDisruptionBudgetSpec::default()
        };
        scope.add(PodDisruptionBudget {
            metadata: self.metadata(scope.stack()),
            spec: Some(spec),
            ..PodDisruptionBudget::default()
        });
    }
}
