//! What is a program told about where its telemetry goes? Variables that every OpenTelemetry SDK reads.

use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment, StatefulSet},
    batch::v1::{CronJob, Job},
};
use provider_core::{Destination, Finding, Scope, Security};

use super::{Direct, Workload};
use crate::{
    collector::{AddressFamily, AgentOutputs, GatewayOutputs, Sidecar},
    pod::Pod,
    tls::{self, Reads},
};

/// One way for a program's telemetry.
#[derive(Clone, Debug)]
pub(crate) enum Route {
    /// Through a collector in the same Pod.
    Sidecar(Box<Sidecar>),
    /// Through a collector elsewhere.
    Collector(Way),
    /// Through none.
    Direct(Direct),
}

/// How a collector is reached.
#[derive(Clone, Debug)]
pub struct Way {
    pub(crate) address: Address,
    pub(crate) to: Destination,
}

/// Where a collector is, as the program that sends to it knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// A URL.
    Url(String),
    /// A port of the node that the program runs on.
    Node(u16, AddressFamily),
}

/// Collectors that take what programs send.
#[diagnostic::on_unimplemented(
    message = "programs do not send their telemetry to a `{Self}`",
    label = "no collector for programs",
    note = "name the outputs of an agent or of a gateway; to a backend itself, use `send_direct`"
)]
pub trait TakesTelemetry: sealed::Sealed {
    /// How it is reached.
    fn way(&self) -> Way;
}

/// The kinds that a program can run as.
pub trait WorkloadKind: sealed::Sealed {
    /// The resource attribute that holds its name.
    const ATTRIBUTE: &'static str;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::AgentOutputs {}
    impl Sealed for super::GatewayOutputs {}
    impl Sealed for super::Deployment {}
    impl Sealed for super::StatefulSet {}
    impl Sealed for super::DaemonSet {}
    impl Sealed for super::Job {}
    impl Sealed for super::CronJob {}
}

macro_rules! kinds {
    ($($kind:ident: $attribute:literal;)*) => {
        $(impl WorkloadKind for $kind {
            const ATTRIBUTE: &'static str = $attribute;
        })*
    };
}

kinds! {
    Deployment: "k8s.deployment.name";
    StatefulSet: "k8s.statefulset.name";
    DaemonSet: "k8s.daemonset.name";
    Job: "k8s.job.name";
    CronJob: "k8s.cronjob.name";
}

impl TakesTelemetry for AgentOutputs {
    fn way(&self) -> Way {
        Way {
            address: self.address(),
            to: self.otlp_http.destination().clone(),
        }
    }
}

impl TakesTelemetry for GatewayOutputs {
    fn way(&self) -> Way {
        Way {
            address: Address::Url(self.otlp_http.url()),
            to: self.otlp_http.destination().clone(),
        }
    }
}

impl<K> Workload<K> {
    /// Sends telemetry through a collector in each of its own Pods.
    #[must_use]
    pub fn sidecar(mut self, sidecar: &Sidecar) -> Self {
        self.routes.push(Route::Sidecar(Box::new(sidecar.clone())));
        self
    }

    /// Sends telemetry to the agent of its node, or to a gateway.
    ///
    /// ```compile_fail
    /// # use modules::{Prometheus, Workload};
    /// # fn shop(stack: &mut provider_core::Scope<'_>) {
    /// let prometheus = stack.add(Prometheus::new("prometheus"));
    /// stack.add(Workload::stateless("shop", "shop:1.0.0").send_to(&prometheus)); // no collector
    /// # }
    /// ```
    #[must_use]
    pub fn send_to(mut self, collector: &impl TakesTelemetry) -> Self {
        self.routes.push(Route::Collector(collector.way()));
        self
    }

    /// Sends telemetry to backends without a collector between. The plan says what that leaves out.
    #[must_use]
    pub fn send_direct(mut self, direct: Direct) -> Self {
        self.routes.push(Route::Direct(direct));
        self
    }
}

impl<K: WorkloadKind> Workload<K> {
    /// Tells the program where its telemetry goes, and says which destinations its Pods then send to.
    pub(super) fn tell(&mut self, scope: &mut Scope<'_>) -> Vec<Destination> {
        let name = self.pod.name.clone();
        let mut routes = std::mem::take(&mut self.routes).into_iter();
        let Some(route) = routes.next() else {
            return Vec::new();
        };
        if routes.next().is_some() {
            let message = format!("`{name}` sends its telemetry more than one way");
            let hint = "keep one of `sidecar`, `send_to` and `send_direct`; a collector can send to several places";
            scope.finding(Finding::new("telemetry-twice", message).hint(hint));
        }
        let pod = &mut self.pod;
        say_who_sends(pod, scope.namespace(), K::ATTRIBUTE);
        match route {
            Route::Sidecar(sidecar) => {
                let sends = sidecar.join(scope, pod);
                self.beside = Some(sidecar);
                sends
            }
            Route::Collector(Way { address, to }) => {
                let url = address.resolve(pod);
                trust(scope, pod, &to);
                pod.env_unless_set("OTEL_EXPORTER_OTLP_ENDPOINT", url);
                pod.env_unless_set("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
                vec![to]
            }
            Route::Direct(direct) => direct.tell(scope, pod),
        }
    }
}

impl Address {
    /// The URL, for which a variable may have to be there first.
    fn resolve(&self, pod: &mut Pod) -> String {
        match self {
            Self::Url(url) => url.clone(),
            Self::Node(port, family) => {
                pod.env_field("NODE_IP", "status.hostIP");
                family.url("http", "$(NODE_IP)", *port)
            }
        }
    }
}

/// Tells an SDK whom to trust, and who it is where it is asked.
pub(super) fn trust(scope: &mut Scope<'_>, pod: &mut Pod, to: &Destination) {
    let of = |what: &str| format!("OTEL_EXPORTER_OTLP_{what}");
    let file = match to.security() {
        Security::Plain => return,
        Security::Tls => tls::trust(scope, pod, Reads::Nothing),
        Security::MutualTls => {
            let name = pod.name.clone();
            let own = tls::serve(scope, pod, &[&name], Reads::Nothing);
            own.map(|own| {
                pod.env_unless_set(&of("CLIENT_CERTIFICATE"), own.certificate);
                pod.env_unless_set(&of("CLIENT_KEY"), own.key);
                own.trusted
            })
        }
    };
    if let Some(file) = file {
        pod.env_unless_set(&of("CERTIFICATE"), file);
    }
}

/// Says who sends: what a collector outside the Pod would have to find out, and could get wrong.
///
/// A variable is only replaced in those that come after it, so facts come first.
fn say_who_sends(pod: &mut Pod, namespace: &str, kind: &str) {
    const POD: &str = "OTEL_RESOURCE_ATTRIBUTES_POD_NAME";
    const UID: &str = "OTEL_RESOURCE_ATTRIBUTES_POD_UID";
    const NODE: &str = "OTEL_RESOURCE_ATTRIBUTES_NODE_NAME";
    let name = pod.name.clone();
    pod.env_field(POD, "metadata.name");
    pod.env_field(UID, "metadata.uid");
    pod.env_field(NODE, "spec.nodeName");
    let container = &pod.container.name;
    let mut attributes = vec![
        format!("{kind}={name}"),
        format!("k8s.container.name={container}"),
        format!("k8s.namespace.name={namespace}"),
        format!("k8s.node.name=$({NODE})"),
        format!("k8s.pod.name=$({POD})"),
        format!("k8s.pod.uid=$({UID})"),
        format!("service.instance.id={namespace}.$({POD}).{container}"),
        format!("service.namespace={namespace}"),
    ];
    let tag = pod.container.image.as_deref().and_then(tag);
    attributes.extend(tag.map(|tag| format!("service.version={tag}")));
    pod.env_unless_set("OTEL_SERVICE_NAME", name);
    pod.env_unless_set("OTEL_RESOURCE_ATTRIBUTES", attributes.join(","));
}

/// The version that an image's tag says.
fn tag(image: &str) -> Option<&str> {
    let image = image.split('@').next().unwrap_or(image);
    let (_, tag) = image.rsplit_once(':')?;
    (!tag.contains('/')).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::tag;

    #[test]
    fn a_version_is_read_from_an_image_that_says_one() {
        for (image, version) in [
            ("shop:1.0.0", Some("1.0.0")),
            ("registry.example:5000/shop:1.0.0@sha256:ab", Some("1.0.0")),
            ("registry.example:5000/shop", None),
            ("shop@sha256:ab", None),
        ] {
            assert_eq!(tag(image), version, "{image}");
        }
    }
}
