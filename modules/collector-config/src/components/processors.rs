//! The processors with few settings: memory limit, share of traces, batch, spans of one trace.

use serde::{Deserialize, Serialize};

pub use super::attributes::{Action, AttributeAction, Resource};
use super::queue::names_one_twice;
use crate::component::{Class, Component};
use crate::{ComponentType, Distribution, Duration, Signal, Stability};

settings! {
    /// Refuses data while memory is short. Belongs first in every pipeline.
    #[derive(Eq)]
    pub struct MemoryLimiter {
        /// How often memory is measured.
        pub check_interval: Duration,
        /// The hard limit, in percent of the container's memory limit.
        pub limit_percentage: u32,
        /// How far below the hard limit refusing begins: a fifth of the limit, where nothing is said.
        pub spike_limit_percentage: u32,
        /// The hard limit as a number, which goes before the percentage.
        pub limit_mib: u32,
        /// The distance as a number.
        pub spike_limit_mib: u32,
        /// How long it waits at least between two collections of garbage above the soft limit.
        pub min_gc_interval_when_soft_limited: Option<Duration>,
        /// How long it waits at least between two collections of garbage above the hard limit.
        pub min_gc_interval_when_hard_limited: Option<Duration>,
        /// How long it waits at most when collecting above the soft limit does not help.
        pub max_gc_interval_when_soft_limited: Option<Duration>,
        /// How long it waits at most when collecting above the hard limit does not help.
        pub max_gc_interval_when_hard_limited: Option<Duration>,
    }

    /// Keeps a share of traces or log records, decided by their ids alone.
    pub struct ProbabilisticSampler {
        /// From 0 to 100.
        pub sampling_percentage: f64,
        /// How it decides.
        pub mode: Option<SamplerMode>,
        /// Collectors that must decide alike need the same.
        pub hash_seed: u32,
        /// Whether what cannot be decided is dropped: not, where nothing is said.
        pub fail_closed: Option<bool>,
        /// How many digits of the share are written down: 4 where nothing is said, 14 at most.
        pub sampling_precision: Option<u32>,
        /// What log records are decided by: the trace that they belong to, where nothing is said.
        pub attribute_source: Option<AttributeSource>,
        /// The attribute of log records that they are decided by.
        pub from_attribute: String,
        /// The attribute of log records that says how important one is, from 0 to 100.
        pub sampling_priority: String,
    }

    /// Puts requests together. Exporters do it themselves now; Jaeger's storage exporter still needs it.
    #[derive(Eq)]
    pub struct Batch {
        /// A smaller batch is sent after this time: 200 ms where nothing is said.
        pub timeout: Option<Duration>,
        /// A batch of so many items is sent at once: 8192 where nothing is said.
        pub send_batch_size: Option<u32>,
        /// No batch has more items than this.
        pub send_batch_max_size: Option<u32>,
        /// Headers of requests: what came with different ones is not put together.
        pub metadata_keys: Vec<String>,
        /// How many different ones there may be: 1000 where nothing is said.
        pub metadata_cardinality_limit: Option<u32>,
    }

    /// Collects the spans of a trace and hands them on together. All spans of a trace have to reach the same collector.
    #[derive(Eq)]
    pub struct GroupByTrace {
        /// How many traces are held: a million, where nothing is said.
        pub num_traces: Option<u64>,
        /// How many loops share the work: 1 where nothing is said.
        pub num_workers: Option<u32>,
        /// How long the spans of a trace are collected: 1 s where nothing is said.
        pub wait_duration: Option<Duration>,
    }
}

/// How a probabilistic sampler decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SamplerMode {
    /// By a digest of the id.
    HashSeed,
    /// By the id's randomness, as the W3C specification has it; whatever arrives is thinned out.
    Proportional,
    /// Likewise, but what was thinned out before counts.
    Equalizing,
}

/// What log records are decided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttributeSource {
    /// The trace that they belong to.
    #[serde(rename = "traceID")]
    TraceId,
    /// An attribute of their own.
    #[serde(rename = "record")]
    Record,
}

impl MemoryLimiter {
    /// Refuses above `limit - spike` percent and collects garbage above `limit`, looking every second.
    pub fn percent(limit: u32, spike: u32) -> Self {
        Self {
            check_interval: Duration::seconds(1),
            limit_percentage: limit,
            spike_limit_percentage: spike,
            ..Self::default()
        }
    }

    /// What is wrong with how often garbage is collected.
    fn collections(&self) -> Option<&'static str> {
        let least = |given: Option<Duration>, default| given.unwrap_or(default);
        let most = |given: Option<Duration>| given.unwrap_or(Duration::seconds(30));
        let soft = least(
            self.min_gc_interval_when_soft_limited,
            Duration::seconds(10),
        );
        let hard = least(self.min_gc_interval_when_hard_limited, Duration::ZERO);
        let most_soft = most(self.max_gc_interval_when_soft_limited);
        let most_hard = most(self.max_gc_interval_when_hard_limited);
        let below = |most: Duration, least| most > Duration::ZERO && most < least;
        if soft < hard {
            Some("`min_gc_interval_when_soft_limited` must not be below `…when_hard_limited`")
        } else if below(most_soft, soft) || below(most_hard, hard) {
            Some("a longest interval must not be below the shortest")
        } else if most_hard > Duration::ZERO && below(most_soft, most_hard) {
            Some("`max_gc_interval_when_soft_limited` must not be below `…when_hard_limited`")
        } else {
            None
        }
    }
}

impl Component for MemoryLimiter {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Processor, "memory_limiter")
            .in_gateway()
            .within(Distribution::GENERAL)
            .signals(&Signal::ALL)
            .ripe(Stability::Beta);

    fn mistakes(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.check_interval == Duration::ZERO {
            found.push("`check_interval` must be positive".to_owned());
        }
        if self.limit_percentage == 0 && self.limit_mib == 0 {
            found.push("`limit_percentage` or `limit_mib` is needed".to_owned());
        }
        if self.limit_percentage > 100 || self.spike_limit_percentage > 100 {
            found.push("a percentage lies between 0 and 100".to_owned());
        }
        let spike =
            self.spike_limit_percentage >= self.limit_percentage && self.limit_percentage > 0;
        if spike || (self.limit_mib > 0 && self.spike_limit_mib >= self.limit_mib) {
            found.push("the spike limit must be smaller than the limit".to_owned());
        }
        found.extend(self.collections().map(ToOwned::to_owned));
        found
    }
}

impl Component for ProbabilisticSampler {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Processor, "probabilistic_sampler")
            .in_gateway()
            .within(Distribution::CORE)
            .signals(&[Signal::Traces, Signal::Logs])
            .ripe_for(&[
                (Signal::Traces, Stability::Beta),
                (Signal::Logs, Stability::Alpha),
            ]);

    fn mistakes(&self) -> Vec<String> {
        let share = (0.0..=100.0).contains(&self.sampling_percentage);
        let precise = self
            .sampling_precision
            .is_none_or(|digits| (1..=14).contains(&digits));
        let rules = [
            (share, "`sampling_percentage` lies between 0 and 100"),
            (precise, "`sampling_precision` lies between 1 and 14"),
        ];
        let broken = rules.into_iter().filter(|(right, _)| !right);
        broken.map(|(_, rule)| rule.to_owned()).collect()
    }
}

impl Component for Batch {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Processor, "batch")
        .in_gateway()
        .within(Distribution::GENERAL)
        .signals(&Signal::ALL)
        .ripe(Stability::Beta);

    fn mistakes(&self) -> Vec<String> {
        let size = self.send_batch_size.unwrap_or(8192);
        let small = self
            .send_batch_max_size
            .is_some_and(|most| most > 0 && most < size);
        let twice = names_one_twice(&self.metadata_keys);
        let rules = [
            (
                small,
                "`send_batch_max_size` must not be below `send_batch_size`",
            ),
            (twice, "`metadata_keys` names one twice"),
        ];
        let broken = rules.into_iter().filter(|(broken, _)| *broken);
        broken.map(|(_, rule)| rule.to_owned()).collect()
    }
}

impl Component for GroupByTrace {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Processor, "groupbytrace")
            .signals(&[Signal::Traces])
            .ripe(Stability::Beta);
}
