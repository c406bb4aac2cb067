//! How do several cores make one sampler?

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use collector_config::components::tail_sampling::TailSampling;

use super::{
    core::Core,
    counts::Counts,
    error::SettingsError,
    journal::{Position, Verdict},
    parcel::{Outbox, Parcel},
    reading::{Reading, When, full},
    sampler::TICK,
    shards,
    spans::Tests,
};
use crate::{Budget, Payload, Refusal};

/// Cores that share all traces by their ids, each with its part of every limit: contrib's `num_shards`. Threads that
/// bring spans of different shards do not wait for each other.
pub struct Cores {
    all: Vec<Mutex<Core>>,
    tests: Arc<Tests>,
    budget: Arc<Budget>,
    counts: Arc<Counts>,
    /// Records that several cores took, and how many of those are not done with them.
    parts: Mutex<BTreeMap<Position, usize>>,
    /// Whose turn it is to send.
    turn: AtomicUsize,
}

/// A request of kept spans, and which core it is of.
pub(super) struct Sending {
    pub(super) parcel: Parcel,
    core: usize,
}

impl From<Core> for Cores {
    fn from(core: Core) -> Self {
        Self::of(core, Vec::new())
    }
}

impl Cores {
    /// As many cores as these settings say, that keep what the budget has room for. `name` is what follows the slash in
    /// the component's id, if anything does.
    pub fn new(
        settings: &TailSampling,
        name: Option<&str>,
        budget: &Arc<Budget>,
    ) -> Result<Self, SettingsError> {
        let last = shards::count(settings);
        let share = shards::share(settings, u64::from(last) + 1);
        let mut first = Core::new(&share, name, budget)?;
        let counts = Arc::clone(first.counts());
        first.is_one_of(0, last, &counts);
        let mut others = Vec::new();
        for shard in 1..=last {
            let mut core = Core::new(&share, name, budget)?;
            core.is_one_of(shard, last, &counts);
            others.push(core);
        }
        Ok(Self::of(first, others))
    }

    fn of(first: Core, others: Vec<Core>) -> Self {
        Self {
            tests: Arc::clone(&first.tests),
            budget: Arc::clone(&first.budget),
            counts: Arc::clone(first.counts()),
            all: [first].into_iter().chain(others).map(Mutex::new).collect(),
            parts: Mutex::default(),
            turn: AtomicUsize::new(0),
        }
    }

    /// What they count together.
    pub fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    /// What they charge.
    pub(super) fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// How many seconds have passed for all of them.
    pub(super) fn tick(&self) -> u32 {
        let ticks = self.each().map(|core| core.tick).min();
        ticks.unwrap_or_default()
    }

    /// Within what time everything that waits is decided.
    pub(super) fn longest_wait(&self) -> Duration {
        let slots = self.each().map(|core| core.slots.len()).max();
        let slots = u32::try_from(slots.unwrap_or_default()).unwrap_or(u32::MAX);
        TICK.saturating_mul(slots.saturating_add(1))
    }

    /// Whether they hold nothing that waits, or leaves.
    pub(super) fn is_empty(&self) -> bool {
        self.each()
            .all(|core| core.waiting() == 0 && core.outbox.is_empty())
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Nothing that holds a core panics half-way; and if it did, sampling on is better than stopping.
    pub(super) fn get(&self, core: usize) -> MutexGuard<'_, Core> {
        lock(&self.all[core])
    }

    /// Each of them in turn.
    pub(super) fn each(&self) -> impl Iterator<Item = MutexGuard<'_, Core>> {
        self.all.iter().map(lock)
    }

    /// How many traces wait for their decision.
    pub(super) fn waiting(&self) -> usize {
        self.each().map(|core| core.waiting()).sum()
    }

    /// Reads a request: nobody waits for that.
    pub(super) fn read(&self, payload: Payload) -> Result<Reading, Refusal> {
        let last = u8::try_from(self.all.len() - 1).unwrap_or(u8::MAX);
        Reading::of(payload, &self.tests, &self.budget, last)
    }

    /// Whether a new trace of this request may have to wait for room.
    pub(super) fn is_full(&self, reading: &Reading) -> bool {
        self.parts_of(reading).any(|core| self.get(core).is_full())
    }

    /// The cores that a request has spans for; the first, if it has none.
    fn parts_of(&self, reading: &Reading) -> impl Iterator<Item = usize> + use<> {
        let counts = reading.counts.clone();
        let nothing = counts.iter().all(|count| *count == 0);
        let some = move |core: &usize| counts[*core] > 0 || nothing && *core == 0;
        (0..self.all.len()).filter(some)
    }

    /// Takes a request: all of it, or nothing.
    pub(super) fn take(
        &self,
        reading: &Reading,
        position: Option<Position>,
        when: When,
    ) -> Result<(), Refusal> {
        let parts: Vec<usize> = self.parts_of(reading).collect();
        if let [only] = parts[..] {
            return self.get(only).take(reading, position, when);
        }
        // So that none refuses what others have taken, all that they could need is charged first.
        let mut room = Vec::new();
        for core in &parts {
            let bytes = self.get(*core).most(reading);
            room.push(self.budget.charge(bytes).ok_or_else(full)?);
        }
        if let Some(position) = position {
            self.parts().insert(position, parts.len());
        }
        for (core, room) in parts.into_iter().zip(room) {
            let taken = self.get(core).take_with(room, reading, position, when);
            debug_assert!(taken.is_ok(), "what it needs was charged before");
            taken?;
        }
        Ok(())
    }

    fn parts(&self) -> MutexGuard<'_, BTreeMap<Position, usize>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next request of kept spans, of about that many bytes.
    pub(super) fn parcel(&self, bytes: usize) -> Result<Option<Sending>, NoRoom> {
        let turn = self.turn.fetch_add(1, Relaxed);
        let mut none = Ok(None);
        for nth in 0..self.all.len() {
            let core = (turn + nth) % self.all.len();
            match self.get(core).parcel(bytes) {
                Outbox::Parcel(parcel) => return Ok(Some(Sending { parcel, core })),
                Outbox::NoRoom => none = Err(NoRoom),
                Outbox::Empty => {}
            }
        }
        none
    }

    /// Somebody else holds the spans of this parcel now.
    pub(super) fn delivered(&self, sent: Sending) {
        self.get(sent.core).delivered(sent.parcel);
    }

    /// Nobody holds them: they are to go in other parcels, before all others of their core.
    pub(super) fn taken_back(&self, sent: Sending) {
        self.get(sent.core).taken_back(sent.parcel);
    }

    /// What the journal has to be told: a record is done when all who took it are done with it.
    pub(super) fn news(&self) -> (Vec<Verdict>, Vec<Position>) {
        let (mut verdicts, mut done) = (Vec::new(), Vec::new());
        for mut core in self.each() {
            let (decided, finished) = core.news();
            verdicts.extend(decided);
            done.extend(finished);
        }
        if self.all.len() > 1 && !done.is_empty() {
            let mut parts = self.parts();
            done.retain(|position| {
                let Some(left) = parts.get_mut(position) else {
                    return true;
                };
                *left -= 1;
                *left == 0
            });
            for position in &done {
                parts.remove(position);
            }
        }
        (verdicts, done)
    }

    /// Remembers what an earlier run decided.
    pub(super) fn recall(&self, verdict: Verdict) {
        let last = u8::try_from(self.all.len() - 1).unwrap_or(u8::MAX);
        let core = shards::of(&verdict.trace_id, last);
        self.get(core.into()).recall(verdict);
    }
}

/// There is something to send, and no memory to make a request of it.
pub(super) struct NoRoom;

fn lock(core: &Mutex<Core>) -> MutexGuard<'_, Core> {
    core.lock().unwrap_or_else(PoisonError::into_inner)
}
