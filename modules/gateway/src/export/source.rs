//! Where does an exporter take payloads from, and whom does it tell that it is done?

use std::sync::Arc;

use tokio::sync::oneshot;

use super::{Exporter, queue::Entry};
use crate::{
    Budget, Payload, Refusal,
    log::{Cursor, Delivery},
};

/// Where payloads wait.
#[derive(Clone)]
pub enum Source {
    /// In the exporter's queue in memory.
    Memory,
    /// In a log on disk, of which the exporter has a cursor.
    Log(Cursor, Arc<Budget>),
}

/// A payload that was taken out, and who holds it until it has arrived.
pub(super) struct Taken {
    pub(super) payload: Payload,
    held: Held,
}

enum Held {
    Queue(Entry),
    Log(Delivery),
}

/// How the delivery of a payload ended.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// It arrived.
    Arrived,
    /// It was given up, for that reason.
    GivenUp(Refusal),
    /// The gateway ends before it arrived.
    Interrupted,
}

impl Source {
    /// The next payload; none once there will be none any more.
    pub(super) async fn next(&self, exporter: &Exporter) -> Option<Taken> {
        match self {
            Self::Memory => {
                let entry = exporter.queue.next().await?;
                Some(Taken {
                    payload: entry.payload.clone(),
                    held: Held::Queue(entry),
                })
            }
            Self::Log(cursor, budget) => {
                let delivery = tokio::select! {
                    biased;
                    () = exporter.queue.closed() => return None,
                    delivery = cursor.next(budget) => delivery,
                };
                Some(Taken {
                    payload: delivery.payload.clone(),
                    held: Held::Log(delivery),
                })
            }
        }
    }
}

impl Taken {
    /// Tells who holds it how it ended. A log that hears of no end gives it out again, after a restart at the latest.
    pub(super) fn settle(self, exporter: &Exporter, end: &End) {
        match (self.held, end) {
            (Held::Queue(entry), End::Arrived) => exporter.queue.done(entry, Ok(())),
            (Held::Queue(entry), End::GivenUp(why)) => {
                exporter.queue.done(entry, Err(why.clone()));
            }
            (Held::Queue(entry), End::Interrupted) => {
                exporter.tallies.failed.add(entry.payload.items);
                let why = Refusal::busy("the gateway is about to end");
                exporter.queue.done(entry, Err(why));
            }
            (Held::Log(delivery), End::Arrived | End::GivenUp(_)) => delivery.done(),
            (Held::Log(delivery), End::Interrupted) => drop(delivery),
        }
    }
}

/// Who waits for the end of a payload.
pub(super) type Waiter = oneshot::Sender<Result<(), Refusal>>;
