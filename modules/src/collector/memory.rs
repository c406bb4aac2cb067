//! How much of a Pod's memory goes where? One limit in, everything else out.
//!
//! ```text
//! limit ─┬─ 20 %  never used on purpose: the runtime's own, and what no one measures
//!        ├─ 20 %  the spike that may come between two looks of the memory limiter
//!        └─ 60 %  the program itself, what waits for a sampling decision, what waits to be sent
//! ```
//!
//! The numbers that are conventions and not laws have names here; a stack that knows better measures.

use collector_config::{Duration, components::processors::MemoryLimiter};
use provider_core::{Finding, Scope};

use crate::units::MIB;

/// From here on the memory limiter collects garbage by force, in percent of the limit. The runtime is asked to stay
/// below it too.
const HARD_PERCENT: u32 = 80;
/// So far below begins to refuse.
const SPIKE_PERCENT: u32 = 20;
/// What a collector takes that does nothing yet.
const IDLE: u64 = 100 * MIB;
/// What data takes in memory for each byte of its encoding, which is what queues count.
const MEMORY_PER_ENCODED_BYTE: u64 = 2;
/// A queue below this is full at the first hiccup.
const SMALLEST_QUEUE: u64 = 16 * MIB;
/// What one waiting trace takes: ten spans of 1.5 KiB, and its places in the caches of decisions.
const PER_TRACE: u64 = 15 * 1024 + 2 * CACHE_FACTOR * 100;
/// How many decisions are remembered for each trace that waits.
pub(super) const CACHE_FACTOR: u64 = 10;
/// Of what is free in a sampler, this much holds waiting traces; the queue gets the rest.
const WAITING_PERCENT: u64 = 60;
/// Fewer waiting traces than this are a sampler for demonstrations.
const FEWEST_TRACES: u64 = 1000;

/// What is to be done within one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    limit: u64,
    queues: u64,
    waits: Option<Duration>,
    other: u64,
}

/// How one limit is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// What each queue may hold, in bytes of the encoding.
    pub(crate) queue: u64,
    /// How many traces may wait.
    pub(crate) traces: u64,
    /// How many new ones a second that allows, with as much again for bursts.
    pub(crate) traces_per_second: u64,
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
            queues: 0,
            waits: None,
            other: 0,
        }
    }

    /// So many exporters wait to send.
    pub(crate) fn queues(self, queues: u64) -> Self {
        Self { queues, ..self }
    }

    /// Traces wait so long for a decision.
    pub(crate) fn waiting(self, wait: Duration) -> Self {
        Self {
            waits: Some(wait),
            ..self
        }
    }

    /// Something else takes so much, such as what is known of the cluster's Pods.
    pub(crate) fn beside(self, other: u64) -> Self {
        Self { other, ..self }
    }

    /// What the Go runtime is asked to stay below.
    pub(crate) fn go_limit(self) -> u64 {
        percent(self.limit, HARD_PERCENT) / MIB * MIB
    }

    /// The processor that enforces the same.
    pub(crate) fn limiter() -> MemoryLimiter {
        MemoryLimiter::percent(HARD_PERCENT, SPIKE_PERCENT)
    }

    /// What may be used before data is refused.
    fn soft(self) -> u64 {
        percent(self.limit, HARD_PERCENT - SPIKE_PERCENT)
    }

    pub(crate) fn solve(self) -> Result<Budget, TooSmall> {
        let free = self.soft().saturating_sub(IDLE + self.other);
        let waiting = self.waits.map_or(0, |_| free / 100 * WAITING_PERCENT);
        let queue = (free - waiting) / MEMORY_PER_ENCODED_BYTE / self.queues.max(1);
        let traces = waiting / PER_TRACE;
        let enough = (self.queues == 0 || queue >= SMALLEST_QUEUE)
            && (self.waits.is_none() || traces >= FEWEST_TRACES);
        if !enough {
            return Err(TooSmall {
                needed: self.needed(),
            });
        }
        let seconds = self.waits.map_or(1, |wait| wait.get().as_secs().max(1));
        Ok(Budget {
            // A round number reads better, and a few bytes do not matter.
            queue: queue / MIB * MIB,
            traces,
            traces_per_second: traces / (2 * seconds),
        })
    }

    /// The smallest limit that would do, in whole steps of 64 MiB.
    fn needed(self) -> u64 {
        let queues = self.queues * SMALLEST_QUEUE * MEMORY_PER_ENCODED_BYTE;
        let free = match self.waits {
            None => queues,
            Some(_) => (queues * 100)
                .div_ceil(100 - WAITING_PERCENT)
                .max((FEWEST_TRACES * PER_TRACE * 100).div_ceil(WAITING_PERCENT)),
        };
        let soft = free + IDLE + self.other;
        let limit = (soft * 100).div_ceil(u64::from(HARD_PERCENT - SPIKE_PERCENT));
        // Rounding down on the way may have cost a few bytes.
        (limit + MIB).next_multiple_of(64 * MIB)
    }
}

fn percent(of: u64, percent: u32) -> u64 {
    of / 100 * u64::from(percent)
}

/// The budget, or a finding and a budget that only serves to find the next mistake.
pub(crate) fn budget(scope: &mut Scope<'_>, name: &str, memory: Memory) -> Budget {
    memory.solve().unwrap_or_else(|TooSmall { needed }| {
        let (limit, needed) = (memory.limit / MIB, needed / MIB);
        let message = format!("the memory of `{name}` ({limit} MiB) does not hold what it is to do");
        let hint = format!(
            "{} MiB are free below the memory limiter, for the program, {} queues and what waits; `{needed} * MIB` would do",
            memory.soft() / MIB,
            memory.queues,
        );
        scope.finding(Finding::new("memory-too-small", message).hint(hint));
        Budget {
            queue: SMALLEST_QUEUE,
            traces: FEWEST_TRACES,
            traces_per_second: 1,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::GIB;

    #[test]
    fn what_is_spent_fits_below_the_memory_limiter() {
        let wait = Duration::seconds(10);
        for limit in [256 * MIB, 512 * MIB, GIB, 2 * GIB, 8 * GIB] {
            for queues in 1..6 {
                for memory in [Memory::of(limit), Memory::of(limit).waiting(wait)] {
                    let memory = memory.queues(queues).beside(20 * MIB);
                    let Ok(budget) = memory.solve() else { continue };
                    let queued = budget.queue * queues * MEMORY_PER_ENCODED_BYTE;
                    let spent = IDLE + 20 * MIB + queued + budget.traces * PER_TRACE;
                    assert!(spent <= memory.soft(), "{memory:?} spends {spent}");
                    assert!(memory.soft() < memory.go_limit());
                    assert!(memory.go_limit() < limit);
                }
            }
        }
    }

    #[test]
    fn a_limit_that_does_not_do_names_one_that_does() {
        let wait = Duration::seconds(10);
        for memory in [
            Memory::of(0).queues(1),
            Memory::of(128 * MIB).queues(1),
            Memory::of(256 * MIB).queues(9),
            Memory::of(128 * MIB).queues(1).waiting(wait),
            Memory::of(300 * MIB)
                .queues(3)
                .waiting(wait)
                .beside(50 * MIB),
        ] {
            let TooSmall { needed } = memory.solve().unwrap_err();
            let enough = Memory {
                limit: needed,
                ..memory
            };
            assert!(
                enough.solve().is_ok(),
                "{memory:?} needs more than {needed}"
            );
            let less = Memory {
                limit: needed - 128 * MIB,
                ..memory
            };
            assert!(less.solve().is_err(), "{memory:?} does not need {needed}");
        }
    }

    #[test]
    fn a_budget_is_worked_out_from_the_limit_alone() {
        for (memory, queue, traces, rate) in [
            (Memory::of(GIB).queues(3), 85 * MIB, 0, 0),
            (Memory::of(GIB).queues(1), 257 * MIB, 0, 0),
            (
                Memory::of(2 * GIB).queues(1).waiting(Duration::seconds(10)),
                225 * MIB,
                40908,
                2045,
            ),
        ] {
            let budget = memory.solve().unwrap();
            assert_eq!((budget.queue, budget.traces), (queue, traces), "{memory:?}");
            assert_eq!(budget.traces_per_second, rate);
        }
    }
}
