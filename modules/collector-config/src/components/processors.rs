//! The processors with few settings: memory limit, resource attributes, share of traces, batch.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::is_default;
use crate::component::{Class, Component};
use crate::{ComponentType, Distribution, Duration, Signal, Stability};

/// Refuses data while memory is short. Belongs first in every pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MemoryLimiter {
    /// How often memory is measured.
    pub check_interval: Duration,
    /// The hard limit, in percent of the container's memory limit.
    #[serde(skip_serializing_if = "is_default")]
    pub limit_percentage: u32,
    /// How far below the hard limit refusing begins.
    #[serde(skip_serializing_if = "is_default")]
    pub spike_limit_percentage: u32,
    /// The hard limit as a number, which goes before the percentage.
    #[serde(skip_serializing_if = "is_default")]
    pub limit_mib: u32,
    /// The distance as a number.
    #[serde(skip_serializing_if = "is_default")]
    pub spike_limit_mib: u32,
}

/// Changes the attributes of resources.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Resource {
    /// The changes, in this order.
    pub attributes: Vec<AttributeAction>,
}

/// One change of an attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeAction {
    /// The attribute.
    pub key: String,
    /// What happens to it.
    pub action: Action,
    /// Its new value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The attribute that the new value comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_attribute: Option<String>,
}

/// What can happen to an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Set where it is missing.
    Insert,
    /// Changed where it is there.
    Update,
    /// Set in any case.
    Upsert,
    /// Removed.
    Delete,
    /// Replaced by a digest of itself.
    Hash,
}

/// Keeps a share of traces, decided by their ids alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProbabilisticSampler {
    /// From 0 to 100.
    pub sampling_percentage: f64,
    /// How it decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<SamplerMode>,
    /// Collectors that must decide alike need the same.
    #[serde(skip_serializing_if = "is_default")]
    pub hash_seed: u32,
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

/// Puts requests together. Exporters do it themselves now; Jaeger's storage exporter still needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Batch {
    /// A smaller batch is sent after this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// A batch of so many items is sent at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_batch_size: Option<u32>,
    /// No batch has more items than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_batch_max_size: Option<u32>,
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
}

impl Component for MemoryLimiter {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Processor, "memory_limiter")
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
        found
    }
}

impl Component for Resource {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Processor, "resource")
        .within(Distribution::CORE)
        .signals(&Signal::ALL)
        .ripe(Stability::Beta);

    fn mistakes(&self) -> Vec<String> {
        if self.attributes.is_empty() {
            vec!["`attributes` are missing".to_owned()]
        } else {
            Vec::new()
        }
    }
}

impl Component for ProbabilisticSampler {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Processor, "probabilistic_sampler")
            .within(Distribution::CORE)
            .signals(&[Signal::Traces, Signal::Logs])
            .ripe_for(&[
                (Signal::Traces, Stability::Beta),
                (Signal::Logs, Stability::Alpha),
            ]);

    fn mistakes(&self) -> Vec<String> {
        if (0.0..=100.0).contains(&self.sampling_percentage) {
            Vec::new()
        } else {
            vec!["`sampling_percentage` lies between 0 and 100".to_owned()]
        }
    }
}

impl Component for Batch {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Processor, "batch")
        .within(Distribution::GENERAL)
        .signals(&Signal::ALL)
        .ripe(Stability::Beta);
}
