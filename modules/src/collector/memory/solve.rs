//! What follows from a limit? Pure arithmetic: a budget, or the limit that would do.

use super::{
    BURST, Budget, CACHE_FACTOR, FEWEST_TRACES, HARD_PERCENT, Ledger, Load,
    MEMORY_PER_ENCODED_BYTE, MEMORY_PER_WAITING_BYTE, Memory, PER_DECISION, Part, SPIKE_PERCENT,
    TooSmall, VOLUME_PERCENT, Volume, WAITING_PERCENT, percent,
};
use crate::units::MIB;

/// What decisions are remembered for one waiting trace.
const DECISIONS_PER_TRACE: u64 = 2 * CACHE_FACTOR * PER_DECISION;

impl Memory {
    pub(crate) fn solve(&self) -> Result<Budget, TooSmall> {
        let too_small = || TooSmall {
            needed: self.needed(),
        };
        let fixed = self.idle + self.beside.iter().map(|part| part.bytes).sum::<u64>();
        let free = self.soft().checked_sub(fixed).ok_or_else(too_small)?;
        let traces = self.traces_within(free);
        let left = free
            .checked_sub(traces * self.per_trace())
            .ok_or_else(too_small)?;
        let each = left / MEMORY_PER_ENCODED_BYTE / self.queues.max(1);
        let enough = (self.queues == 0 || each >= self.smallest_queue)
            && (self.waits.is_none() || traces >= FEWEST_TRACES);
        if !enough {
            return Err(too_small());
        }
        // A round number reads better, and a few bytes do not matter.
        let whole = |bytes: u64| bytes / MIB * MIB;
        let (queue, in_memory) = match self.volume {
            None => (whole(each), whole(each)),
            Some(Volume { bytes, queues }) => {
                let sending = queues * self.smallest_queue * MEMORY_PER_ENCODED_BYTE;
                let others = (self.queues - queues).max(1);
                let rest = (left - sending) / MEMORY_PER_ENCODED_BYTE / others;
                (whole(percent(bytes, VOLUME_PERCENT) / queues), whole(rest))
            }
        };
        let known = self.load.map(|load| load.traces_per_second());
        let traces_per_second = known.unwrap_or(traces / (BURST * self.wait_seconds()));
        Ok(Budget {
            queue,
            in_memory,
            traces,
            traces_per_second,
            ledger: self.ledger(traces, traces_per_second, in_memory, queue),
        })
    }

    /// How many traces may wait within what is free.
    fn traces_within(&self, free: u64) -> u64 {
        match (self.waits, self.load) {
            (None, _) => 0,
            (Some(_), None) => free / 100 * WAITING_PERCENT / self.per_trace(),
            (Some(_), Some(load)) => self.traces_of(load),
        }
    }

    /// How many traces wait at once under a load, with a burst.
    fn traces_of(&self, load: Load) -> u64 {
        (load.traces_per_second() * self.wait_seconds() * BURST).max(FEWEST_TRACES)
    }

    fn wait_seconds(&self) -> u64 {
        self.waits.map_or(1, |wait| wait.get().as_secs().max(1))
    }

    /// What one waiting trace takes: its spans, and its places in the caches of decisions.
    fn per_trace(&self) -> u64 {
        let load = self.load.unwrap_or(Load::spans(0));
        load.bytes_per_trace() * MEMORY_PER_WAITING_BYTE + DECISIONS_PER_TRACE
    }

    /// The smallest limit that would do, in whole steps of 64 MiB.
    fn needed(&self) -> u64 {
        let queues = self.queues * self.smallest_queue * MEMORY_PER_ENCODED_BYTE;
        let free = match (self.waits, self.load) {
            (None, _) => queues,
            (Some(_), Some(load)) => queues + self.traces_of(load) * self.per_trace(),
            (Some(_), None) => {
                let fewest = FEWEST_TRACES * self.per_trace();
                let for_queues = (queues * 100).div_ceil(100 - WAITING_PERCENT);
                for_queues.max((fewest * 100).div_ceil(WAITING_PERCENT))
            }
        };
        let soft = free + self.idle + self.beside.iter().map(|part| part.bytes).sum::<u64>();
        let limit = (soft * 100).div_ceil(u64::from(HARD_PERCENT - SPIKE_PERCENT));
        // Rounding down on the way may have cost a few bytes.
        (limit + MIB).next_multiple_of(64 * MIB)
    }

    /// All of the limit, part by part.
    fn ledger(&self, traces: u64, traces_per_second: u64, in_memory: u64, queue: u64) -> Ledger {
        let hard = percent(self.limit, HARD_PERCENT);
        let mut parts = vec![
            Part::new(
                "above the limiter",
                self.limit - hard,
                "what the runtime and nobody else uses",
            ),
            Part::new(
                "spike",
                hard - self.soft(),
                "what may arrive between two looks of the limiter",
            ),
            Part::new("program", self.idle, "a collector that does nothing yet"),
        ];
        parts.extend(self.beside.iter().cloned());
        if let Some(wait) = self.waits {
            let spans = traces * (self.per_trace() - DECISIONS_PER_TRACE);
            let why = format!("{traces} traces, each for {wait}");
            parts.push(Part::new("waiting traces", spans, why));
            let why = format!("{} traces of either kind", traces * CACHE_FACTOR);
            let decisions = traces * DECISIONS_PER_TRACE;
            parts.push(Part::new("remembered decisions", decisions, why));
        }
        parts.extend(self.queue_parts(in_memory, queue));
        let spent: u64 = parts.iter().map(|part| part.bytes).sum();
        let free = self.limit.saturating_sub(spent);
        parts.push(Part::new("free", free, "rounding"));
        Ledger {
            limit: self.limit,
            go_limit: self.go_limit(),
            refuses_at: self.soft(),
            parts,
            enough_for: self.enough_for(traces_per_second, queue),
        }
    }

    fn queue_parts(&self, in_memory: u64, queue: u64) -> Vec<Part> {
        let stored = self.volume.map_or(0, |volume| volume.queues);
        let mut parts = Vec::new();
        if stored > 0 {
            let bytes = stored * self.smallest_queue * MEMORY_PER_ENCODED_BYTE;
            let why = format!("of {stored} × {} MiB on the volume", queue / MIB);
            parts.push(Part::new("being sent", bytes, why));
        }
        let others = self.queues - stored;
        if others > 0 {
            let bytes = others * in_memory * MEMORY_PER_ENCODED_BYTE;
            let why = format!("{others} × {} MiB of encoded data", in_memory / MIB);
            parts.push(Part::new("queues", bytes, why));
        }
        parts
    }

    /// What the budget can bear, in sentences.
    fn enough_for(&self, traces_per_second: u64, queue: u64) -> Vec<String> {
        let mut said = Vec::new();
        if self.waits.is_some() {
            let times = format!("and bursts of {BURST} times as many");
            said.push(format!(
                "{traces_per_second} new traces a second on each Pod, {times}"
            ));
        }
        if let Some(load) = self.load
            && self.queues > 0
            && let Some(seconds) = (queue * self.queues).checked_div(load.bytes_per_second())
        {
            said.push(format!(
                "{seconds} seconds without any backend, at {} KiB a second on each Pod",
                load.bytes_per_second() / 1024
            ));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use collector_config::Duration;

    use super::*;
    use crate::units::GIB;

    fn tasks(limit: u64) -> Vec<Memory> {
        let wait = Duration::seconds(10);
        let load = Some(Load::spans(2_000).points(1_000));
        let mut tasks = Vec::new();
        for queues in 1..6 {
            let plain = Memory::of(limit)
                .queues(queues)
                .beside("Pods", 20 * MIB, "110");
            tasks.extend([
                plain.clone(),
                plain.clone().load(load),
                plain.clone().on_volume(Some(10 * GIB), 1),
                plain.clone().waiting(wait),
                plain.waiting(wait).load(load),
                Memory::of_one(limit).queues(queues),
            ]);
        }
        tasks
    }

    #[test]
    fn the_parts_of_a_budget_are_its_limit_and_what_is_used_is_below_the_limiter() {
        for limit in [128 * MIB, 256 * MIB, 512 * MIB, GIB, 2 * GIB, 8 * GIB] {
            for memory in tasks(limit) {
                let Ok(budget) = memory.solve() else { continue };
                let parts = &budget.ledger.parts;
                let sum: u64 = parts.iter().map(|part| part.bytes).sum();
                assert_eq!(sum, limit, "{memory:?}");
                let used: u64 = parts[2..parts.len() - 1].iter().map(|p| p.bytes).sum();
                assert!(used <= memory.soft(), "{memory:?} spends {used}");
                assert!(memory.soft() < memory.go_limit());
                assert!(memory.go_limit() < limit);
            }
        }
    }

    #[test]
    fn a_limit_that_does_not_do_names_one_that_does() {
        for limit in [0, 64 * MIB, 128 * MIB, 300 * MIB, GIB] {
            for memory in tasks(limit) {
                let Err(TooSmall { needed }) = memory.solve() else {
                    continue;
                };
                let with = |limit| Memory {
                    limit,
                    ..memory.clone()
                };
                let enough = with(needed).solve();
                assert!(enough.is_ok(), "{memory:?} needs more than {needed}");
                let less = with(needed - 128 * MIB).solve();
                assert!(less.is_err(), "{memory:?} does not need {needed}");
            }
        }
    }

    #[test]
    fn a_budget_is_worked_out_from_the_limit_alone() {
        let ten = Duration::seconds(10);
        for (memory, queue, traces, rate) in [
            (Memory::of(GIB).queues(3), 85 * MIB, 0, 0),
            (Memory::of(GIB).queues(1), 257 * MIB, 0, 0),
            (
                Memory::of(2 * GIB).queues(1).waiting(ten),
                225 * MIB,
                40_908,
                2045,
            ),
            (Memory::of_one(128 * MIB).queues(3), 4 * MIB, 0, 0),
        ] {
            let budget = memory.solve().unwrap();
            assert_eq!((budget.queue, budget.traces), (queue, traces), "{memory:?}");
            assert_eq!(budget.traces_per_second, rate);
        }
    }

    #[test]
    fn a_load_decides_how_many_traces_wait_and_the_queue_gets_the_rest() {
        let memory = Memory::of(2 * GIB)
            .queues(1)
            .waiting(Duration::seconds(10))
            .load(Some(Load::spans(10_000)));
        let budget = memory.solve().unwrap();
        assert_eq!((budget.traces, budget.traces_per_second), (20_000, 1000));
        assert_eq!(
            budget.ledger.enough_for,
            [
                "1000 new traces a second on each Pod, and bursts of 2 times as many",
                "81 seconds without any backend, at 5000 KiB a second on each Pod",
            ]
        );
        let more = memory.load(Some(Load::spans(60_000)));
        assert_eq!(more.solve(), Err(TooSmall { needed: 3584 * MIB }));
    }

    #[test]
    fn queues_on_a_volume_share_the_volume_and_not_the_memory() {
        let plan = |limit| Memory::of(limit).queues(3).on_volume(Some(10 * GIB), 2);
        let budget = plan(512 * MIB).solve().unwrap();
        assert_eq!((budget.queue, budget.in_memory), (4095 * MIB, 71 * MIB));
        assert!(plan(128 * MIB).solve().is_err());
    }
}
