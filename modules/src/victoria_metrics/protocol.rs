//! What is spoken to VictoriaMetrics: the same as to Prometheus, below other paths.

use collector_config::components::{otlp_exporters::OtlpHttp, remote_write::PrometheusRemoteWrite};
use provider_core::{Destination, Protocol};

use crate::{
    prometheus::{TakesSamples, Twice},
    protocol::{Datasource, DatasourceKind, Exports, Queue, http, remote_write},
    signal::{Carries, Metrics},
};

/// OTLP over HTTP, as the one process receives it.
#[derive(Clone, Copy, Debug)]
pub enum VictoriaOtlp {}
/// OTLP over HTTP, as a cluster receives it.
#[derive(Clone, Copy, Debug)]
pub enum VictoriaClusterOtlp {}
/// Prometheus' own way to send metrics, as the one process receives it.
#[derive(Clone, Copy, Debug)]
pub enum VictoriaWrite {}
/// Prometheus' own way to send metrics, as a cluster receives it.
#[derive(Clone, Copy, Debug)]
pub enum VictoriaClusterWrite {}
/// Questions to a cluster, in Prometheus' language.
#[derive(Clone, Copy, Debug)]
pub enum VictoriaClusterQl {}
/// What the parts of a cluster say to its storages.
#[derive(Clone, Copy, Debug)]
pub enum VictoriaNative {}

macro_rules! over_http {
    ($($name:ident),*) => {
        $(impl Protocol for $name {
            const SCHEME: &'static str = "http";
            const APP_PROTOCOL: Option<&'static str> = Some("http");
        })*
    };
}

over_http!(
    VictoriaOtlp,
    VictoriaClusterOtlp,
    VictoriaWrite,
    VictoriaClusterWrite,
    VictoriaClusterQl
);

impl Protocol for VictoriaNative {
    const SCHEME: &'static str = "tcp";
}

impl Exports for VictoriaOtlp {
    type Exporter = OtlpHttp;

    fn exporter(to: &Destination, queue: &Queue) -> OtlpHttp {
        http(to, "/opentelemetry", queue)
    }
}

impl Exports for VictoriaClusterOtlp {
    type Exporter = OtlpHttp;

    fn exporter(to: &Destination, queue: &Queue) -> OtlpHttp {
        http(to, "/insert/0/opentelemetry", queue)
    }
}

impl Exports for VictoriaWrite {
    type Exporter = PrometheusRemoteWrite;

    fn exporter(to: &Destination, queue: &Queue) -> PrometheusRemoteWrite {
        remote_write(to, Self::PATH, queue)
    }
}

impl Exports for VictoriaClusterWrite {
    type Exporter = PrometheusRemoteWrite;

    fn exporter(to: &Destination, queue: &Queue) -> PrometheusRemoteWrite {
        remote_write(to, Self::PATH, queue)
    }
}

impl Carries<Metrics> for VictoriaOtlp {}
impl Carries<Metrics> for VictoriaClusterOtlp {}
impl Carries<Metrics> for VictoriaWrite {}
impl Carries<Metrics> for VictoriaClusterWrite {}

impl TakesSamples for VictoriaWrite {
    const PATH: &'static str = "/api/v1/write";
    const TWICE: Twice = Twice::Removed;
}

impl TakesSamples for VictoriaClusterWrite {
    const PATH: &'static str = "/insert/0/prometheus/api/v1/write";
    const TWICE: Twice = Twice::Removed;
}

impl Datasource for VictoriaClusterQl {
    const KIND: DatasourceKind = DatasourceKind::Prometheus;
    const PATH: &'static str = "/select/0/prometheus";
}
