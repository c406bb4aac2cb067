//! Which traces are kept, decided when a trace is whole.

use serde::{Deserialize, Serialize};

use super::{is_default, tail_mistakes};

pub use super::tail_rules::{
    All, AllToDrop, Allocation, BooleanAttribute, Bytes, Composite, Latency, NumericAttribute,
    Other, Ottl, Rate, Rule, Share, SpanCount, StatusCode, StatusCodes, StringAttribute,
    TraceState,
};

use crate::component::{Class, Component};
use crate::{ComponentId, ComponentType, Distribution, Duration, Signal, Stability};

/// Decides for whole traces. All spans of a trace have to reach the same collector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TailSampling {
    /// How long the spans of a trace are collected.
    pub decision_wait: Duration,
    /// How long they are collected once the root span is there, where that is shorter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision_wait_after_root_received: Option<Duration>,
    /// How many traces are held while they wait.
    pub num_traces: u64,
    /// Whether a trace too many waits, instead of the oldest being decided before its time.
    #[serde(skip_serializing_if = "is_default")]
    pub block_on_overflow: bool,
    /// How many new ones a second are expected; sizes what is allocated first.
    #[serde(skip_serializing_if = "is_default")]
    pub expected_new_traces_per_sec: u64,
    /// A trace larger than this is dropped before its time, so that memory stays predictable; 0 for no limit.
    #[serde(skip_serializing_if = "is_default")]
    pub maximum_trace_size_bytes: u64,
    /// Decisions are remembered for spans that come too late.
    #[serde(skip_serializing_if = "is_default")]
    pub decision_cache: DecisionCache,
    /// When it is decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling_strategy: Option<Strategy>,
    /// Whether the first reason that holds will do, and the others are not looked at.
    #[serde(skip_serializing_if = "is_default")]
    pub sample_on_first_match: bool,
    /// Whether traces that still wait are dropped when the collector ends, instead of being decided as they are.
    #[serde(skip_serializing_if = "is_default")]
    pub drop_pending_traces_on_shutdown: bool,
    /// How many loops share the work, each with its share of all the numbers here: 1 where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_shards: Option<u32>,
    /// The extension that holds the spans; needs the feature gate
    /// `processor.tailsamplingprocessor.tailstorageextension`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tail_storage: Option<ComponentId>,
    /// A trace is kept if one of these says so.
    pub policies: Vec<Policy>,
}

/// When it is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// When a trace has waited.
    TraceComplete,
    /// With each span, as soon as it is certain. Nothing that remembers earlier traces can decide so.
    SpanIngest,
}

/// How many decisions are remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecisionCache {
    /// For traces that were kept.
    #[serde(skip_serializing_if = "is_default")]
    pub sampled_cache_size: u64,
    /// For traces that were not.
    #[serde(skip_serializing_if = "is_default")]
    pub non_sampled_cache_size: u64,
}

/// One reason to keep a trace, or to drop it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Policy {
    /// Its name, in metrics and logs.
    pub name: String,
    /// The reason.
    #[serde(flatten)]
    pub rule: Rule,
}

impl Default for TailSampling {
    /// What the processor assumes.
    fn default() -> Self {
        Self {
            decision_wait: Duration::seconds(30),
            decision_wait_after_root_received: None,
            num_traces: 50_000,
            block_on_overflow: false,
            expected_new_traces_per_sec: 0,
            maximum_trace_size_bytes: 0,
            decision_cache: DecisionCache::default(),
            sampling_strategy: None,
            sample_on_first_match: false,
            drop_pending_traces_on_shutdown: false,
            num_shards: None,
            tail_storage: None,
            policies: Vec::new(),
        }
    }
}

impl Policy {
    /// A reason with a name.
    pub fn new(name: &str, rule: Rule) -> Self {
        let name = name.to_owned();
        Self { name, rule }
    }

    /// Keeps traces in which something went wrong.
    pub fn errors() -> Self {
        let status_codes = vec![StatusCode::Error];
        let status_code = StatusCodes { status_codes };
        Self::new("errors", Rule::StatusCode { status_code })
    }

    /// Keeps traces that took at least so many milliseconds.
    pub fn slow(threshold_ms: u64) -> Self {
        let latency = Latency {
            threshold_ms,
            upper_threshold_ms: 0,
        };
        Self::new("slow", Rule::Latency { latency })
    }

    /// Keeps so many of a hundred traces.
    pub fn share(sampling_percentage: f64) -> Self {
        let probabilistic = Share {
            sampling_percentage,
            hash_salt: None,
        };
        Self::new("share", Rule::Probabilistic { probabilistic })
    }

    /// Keeps traces of which a resource or a span has this attribute with one of these values.
    pub fn attribute(name: &str, key: &str, values: &[&str]) -> Self {
        let string_attribute = StringAttribute {
            key: key.to_owned(),
            values: values.iter().map(|&value| value.to_owned()).collect(),
            ..StringAttribute::default()
        };
        Self::new(name, Rule::StringAttribute { string_attribute })
    }

    /// Keeps no more than so many spans a second.
    pub fn at_most(spans_per_second: u64) -> Self {
        let rate_limiting = Rate {
            spans_per_second,
            burst_capacity: 0,
        };
        Self::new("at_most", Rule::RateLimiting { rate_limiting })
    }

    /// Drops traces for which all of these hold, whatever else would keep them.
    pub fn drop(name: &str, drop_sub_policy: Vec<Self>) -> Self {
        let drop = AllToDrop { drop_sub_policy };
        Self::new(name, Rule::Drop { drop })
    }
}

impl Component for TailSampling {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Processor, "tail_sampling")
            .in_gateway()
            .within(&[
                Distribution::Kubernetes,
                Distribution::Contrib,
                Distribution::Jaeger,
            ])
            .signals(&[Signal::Traces])
            .ripe(Stability::Beta);

    fn extensions(&self) -> Vec<ComponentId> {
        self.tail_storage.clone().into_iter().collect()
    }

    fn mistakes(&self) -> Vec<String> {
        tail_mistakes::of(self)
    }
}
