//! What does a sampler know?

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use collector_config::components::tail_sampling::{Strategy, TailSampling};
use foldhash::fast::RandomState;

use super::{
    counts::Counts,
    error::SettingsError,
    held::{Chain, Held},
    journal::{Fate, Position, Verdict},
    policy::{Policy, policies},
    recent::Recent,
    spans::Tests,
    table::Table,
};
use crate::{Budget, Charge};

/// What a verdict of an earlier run takes of the budget: a place in a table that may be less than half full.
const RECALLED: u64 = (size_of::<([u8; 16], Verdict)>() as u64 + 1) * 16 / 7;

/// The sampler without clock, threads and network: requests and ticks go in, parcels come out.
///
/// Time is what has passed since it began. A tick is a second; the caller counts them.
pub struct Core {
    pub(super) rules: Rules,
    /// Which of several it is, and how many there are.
    pub(super) shard: u8,
    pub(super) shards: u64,
    /// Whether verdicts are written.
    pub(super) journaled: bool,
    pub(super) tests: Arc<Tests>,
    pub(super) policies: Vec<Policy>,
    pub(super) table: Table,
    /// The traces of the spans of a request, as far as they were known when it came.
    pub(super) found: Vec<u32>,
    pub(super) held: Held,
    /// Traces by the tick that decides them; the first slot is for the next tick.
    pub(super) slots: VecDeque<Vec<u32>>,
    pub(super) tick: u32,
    /// Traces whose tick has come.
    pub(super) deciding: Vec<u32>,
    pub(super) kept: Option<Recent>,
    pub(super) not_kept: Option<Recent>,
    pub(super) outbox: VecDeque<Outgoing>,
    /// How many of them are not packed.
    pub(super) unpacked: usize,
    pub(super) verdicts: Vec<Verdict>,
    /// What an earlier run decided, while its records are read again.
    pub(super) earlier: HashMap<[u8; 16], Verdict, RandomState>,
    /// What they take of the budget.
    recalled: Charge,
    /// All records up to here are known.
    pub(super) known_upto: Option<Position>,
    pub(super) budget: Arc<Budget>,
    /// For the tables.
    pub(super) room: Charge,
    /// So that something can be sent even when all else is taken: it is what makes room.
    pub(super) reserve: Charge,
    pub(super) counts: Arc<Counts>,
    /// How many traces were voted on.
    pub(super) votes: u64,
    /// How many traces were known when that was counted.
    pub(super) known: u64,
}

/// The numbers of the settings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) most_traces: usize,
    /// Blocks instead of leaving traces before their time.
    pub(super) blocks: bool,
    pub(super) wait: u32,
    pub(super) wait_after_root: Option<u32>,
    pub(super) most_bytes: Option<u64>,
    pub(super) first_match: bool,
    pub(super) drop_pending: bool,
}

/// Spans that are kept, on their way out.
pub(super) struct Outgoing {
    pub(super) pieces: Chain,
    pub(super) spans: u64,
    pub(super) verdict: Option<Verdict>,
}

impl Core {
    /// A sampler of these settings that keeps what the budget has room for. `name` is what follows the slash in the
    /// component's id, if anything does.
    pub fn new(
        settings: &TailSampling,
        name: Option<&str>,
        budget: &Arc<Budget>,
    ) -> Result<Self, SettingsError> {
        refuse(settings)?;
        let mut tests = Tests::default();
        let policies = policies(settings, &mut tests)?;
        let names = policies.iter().map(|policy| policy.name.as_str());
        let counts = Arc::new(Counts::new(name, names));
        let wait = seconds(settings.decision_wait.get()).max(1);
        let cache = &settings.decision_cache;
        let entries = |size: u64| usize::try_from(size).unwrap_or(usize::MAX);
        let none = || Charge::none(budget);
        let mut core = Self {
            rules: Rules {
                most_traces: entries(settings.num_traces).max(1),
                blocks: settings.block_on_overflow,
                wait,
                wait_after_root: settings
                    .decision_wait_after_root_received
                    .filter(|wait| *wait > collector_config::Duration::ZERO)
                    .map(|wait| seconds(wait.get())),
                most_bytes: Some(settings.maximum_trace_size_bytes).filter(|most| *most > 0),
                first_match: settings.sample_on_first_match,
                drop_pending: settings.drop_pending_traces_on_shutdown,
            },
            shard: 0,
            shards: 1,
            journaled: false,
            tests: Arc::new(tests),
            policies,
            table: Table::new(),
            found: Vec::new(),
            held: Held::new(budget),
            slots: (0..=wait).map(|_| Vec::new()).collect(),
            tick: 0,
            deciding: Vec::new(),
            kept: Recent::new(entries(cache.sampled_cache_size)),
            not_kept: Recent::new(entries(cache.non_sampled_cache_size)),
            outbox: VecDeque::new(),
            unpacked: 0,
            verdicts: Vec::new(),
            earlier: HashMap::default(),
            recalled: none(),
            known_upto: None,
            budget: Arc::clone(budget),
            room: none(),
            reserve: none(),
            counts,
            votes: 0,
            known: 0,
        };
        // Ticks come between.
        core.held.blocks.hold_for(wait.saturating_add(1));
        core.refill();
        Ok(core)
    }

    /// What it counts.
    pub fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    /// It shares all traces with others, up to that number.
    pub(super) fn is_one_of(&mut self, shard: u8, last: u8, counts: &Arc<Counts>) {
        (self.shard, self.shards) = (shard, u64::from(last) + 1);
        self.counts = Arc::clone(counts);
        self.held.blocks.is_one_of(self.shards);
        self.reserve.shrink_to(self.wanted_reserve());
    }

    /// Whether a new trace would have to wait for room.
    pub fn is_full(&self) -> bool {
        self.rules.blocks && self.table.waiting() >= self.rules.most_traces
    }

    /// How many traces wait for their decision.
    pub fn waiting(&self) -> usize {
        self.table.waiting()
    }

    /// Takes a trace out of the table.
    pub(super) fn forget(&mut self, index: u32, now: u32) {
        let age = now.saturating_sub(self.table.trace(index).arrived);
        self.counts.removal_age.observe(f64::from(age));
        self.table.remove(index);
    }

    /// Remembers what an earlier run decided.
    pub fn recall(&mut self, verdict: Verdict) {
        let cache = match verdict.fate {
            Fate::Kept => &mut self.kept,
            Fate::NotKept => &mut self.not_kept,
        };
        if let Some(cache) = cache {
            cache.put(&verdict.trace_id);
        }
        // What they speak of is to be read too, so some is left; and nobody refuses to start for want of memory.
        if !self.budget.is_low() {
            let _ = self.recalled.grow(RECALLED);
        }
        self.earlier.insert(verdict.trace_id, verdict);
    }

    /// All records of the earlier run are read.
    pub fn recalled(&mut self) {
        self.earlier = HashMap::default();
        self.recalled.shrink_to(0);
    }

    /// Writes verdicts from now on.
    pub fn journaled(&mut self) {
        self.journaled = true;
    }

    /// All records up to here have been taken.
    pub fn knows_upto(&mut self, position: Position) {
        self.known_upto = self.known_upto.max(Some(position));
    }
}

pub(super) fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

/// The longest time that traces wait: there is a list for each second of it.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// What the collector has and this sampler does not.
fn refuse(settings: &TailSampling) -> Result<(), SettingsError> {
    let option = |option, value| Err(SettingsError::Option { option, value });
    let wait = settings.decision_wait;
    if wait.get() > LONGEST_WAIT {
        return Err(SettingsError::Wait(wait.to_string()));
    }
    if settings.sampling_strategy == Some(Strategy::SpanIngest) {
        return option("sampling_strategy", "span-ingest".to_owned());
    }
    if let Some(storage) = &settings.tail_storage {
        return option("tail_storage", storage.to_string());
    }
    Ok(())
}
