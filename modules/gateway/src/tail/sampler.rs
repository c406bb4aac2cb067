//! How does the sampler stand between receivers and exporters?

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use collector_config::Signal;
use futures::future::BoxFuture;
use tokio::sync::{Notify, Semaphore};

use super::{
    catch_up,
    cores::{Cores, NoRoom, Sending},
    counts::Counts,
    journal::MaybeJournal,
    pending::{Pending, Unfinished},
    reading::{Reading, When},
};
use crate::{
    Payload, Refusal,
    haste::Hurry,
    pipeline::Take,
    time::{Instant, sleep, sleep_until, timeout},
};

/// Takes spans, and hands on those of traces that are kept.
///
/// What it has said yes to it holds: in memory, or in the journal where there is one. [`recall`](Self::recall) before
/// it takes anything, and `run` beside it: that is what makes time pass, and reads again what an earlier run
/// left.
pub struct Sampler {
    name: String,
    pub(super) cores: Cores,
    pub(super) journal: MaybeJournal,
    /// Records that are appended and not taken yet.
    pub(super) pending: Pending,
    /// Bytes that may be appended while records are read again.
    pub(super) turns: Semaphore,
    pub(super) counts: Arc<Counts>,
    next: Arc<dyn Take>,
    /// The parcel that is handed on now. It stays here until it is taken, also if whoever sends it is stopped.
    sending: Mutex<Option<Sending>>,
    /// Whose turn it is to tell the journal what it may forget.
    telling: tokio::sync::Mutex<()>,
    /// About how large a request of kept spans is.
    parcel: AtomicUsize,
    pub(super) began: Instant,
    /// How many milliseconds before that the first record came that is read again.
    pub(super) earlier: AtomicU64,
    kept: Notify,
    decided: Notify,
}

/// How often time passes.
pub(super) const TICK: Duration = Duration::from_secs(1);
/// How many traces are decided before others have their turn.
const AT_ONCE: usize = 2048;
/// In how many turns everything is decided at most: after a restart that may be what came in many seconds, and nothing
/// is handed on before.
const TURNS: usize = 64;
/// How many traces are decided for one that began while others had their turn: so deciding ends, whoever sends however
/// much, and none has to go before its time because deciding is late.
const FOR_ONE: usize = 2;
/// About how large a request of kept spans is, as long as whoever comes next takes that. What is under way when the
/// program is killed comes twice, so it is no larger than pays.
const PARCEL: usize = 256 << 10;
/// When to come again to one who is busy and does not say when.
const AGAIN: Duration = Duration::from_millis(100);
/// How long a sender waits for room where new traces wait instead of old ones being left.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

impl Sampler {
    /// Hands on to `next` what the cores keep.
    pub fn new(cores: impl Into<Cores>, journal: MaybeJournal, next: Arc<dyn Take>) -> Self {
        let cores = cores.into();
        if journal.is_some() {
            cores.each().for_each(|mut core| core.journaled());
        }
        Self {
            name: "tail_sampling".to_owned(),
            counts: Arc::clone(cores.counts()),
            cores,
            journal,
            pending: Pending::default(),
            turns: catch_up::turns(),
            next,
            sending: Mutex::new(None),
            telling: tokio::sync::Mutex::default(),
            parcel: AtomicUsize::new(PARCEL),
            began: Instant::now(),
            earlier: AtomicU64::new(0),
            kept: Notify::new(),
            decided: Notify::new(),
        }
    }

    /// The same under the name of its component.
    #[must_use]
    pub fn named(self, name: String) -> Self {
        Self { name, ..self }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a journal keeps what it has taken.
    pub(crate) fn is_kept(&self) -> bool {
        self.journal.is_some()
    }

    /// What it counts.
    pub fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    /// How many traces wait for their decision.
    pub fn waiting(&self) -> usize {
        self.cores.waiting()
    }

    /// Reads again what was left, decides and hands on until `stop`, and then what is left to decide and to hand on.
    /// What was not read by then is read by the next run. Once it is too late, what nobody has taken is left to that run,
    /// or lost and counted where no journal has it.
    pub(crate) async fn run(&self, stop: impl Future<Output = ()>, hurry: Hurry) {
        let ending = AtomicBool::new(false);
        let until_the_end = async {
            tokio::select! {
                biased;
                () = stop => {}
                () = self.pass_time() => {}
            }
            let now = self.now();
            self.cores.each().for_each(|mut core| core.end(now));
            ending.store(true, Relaxed);
            self.kept.notify_one();
        };
        let sent = async {
            tokio::select! {
                () = self.send_all(&ending) => {}
                () = hurry.over() => self.give_up(),
            }
        };
        tokio::join!(until_the_end, sent);
        self.tell().await;
    }

    async fn pass_time(&self) {
        self.catch_up().await;
        // Whoever the run before turned away at its end has this long to come again.
        sleep_until(self.began + TICK).await;
        loop {
            // Each trace waits a number of ticks: after a pause they come one after the other.
            sleep(self.next_tick().saturating_sub(self.now())).await;
            self.second().await;
        }
    }

    /// What happens each second.
    pub(super) async fn second(&self) {
        for core in 0..self.cores.len() {
            let began = std::time::Instant::now();
            self.cores.get(core).tick();
            let many = self.cores.get(core).deciding.len().div_ceil(TURNS);
            let mut many = many.max(AT_ONCE);
            loop {
                let (now, before) = (self.clock(), self.counts.began.get());
                let more = self.cores.get(core).decide(many, now);
                if !more {
                    break;
                }
                // What is decided is not to be decided again, however soon the end comes.
                self.tell().await;
                tokio::task::yield_now().await;
                let came = self.counts.began.get() - before;
                many = many.max(
                    usize::try_from(came)
                        .unwrap_or(usize::MAX)
                        .saturating_mul(FOR_ONE),
                );
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
            let sent = match self.next_payload() {
                Ok(Some(payload)) => self.send(payload).await,
                Ok(None) if ending.load(Relaxed) => return,
                Ok(None) => {
                    self.kept.notified().await;
                    Ok(())
                }
                Err(NoRoom) => Err(AGAIN),
            };
            if let Err(again) = sent {
                sleep(again).await;
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

    /// Hands on a parcel; when to try again, where that has to wait.
    async fn send(&self, payload: Payload) -> Result<(), Duration> {
        match self.next.take(payload.clone()).await {
            Ok(()) => {}
            Err(Refusal::Busy { after, .. }) => return Err(after.unwrap_or(AGAIN)),
            Err(Refusal::TooLarge { .. }) if self.take_back() => return Ok(()),
            // It would be refused for ever.
            Err(_) => self.counts.refused.add(payload.items),
        }
        let sent = self.sending().take();
        if let Some(sent) = sent {
            self.cores.delivered(sent);
        }
        self.tell().await;
        Ok(())
    }

    /// Lets go of what nobody takes.
    fn give_up(&self) {
        if matches!(self.next_payload(), Ok(None)) {
            return;
        }
        if self.journal.is_some() {
            tracing::warn!(
                "what tail sampling kept and nobody took is handed on after the next start"
            );
            return;
        }
        let mut items = 0;
        while let Ok(Some(payload)) = self.next_payload() {
            items += payload.items;
            if let Some(sent) = self.sending().take() {
                self.cores.delivered(sent);
            }
        }
        self.counts.refused.add(items);
        tracing::error!(items, "what tail sampling kept and nobody took is lost");
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
    pub(super) async fn tell(&self) {
        // One at a time: who is told of verdicts may wait, and records must not be done before the verdicts on them.
        let _turn = self.telling.lock().await;
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
        let mut reading = None;
        if self.pending.is_read() {
            self.wait_for_turn(payload.body.len()).await?;
        } else {
            let reading = reading.insert(self.cores.read(payload.clone())?);
            self.wait_for_room(reading).await?;
        }
        let Some(journal) = &self.journal else {
            let reading = reading.map_or_else(|| self.cores.read(payload), Ok)?;
            self.cores.take(&reading, None, self.just_now(&reading))?;
            self.kept.notify_one();
            return Ok(());
        };
        let unread = &self.counts.unread;
        let appending = self.pending.append(&**journal, &payload, unread)?;
        let position = appending.position;
        let unfinished = Unfinished {
            pending: &self.pending,
            cores: &self.cores,
            position,
        };
        appending.stored.await?;
        if !self.pending.is_taken(position) {
            return Ok(());
        }
        let reading = reading.map_or_else(|| self.cores.read(payload), Ok);
        let taken = reading.and_then(|reading| {
            let when = self.just_now(&reading);
            self.cores.take(&reading, Some(position), when)
        });
        drop(unfinished);
        if taken.is_err() {
            journal.done(&[position]);
        }
        self.kept.notify_one();
        taken
    }

    fn just_now(&self, reading: &Reading) -> When {
        When {
            now: self.now(),
            waited: reading.waited(),
        }
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

    /// How long ago the first record came that it knows of.
    pub(super) fn now(&self) -> Duration {
        self.began.elapsed() + Duration::from_millis(self.earlier.load(Relaxed))
    }

    /// When time passes next.
    pub(super) fn next_tick(&self) -> Duration {
        TICK * (self.cores.tick() + 1)
    }

    pub(super) fn sending(&self) -> MutexGuard<'_, Option<Sending>> {
        self.sending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Take for Sampler {
    fn take(&self, payload: Payload) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(self.sample(payload))
    }
}
