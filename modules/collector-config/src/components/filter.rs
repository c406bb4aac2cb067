//! The processor that drops what nobody needs.

use serde::{Deserialize, Serialize};

use super::Settings;
use crate::component::{Class, Component};
use crate::{ComponentType, Distribution, Signal, Stability};

settings! {
    /// Drops what one of its conditions is true for.
    pub struct Filter {
        /// What happens when a condition cannot be told: it counts as false and is logged, where nothing is said.
        pub error_mode: Option<ErrorMode>,
        /// Spans, their events and whole resources.
        pub trace_conditions: Vec<Conditions>,
        /// Metrics, data points and whole resources.
        pub metric_conditions: Vec<Conditions>,
        /// Log records and whole resources.
        pub log_conditions: Vec<Conditions>,
        /// The older way to say what is dropped from traces.
        pub traces: TraceFilters,
        /// The older way to say what is dropped from metrics.
        pub metrics: MetricFilters,
        /// The older way to say what is dropped from logs.
        pub logs: LogFilters,
        /// The oldest way to say which spans are kept and dropped.
        pub spans: Settings,
    }

    /// Conditions that hold for one kind of thing.
    #[derive(Eq)]
    pub struct ConditionGroup {
        /// What they are about; follows from the paths in them, where nothing is said.
        pub context: Option<Context>,
        /// The conditions, in OTTL.
        pub conditions: Vec<String>,
        /// What happens when one cannot be told.
        pub error_mode: Option<ErrorMode>,
    }

    /// What is dropped from traces; each a list of conditions in OTTL.
    #[derive(Eq)]
    pub struct TraceFilters {
        /// Whole resources.
        pub resource: Vec<String>,
        /// Spans.
        pub span: Vec<String>,
        /// Events of spans.
        pub spanevent: Vec<String>,
    }

    /// What is dropped from metrics; each a list of conditions in OTTL.
    pub struct MetricFilters {
        /// Whole resources.
        pub resource: Vec<String>,
        /// Metrics.
        pub metric: Vec<String>,
        /// Data points.
        pub datapoint: Vec<String>,
        /// What is kept, in the oldest way.
        pub include: Settings,
        /// What is dropped, in the oldest way.
        pub exclude: Settings,
        /// How patterns of the oldest way are remembered.
        pub regexp: Settings,
    }

    /// What is dropped from logs; each a list of conditions in OTTL.
    pub struct LogFilters {
        /// Whole resources.
        pub resource: Vec<String>,
        /// Log records.
        pub log_record: Vec<String>,
        /// What is kept, in the oldest way.
        pub include: Settings,
        /// What is dropped, in the oldest way.
        pub exclude: Settings,
    }
}

/// What happens when a text in OTTL cannot be worked out for some data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorMode {
    /// It is logged and passed over.
    Ignore,
    /// It is passed over.
    Silent,
    /// The data is refused.
    Propagate,
}

/// What a text in OTTL is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Context {
    /// Whole resources.
    Resource,
    /// Whole scopes.
    Scope,
    /// Spans.
    Span,
    /// Events of spans.
    SpanEvent,
    /// Metrics.
    Metric,
    /// Data points.
    DataPoint,
    /// Exemplars of data points.
    Exemplar,
    /// Log records.
    Log,
    /// Profiles.
    Profile,
}

/// One condition, or several with what they are about. A list has only one or only the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Conditions {
    /// One condition, in OTTL, whose paths say what it is about: `span.name == "x"`.
    One(String),
    /// Several, with what they are about.
    Group(ConditionGroup),
}

impl Filter {
    /// Drops the spans for which one of these is true; their paths say what they are about.
    pub fn traces(conditions: impl IntoIterator<Item = String>) -> Self {
        Self {
            trace_conditions: conditions.into_iter().map(Conditions::One).collect(),
            ..Self::default()
        }
    }

    /// Drops the metrics or data points for which one of these is true; their paths say what they are about.
    pub fn metrics(conditions: impl IntoIterator<Item = String>) -> Self {
        Self {
            metric_conditions: conditions.into_iter().map(Conditions::One).collect(),
            ..Self::default()
        }
    }

    /// Drops the log records for which one of these is true; their paths say what they are about.
    pub fn logs(conditions: impl IntoIterator<Item = String>) -> Self {
        Self {
            log_conditions: conditions.into_iter().map(Conditions::One).collect(),
            ..Self::default()
        }
    }
}

fn mixed(field: &str, list: &[Conditions]) -> Option<String> {
    let single = |entry: &&Conditions| matches!(entry, Conditions::One(_));
    let singles = list.iter().filter(single).count();
    (singles != 0 && singles != list.len())
        .then(|| format!("{field}: either single conditions or groups, not both"))
}

fn both_ways(field: &str, new: bool, old: bool) -> Option<String> {
    (new && old).then(|| format!("{field}: conditions cannot stand beside `include` and `exclude`"))
}

fn two_kinds(new: &str, old: &str, there: bool) -> Option<String> {
    there.then(|| format!("`{new}` cannot stand beside `{old}`"))
}

impl Component for Filter {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Processor, "filter")
        .within(Distribution::GENERAL)
        .signals(&Signal::ALL)
        .ripe(Stability::Alpha);

    fn mistakes(&self) -> Vec<String> {
        let Self {
            trace_conditions: in_traces,
            metric_conditions: in_metrics,
            log_conditions: in_logs,
            traces,
            metrics,
            logs,
            spans,
            ..
        } = self;
        let about_traces = *traces != TraceFilters::default();
        let about_metrics =
            [&metrics.resource, &metrics.metric, &metrics.datapoint].map(|list| !list.is_empty());
        let about_logs = [&logs.resource, &logs.log_record].map(|list| !list.is_empty());
        let metrics_of_old = !metrics.include.is_empty() || !metrics.exclude.is_empty();
        let logs_of_old = !logs.include.is_empty() || !logs.exclude.is_empty();
        let found = [
            mixed("trace_conditions", in_traces),
            mixed("metric_conditions", in_metrics),
            mixed("log_conditions", in_logs),
            both_ways("traces", about_traces, !spans.is_empty()),
            both_ways("metrics", about_metrics.contains(&true), metrics_of_old),
            both_ways("logs", about_logs.contains(&true), logs_of_old),
            two_kinds(
                "trace_conditions",
                "traces",
                !in_traces.is_empty() && about_traces,
            ),
            two_kinds(
                "metric_conditions",
                "metrics",
                !in_metrics.is_empty() && (about_metrics.contains(&true) || metrics_of_old),
            ),
            two_kinds(
                "log_conditions",
                "logs",
                !in_logs.is_empty() && (about_logs.contains(&true) || logs_of_old),
            ),
        ];
        found.into_iter().flatten().collect()
    }
}
