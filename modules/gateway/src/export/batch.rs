//! What is sent together?

use std::{sync::Arc, time::Duration};

use tokio::sync::Mutex;

use super::{
    Exporter,
    queue::size,
    source::{Source, Taken},
};
use crate::{
    Budget, Chunks, Payload,
    log::{Cursor, Delivery},
    settings::{QueueBatch, Sizer},
    time::{Instant, timeout_at},
    wire,
};

/// Takes what is sent together out of one source. A queue in memory forms its batches itself; those of a log are
/// formed here, by one consumer at a time: the others wait for their turn.
pub(super) struct Batcher {
    turn: Mutex<Option<Delivery>>,
}

/// What was put together.
pub(super) struct Batch {
    /// The payloads as they were taken.
    pub(super) taken: Taken,
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
        let rules = exporter.queue.rules();
        let mut taken = match (source, rules) {
            (Source::Memory, _) => Taken::Queue(exporter.queue.next().await?),
            (Source::Log(cursor, budget), None) => {
                Taken::Log(vec![from_log(exporter, cursor, budget).await?])
            }
            (Source::Log(cursor, budget), Some(rules)) => {
                Taken::Log(self.form(exporter, cursor, budget, rules).await?)
            }
        };
        let requests = together(taken.payloads(), rules);
        Some(Batch { taken, requests })
    }

    async fn form(
        &self,
        exporter: &Exporter,
        cursor: &Cursor,
        budget: &Arc<Budget>,
        rules: &QueueBatch,
    ) -> Option<Vec<Delivery>> {
        let mut left = self.turn.lock().await;
        let first = match left.take() {
            Some(first) => first,
            None => from_log(exporter, cursor, budget).await?,
        };
        let mut together = size(rules.sizer, &first.payload);
        let mut taken = vec![first];
        let end = Instant::now() + rules.flush_timeout.min(Duration::from_hours(1));
        while together < rules.min_size {
            let next = tokio::select! {
                biased;
                next = timeout_at(end, from_log(exporter, cursor, budget)) => next.ok().flatten(),
                // There is no room for more: not on the disk, or not in memory.
                () = exporter.queue.pressed() => None,
                () = budget.shortage() => None,
            };
            let Some(next) = next else {
                break;
            };
            let more = size(rules.sizer, &next.payload);
            if rules.max_size.is_some_and(|max| together + more > max) {
                // It begins the next batch, so that this one need not be cut.
                *left = Some(next);
                break;
            }
            together += more;
            taken.push(next);
        }
        Some(taken)
    }
}

async fn from_log(exporter: &Exporter, cursor: &Cursor, budget: &Arc<Budget>) -> Option<Delivery> {
    tokio::select! {
        biased;
        () = exporter.queue.left() => None,
        delivery = cursor.next(budget) => Some(delivery),
    }
}

/// One request of several, or several of one that is too large.
fn together(mut taken: Vec<&mut Payload>, rules: Option<&QueueBatch>) -> Vec<Payload> {
    let Some((first, others)) = taken.split_first_mut() else {
        return Vec::new();
    };
    // The bodies go; the charges stay with whoever took the payloads.
    let whole = Payload {
        body: std::mem::take(&mut first.body),
        ..Payload::clone(first)
    };
    if others.is_empty() {
        return fitting(whole, rules);
    }
    let mut whole = whole;
    for other in others {
        whole.items += other.items;
        whole.body.append(std::mem::take(&mut other.body));
    }
    vec![whole]
}

/// A payload in parts that are as large as they may be.
fn fitting(payload: Payload, rules: Option<&QueueBatch>) -> Vec<Payload> {
    let limit = rules.and_then(|rules| Some((rules.sizer, rules.max_size?)));
    match limit {
        Some((sizer, max)) if size(sizer, &payload) > max => match sizer {
            Sizer::Requests => vec![payload],
            Sizer::Items => cut(&payload, max, usize::MAX),
            Sizer::Bytes => {
                let bytes = usize::try_from(max).unwrap_or(usize::MAX);
                cut(&payload, u64::MAX, bytes)
            }
        },
        _ => vec![payload],
    }
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
