//! What could be wrong, so that the schedules can be seen to find it?

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::future::BoxFuture;

use crate::{
    Payload, Refusal,
    pipeline::Take,
    tail::{Appending, Journal, LogJournal, Position, Unread, Verdict},
    time::{simulated::spawn, sleep},
};

/// One thing that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutation {
    /// Nothing.
    None,
    /// Records are forgotten as soon as they are appended.
    Forgets,
    /// Of what an earlier run left the first record is passed over.
    Misreads,
    /// Who comes next says yes before anything is stored.
    Promises,
}

impl Mutation {
    pub(super) const ALL: [Self; 3] = [Self::Forgets, Self::Misreads, Self::Promises];
}

/// A journal that may be broken.
pub(super) struct Journaling(LogJournal, Mutation, AtomicBool);

impl Journaling {
    pub(super) fn new(journal: LogJournal, mutation: Mutation) -> Self {
        Self(journal, mutation, AtomicBool::default())
    }
}

impl Journal for Journaling {
    fn append(&self, payload: &Payload) -> Result<Appending, Refusal> {
        let appending = self.0.append(payload)?;
        if self.1 == Mutation::Forgets {
            self.0.done(&[appending.position]);
        }
        Ok(appending)
    }

    fn decided<'a>(&'a self, verdicts: &'a [Verdict]) -> BoxFuture<'a, ()> {
        self.0.decided(verdicts)
    }

    fn done(&self, records: &[Position]) {
        self.0.done(records);
    }

    fn recall(&self, each: &mut dyn FnMut(Verdict)) -> u64 {
        self.0.recall(each)
    }

    fn next(&self) -> Unread {
        match self.0.next() {
            Unread::Record(position, _)
                if self.1 == Mutation::Misreads && !self.2.swap(true, Relaxed) =>
            {
                self.0.done(&[position]);
                self.0.next()
            }
            next => next,
        }
    }

    fn give_back(&self, record: Position) {
        self.0.give_back(record);
    }

    fn leave(&self, record: Position) {
        self.0.leave(record);
    }

    fn at_end(&self) -> Option<Position> {
        self.0.at_end()
    }

    fn unreadable(&self) -> Option<Position> {
        self.0.unreadable()
    }
}

/// The end of the pipeline, which may be broken.
pub(super) struct Next(pub(super) Arc<dyn Take>, pub(super) Mutation);

impl Take for Next {
    fn take(&self, payload: Payload) -> BoxFuture<'_, Result<(), Refusal>> {
        if self.1 != Mutation::Promises {
            return self.0.take(payload);
        }
        let next = Arc::clone(&self.0);
        spawn(async move {
            sleep(Duration::from_millis(200)).await;
            while next.take(payload.clone()).await.is_err() {
                sleep(Duration::from_millis(200)).await;
            }
        });
        Box::pin(async { Ok(()) })
    }
}
