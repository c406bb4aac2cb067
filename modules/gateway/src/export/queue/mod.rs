//! What waits for one destination, and who gets it next?

mod forming;
mod lines;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use forming::{Forming, Which};
use tokio::sync::Notify;

use super::{
    room::{Held, Rooms, Wait},
    source::Waiter,
};
use crate::{
    Budget, Payload, Refusal,
    log::{Backlog, Cursor},
    settings::{Queue as Settings, QueueBatch, Sizer},
    time::{Instant, sleep_until},
};

/// The payloads for one destination, in memory. A batch is formed in here, so that whoever sends is woken for a batch
/// and not for each payload of it, and what waits for its batch counts as what waits.
#[derive(Debug)]
pub struct Queue {
    settings: Settings,
    rules: Option<QueueBatch>,
    inner: Mutex<Inner>,
    arrived: Notify,
    ended: Notify,
    /// Whether whoever comes is let in.
    open: AtomicBool,
    /// What waits in a log on disk instead, and how many bytes that may have.
    kept: OnceLock<(Cursor, u64)>,
}

#[derive(Debug)]
struct Inner {
    forming: Forming,
    rooms: Rooms,
    /// Somebody was refused since the last batch was taken.
    pressed: bool,
    closed: bool,
}

/// A payload that waits, and who wants to hear of its end.
#[derive(Debug)]
pub(super) struct Entry {
    /// What is to be sent.
    pub(super) payload: Payload,
    /// Who waits for the result, if anyone does.
    done: Option<Waiter>,
    room: u64,
    since: Instant,
}

/// Room that was taken in a queue for one payload.
#[derive(Debug)]
pub(super) struct Room<'a> {
    queue: &'a Queue,
    held: Held,
}

/// What there is to send.
enum Next {
    Batch(Vec<Entry>),
    /// Something that may become more until then, as long as there is memory for more.
    Forming(Instant, Arc<Budget>),
    Nothing,
    Never,
}

impl Queue {
    /// An empty queue, whose payloads leave as these rules say: one by one where there are none.
    pub fn new(settings: Settings, rules: Option<QueueBatch>) -> Self {
        let inner = Inner {
            forming: Forming::new(rules.as_ref()),
            rooms: Rooms::new(settings.size),
            pressed: false,
            closed: false,
        };
        Self {
            settings,
            rules,
            inner: Mutex::new(inner),
            arrived: Notify::new(),
            ended: Notify::new(),
            open: AtomicBool::new(false),
            kept: OnceLock::new(),
        }
    }

    /// How it is set.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How payloads are put together.
    pub fn rules(&self) -> Option<&QueueBatch> {
        self.rules.as_ref()
    }

    /// How much of it is used: by what waits, by what forms a batch, and by what is being sent.
    pub fn used(&self) -> u64 {
        match self.kept.get() {
            None => self.inner().rooms.used(),
            Some((cursor, _)) if self.settings.size == u64::MAX => cursor.backlog().bytes,
            Some((cursor, _)) => cursor.backlog().of(self.settings.sizer),
        }
    }

    /// What waits on disk, where it does.
    pub fn left_on_disk(&self) -> Option<Backlog> {
        self.kept.get().map(|(cursor, _)| cursor.backlog())
    }

    /// How much there may be. Of a queue on disk without a size of its own these are bytes.
    pub fn capacity(&self) -> u64 {
        match self.kept.get() {
            Some((_, bytes)) => self.settings.size.min(*bytes),
            None => self.settings.size,
        }
    }

    /// What waits does so on disk, where that cursor stands; the files may have so many bytes.
    pub(crate) fn is_kept(&self, cursor: Cursor, bytes: u64) {
        // It is said once, when the gateway is built.
        let _ = self.kept.set((cursor, bytes));
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here panics halfway; what there is, is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn size(&self, payload: &Payload) -> u64 {
        size(self.settings.sizer, payload)
    }

    /// Takes room for a payload, after those who came before.
    pub(super) async fn reserve(&self, payload: &Payload) -> Result<Room<'_>, Refusal> {
        let size = self.size(payload);
        let limit = self.settings.size;
        if size > limit {
            return Err(Refusal::TooLarge { bytes: size, limit });
        }
        let wait = {
            let mut inner = self.inner();
            if inner.closed {
                return Err(ends());
            }
            if let Some(held) = inner.rooms.take(size) {
                return Ok(Room { queue: self, held });
            }
            inner.pressed = true;
            let wait = self
                .settings
                .block_on_overflow
                .then(|| inner.rooms.wait(size));
            self.hasten(&inner);
            wait
        };
        let Some(wait) = wait else {
            return Err(Refusal::busy("the sending queue is full"));
        };
        let mut waiting = Waiting { queue: self, wait };
        let held = waiting.wait.granted().await.ok_or_else(ends)?;
        Ok(Room { queue: self, held })
    }

    /// The next payloads to send together; none once the queue is closed and empty.
    pub(super) async fn next(&self) -> Option<Vec<Entry>> {
        loop {
            let mut arrived = std::pin::pin!(self.arrived.notified());
            arrived.as_mut().enable();
            match self.look() {
                Next::Batch(batch) => return Some(batch),
                Next::Never => return None,
                Next::Nothing => arrived.await,
                Next::Forming(until, budget) => tokio::select! {
                    () = arrived => {}
                    () = sleep_until(until) => {}
                    () = budget.shortage() => {}
                },
            }
        }
    }

    fn look(&self) -> Next {
        let mut inner = self.inner();
        let Some(first) = inner.forming.first() else {
            return if inner.closed {
                Next::Never
            } else {
                Next::Nothing
            };
        };
        let Some(rules) = &self.rules else {
            return Next::Batch(inner.forming.batch(Which::Oldest));
        };
        let until = first.since + rules.flush_timeout.min(Duration::from_hours(1));
        let budget = first.payload.charge.budget();
        let no_more = inner.closed || inner.is_short() || budget.is_short();
        // Who waits longest is not passed over, however fast others come.
        let which = if no_more || Instant::now() >= until {
            Which::Oldest
        } else if inner.forming.is_whole() {
            Which::Whole
        } else {
            return Next::Forming(until, Arc::clone(budget));
        };
        inner.pressed = false;
        let batch = inner.forming.batch(which);
        if !inner.forming.is_empty() {
            // Another batch, or the beginning of one, whose time somebody has to watch.
            self.arrived.notify_one();
        }
        Next::Batch(batch)
    }

    /// Says that payloads have arrived, or never will.
    pub(super) fn done(&self, entries: Vec<Entry>, result: &Result<(), Refusal>) {
        let mut room = 0;
        for entry in entries {
            room += entry.room;
            if let Some(done) = entry.done {
                // Whoever waited may be gone: its connection broke.
                let _ = done.send(result.clone());
            }
        }
        self.give_back(&Held::filled(room));
    }

    fn give_back(&self, held: &Held) {
        let mut granted = {
            let mut inner = self.inner();
            inner.rooms.give_back(held);
            inner.rooms.grant()
        };
        // Told outside of the lock; whoever went away meanwhile leaves the room to the next.
        while let Some(lost) = granted.tell() {
            let mut inner = self.inner();
            inner.rooms.give_back(&lost);
            granted.append(inner.rooms.grant());
        }
        self.hasten(&self.inner());
    }

    /// What forms a batch is to be sent as it is, if more cannot come.
    fn hasten(&self, inner: &Inner) {
        if self.rules.is_some() && !inner.forming.is_empty() && inner.is_short() {
            self.arrived.notify_one();
        }
    }

    /// What forms a batch somewhere else, of what this queue does not hold itself, is to be sent as it is: there is no
    /// room for more.
    pub(super) fn press(&self) {
        self.inner().pressed = true;
        self.arrived.notify_waiters();
    }

    /// Waits until somebody presses.
    pub(super) async fn pressed(&self) {
        loop {
            let mut arrived = std::pin::pin!(self.arrived.notified());
            arrived.as_mut().enable();
            if std::mem::take(&mut self.inner().pressed) {
                return;
            }
            arrived.await;
        }
    }

    /// Lets in whoever comes: what this queue has stays in files, and nothing will be sent that makes room. So nobody
    /// waits for that, and what others hold in memory is not lost for lack of it.
    pub(super) fn open(&self) {
        self.open.store(true, Relaxed);
        self.ended.notify_waiters();
    }

    /// Whether whoever comes is let in.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Relaxed)
    }

    /// Waits until what is in files is left there: nothing more is taken, or the gateway ends.
    pub(super) async fn left(&self) {
        loop {
            let mut ended = std::pin::pin!(self.ended.notified());
            ended.as_mut().enable();
            if self.inner().closed || self.is_open() {
                return;
            }
            ended.await;
        }
    }

    /// Takes nothing more; what is there may still be had.
    pub fn close(&self) {
        let mut inner = self.inner();
        inner.closed = true;
        inner.rooms.end();
        drop(inner);
        self.arrived.notify_waiters();
        self.ended.notify_waiters();
    }
}

impl Inner {
    /// Whether nothing more comes before something was sent: there is no room, and nobody who has some to fill.
    fn is_short(&self) -> bool {
        self.rooms.nobody_fills() && (self.pressed || self.rooms.is_full())
    }
}

impl Room<'_> {
    /// Fills the room with the payload that it was taken for.
    pub(super) fn fill(mut self, payload: Payload, done: Option<Waiter>) {
        let room = self.held.fill();
        let queue = self.queue;
        let mut inner = queue.inner();
        let first = inner.forming.is_empty();
        inner.rooms.filled();
        let whole = inner.forming.push(Entry {
            payload,
            done,
            room,
            since: Instant::now(),
        });
        // The first one's time is to be watched; then nobody is woken until there is a batch.
        let wake = first || whole || inner.is_short();
        drop(inner);
        if wake {
            queue.arrived.notify_one();
        }
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        if let Some(held) = self.held.rest() {
            self.queue.give_back(&held);
        }
    }
}

/// Somebody who waits, and may go away before there is room.
struct Waiting<'a> {
    queue: &'a Queue,
    wait: Wait,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        match self.wait.leave() {
            Some(lost) => self.queue.give_back(&lost),
            // Who comes next may want less.
            None if self.wait.is_over() => {}
            None => self.queue.give_back(&Held::filled(0)),
        }
    }
}

pub(super) fn size(sizer: Sizer, payload: &Payload) -> u64 {
    match sizer {
        Sizer::Requests => 1,
        Sizer::Items => payload.items,
        Sizer::Bytes => payload.body.len() as u64,
    }
}

fn ends() -> Refusal {
    Refusal::busy("the gateway is about to end")
}

#[cfg(test)]
mod tests;
