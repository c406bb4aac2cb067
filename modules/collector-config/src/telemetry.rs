//! What a collector tells about itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    components::{Settings, is_default},
    needs::{Need, listens},
    placeholder,
};

/// What a collector tells about itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Telemetry {
    /// Its log.
    #[serde(skip_serializing_if = "is_default")]
    pub logs: TelemetryLogs,
    /// Its metrics.
    #[serde(skip_serializing_if = "is_default")]
    pub metrics: TelemetryMetrics,
    /// Attributes of both.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub resource: BTreeMap<String, Value>,
    /// What nobody described yet.
    #[serde(flatten)]
    pub other: Settings,
}

/// A collector's log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TelemetryLogs {
    /// From which level on: `info` where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// `json` or `console`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// What nobody described yet.
    #[serde(flatten)]
    pub other: Settings,
}

/// A collector's metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TelemetryMetrics {
    /// How many of them: `none`, `basic`, `normal`, `detailed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Who reads them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<Reader>,
    /// Where a Prometheus server could ask, before there were readers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What nobody described yet.
    #[serde(flatten)]
    pub other: Settings,
}

/// How many metrics there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// No metrics at all.
    None,
    /// The most important.
    Basic,
    /// What most want.
    Normal,
    /// All, with many series.
    Detailed,
}

/// Someone who reads the metrics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Reader {
    /// Comes and asks.
    Pull(PullReader),
    /// Is sent them from time to time; nobody described its settings yet.
    Periodic(Settings),
}

/// Someone who comes and asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PullReader {
    /// In which language.
    pub exporter: PullExporter,
}

/// The languages in which metrics are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum PullExporter {
    /// Prometheus'.
    Prometheus(PrometheusReader),
}

/// A Prometheus server asks.
///
/// The three options on names are always written out: what the program assumes for them has changed with
/// versions (0.152), and dashboards and alerts follow from them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrometheusReader {
    /// The address that is listened on.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether counters go without `_total`.
    #[serde(default)]
    pub without_type_suffix: bool,
    /// Whether names go without their unit.
    #[serde(default)]
    pub without_units: bool,
    /// Whether series go without the instrumentation scope.
    #[serde(default)]
    pub without_scope_info: bool,
}

impl Telemetry {
    /// JSON logs, and metrics for Prometheus with the usual suffixes (`…_total`, `…_seconds`).
    pub fn standard(host: &str, port: u16) -> Self {
        let prometheus = PrometheusReader {
            host: host.to_owned(),
            port,
            without_type_suffix: false,
            without_units: false,
            without_scope_info: true,
        };
        let exporter = PullExporter::Prometheus(prometheus);
        Self {
            logs: TelemetryLogs {
                level: Some("info".to_owned()),
                encoding: Some("json".to_owned()),
                other: Settings::new(),
            },
            metrics: TelemetryMetrics {
                level: Some(Level::Normal),
                readers: vec![Reader::Pull(PullReader { exporter })],
                address: None,
                other: Settings::new(),
            },
            resource: BTreeMap::new(),
            other: Settings::new(),
        }
    }
}

/// What telling it asks of the surroundings.
pub(crate) fn needs(telemetry: &Telemetry) -> Vec<Need> {
    let settings = serde_json::to_value(telemetry).unwrap_or_default();
    let variables = placeholder::variables(&settings).into_iter();
    let ports = telemetry.metrics.readers.iter().filter_map(|reader| {
        let Reader::Pull(PullReader { exporter }) = reader else {
            return None;
        };
        let PullExporter::Prometheus(prometheus) = exporter;
        listens(
            "metrics",
            &format!("{}:{}", prometheus.host, prometheus.port),
            0,
        )
    });
    ports.chain(variables.map(Need::Variable)).collect()
}

/// The settings that no collector knows, with where they stand.
pub(crate) fn unknown(telemetry: &Telemetry) -> Vec<String> {
    const TELEMETRY: [&str; 1] = ["traces"];
    const METRICS: [&str; 1] = ["views"];
    const LOGS: [&str; 9] = [
        "development",
        "disable_caller",
        "disable_stacktrace",
        "disable_zap_resource",
        "error_output_paths",
        "initial_fields",
        "output_paths",
        "processors",
        "sampling",
    ];
    let of = |settings: &Settings, known: &[&str], place: &str| -> Vec<String> {
        let names = settings
            .keys()
            .filter(|name| !known.contains(&name.as_str()));
        names.map(|name| format!("{place}{name}")).collect()
    };
    let mut found = of(&telemetry.other, &TELEMETRY, "");
    found.extend(of(&telemetry.logs.other, &LOGS, "logs."));
    found.extend(of(&telemetry.metrics.other, &METRICS, "metrics."));
    found
}
