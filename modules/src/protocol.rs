//! What is spoken between the parts of a stack.

use collector_config::{
    Component, ComponentId, Config, Duration, IdError,
    components::{
        connection::ClientTls,
        otlp_exporters::{OtlpGrpc, OtlpHttp},
        prometheus_exporter::ResourceLabels,
        queue::{Retry, SendingQueue},
        remote_write::PrometheusRemoteWrite,
    },
};
use provider_core::{Destination, Endpoint, Port, Protocol, Reach};

use crate::{
    collector::SMALLEST_QUEUE,
    loki::TenantOtlp,
    signal::{Carries, Logs, Metrics, Signal},
    tls,
};

/// OTLP over gRPC.
#[derive(Clone, Copy, Debug)]
pub enum Otlp {}
/// OTLP over HTTP.
#[derive(Clone, Copy, Debug)]
pub enum OtlpHttpProtocol {}
/// OTLP over HTTP as Prometheus receives it.
#[derive(Clone, Copy, Debug)]
pub enum PrometheusOtlp {}
/// OTLP over HTTP as Loki receives it.
#[derive(Clone, Copy, Debug)]
pub enum LokiOtlp {}
/// Prometheus' own way to send metrics.
#[derive(Clone, Copy, Debug)]
pub enum RemoteWrite {}
/// Questions to Prometheus.
#[derive(Clone, Copy, Debug)]
pub enum PromQl {}
/// Questions to Loki.
#[derive(Clone, Copy, Debug)]
pub enum LogQl {}
/// Questions to Jaeger.
#[derive(Clone, Copy, Debug)]
pub enum JaegerQuery {}
/// Questions to Jaeger which traces to begin.
#[derive(Clone, Copy, Debug)]
pub enum JaegerSampling {}
/// Questions to Tempo.
#[derive(Clone, Copy, Debug)]
pub enum TempoQuery {}
/// Alerts, silences and who is told, as Alertmanager answers about them.
#[derive(Clone, Copy, Debug)]
pub enum AlertmanagerApi {}
/// Elasticsearch's REST API.
#[derive(Clone, Copy, Debug)]
pub enum ElasticsearchApi {}
/// How the members of an Elasticsearch cluster talk to each other.
#[derive(Clone, Copy, Debug)]
pub enum ElasticsearchTransport {}
/// Plain HTTP: user interfaces, probes, metrics.
#[derive(Clone, Copy, Debug)]
pub enum Http {}

macro_rules! protocols {
    ($($name:ident: $scheme:literal, $app:expr;)*) => {
        $(impl Protocol for $name {
            const SCHEME: &'static str = $scheme;
            const APP_PROTOCOL: Option<&'static str> = $app;
        })*
    };
}

protocols! {
    Otlp: "http", Some("grpc");
    OtlpHttpProtocol: "http", Some("http");
    PrometheusOtlp: "http", Some("http");
    LokiOtlp: "http", Some("http");
    RemoteWrite: "http", Some("http");
    PromQl: "http", Some("http");
    LogQl: "http", Some("http");
    JaegerQuery: "http", Some("http");
    JaegerSampling: "http", Some("http");
    TempoQuery: "http", Some("http");
    AlertmanagerApi: "http", Some("http");
    ElasticsearchApi: "http", Some("http");
    ElasticsearchTransport: "tcp", None;
    Http: "http", Some("http");
}

/// Where OTLP over gRPC is expected.
pub const OTLP_GRPC: Port<Otlp> = Port::new("otlp-grpc", 4317);
/// Where OTLP over HTTP is expected.
pub const OTLP_HTTP: Port<OtlpHttpProtocol> = Port::new("otlp-http", 4318);

/// What waits before an exporter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// How many bytes of the encoding it holds.
    pub bytes: u64,
    /// The storage extension that keeps it over restarts.
    pub storage: Option<ComponentId>,
}

/// A protocol in which a collector can send.
pub trait Exports: Protocol + 'static {
    /// The collector's exporter for it.
    type Exporter: Component;

    /// The exporter that sends to `to`, behind that queue.
    fn exporter(to: &Destination, queue: &Queue) -> Self::Exporter;

    /// Defines that exporter in a configuration.
    ///
    /// # Errors
    /// When the collector would not accept the name.
    fn export(
        config: &mut Config,
        name: &str,
        to: &Destination,
        queue: &Queue,
    ) -> Result<ComponentId, IdError> {
        config.add_named(name, &Self::exporter(to, queue))
    }
}

/// The exporter for OTLP over HTTP, to what receives it below that path.
pub(crate) fn http(to: &Destination, path: &str, queue: &Queue) -> OtlpHttp {
    OtlpHttp {
        endpoint: format!("{}://{}{path}", scheme(to), to.address()),
        tls: secured(to),
        sending_queue: Some(queue.sending()),
        retry_on_failure: Some(for_ever()),
        ..OtlpHttp::default()
    }
}

/// How a URL to somewhere begins.
pub(crate) fn scheme(to: &Destination) -> &'static str {
    if to.is_secured() { "https" } else { "http" }
}

/// What is said of TLS where the URL says whether there is any.
pub(crate) fn secured(to: &Destination) -> ClientTls {
    if to.is_secured() {
        tls::calls(to)
    } else {
        ClientTls::default()
    }
}

impl Queue {
    /// In memory.
    pub(crate) fn of(bytes: u64) -> Self {
        Self {
            bytes,
            storage: None,
        }
    }

    /// What an exporter may hold that keeps nothing on a volume.
    fn in_memory(&self) -> u64 {
        match self.storage {
            None => self.bytes,
            // The rest of the bytes lies on the volume: only what is being sent was counted as memory.
            Some(_) => self.bytes.min(SMALLEST_QUEUE),
        }
    }

    pub(crate) fn sending(&self) -> SendingQueue {
        SendingQueue {
            storage: self.storage.clone(),
            ..SendingQueue::bytes(self.bytes)
        }
    }
}

/// A full queue refuses, and whoever sends slows down; giving up before that would only lose data.
pub(crate) fn for_ever() -> Retry {
    Retry {
        max_elapsed_time: Duration::ZERO,
        ..Retry::default()
    }
}

/// The exporter for OTLP over gRPC. Behind a headless Service it balances over all Pods itself; one connection
/// through a virtual address would stay with one Pod.
pub(crate) fn grpc(to: &Destination, queue: &Queue) -> OtlpGrpc {
    let headless = matches!(to, Destination::Service(to) if to.reach == Reach::Headless);
    let scheme = if headless { "dns:///" } else { "" };
    OtlpGrpc {
        endpoint: format!("{scheme}{}", to.address()),
        tls: tls::calls(to),
        sending_queue: Some(queue.sending()),
        retry_on_failure: Some(for_ever()),
        ..OtlpGrpc::default()
    }
}

impl Exports for Otlp {
    type Exporter = OtlpGrpc;

    fn exporter(to: &Destination, queue: &Queue) -> OtlpGrpc {
        grpc(to, queue)
    }
}

impl Exports for OtlpHttpProtocol {
    type Exporter = OtlpHttp;

    fn exporter(to: &Destination, queue: &Queue) -> OtlpHttp {
        http(to, "", queue)
    }
}

impl Exports for PrometheusOtlp {
    type Exporter = OtlpHttp;

    fn exporter(to: &Destination, queue: &Queue) -> OtlpHttp {
        http(to, "/api/v1/otlp", queue)
    }
}

impl Exports for LokiOtlp {
    type Exporter = OtlpHttp;

    fn exporter(to: &Destination, queue: &Queue) -> OtlpHttp {
        http(to, "/otlp", queue)
    }
}

impl Exports for RemoteWrite {
    type Exporter = PrometheusRemoteWrite;

    fn exporter(to: &Destination, queue: &Queue) -> PrometheusRemoteWrite {
        remote_write(to, "/api/v1/write", queue)
    }
}

/// The exporter for Prometheus' own way, to what receives it at that path. Attributes of resources become labels here, for
/// this protocol knows no resources: what is measured of two nodes would be one series otherwise.
pub(crate) fn remote_write(to: &Destination, path: &str, queue: &Queue) -> PrometheusRemoteWrite {
    let endpoint = format!("{}://{}{path}", scheme(to), to.address());
    PrometheusRemoteWrite {
        tls: secured(to),
        resource_to_telemetry_conversion: ResourceLabels {
            enabled: true,
            ..ResourceLabels::default()
        },
        ..PrometheusRemoteWrite::to(endpoint, queue.in_memory())
    }
}

impl<S: Signal> Carries<S> for Otlp {}
impl<S: Signal> Carries<S> for OtlpHttpProtocol {}
impl Carries<Metrics> for PrometheusOtlp {}
impl Carries<Logs> for LokiOtlp {}
impl Carries<Metrics> for RemoteWrite {}

/// Something that Grafana can ask.
#[diagnostic::on_unimplemented(
    message = "Grafana cannot ask a `{Self}`",
    label = "this endpoint answers no queries that Grafana knows",
    note = "give it an endpoint that answers queries, such as `prometheus.query`"
)]
pub trait Datasource: Protocol + 'static {
    /// What it is.
    const KIND: DatasourceKind;
    /// Where questions are asked, below its address.
    const PATH: &'static str = "";
}

/// What Grafana can ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DatasourceKind {
    /// Metrics.
    Prometheus,
    /// Logs.
    Loki,
    /// Logs that lie in Elasticsearch.
    Elasticsearch,
    /// Traces.
    Jaeger,
    /// Traces that lie in Tempo.
    Tempo,
    /// Alerts and silences.
    Alertmanager,
}

impl Datasource for PromQl {
    const KIND: DatasourceKind = DatasourceKind::Prometheus;
}
impl Datasource for LogQl {
    const KIND: DatasourceKind = DatasourceKind::Loki;
}
impl Datasource for JaegerQuery {
    const KIND: DatasourceKind = DatasourceKind::Jaeger;
}
impl Datasource for ElasticsearchApi {
    const KIND: DatasourceKind = DatasourceKind::Elasticsearch;
}
impl Datasource for TempoQuery {
    const KIND: DatasourceKind = DatasourceKind::Tempo;
}
impl Datasource for AlertmanagerApi {
    const KIND: DatasourceKind = DatasourceKind::Alertmanager;
}

/// A place to send a signal to, whatever is spoken there.
#[derive(Clone, Debug)]
pub struct Export {
    pub(crate) to: Destination,
    pub(crate) define: fn(
        &mut Config,
        &str,
        &Destination,
        &Queue,
    ) -> Result<collector_config::ComponentId, IdError>,
    /// Whose it is, where the receiver keeps tenants apart.
    tenant: Option<String>,
}

impl Export {
    /// A Loki with tenants, for one of them.
    pub(crate) fn for_tenant(endpoint: &Endpoint<TenantOtlp>, tenant: &str) -> Self {
        Self {
            to: endpoint.destination().clone(),
            define: LokiOtlp::export,
            tenant: Some(tenant.to_owned()),
        }
    }

    /// Defines the exporter in a configuration.
    pub(crate) fn add_to(
        &self,
        config: &mut Config,
        name: &str,
        queue: &Queue,
    ) -> Result<ComponentId, IdError> {
        let Some(tenant) = &self.tenant else {
            return (self.define)(config, name, &self.to, queue);
        };
        let mut exporter = LokiOtlp::exporter(&self.to, queue);
        let header = ("X-Scope-OrgID".to_owned(), tenant.clone());
        exporter.headers.extend([header]);
        config.add_named(&format!("{name}-{tenant}"), &exporter)
    }

    /// The endpoint as somewhere to send `S` to: one exporter, or one for each replica where they do not share what
    /// they are sent, each with a queue of its own, so that one that is away holds nobody up.
    pub(crate) fn all_to<S: Signal, P: Carries<S>>(endpoint: &Endpoint<P>) -> Vec<Self> {
        let each = endpoint.destination().each().into_iter();
        each.map(|to| Self {
            to,
            define: P::export,
            tenant: None,
        })
        .collect()
    }
}
