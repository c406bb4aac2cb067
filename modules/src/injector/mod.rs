//! The injector: a collector for each Pod that asks for one, also for Pods that the stack does not describe.
//!
//! ```text
//! Pod with an annotation ─► API server ─► injector ─► Pod with a sidecar ─► gateway
//! ```
//!
//! The program reads no API and has no account. What it may do stands in its configuration: which namespaces' Pods may
//! ask, and what they get. In each of these the stack keeps the ConfigMap that the sidecar mounts; a Pod elsewhere
//! that asks is refused, and told who may.

mod settings;
mod sidecar;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::apps::v1::Deployment;
use provider_core::{Exposure, Finding, Module, Port, Protocol, Ref, Scope, Security, Source};

use self::settings::{Settings, Unasked};
use crate::{
    collector::Sidecar,
    file::{Files, yaml},
    pod::{Pod, every, http_probe},
    protocol::Http,
    tls::{self, CERTIFICATE_FILE, KEY_FILE, certify_webhook},
    units::{MIB, millicores},
    watch::{Count, Role, Watched},
    workload::Workload,
};

/// What the API server asks of a webhook.
enum Admission {}

impl Protocol for Admission {
    const SCHEME: &'static str = "https";
}

/// Where the API server asks.
const WEBHOOK: Port<Admission> = Port::new("webhook", 8443).secured(Security::Tls);
/// Where anyone sees how the program is.
const OPEN: Port<Http> = Port::new("metrics", 8080);
/// Where its configuration stands.
const CONFIG: &str = "/etc/injector/config";
/// The namespaces whose Pods a cluster cannot do without.
const NEVER: [&str; 2] = ["kube-node-lease", "kube-system"];

/// A webhook that gives a collector to each Pod that asks for one.
///
/// A Pod asks by an annotation: `sidecar.otelier.dev/inject`, or `sidecar.opentelemetry.io/inject` as for the OpenTelemetry
/// operator, with `"true"`, the sidecar's name, or a namespace and the name. What it says is stronger than what its
/// namespace says, which stands here and not in an annotation of the namespace: the program has no right to read one.
///
/// ```
/// use modules::{Injector, Sidecar};
/// # use modules::protocol::Otlp;
/// # use provider_core::{Endpoint, Scope};
///
/// fn prod(stack: &mut Scope<'_>, gateway: &Endpoint<Otlp>) {
///     let sidecar = Sidecar::new("otel").forward(gateway);
///     let image = "registry.example/otelier/injector:0.1.0";
///     stack.add(Injector::new("injector", image, sidecar).namespaces(["shop", "bank"]));
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Injector {
    name: String,
    image: String,
    sidecar: Sidecar,
    allowed: BTreeMap<String, Unasked>,
    /// Not called `replicas`: the compiler would speak of a private field where there is no such method.
    wanted: u32,
    when_down: WhenDown,
    elsewhere: Elsewhere,
    placement: Placement,
    asked: Asked,
}

/// By which annotations a Pod asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    /// By `sidecar.otelier.dev/inject`, or else by `sidecar.opentelemetry.io/inject`.
    #[default]
    InEitherWay,
    /// By `sidecar.otelier.dev/inject` alone: the other belongs to an OpenTelemetry operator that is in the cluster too.
    InOurs,
}

/// What becomes of Pods that ask while no injector answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenDown {
    /// They are refused, and whoever makes them tries again: no Pod runs unseen.
    #[default]
    Refuse,
    /// They start without a collector, and nobody is told.
    Admit,
}

/// What becomes of Pods that ask and may not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Elsewhere {
    /// They are refused, wherever they are in the cluster, and told who may.
    #[default]
    Refuse,
    /// They are not looked at: another injector, or the OpenTelemetry operator, may be meant.
    Ignore,
}

/// Where the sidecar stands in a Pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Placement {
    /// Among the init containers: it starts before the others and ends after them.
    #[default]
    Native,
    /// Among the containers, for clusters before Kubernetes 1.29. Pods that are to end by themselves are refused.
    Plain,
}

/// What others may refer to of an injector.
#[derive(Clone, Debug)]
pub struct InjectorOutputs {
    /// Its Pods.
    pub pods: Ref<Deployment>,
}

/// What an injector tells others of its stack.
#[derive(Clone, Debug)]
struct Injects {
    name: String,
    namespaces: BTreeSet<String>,
    elsewhere: Elsewhere,
}

impl Injector {
    /// An injector of that name that adds `sidecar`: two Pods, if nothing else is said.
    ///
    /// The image is that of the program `injector` of this repository, built (`modules/injector/Containerfile`) and pushed
    /// by whoever runs it.
    pub fn new(name: &str, image: impl Into<String>, sidecar: Sidecar) -> Self {
        Self {
            name: name.to_owned(),
            image: image.into(),
            sidecar,
            allowed: BTreeMap::new(),
            wanted: 2,
            when_down: WhenDown::default(),
            elsewhere: Elsewhere::default(),
            placement: Placement::default(),
            asked: Asked::default(),
        }
    }

    /// Lets the Pods of these namespaces ask. They need a way to where the sidecar sends, and whoever measures the stack
    /// one to the sidecar's port 8888: the stack opens its own side, and not that of a namespace that is others'.
    #[must_use]
    pub fn namespaces<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        for name in names {
            self.allowed.entry(name.into()).or_insert(Unasked::Leave);
        }
        self
    }

    /// Gives one to all Pods of these namespaces that do not say `"false"`.
    #[must_use]
    pub fn everyone_in<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        let names = names.into_iter().map(|name| (name.into(), Unasked::Inject));
        self.allowed.extend(names);
        self
    }

    /// So many Pods of the injector.
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.wanted = replicas;
        self
    }

    /// What becomes of Pods that ask while no injector answers; they are refused, if nothing else is said.
    #[must_use]
    pub fn when_down(mut self, when_down: WhenDown) -> Self {
        self.when_down = when_down;
        self
    }

    /// What becomes of Pods that ask and may not; they are refused, if nothing else is said.
    #[must_use]
    pub fn elsewhere(mut self, elsewhere: Elsewhere) -> Self {
        self.elsewhere = elsewhere;
        self
    }

    /// By which annotations a Pod asks; ours and the OpenTelemetry operator's, if nothing else is said.
    #[must_use]
    pub fn asked(mut self, asked: Asked) -> Self {
        self.asked = asked;
        self
    }

    /// Where the sidecar stands in a Pod; among the init containers, if nothing else is said.
    #[must_use]
    pub fn placement(mut self, placement: Placement) -> Self {
        self.placement = placement;
        self
    }

    fn check(&self, scope: &mut Scope<'_>) {
        let Self { name, allowed, .. } = self;
        let own = scope.namespace().to_owned();
        if allowed.is_empty() {
            let message = format!("the injector `{name}` may not inject anywhere");
            let finding = Finding::new("injector-nowhere", message);
            scope.finding(finding.hint("list the `namespaces` whose Pods may ask"));
        }
        for namespace in allowed.keys() {
            if *namespace == own || NEVER.contains(&namespace.as_str()) {
                let message = format!("the injector `{name}` is to inject into `{namespace}`");
                let finding = Finding::new("injector-deadlock", message);
                scope.finding(finding.hint(
                    "Pods that the injector or the cluster needs to start must not wait for it: give a workload of the \
                     stack its collector with `.sidecar(…)`",
                ));
            }
        }
        if self.wanted < 2 && self.when_down == WhenDown::Refuse {
            let message = format!(
                "the injector `{name}` has one Pod: while it is replaced, Pods that ask are refused"
            );
            scope.note(Finding::new("injector-alone", message));
        }
    }

    /// What a plan says of it.
    fn explain(&self, scope: &mut Scope<'_>) {
        let name = &self.name;
        let everyone = self.allowed.iter();
        let everyone: Vec<_> = everyone
            .filter(|(_, unasked)| **unasked == Unasked::Inject)
            .map(|(namespace, _)| format!("`{namespace}`"))
            .collect();
        let who = if everyone.is_empty() {
            "Pods that ask".to_owned()
        } else {
            format!("Pods that ask, and all of {},", everyone.join(", "))
        };
        let down = match self.when_down {
            WhenDown::Refuse => "are refused, and made again by whoever owns them",
            WhenDown::Admit => "start without a collector, and nobody is told",
        };
        let message = format!("while the injector `{name}` does not answer, {who} {down}");
        scope.note(Finding::new("injector-when-down", message));
    }

    /// The Pod, but for its certificate.
    fn pod(&self, config: &str, security: Security) -> Pod {
        let mut pod = Pod::new(&self.name, self.image.clone());
        pod.component = Some("injector");
        pod.resources.cpu = millicores(50);
        // Eight reviews at once of at most four megabytes, two of which are being read into many times that.
        pod.resources.memory_request = 128 * MIB;
        pod.resources.memory_limit = 128 * MIB;
        pod.env_field("POD_IP", "status.podIP");
        pod.arg("--address=$(POD_IP)");
        pod.arg(format!("--port={}", WEBHOOK.number));
        pod.arg(format!("--config={CONFIG}/config.yaml"));
        pod.arg(format!("--certificate={CERTIFICATE_FILE}"));
        pod.arg(format!("--key={KEY_FILE}"));
        pod.config(config, CONFIG);
        pod.listen(WEBHOOK);
        if security == Security::Plain {
            pod.arg(format!("--open-port={}", OPEN.number));
            pod.listen(OPEN);
        }
        let shown = shown(security).name;
        let ask = |path| http_probe(shown, path);
        pod.container.startup_probe = Some(every(ask("/readyz"), 1, 60));
        pod.container.readiness_probe = Some(every(ask("/readyz"), 5, 2));
        pod.container.liveness_probe = Some(every(ask("/healthz"), 10, 6));
        if security != Security::Plain {
            tls::probe_securely(&mut pod);
        }
        // Until no API server knows its address any more; then it answers what it has been asked.
        pod.leave_slowly(5);
        pod.grace_seconds = Some(40);
        pod
    }
}

/// Where it shows how it is: in the open, unless the stack speaks nothing in the open.
fn shown(security: Security) -> Port<Http> {
    match security {
        Security::Plain => OPEN,
        Security::Tls | Security::MutualTls => {
            Port::new(WEBHOOK.name, WEBHOOK.number).secured(security)
        }
    }
}

impl Module for Injector {
    type Outputs = InjectorOutputs;

    fn build(self, scope: &mut Scope<'_>) -> InjectorOutputs {
        self.check(scope);
        self.explain(scope);
        alone(&self, scope);
        let sidecar = sidecar::keep(&self.sidecar, self.allowed.keys(), scope);
        let own = scope.namespace().to_owned();
        let stack = scope.stack().to_owned();
        let settings = Settings::of(&self, &sidecar, &own, &stack);
        let files = Files::one("config.yaml", yaml(&settings)).build(scope, &self.name);
        let security = tls::security(scope);
        let mut pod = self.pod(files.name(), security);
        let voucher = certify_webhook(scope, &mut pod, &self.name);
        let pods = scope.add(Workload::<Deployment>::of(pod).replicas(self.wanted));
        scope.expose_as(Exposure::service().named(&self.name), &pods, WEBHOOK);
        // An API server has no Pod that a policy could name.
        scope.accept(&pods, WEBHOOK, Source::Anywhere);
        for destination in &sidecar.sends {
            for namespace in self.allowed.keys() {
                scope.accept_at(destination, Source::namespace(namespace));
            }
        }
        webhook::add(&self, scope, &voucher);
        let watched = Watched::new(&pods, shown(security)).over(security);
        let watched = watched.role(Role::Injector);
        scope.announce(watched.count(Count::Replicas(self.wanted)));
        let namespaces = self.allowed.keys().cloned().collect();
        self.sidecar.watch_injected(scope, &pods, namespaces);
        InjectorOutputs { pods }
    }
}

/// Two injectors that both answer for one namespace would each refuse what the other is asked for.
fn alone(injector: &Injector, scope: &mut Scope<'_>) {
    let mine = Injects {
        name: injector.name.clone(),
        namespaces: injector.allowed.keys().cloned().collect(),
        elsewhere: injector.elsewhere,
    };
    let others = scope.announced::<Injects>();
    let clash = others.iter().find(|other| {
        other.elsewhere == Elsewhere::Refuse
            || mine.elsewhere == Elsewhere::Refuse
            || !other.namespaces.is_disjoint(&mine.namespaces)
    });
    if let Some(other) = clash {
        let message = format!(
            "the injectors `{}` and `{}` both answer for the same Pods, and each would refuse what the other is asked for",
            other.name, mine.name
        );
        let hint =
            "say `.elsewhere(Elsewhere::Ignore)` to both, and give them different namespaces";
        scope.finding(Finding::new("injectors-clash", message).hint(hint));
    }
    scope.announce(mine);
}
