//! How does the sampler stand between receivers and exporters?

use std::{
    collections::BTreeSet,
    future::Future,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use collector_config::Signal;
use futures::future::BoxFuture;
use tokio::sync::Notify;

use super::{
    core::Core,
    counts::Counts,
    journal::{MaybeJournal, Position, Remembered},
    parcel::{Outbox, Parcel},
};
use crate::{
    Payload, Refusal,
    pipeline::Take,
    time::{Instant, sleep, sleep_until, timeout},
};

/// Takes spans, and hands on those of traces that are kept.
///
/// What it has said yes to it holds: in memory, or in the journal where there is one. [`recover`](Self::recover) before
/// it takes anything, and [`run`](Self::run) beside it: that is what makes time pass.
pub struct Sampler {
    core: Mutex<Core>,
    journal: MaybeJournal,
    /// Records that are appended and not taken yet.
    pending: Mutex<Pending>,
    counts: Arc<Counts>,
    next: Arc<dyn Take>,
    /// The parcel that is handed on now. It stays here until it is taken, also if whoever sends it is stopped.
    sending: Mutex<Option<Parcel>>,
    /// About how large a request of kept spans is.
    parcel: AtomicUsize,
    began: Instant,
    kept: Notify,
    decided: Notify,
}

#[derive(Default)]
struct Pending {
    records: BTreeSet<Position>,
    last: Option<Position>,
}

/// How often time passes.
const TICK: Duration = Duration::from_secs(1);
/// How many traces are decided before others have their turn.
const AT_ONCE: usize = 2048;
/// About how large a request of kept spans is, as long as whoever comes next takes that.
const PARCEL: usize = 1 << 20;
/// When to come again to one who is busy and does not say when.
const AGAIN: Duration = Duration::from_millis(100);
/// How long a sender waits for room where new traces wait instead of old ones being left.
const PATIENCE: Duration = Duration::from_secs(5);

impl Sampler {
    /// Hands on to `next` what the core keeps.
    pub fn new(mut core: Core, journal: MaybeJournal, next: Arc<dyn Take>) -> Self {
        if journal.is_some() {
            core.journaled();
        }
        Self {
            counts: Arc::clone(core.counts()),
            core: Mutex::new(core),
            journal,
            pending: Mutex::default(),
            next,
            sending: Mutex::new(None),
            parcel: AtomicUsize::new(PARCEL),
            began: Instant::now(),
            kept: Notify::new(),
            decided: Notify::new(),
        }
    }

    /// What it counts.
    pub fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    /// How many traces wait for their decision.
    pub fn waiting(&self) -> usize {
        self.core().waiting()
    }

    /// Takes again what an earlier run did not finish. A record for which there is no room now is left in the journal, for
    /// the next run; how many were taken, and how many were left.
    pub async fn recover(&self) -> (u64, u64) {
        let (mut taken, mut left) = (0, 0);
        let Some(journal) = &self.journal else {
            return (0, 0);
        };
        while let Some(remembered) = journal.remembered().await {
            match remembered {
                Remembered::Verdict(verdict) => self.core().recall(verdict),
                Remembered::Record(position, payload) => {
                    let now = self.now();
                    self.core().knows_upto(position);
                    match self.core().ingest(payload, Some(position), now) {
                        Ok(()) => taken += 1,
                        Err(_) => left += 1,
                    }
                }
            }
        }
        self.core().recalled();
        self.counts.recovered.add(taken);
        self.counts.left.add(left);
        self.tell().await;
        (taken, left)
    }

    /// Decides and hands on until `stop`, and then what is left of both.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let ending = AtomicBool::new(false);
        let until_the_end = async {
            tokio::select! {
                biased;
                () = stop => {}
                () = self.ticks() => {}
            }
            let now = self.now();
            self.core().end(now);
            ending.store(true, Relaxed);
            self.kept.notify_one();
        };
        tokio::join!(until_the_end, self.send_all(&ending));
        self.tell().await;
    }

    async fn ticks(&self) {
        // Each trace waits a number of ticks: after a pause they come one after the other.
        let mut next = self.began;
        loop {
            next += TICK;
            sleep_until(next).await;
            self.second().await;
        }
    }

    /// What happens each second.
    pub(super) async fn second(&self) {
        let began = std::time::Instant::now();
        self.core().tick();
        loop {
            let now = self.now();
            let more = self.core().decide(AT_ONCE, now);
            if !more {
                break;
            }
            tokio::task::yield_now().await;
        }
        self.kept.notify_one();
        let took = began.elapsed().as_secs_f64() * 1000.0;
        self.counts.latency.observe(took);
        self.decided.notify_waiters();
        self.tell().await;
    }

    /// Hands on what is kept, one parcel after the other, each until it is taken; once `ending`, until there is none.
    pub(super) async fn send_all(&self, ending: &AtomicBool) {
        loop {
            let full = match self.next_payload() {
                Ok(Some(payload)) => {
                    self.send(payload).await;
                    continue;
                }
                Ok(None) => false,
                Err(NoRoom) => true,
            };
            if full {
                sleep(AGAIN).await;
            } else if ending.load(Relaxed) {
                return;
            } else {
                self.kept.notified().await;
            }
        }
    }

    /// What is to be sent now: what was begun and not finished comes first.
    fn next_payload(&self) -> Result<Option<Payload>, NoRoom> {
        let mut sending = self.sending();
        if sending.is_none() {
            *sending = match self.core().parcel(self.parcel.load(Relaxed)) {
                Outbox::Parcel(parcel) => Some(parcel),
                Outbox::NoRoom => return Err(NoRoom),
                Outbox::Empty => None,
            };
        }
        Ok(sending.as_ref().map(|parcel| parcel.payload.clone()))
    }

    async fn send(&self, payload: Payload) {
        loop {
            match self.next.take(payload.clone()).await {
                Ok(()) => break,
                Err(Refusal::Busy { after, .. }) => sleep(after.unwrap_or(AGAIN)).await,
                Err(Refusal::TooLarge { .. }) if self.take_back() => return,
                Err(_) => {
                    // It would be refused for ever.
                    self.counts.refused.add(payload.items);
                    break;
                }
            }
        }
        let sent = self.sending().take();
        if let Some(parcel) = sent {
            self.core().delivered(parcel);
        }
        self.tell().await;
    }

    /// What is sent now goes in smaller parcels; whether it can.
    fn take_back(&self) -> bool {
        let Some(parcel) = self.sending().take_if(|parcel| parcel.is_several()) else {
            return false;
        };
        let half = parcel.payload.body.len() / 2;
        self.parcel.store(half.max(1), Relaxed);
        self.core().taken_back(parcel);
        true
    }

    /// Tells the journal what it may forget, verdicts first: a record that is gone is never read again.
    async fn tell(&self) {
        let (verdicts, done) = self.core().news();
        if let Some(journal) = &self.journal {
            if !verdicts.is_empty() {
                journal.decided(&verdicts).await;
            }
            if !done.is_empty() {
                journal.done(&done);
            }
        }
    }

    async fn sample(&self, payload: Payload) -> Result<(), Refusal> {
        if payload.signal != Signal::Traces {
            return Err(Refusal::Unwanted(payload.signal));
        }
        self.wait_for_room().await?;
        let Some(journal) = &self.journal else {
            let now = self.now();
            self.core().ingest(payload, None, now)?;
            self.kept.notify_one();
            return Ok(());
        };
        // Positions are given and noted under one lock, so that nothing before `upto` is ever unknown.
        let appending = {
            let mut pending = self.pending();
            let appending = journal.append(&payload)?;
            pending.records.insert(appending.position);
            appending
        };
        let position = appending.position;
        let unfinished = Unfinished {
            sampler: self,
            position,
        };
        appending.stored.await?;
        let now = self.now();
        let taken = self.core().ingest(payload, Some(position), now);
        drop(unfinished);
        if taken.is_err() {
            journal.done(&[position]);
        }
        self.kept.notify_one();
        taken
    }

    async fn wait_for_room(&self) -> Result<(), Refusal> {
        let since = Instant::now();
        loop {
            let mut decided = pin!(self.decided.notified());
            decided.as_mut().enable();
            if !self.core().is_full() {
                return Ok(());
            }
            let left = PATIENCE.saturating_sub(since.elapsed());
            if timeout(left, decided).await.is_err() {
                return Err(Refusal::busy("as many traces wait for a decision as may"));
            }
        }
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Nothing that holds it panics half-way; and if it did, sampling on is better than stopping.
    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sending(&self) -> MutexGuard<'_, Option<Parcel>> {
        self.sending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Take for Sampler {
    fn take(&self, payload: Payload) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(self.sample(payload))
    }
}

/// There is something to send, and no memory to make a request of it.
struct NoRoom;

/// A record that is appended and not taken yet, until it is taken or nobody waits for it any more.
struct Unfinished<'a> {
    sampler: &'a Sampler,
    position: Position,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        let mut pending = self.sampler.pending();
        pending.records.remove(&self.position);
        pending.last = pending.last.max(Some(self.position));
        let first = pending.records.first().copied();
        let upto = match first {
            Some(first) => Position(first.0.saturating_sub(1)),
            None => pending.last.unwrap_or_default(),
        };
        drop(pending);
        self.sampler.core().knows_upto(upto);
    }
}
