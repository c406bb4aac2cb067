//! What happens to telemetry on its way?

use std::time::Duration;

use collector_config::components::{
    attributes::{Attributes, Resource},
    filter::Filter,
    processors::ProbabilisticSampler,
    tail_sampling::TailSampling,
};
use serde::Serialize;

use crate::Keys;

/// A processor.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Processor {
    /// Says how much memory there is. There is one budget, so where it stands in a pipeline makes no difference.
    MemoryLimiter(MemoryLimiter),
    /// Puts requests together; becomes part of the queues of the exporters behind it.
    Batch(Batch),
    /// Keeps a share of traces or log records.
    ProbabilisticSampler(ProbabilisticSampler),
    /// Decides for whole traces.
    TailSampling(Box<TailSampling>),
    /// Changes attributes of resources.
    Resource(Resource),
    /// Changes attributes of spans, data points and log records.
    Attributes(Attributes),
    /// Drops what a condition is true for.
    Filter(Box<Filter>),
}

/// How much memory there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryLimiter {
    /// How many bytes the process should stay below.
    pub limit: u64,
    /// How many bytes below that refusing begins.
    pub spike: u64,
}

/// How requests are put together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Batch {
    /// A batch of so many items is sent at once; 0 sends each request as it is.
    pub size: u64,
    /// No batch has more items; none for no limit.
    pub max_size: Option<u64>,
    /// A smaller one is sent after this time.
    pub timeout: Duration,
    /// What came with other values of these headers is in another batch.
    pub metadata_keys: Keys,
    /// How many combinations of them are kept apart; none for no limit.
    pub metadata_cardinality_limit: Option<u32>,
}
