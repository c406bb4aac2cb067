//! What does the gateway tell about itself?

use std::collections::BTreeMap;

use serde::Serialize;

/// What the gateway tells about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Telemetry {
    /// The log on stderr.
    pub logs: Logs,
    /// How many metrics there are.
    pub metrics_level: MetricsLevel,
    /// The pages on which Prometheus servers find them.
    pub metrics_pages: Vec<MetricsPage>,
    /// Attributes of the gateway as a resource; those of the configuration go before its own.
    pub resource: BTreeMap<String, Option<String>>,
}

impl Telemetry {
    /// The pages that are shown: none where there are no metrics.
    pub(crate) fn shown_pages(&self) -> &[MetricsPage] {
        match self.metrics_level {
            MetricsLevel::None => &[],
            _ => &self.metrics_pages,
        }
    }
}

impl MetricsPage {
    /// Where it is shown, as `host:port`.
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// How many metrics there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricsLevel {
    /// None at all.
    None,
    /// The most important.
    Basic,
    /// What most want.
    #[default]
    Normal,
    /// All.
    Detailed,
}

/// A page on which a Prometheus server finds metrics, and how their names are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MetricsPage {
    /// The host that is listened on.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether names of counters end with `_total`.
    pub type_suffix: Shown,
    /// Whether names have their unit.
    pub units: Shown,
    /// Whether series have `otel_scope_name` and the like.
    pub scope_info: Shown,
    /// Whether there is a `target_info`.
    pub target_info: Shown,
    /// The resource attributes that every series has as labels.
    pub resource_labels: Vec<String>,
}

/// Whether a part of a page is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// The log on stderr.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Logs {
    /// From which level on.
    pub level: LogLevel,
    /// How lines are written.
    pub encoding: LogEncoding,
    /// How repeats are thinned out; none where they are not.
    pub sampling: Option<LogSampling>,
    /// What every line has beside its own fields.
    pub initial_fields: BTreeMap<String, serde_json::Value>,
}

/// How important a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For those who look for a mistake.
    Debug,
    /// What happens.
    #[default]
    Info,
    /// What should not happen.
    Warn,
    /// What went wrong.
    Error,
}

/// How lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogEncoding {
    /// For people.
    #[default]
    Console,
    /// One JSON object a line.
    Json,
}

/// How repeats are thinned out: of the same message in one `tick` the first `initial` are written, then one of
/// `thereafter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LogSampling {
    /// How long counting goes on before it begins anew.
    pub tick: std::time::Duration,
    /// How many are written in any case.
    pub initial: u64,
    /// Then one of so many; 0 for none.
    pub thereafter: u64,
}
