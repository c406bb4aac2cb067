//! How does a program send without a collector? To one backend for each signal, each told to its SDK.

use provider_core::{Destination, Endpoint, Finding, Protocol, Scope};

use super::telemetry::trust;
use crate::{
    pod::Pod,
    protocol::{LokiOtlp, Otlp, OtlpHttpProtocol, PrometheusOtlp},
    signal::{Carries, Logs, Metrics, Signal, Traces},
};

/// Backends that a program sends to itself. A signal that none was named for is not sent at all.
///
/// ```compile_fail
/// # use modules::{Direct, Prometheus};
/// # fn shop(stack: &mut provider_core::Scope<'_>) {
/// let prometheus = stack.add(Prometheus::new("prometheus"));
/// Direct::none().metrics(&prometheus.remote_write); // no SDK speaks remote write
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Direct {
    traces: Option<Target>,
    metrics: Option<Target>,
    logs: Option<Target>,
}

#[derive(Clone, Debug)]
struct Target {
    url: String,
    protocol: &'static str,
    to: Destination,
}

/// What an OpenTelemetry SDK speaks by itself.
#[diagnostic::on_unimplemented(
    message = "an SDK does not speak `{Self}`",
    label = "only a collector could send here",
    note = "send to an endpoint that takes OTLP, or put a collector between"
)]
pub trait SpokenBySdk: Protocol {
    /// What `OTEL_EXPORTER_OTLP_PROTOCOL` calls it.
    const NAME: &'static str;
    /// Where OTLP begins on that server; nothing where a call has no path.
    const BASE: Option<&'static str>;
}

impl SpokenBySdk for Otlp {
    const NAME: &'static str = "grpc";
    const BASE: Option<&'static str> = None;
}
impl SpokenBySdk for OtlpHttpProtocol {
    const NAME: &'static str = "http/protobuf";
    const BASE: Option<&'static str> = Some("");
}
impl SpokenBySdk for PrometheusOtlp {
    const NAME: &'static str = "http/protobuf";
    const BASE: Option<&'static str> = Some("/api/v1/otlp");
}
impl SpokenBySdk for LokiOtlp {
    const NAME: &'static str = "http/protobuf";
    const BASE: Option<&'static str> = Some("/otlp");
}

impl Target {
    /// A URL for one signal is taken as it is, so it ends with the signal's path.
    fn of<S: Signal, P: SpokenBySdk>(endpoint: &Endpoint<P>) -> Self {
        let path = P::BASE.map(|base| format!("{base}/v1/{}", S::KIND));
        Self {
            url: format!("{}{}", endpoint.url(), path.unwrap_or_default()),
            protocol: P::NAME,
            to: endpoint.destination().clone(),
        }
    }
}

impl Direct {
    /// Sends nothing yet.
    pub fn none() -> Self {
        Self::default()
    }

    /// Sends spans there.
    #[must_use]
    pub fn traces<P: SpokenBySdk + Carries<Traces>>(mut self, endpoint: &Endpoint<P>) -> Self {
        self.traces = Some(Target::of::<Traces, P>(endpoint));
        self
    }

    /// Sends metrics there.
    #[must_use]
    pub fn metrics<P: SpokenBySdk + Carries<Metrics>>(mut self, endpoint: &Endpoint<P>) -> Self {
        self.metrics = Some(Target::of::<Metrics, P>(endpoint));
        self
    }

    /// Sends logs there.
    #[must_use]
    pub fn logs<P: SpokenBySdk + Carries<Logs>>(mut self, endpoint: &Endpoint<P>) -> Self {
        self.logs = Some(Target::of::<Logs, P>(endpoint));
        self
    }

    /// Tells the program, and whoever reads the plan.
    pub(super) fn tell(self, scope: &mut Scope<'_>, pod: &mut Pod) -> Vec<Destination> {
        let name = &pod.name;
        let message = format!("`{name}` sends its telemetry to the backends itself");
        let limits = "no sampling of whole traces, no attributes of its Pod but those that it says itself, and what it cannot send while a backend restarts is lost; an agent or a gateway between them does all three";
        scope.note(Finding::new("no-collector", message).hint(limits));
        let mut sends = Vec::new();
        for (signal, target) in [
            ("TRACES", self.traces),
            ("METRICS", self.metrics),
            ("LOGS", self.logs),
        ] {
            let Some(Target { url, protocol, to }) = target else {
                pod.env_unless_set(&format!("OTEL_{signal}_EXPORTER"), "none");
                continue;
            };
            let of = |what: &str| format!("OTEL_EXPORTER_OTLP_{signal}_{what}");
            pod.env_unless_set(&of("ENDPOINT"), url);
            pod.env_unless_set(&of("PROTOCOL"), protocol);
            sends.push(to);
        }
        // One file serves all three: what is told of it is told once.
        let secured = sends.iter().max_by_key(|to: &&Destination| to.security());
        if let Some(to) = secured.cloned() {
            trust(scope, pod, &to);
        }
        sends
    }
}
