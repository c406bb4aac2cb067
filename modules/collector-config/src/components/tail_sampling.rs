//! Which traces are kept, decided when a trace is whole.

use serde::{Deserialize, Serialize};

use super::is_default;
use crate::component::{Class, Component};
use crate::{ComponentType, Distribution, Duration, Signal, Stability};

/// Decides for whole traces. All spans of a trace have to reach the same collector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TailSampling {
    /// How long the spans of a trace are collected.
    pub decision_wait: Duration,
    /// How many traces are held while they wait.
    pub num_traces: u64,
    /// How many new ones a second are expected; sizes what is allocated first.
    #[serde(skip_serializing_if = "is_default")]
    pub expected_new_traces_per_sec: u64,
    /// A trace larger than this is dropped before its time, so that memory stays predictable; 0 for no limit.
    #[serde(skip_serializing_if = "is_default")]
    pub maximum_trace_size_bytes: u64,
    /// Decisions are remembered for spans that come too late.
    #[serde(skip_serializing_if = "is_default")]
    pub decision_cache: DecisionCache,
    /// A trace is kept if one of these says so.
    pub policies: Vec<Policy>,
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

/// One reason to keep a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Its name, in metrics and logs.
    pub name: String,
    /// The reason.
    #[serde(flatten)]
    pub rule: Rule,
}

/// The reasons for which a trace can be kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Rule {
    /// Every trace.
    AlwaysSample,
    /// A span ended with one of these.
    StatusCode {
        /// The statuses.
        status_code: StatusCodes,
    },
    /// It took long.
    Latency {
        /// How long.
        latency: Latency,
    },
    /// A share of all traces.
    Probabilistic {
        /// The share.
        probabilistic: Share,
    },
    /// All of several reasons.
    And {
        /// The reasons.
        and: All,
    },
}

/// Span statuses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusCodes {
    /// The statuses.
    pub status_codes: Vec<StatusCode>,
}

/// A span status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum StatusCode {
    /// Something went wrong.
    Error,
    /// Said to be right.
    Ok,
    /// Nothing was said.
    Unset,
}

/// How long a trace took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// At least so many milliseconds.
    pub threshold_ms: u64,
    /// At most so many; 0 for no limit.
    #[serde(default, skip_serializing_if = "is_default")]
    pub upper_threshold_ms: u64,
}

/// A share of all traces.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// From 0 to 100.
    pub sampling_percentage: f64,
    /// Layers that decide one after the other must not use the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_salt: Option<String>,
}

/// Several reasons that all have to hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct All {
    /// The reasons.
    pub and_sub_policy: Vec<Policy>,
}

impl Default for TailSampling {
    /// What the processor assumes.
    fn default() -> Self {
        Self {
            decision_wait: Duration::seconds(30),
            num_traces: 50_000,
            expected_new_traces_per_sec: 0,
            maximum_trace_size_bytes: 0,
            decision_cache: DecisionCache::default(),
            policies: Vec::new(),
        }
    }
}

impl Policy {
    fn new(name: &str, rule: Rule) -> Self {
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

    fn mistakes(&self, found: &mut Vec<String>) {
        let wrong = match &self.rule {
            Rule::AlwaysSample => None,
            Rule::StatusCode { status_code } => status_code
                .status_codes
                .is_empty()
                .then_some("no status is named"),
            Rule::Latency { latency } => {
                let Latency {
                    threshold_ms: low,
                    upper_threshold_ms: high,
                } = *latency;
                (high != 0 && high <= low).then_some("the upper threshold is not above the lower")
            }
            Rule::Probabilistic { probabilistic } => (!(0.0..=100.0)
                .contains(&probabilistic.sampling_percentage))
            .then_some("a percentage lies between 0 and 100"),
            Rule::And { and } => {
                for policy in &and.and_sub_policy {
                    policy.mistakes(found);
                }
                None
            }
        };
        if let Some(wrong) = wrong {
            found.push(format!("policies.{}: {wrong}", self.name));
        }
    }
}

impl Component for TailSampling {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Processor, "tail_sampling")
            .within(&[
                Distribution::Kubernetes,
                Distribution::Contrib,
                Distribution::Jaeger,
            ])
            .signals(&[Signal::Traces])
            .ripe(Stability::Beta);

    fn mistakes(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.policies.is_empty() {
            found.push("`policies` are missing: no trace would be kept".to_owned());
        }
        for policy in &self.policies {
            policy.mistakes(&mut found);
        }
        found
    }
}
