//! What is sent together?

use std::time::Duration;

use tokio::{
    sync::Mutex,
    time::{Instant, timeout_at},
};

use super::{
    Exporter,
    source::{Source, Taken},
};
use crate::{
    Chunks, Payload,
    settings::{QueueBatch, Sizer},
    wire,
};

/// Puts payloads of one source together, for one consumer at a time: the others wait for their turn.
pub(super) struct Batcher {
    turn: Mutex<Option<Taken>>,
}

/// What was put together.
pub(super) struct Batch {
    /// The payloads as they were taken.
    pub(super) taken: Vec<Taken>,
    /// The requests that are made of them.
    pub(super) requests: Vec<Payload>,
}

impl Batcher {
    pub(super) fn new() -> Self {
        Self {
            turn: Mutex::new(None),
        }
    }

    /// The next batch; none once the source is closed and empty.
    pub(super) async fn next(&self, source: &Source, exporter: &Exporter) -> Option<Batch> {
        let Some(rules) = &exporter.batch else {
            let taken = source.next(exporter).await?;
            let requests = vec![taken.payload.clone()];
            return Some(Batch {
                taken: vec![taken],
                requests,
            });
        };
        let mut left = self.turn.lock().await;
        let first = match left.take() {
            Some(first) => first,
            None => source.next(exporter).await?,
        };
        let mut size = weight(&first.payload, rules);
        let mut taken = vec![first];
        let end = Instant::now() + rules.flush_timeout.min(Duration::from_hours(1));
        while size < rules.min_size {
            let Ok(Some(next)) = timeout_at(end, source.next(exporter)).await else {
                break;
            };
            let more = weight(&next.payload, rules);
            if rules.max_size.is_some_and(|max| size + more > max) {
                // It begins the next batch, so that this one need not be cut.
                *left = Some(next);
                break;
            }
            size += more;
            taken.push(next);
        }
        drop(left);
        let requests = together(&taken, rules);
        Some(Batch { taken, requests })
    }
}

fn weight(payload: &Payload, rules: &QueueBatch) -> u64 {
    match rules.sizer {
        Sizer::Requests => 1,
        Sizer::Items => payload.items,
        Sizer::Bytes => payload.body.len() as u64,
    }
}

/// One request of several, or several of one that is too large.
fn together(taken: &[Taken], rules: &QueueBatch) -> Vec<Payload> {
    let [first, others @ ..] = taken else {
        return Vec::new();
    };
    if others.is_empty() {
        let payload = first.payload.clone();
        let max = rules.max_size.unwrap_or(u64::MAX);
        if weight(&payload, rules) <= max {
            return vec![payload];
        }
        return match rules.sizer {
            Sizer::Requests => vec![payload],
            Sizer::Items => cut(&payload, max, usize::MAX),
            Sizer::Bytes => cut(
                &payload,
                u64::MAX,
                usize::try_from(max).unwrap_or(usize::MAX),
            ),
        };
    }
    let mut whole = first.payload.clone();
    for other in others {
        whole.items += other.payload.items;
        // The charge of the others is held by whoever took them.
        whole.body.append(other.payload.body.clone());
    }
    vec![whole]
}

/// Cuts a payload into parts of so many items and bytes at most, where that is possible.
pub(super) fn cut(payload: &Payload, items: u64, bytes: usize) -> Vec<Payload> {
    let limits = wire::Limits { items, bytes };
    let whole = payload.body.joined();
    let parts = wire::split(payload.signal, &whole, limits);
    let part = |part: wire::Part| Payload {
        body: part.body,
        items: part.items,
        ..payload.clone()
    };
    let parts: Vec<_> = parts.into_iter().map(part).collect();
    if parts.is_empty() {
        return vec![Payload {
            body: Chunks::from(whole),
            ..payload.clone()
        }];
    }
    parts
}
