//! What becomes of data that cannot be sent at once?

use collector_config::components::queue::{Batch, Retry, SendingQueue, Sizer as SizerText};
use serde_json::{Number, Value};

use super::super::at::At;
use super::unless_zero;
use crate::{
    Keys,
    settings::{Backoff, Queue, QueueBatch, Sizer},
};

/// Whether a storage keeps what waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    No,
    Yes,
}

impl Stored {
    pub(super) fn of(queue: Option<&Queue>) -> Self {
        match queue.and_then(|queue| queue.storage.as_ref()) {
            Some(_) => Self::Yes,
            None => Self::No,
        }
    }
}

/// The queue, where there is one, of the component that has these settings. One that a storage keeps is as long as
/// the storage has room, unless its own size is said: what the collector assumes for memory would be an outage of
/// seconds.
pub(super) fn queue(text: SendingQueue, settings: &Value, at: &At<'_>) -> Option<Queue> {
    let at = at.key("sending_queue");
    few(text.num_consumers, &at.key("num_consumers"));
    let own_size = settings.pointer("/sending_queue/queue_size").is_some();
    if let (true, Some(_), Some(batch)) = (text.enabled, &text.storage, &text.batch) {
        let why =
            "headers of requests are not kept in a storage, so nothing can be kept apart by them";
        let partition = &at.keys(&["batch", "partition"]);
        partition.without("metadata_keys", &batch.partition.metadata_keys, why);
    }
    text.enabled.then(|| Queue {
        sizer: sizer(text.sizer),
        size: match &text.storage {
            Some(_) if !own_size => u64::MAX,
            _ => text.queue_size,
        },
        consumers: text.num_consumers,
        block_on_overflow: text.block_on_overflow,
        wait_for_result: text.wait_for_result,
        storage: text.storage,
        batch: text.batch.map(|text| batch(&text)),
    })
}

/// Each of those who send is there from the beginning.
pub(super) fn few(senders: u32, at: &At<'_>) {
    const MOST: u32 = 10_000;
    if senders > MOST {
        at.refuse(format!("{senders} at a time are too many: {MOST} at most"));
    }
}

fn sizer(text: SizerText) -> Sizer {
    match text {
        SizerText::Requests => Sizer::Requests,
        SizerText::Items => Sizer::Items,
        SizerText::Bytes => Sizer::Bytes,
    }
}

fn batch(text: &Batch) -> QueueBatch {
    QueueBatch {
        sizer: text.sizer.map_or(Sizer::Items, sizer),
        min_size: text.min_size,
        max_size: Some(text.max_size).filter(|size| *size > 0),
        flush_timeout: text.flush_timeout.get(),
        metadata_keys: Keys::of(&text.partition.metadata_keys),
    }
}

/// When a failed attempt is repeated, where it is. What a storage keeps is tried for ever, unless something else is said:
/// the collector's five minutes would be a loss of what was acknowledged.
pub(super) fn retry(
    text: &Retry,
    settings: &Value,
    stored: Stored,
    at: &At<'_>,
) -> Option<Backoff> {
    let own_end = settings.pointer("/retry_on_failure/max_elapsed_time");
    let ends = own_end.is_some() || stored == Stored::No;
    let at = at.key("retry_on_failure");
    let number = |number: &Option<Number>, default| {
        number.as_ref().and_then(Number::as_f64).unwrap_or(default)
    };
    let backoff = Backoff {
        initial: text.initial_interval.get(),
        max: text.max_interval.get(),
        give_up: unless_zero(text.max_elapsed_time).filter(|_| ends),
        multiplier: number(&text.multiplier, 1.5),
        jitter: number(&text.randomization_factor, 0.5),
    };
    if !(0.0..=1.0).contains(&backoff.jitter) {
        at.key("randomization_factor")
            .refuse("lies between 0 and 1");
    }
    if backoff.multiplier < 0.0 {
        at.key("multiplier").refuse("must not be negative");
    }
    if backoff
        .give_up
        .is_some_and(|end| end < backoff.initial || end < backoff.max)
        && text.enabled
    {
        at.key("max_elapsed_time")
            .refuse("must not be below `initial_interval` or `max_interval`");
    }
    text.enabled.then_some(backoff)
}
