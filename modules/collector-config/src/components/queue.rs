//! What an exporter does with data that it cannot send at once: queue, batch, retry.

use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::is_default;
use crate::{ComponentId, Duration};

/// The queue before an exporter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SendingQueue {
    /// Whether there is one.
    pub enabled: bool,
    /// What its size counts. Bytes are the only unit that memory can be planned in: a request has any size.
    pub sizer: Sizer,
    /// How much it holds.
    pub queue_size: u64,
    /// How many senders empty it.
    pub num_consumers: u32,
    /// Whether a full queue makes senders wait, instead of refusing them.
    #[serde(skip_serializing_if = "is_default")]
    pub block_on_overflow: bool,
    /// Whether senders wait until their data has arrived.
    #[serde(skip_serializing_if = "is_default")]
    pub wait_for_result: bool,
    /// The storage extension that keeps it over restarts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<ComponentId>,
    /// How requests are put together before they are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<Batch>,
}

/// What a size counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sizer {
    /// Requests, of whatever size.
    #[default]
    Requests,
    /// Spans, data points, log records.
    Items,
    /// Bytes of the OTLP encoding.
    Bytes,
}

/// How requests are put together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Batch {
    /// What the sizes count; as the queue, where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sizer: Option<Sizer>,
    /// A batch of this size is sent at once.
    pub min_size: u64,
    /// No batch is larger; 0 for no limit.
    pub max_size: u64,
    /// A smaller one is sent after this time.
    pub flush_timeout: Duration,
    /// What is not put together.
    #[serde(skip_serializing_if = "is_default")]
    pub partition: Partition,
}

settings! {
    /// What is not put together.
    #[derive(Eq)]
    pub struct Partition {
        /// Headers of requests: what came with different ones.
        pub metadata_keys: Vec<String>,
    }
}

/// Whether and for how long a failed request is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// Whether at all.
    pub enabled: bool,
    /// The first pause.
    pub initial_interval: Duration,
    /// The longest pause.
    pub max_interval: Duration,
    /// When to give up; 0 for never.
    pub max_elapsed_time: Duration,
    /// How much longer each pause is than the one before: 1.5 times where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multiplier: Option<Number>,
    /// By how much of itself a pause may be longer or shorter: by half, where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub randomization_factor: Option<Number>,
}

impl Default for SendingQueue {
    /// What the exporter helper assumes.
    fn default() -> Self {
        Self {
            enabled: true,
            sizer: Sizer::Requests,
            queue_size: 1000,
            num_consumers: 10,
            block_on_overflow: false,
            wait_for_result: false,
            storage: None,
            batch: None,
        }
    }
}

impl Default for Batch {
    /// What the exporter helper assumes where a batch is asked for.
    fn default() -> Self {
        Self {
            sizer: Some(Sizer::Items),
            min_size: 8192,
            max_size: 0,
            flush_timeout: Duration::millis(200),
            partition: Partition::default(),
        }
    }
}

impl Default for Retry {
    /// What the exporter helper assumes.
    fn default() -> Self {
        Self {
            enabled: true,
            initial_interval: Duration::seconds(5),
            max_interval: Duration::seconds(30),
            max_elapsed_time: Duration::minutes(5),
            multiplier: None,
            randomization_factor: None,
        }
    }
}

impl SendingQueue {
    /// A queue of so many bytes with batches of 4096 to 8192 items, at least every 200 ms, inside.
    pub fn bytes(size: u64) -> Self {
        let batch = Batch {
            min_size: 4096,
            max_size: 8192,
            ..Batch::default()
        };
        Self {
            sizer: Sizer::Bytes,
            queue_size: size,
            batch: Some(batch),
            ..Self::default()
        }
    }

    /// What the program would refuse.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        let mut found = Vec::new();
        if !self.enabled {
            return found;
        }
        let mut must = |right: bool, what: &str| {
            if !right {
                found.push(format!("sending_queue: {what}"));
            }
        };
        must(self.queue_size > 0, "`queue_size` must be positive");
        must(self.num_consumers > 0, "`num_consumers` must be positive");
        let kept = self.storage.is_some();
        must(
            !(kept && self.wait_for_result),
            "`wait_for_result` cannot be had with `storage`",
        );
        if let Some(batch) = &self.batch {
            let sizer = batch.sizer.unwrap_or(self.sizer);
            must(
                sizer != Sizer::Requests,
                "`batch` counts items or bytes, not requests",
            );
            must(
                batch.flush_timeout > Duration::ZERO,
                "`batch.flush_timeout` must be positive",
            );
            must(
                batch.max_size == 0 || batch.max_size >= batch.min_size,
                "`batch.max_size` must not be below `batch.min_size`",
            );
            must(
                !names_one_twice(&batch.partition.metadata_keys),
                "`batch.partition.metadata_keys` names one twice",
            );
            must(
                sizer != self.sizer || batch.min_size <= self.queue_size,
                "`batch.min_size` must not be above `queue_size`",
            );
        }
        found
    }
}

/// Whether a header is in a list twice, however it is spelled.
pub(crate) fn names_one_twice(headers: &[String]) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    !headers.iter().all(|key| seen.insert(key.to_lowercase()))
}
