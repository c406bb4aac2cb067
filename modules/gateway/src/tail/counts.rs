//! What does the sampler tell about itself?

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// The collector's metrics of the same names.
#[derive(Debug)]
pub struct Counts {
    /// Traces each policy voted on.
    pub voted: Family<Vote, Counter>,
    /// Traces that were decided.
    pub decided: Family<Decision, Counter>,
    /// How often each policy was asked.
    pub asked: Family<Asked, Counter>,
    /// Traces that began.
    pub began: Counter,
    /// Traces left before their time, to make room.
    pub too_early: Counter,
    /// Traces left because they were too large.
    pub too_large: Counter,
    /// Spans decided by a trace's earlier decision.
    pub remembered: Family<Remembered, Counter>,
    /// Traces known now.
    pub known: Gauge,
    /// How long after its trace's decision a span came, in seconds.
    pub late: Histogram,
    /// How long a trace was known, in seconds.
    pub removal_age: Histogram,
    /// How long one run of decisions took, in milliseconds.
    pub latency: Histogram,
    /// Kept spans that whoever comes next refused for good.
    pub refused: Counter,
}

/// A policy and how it voted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Vote {
    /// The component, if it has a name, and the policy.
    pub policy: String,
    /// Whether it would keep the trace.
    pub sampled: &'static str,
    /// Its decision.
    pub decision: &'static str,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Decision {
    /// Whether the trace was kept.
    pub sampled: &'static str,
    /// The decision.
    pub decision: &'static str,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Asked {
    /// The component, if it has a name, and the policy.
    pub policy: String,
}

/// Whether it had been kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Remembered {
    /// Whether it had been kept.
    pub sampled: &'static str,
}

/// The collector's buckets where a component names none.
const SECONDS: [f64; 15] = [
    0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0,
    10000.0,
];
const MILLISECONDS: [f64; 23] = [
    1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 400.0, 500.0, 750.0, 1000.0,
    2000.0, 3000.0, 4000.0, 5000.0, 10000.0, 20000.0, 30000.0, 50000.0,
];

impl Default for Counts {
    fn default() -> Self {
        Self {
            voted: Family::default(),
            decided: Family::default(),
            asked: Family::default(),
            began: Counter::default(),
            too_early: Counter::default(),
            too_large: Counter::default(),
            remembered: Family::default(),
            known: Gauge::default(),
            late: Histogram::new(SECONDS),
            removal_age: Histogram::new(SECONDS),
            latency: Histogram::new(MILLISECONDS),
            refused: Counter::default(),
        }
    }
}

impl Counts {
    /// Shows them under the collector's names. The encoder adds `_total` to counters.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("otelcol_processor_tail_sampling");
        let mut counter = |name: &str, help: &str, counter: &Counter| {
            registry.register(name, help, counter.clone());
        };
        counter(
            "new_trace_id_received",
            "Counts the arrival of new traces",
            &self.began,
        );
        counter(
            "sampling_trace_dropped_too_early",
            "Count of traces that needed to be dropped before the configured wait time",
            &self.too_early,
        );
        counter(
            "traces_dropped_too_large",
            "Count of traces that were dropped because they were too large",
            &self.too_large,
        );
        counter(
            "spans_refused_downstream",
            "Kept spans that whoever comes next refused for good",
            &self.refused,
        );
        registry.register(
            "count_traces_sampled",
            "Count of traces that were sampled or not per sampling policy",
            self.voted.clone(),
        );
        registry.register(
            "global_count_traces_sampled",
            "Global count of traces that were sampled or not by at least one policy",
            self.decided.clone(),
        );
        registry.register(
            "sampling_policy_execution_count",
            "Total number of executions of a specific sampling policy",
            self.asked.clone(),
        );
        registry.register(
            "early_releases_from_cache_decision",
            "Number of spans that were able to be immediately released due to a decision cache hit",
            self.remembered.clone(),
        );
        registry.register(
            "sampling_traces_on_memory",
            "Tracks the number of traces current on memory",
            self.known.clone(),
        );
        registry.register(
            "sampling_late_span_age",
            "Time from the sampling decision was taken and the arrival of a late span, in seconds",
            self.late.clone(),
        );
        registry.register(
            "sampling_trace_removal_age",
            "Time from arrival of a new trace until its removal from memory, in seconds",
            self.removal_age.clone(),
        );
        registry.register(
            "sampling_decision_timer_latency",
            "Latency of each run of the sampling decision timer, in milliseconds",
            self.latency.clone(),
        );
    }
}
