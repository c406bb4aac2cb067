//! How much of a Pod's memory goes where? One limit in, and a load where it is known; everything else out.
//!
//! ```text
//! limit ─┬─ 20 %  never used on purpose: the runtime's own, and what no one measures
//!        ├─ 20 %  the spike that may come between two looks of the memory limiter
//!        └─ 60 %  the program itself, what it knows of the cluster, what connectors count,
//!                 what waits for a sampling decision, what waits to be sent
//! ```
//!
//! The numbers that are conventions and not laws have names here; a stack that knows better says a [`Load`], or
//! measures.

use collector_config::{Duration, components::processors::MemoryLimiter};
use provider_core::{Finding, Scope};

use crate::units::MIB;

mod ledger;
mod load;
mod solve;

pub use ledger::{Ledger, MEMORY_ANNOTATION, Part};
pub use load::Load;

/// From here on the memory limiter collects garbage by force, in percent of the limit. The runtime is asked to stay
/// below it too.
const HARD_PERCENT: u32 = 80;
/// So far below begins to refuse.
const SPIKE_PERCENT: u32 = 20;
/// What a collector takes that does nothing yet.
const IDLE: u64 = 100 * MIB;
/// The same without clients of the API and with a handful of components.
const IDLE_SMALL: u64 = 48 * MIB;
/// What data takes in memory for each byte of its encoding, which is what queues count.
const MEMORY_PER_ENCODED_BYTE: u64 = 2;
/// The same for spans that wait for a decision: those are kept one by one.
const MEMORY_PER_WAITING_BYTE: u64 = 3;
/// A queue below this is full at the first hiccup.
pub(crate) const SMALLEST_QUEUE: u64 = 16 * MIB;
/// The same for the telemetry of one program.
const SMALLEST_QUEUE_OF_ONE: u64 = 4 * MIB;
/// How many decisions are remembered for each trace that waits.
pub(super) const CACHE_FACTOR: u64 = 10;
/// What one remembered decision takes.
const PER_DECISION: u64 = 100;
/// Of what is free in a sampler, this much holds waiting traces where no load is known; the queue gets the rest.
const WAITING_PERCENT: u64 = 60;
/// Fewer waiting traces than this are a sampler for demonstrations.
const FEWEST_TRACES: u64 = 1000;
/// A burst may bring so many times as many traces as expected.
const BURST: u64 = 2;
/// More than so many times as many replicas are no answer to too little memory.
const MOST_TIMES: u32 = 16;
/// Of a volume, this much holds queues, in percent; the rest is the file's own and what is left of compactions.
const VOLUME_PERCENT: u32 = 80;

/// What is to be done within one limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    limit: u64,
    idle: u64,
    queues: u64,
    smallest_queue: u64,
    /// The volume that some of the queues are kept on.
    volume: Option<Volume>,
    waits: Option<Duration>,
    beside: Vec<Part>,
    load: Option<Load>,
    /// What arrives at all Pods, and how many share it.
    shared: Option<(Load, u32)>,
}

/// Where queues are kept that outlive a Pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Volume {
    bytes: u64,
    queues: u64,
}

/// How one limit is spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// What each queue may hold, in bytes of the encoding.
    pub(crate) queue: u64,
    /// What a queue may hold that is not kept on a volume.
    pub(crate) in_memory: u64,
    /// How many traces may wait.
    pub(crate) traces: u64,
    /// How many new ones a second that allows, with as much again for bursts.
    pub(crate) traces_per_second: u64,
    /// All of it, for people.
    pub(crate) ledger: Ledger,
}

/// A limit that is too small for what is to be done within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooSmall {
    /// The limit that would do.
    pub(crate) needed: u64,
}

impl Memory {
    pub(crate) fn of(limit: u64) -> Self {
        Self {
            limit,
            idle: IDLE,
            queues: 0,
            smallest_queue: SMALLEST_QUEUE,
            volume: None,
            waits: None,
            beside: Vec::new(),
            load: None,
            shared: None,
        }
    }

    /// For a collector that serves a single program.
    pub(crate) fn of_one(limit: u64) -> Self {
        Self {
            idle: IDLE_SMALL,
            smallest_queue: SMALLEST_QUEUE_OF_ONE,
            ..Self::of(limit)
        }
    }

    /// So many exporters wait to send; one that sends two signals has two queues.
    pub(crate) fn queues(self, queues: u64) -> Self {
        Self { queues, ..self }
    }

    /// So many of the queues are kept on a volume of so many bytes, and only what is being sent is in memory.
    pub(crate) fn on_volume(self, bytes: Option<u64>, queues: u64) -> Self {
        let volume = bytes.filter(|_| queues > 0);
        let volume = volume.map(|bytes| Volume { bytes, queues });
        Self { volume, ..self }
    }

    /// Traces wait so long for a decision.
    pub(crate) fn waiting(self, wait: Duration) -> Self {
        Self {
            waits: Some(wait),
            ..self
        }
    }

    /// Something else takes so much, such as what is known of the cluster's Pods.
    pub(crate) fn beside(mut self, what: &str, bytes: u64, why: impl Into<String>) -> Self {
        self.beside.push(Part::new(what, bytes, why));
        self
    }

    /// So much arrives at one Pod.
    pub(crate) fn load(self, load: Option<Load>) -> Self {
        Self { load, ..self }
    }

    /// So much arrives at so many Pods together.
    pub(crate) fn share_of(self, load: Option<Load>, replicas: u32) -> Self {
        Self {
            load: load.map(|load| load.for_one_of(replicas)),
            shared: load.map(|load| (load, replicas)),
            ..self
        }
    }

    /// How many Pods would do with this limit, where their number decides.
    fn enough_replicas(&self) -> Option<u32> {
        let (load, replicas) = self.shared?;
        let more = replicas + 1..=replicas.saturating_mul(MOST_TIMES);
        more.into_iter().find(|replicas| {
            let wider = self.clone().share_of(Some(load), *replicas);
            wider.solve().is_ok()
        })
    }

    /// What the memory below the limiter is for.
    fn purposes(&self) -> String {
        let mut purposes = vec!["the program".to_owned()];
        purposes.extend(self.beside.iter().map(|part| part.what.clone()));
        purposes.extend(match self.queues {
            0 => None,
            1 => Some("1 queue".to_owned()),
            several => Some(format!("{several} queues")),
        });
        purposes.extend(self.waits.map(|_| "traces that wait".to_owned()));
        match purposes.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            _ => purposes.concat(),
        }
    }

    /// What the Go runtime is asked to stay below.
    pub(crate) fn go_limit(&self) -> u64 {
        percent(self.limit, HARD_PERCENT) / MIB * MIB
    }

    /// The processor that enforces the same.
    pub(crate) fn limiter() -> MemoryLimiter {
        MemoryLimiter::percent(HARD_PERCENT, SPIKE_PERCENT)
    }

    /// What may be used before data is refused.
    fn soft(&self) -> u64 {
        percent(self.limit, HARD_PERCENT - SPIKE_PERCENT)
    }
}

fn percent(of: u64, percent: u32) -> u64 {
    of / 100 * u64::from(percent)
}

/// The budget, or a finding and a budget that only serves to find the next mistake.
pub(crate) fn budget(scope: &mut Scope<'_>, name: &str, memory: &Memory) -> Budget {
    memory.solve().unwrap_or_else(|TooSmall { needed }| {
        let (limit, needed) = (memory.limit / MIB, needed / MIB);
        let message =
            format!("the memory of `{name}` ({limit} MiB) does not hold what it is to do");
        let more = memory
            .enough_replicas()
            .map(|replicas| format!(", and so would {replicas} replicas, which share the load"));
        let hint = format!(
            "{} MiB are below the memory limiter, for {}; `{needed} * MIB` would do{}",
            memory.soft() / MIB,
            memory.purposes(),
            more.unwrap_or_default(),
        );
        scope.finding(Finding::new("memory-too-small", message).hint(hint));
        Budget {
            queue: memory.smallest_queue,
            in_memory: memory.smallest_queue,
            traces: FEWEST_TRACES,
            traces_per_second: 1,
            ledger: Ledger::default(),
        }
    })
}
