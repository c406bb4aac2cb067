//! How does the sampler stand between receivers and exporters?

use std::{
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
    cores::{Cores, NoRoom, Sending},
    counts::Counts,
    journal::{MaybeJournal, Remembered},
    pending::{Pending, Unfinished},
    reading::Reading,
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
    cores: Cores,
    journal: MaybeJournal,
    /// Records that are appended and not taken yet.
    pending: Pending,
    counts: Arc<Counts>,
    next: Arc<dyn Take>,
    /// The parcel that is handed on now. It stays here until it is taken, also if whoever sends it is stopped.
    sending: Mutex<Option<Sending>>,
    /// About how large a request of kept spans is.
    parcel: AtomicUsize,
    began: Instant,
    kept: Notify,
    decided: Notify,
}

/// How often time passes.
const TICK: Duration = Duration::from_secs(1);
/// How many traces are decided before others have their turn.
const AT_ONCE: usize = 2048;
/// In how many turns everything is decided at most: after a restart that may be what came in many seconds, and nothing
/// is handed on before.
const TURNS: usize = 64;
/// About how large a request of kept spans is, as long as whoever comes next takes that. What is under way when the
/// program is killed comes twice, so it is no larger than pays.
const PARCEL: usize = 256 << 10;
/// When to come again to one who is busy and does not say when.
const AGAIN: Duration = Duration::from_millis(100);
/// How long a sender waits for room where new traces wait instead of old ones being left.
const PATIENCE: Duration = Duration::from_secs(5);

impl Sampler {
    /// Hands on to `next` what the cores keep.
    pub fn new(cores: impl Into<Cores>, journal: MaybeJournal, next: Arc<dyn Take>) -> Self {
        let cores = cores.into();
        if journal.is_some() {
            cores.each().for_each(|mut core| core.journaled());
        }
        Self {
            counts: Arc::clone(cores.counts()),
            cores,
            journal,
            pending: Pending::default(),
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
        self.cores.waiting()
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
                Remembered::Verdict(verdict) => self.cores.recall(verdict),
                Remembered::Record(position, payload) => {
                    let now = self.now();
                    for mut core in self.cores.each() {
                        core.knows_upto(position);
                    }
                    let reading = self.cores.read(payload);
                    match reading.and_then(|read| self.cores.take(&read, Some(position), now)) {
                        Ok(()) => taken += 1,
                        Err(_) => left += 1,
                    }
                }
            }
        }
        self.cores.each().for_each(|mut core| core.recalled());
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
            self.cores.each().for_each(|mut core| core.end(now));
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
        for core in 0..self.cores.len() {
            let began = std::time::Instant::now();
            self.cores.get(core).tick();
            let many = self.cores.get(core).deciding.len().div_ceil(TURNS);
            loop {
                let now = self.now();
                let more = self.cores.get(core).decide(many.max(AT_ONCE), now);
                if !more {
                    break;
                }
                // What is decided is not to be decided again, however soon the end comes.
                self.tell().await;
                tokio::task::yield_now().await;
            }
            let took = began.elapsed().as_secs_f64() * 1000.0;
            self.counts.latency.observe(took);
            self.kept.notify_one();
        }
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
            *sending = self.cores.parcel(self.parcel.load(Relaxed))?;
        }
        Ok(sending
            .as_ref()
            .map(|sending| sending.parcel.payload.clone()))
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
        if let Some(sent) = sent {
            self.cores.delivered(sent);
        }
        self.tell().await;
    }

    /// What is sent now goes in smaller parcels; whether it can.
    fn take_back(&self) -> bool {
        let several = |sending: &mut Sending| sending.parcel.is_several();
        let Some(sending) = self.sending().take_if(several) else {
            return false;
        };
        let half = sending.parcel.payload.body.len() / 2;
        self.parcel.store(half.max(1), Relaxed);
        self.cores.taken_back(sending);
        true
    }

    /// Tells the journal what it may forget, verdicts first: a record that is gone is never read again.
    async fn tell(&self) {
        let (verdicts, done) = self.cores.news();
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
        let reading = self.cores.read(payload.clone())?;
        self.wait_for_room(&reading).await?;
        let Some(journal) = &self.journal else {
            self.cores.take(&reading, None, self.now())?;
            self.kept.notify_one();
            return Ok(());
        };
        let appending = self.pending.append(|| journal.append(&payload))?;
        let position = appending.position;
        let unfinished = Unfinished {
            pending: &self.pending,
            cores: &self.cores,
            position,
        };
        appending.stored.await?;
        let taken = self.cores.take(&reading, Some(position), self.now());
        drop(unfinished);
        if taken.is_err() {
            journal.done(&[position]);
        }
        self.kept.notify_one();
        taken
    }

    async fn wait_for_room(&self, reading: &Reading) -> Result<(), Refusal> {
        let since = Instant::now();
        loop {
            let mut decided = pin!(self.decided.notified());
            decided.as_mut().enable();
            if !self.cores.is_full(reading) {
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

    fn sending(&self) -> MutexGuard<'_, Option<Sending>> {
        self.sending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Take for Sampler {
    fn take(&self, payload: Payload) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(self.sample(payload))
    }
}
