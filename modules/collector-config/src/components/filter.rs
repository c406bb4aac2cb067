//! The processor that drops what nobody needs.

use super::{
    Settings,
    ottl_groups::{Conditions, ErrorMode},
};
use crate::component::{Class, Component};
use crate::ottl::{
    Condition, DataPoint, InLogs, InMetrics, InTraces, Log, Metric, Resource, Span, SpanEvent,
};
use crate::{ComponentType, Distribution, Signal, Stability};

settings! {
    /// Drops what one of its conditions is true for.
    pub struct Filter {
        /// What happens when a condition cannot be told. Where nothing is said, that depends on the version: 0.140
        /// refuses the data; in 0.159 the condition counts as false, and it is logged.
        pub error_mode: Option<ErrorMode>,
        /// Spans, their events and whole resources.
        pub trace_conditions: Vec<Conditions<InTraces>>,
        /// Metrics, data points and whole resources.
        pub metric_conditions: Vec<Conditions<InMetrics>>,
        /// Log records and whole resources.
        pub log_conditions: Vec<Conditions<InLogs>>,
        /// The older way to say what is dropped from traces.
        pub traces: TraceFilters,
        /// The older way to say what is dropped from metrics.
        pub metrics: MetricFilters,
        /// The older way to say what is dropped from logs.
        pub logs: LogFilters,
        /// The oldest way to say which spans are kept and dropped.
        pub spans: Settings,
    }

    /// What is dropped from traces.
    #[derive(Eq)]
    pub struct TraceFilters {
        /// Whole resources.
        pub resource: Vec<Condition<Resource>>,
        /// Spans.
        pub span: Vec<Condition<Span>>,
        /// Events of spans.
        pub spanevent: Vec<Condition<SpanEvent>>,
    }

    /// What is dropped from metrics.
    pub struct MetricFilters {
        /// Whole resources.
        pub resource: Vec<Condition<Resource>>,
        /// Metrics.
        pub metric: Vec<Condition<Metric>>,
        /// Data points.
        pub datapoint: Vec<Condition<DataPoint>>,
        /// What is kept, in the oldest way.
        pub include: Settings,
        /// What is dropped, in the oldest way.
        pub exclude: Settings,
        /// How patterns of the oldest way are remembered.
        pub regexp: Settings,
    }

    /// What is dropped from logs.
    pub struct LogFilters {
        /// Whole resources.
        pub resource: Vec<Condition<Resource>>,
        /// Log records.
        pub log_record: Vec<Condition<Log>>,
        /// What is kept, in the oldest way.
        pub include: Settings,
        /// What is dropped, in the oldest way.
        pub exclude: Settings,
    }
}

impl Filter {
    /// Drops the spans for which one of these is true; their paths say what they are about.
    pub fn traces(conditions: impl IntoIterator<Item = impl Into<Condition<InTraces>>>) -> Self {
        Self {
            trace_conditions: Conditions::each(conditions),
            ..Self::default()
        }
    }

    /// Drops the metrics or data points for which one of these is true; their paths say what they are about.
    pub fn metrics(conditions: impl IntoIterator<Item = impl Into<Condition<InMetrics>>>) -> Self {
        Self {
            metric_conditions: Conditions::each(conditions),
            ..Self::default()
        }
    }

    /// Drops the log records for which one of these is true; their paths say what they are about.
    pub fn logs(conditions: impl IntoIterator<Item = impl Into<Condition<InLogs>>>) -> Self {
        Self {
            log_conditions: Conditions::each(conditions),
            ..Self::default()
        }
    }
}

fn mixed<A>(field: &str, list: &[Conditions<A>]) -> Option<String> {
    let single = |entry: &&Conditions<A>| matches!(entry, Conditions::One(_));
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
        .in_gateway()
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
        let about_metrics = !metrics.resource.is_empty()
            || !metrics.metric.is_empty()
            || !metrics.datapoint.is_empty();
        let about_logs = !logs.resource.is_empty() || !logs.log_record.is_empty();
        let metrics_of_old = !metrics.include.is_empty() || !metrics.exclude.is_empty();
        let logs_of_old = !logs.include.is_empty() || !logs.exclude.is_empty();
        let found = [
            mixed("trace_conditions", in_traces),
            mixed("metric_conditions", in_metrics),
            mixed("log_conditions", in_logs),
            both_ways("traces", about_traces, !spans.is_empty()),
            both_ways("metrics", about_metrics, metrics_of_old),
            both_ways("logs", about_logs, logs_of_old),
            two_kinds(
                "trace_conditions",
                "traces",
                !in_traces.is_empty() && about_traces,
            ),
            two_kinds(
                "metric_conditions",
                "metrics",
                !in_metrics.is_empty() && (about_metrics || metrics_of_old),
            ),
            two_kinds(
                "log_conditions",
                "logs",
                !in_logs.is_empty() && (about_logs || logs_of_old),
            ),
        ];
        let texts = in_traces.iter().flat_map(Conditions::mistakes);
        let texts = texts.chain(in_metrics.iter().flat_map(Conditions::mistakes));
        let texts = texts.chain(in_logs.iter().flat_map(Conditions::mistakes));
        found.into_iter().flatten().chain(texts).collect()
    }
}
