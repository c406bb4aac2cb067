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

/// Payloads that were taken out to be sent together, and who holds them until they have arrived.
pub(super) enum Taken {
    Queue(Vec<Entry>),
    Log(Vec<Delivery>),
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

impl Taken {
    /// The payloads, in the order in which they came.
    pub(super) fn payloads(&mut self) -> Vec<&mut Payload> {
        match self {
            Self::Queue(entries) => entries.iter_mut().map(|one| &mut one.payload).collect(),
            Self::Log(deliveries) => deliveries.iter_mut().map(|one| &mut one.payload).collect(),
        }
    }

    /// Tells who holds them how it ended. A log that hears of no end gives them out again, after a restart at the
    /// latest.
    pub(super) fn settle(self, exporter: &Exporter, end: &End) {
        match (self, end) {
            (Self::Queue(entries), End::Arrived) => exporter.queue.done(entries, &Ok(())),
            (Self::Queue(entries), End::GivenUp(why)) => {
                exporter.queue.done(entries, &Err(why.clone()));
            }
            (Self::Queue(entries), End::Interrupted) => {
                let items = entries.iter().map(|entry| entry.payload.items).sum();
                let why = Refusal::busy("the gateway is about to end");
                exporter.given_up(items, &why);
                exporter.queue.done(entries, &Err(why));
            }
            (Self::Log(deliveries), End::Arrived | End::GivenUp(_)) => {
                Delivery::all_done(deliveries);
            }
            (Self::Log(deliveries), End::Interrupted) => drop(deliveries),
        }
    }
}

/// Who waits for the end of a payload.
pub(super) type Waiter = oneshot::Sender<Result<(), Refusal>>;
