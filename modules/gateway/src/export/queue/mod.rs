//! What waits for one destination, and who gets it next?

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::source::Waiter;
use crate::{
    Payload, Refusal,
    settings::{Queue as Settings, Sizer},
};

/// The payloads for one destination, in memory.
#[derive(Debug)]
pub struct Queue {
    settings: Settings,
    inner: Mutex<Inner>,
    arrived: Notify,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    entries: VecDeque<Entry>,
    used: u64,
    closed: bool,
}

/// A payload that waits, and who wants to hear of its end.
#[derive(Debug)]
pub(super) struct Entry {
    /// What is to be sent.
    pub(super) payload: Payload,
    /// Who waits for the result, if anyone does.
    pub(super) done: Option<Waiter>,
    room: u64,
}

/// Room that was taken in a queue for one payload.
#[derive(Debug)]
pub(super) struct Room<'a> {
    queue: &'a Queue,
    size: u64,
}

impl Queue {
    /// An empty queue.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            inner: Mutex::default(),
            arrived: Notify::new(),
            freed: Notify::new(),
        }
    }

    /// How it is set.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How much of it is used.
    pub fn used(&self) -> u64 {
        self.inner().used
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here panics halfway; what there is, is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn size(&self, payload: &Payload) -> u64 {
        match self.settings.sizer {
            Sizer::Requests => 1,
            Sizer::Items => payload.items,
            Sizer::Bytes => payload.body.len() as u64,
        }
    }

    /// Takes room for a payload.
    pub(super) async fn reserve(&self, payload: &Payload) -> Result<Room<'_>, Refusal> {
        let size = self.size(payload);
        if size > self.settings.size {
            return Err(Refusal::TooLarge {
                bytes: size,
                limit: self.settings.size,
            });
        }
        loop {
            let mut freed = std::pin::pin!(self.freed.notified());
            freed.as_mut().enable();
            {
                let mut inner = self.inner();
                if inner.closed {
                    return Err(Refusal::busy("the gateway is about to end"));
                }
                if inner.used + size <= self.settings.size {
                    inner.used += size;
                    return Ok(Room { queue: self, size });
                }
            }
            if !self.settings.block_on_overflow {
                return Err(Refusal::busy("the sending queue is full"));
            }
            freed.await;
        }
    }

    /// The next payload; none once the queue is closed and empty.
    pub(super) async fn next(&self) -> Option<Entry> {
        loop {
            let mut arrived = std::pin::pin!(self.arrived.notified());
            arrived.as_mut().enable();
            {
                let mut inner = self.inner();
                if let Some(entry) = inner.entries.pop_front() {
                    return Some(entry);
                }
                if inner.closed {
                    return None;
                }
            }
            arrived.await;
        }
    }

    /// Says that a payload has arrived, or never will.
    pub(super) fn done(&self, entry: Entry, result: Result<(), Refusal>) {
        if let Some(done) = entry.done {
            // Whoever waited may be gone: its connection broke.
            let _ = done.send(result);
        }
        self.give_back(entry.room);
    }

    fn give_back(&self, size: u64) {
        self.inner().used -= size;
        self.freed.notify_waiters();
    }

    /// Waits until nothing more is taken.
    pub(super) async fn closed(&self) {
        loop {
            let mut freed = std::pin::pin!(self.freed.notified());
            freed.as_mut().enable();
            if self.inner().closed {
                return;
            }
            freed.await;
        }
    }

    /// How much there may be.
    pub fn capacity(&self) -> u64 {
        self.settings.size
    }

    /// Takes nothing more; what is there may still be had.
    pub fn close(&self) {
        self.inner().closed = true;
        self.arrived.notify_waiters();
        self.freed.notify_waiters();
    }
}

impl Room<'_> {
    /// Fills the room with the payload that it was taken for.
    pub(super) fn fill(mut self, payload: Payload, done: Option<Waiter>) {
        let room = std::mem::take(&mut self.size);
        let entry = Entry {
            payload,
            done,
            room,
        };
        self.queue.inner().entries.push_back(entry);
        self.queue.arrived.notify_one();
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        if self.size > 0 {
            self.queue.give_back(self.size);
        }
    }
}
