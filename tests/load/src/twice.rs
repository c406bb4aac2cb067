//! Why did a span arrive twice: what stood between its arrivals?

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use serde::Serialize;

/// When spans arrived first, and when the gateway was killed: kept where it is.
#[derive(Debug, Default)]
pub struct Twice {
    /// By their numbers, in tenths of milliseconds since the epoch of the books; zero for those that did not arrive.
    arrived: Mutex<Vec<u32>>,
    /// When it was killed, and when the next one was started, in the same unit and in order: what came in between was
    /// on its way.
    kills: Mutex<Vec<[u32; 2]>>,
    alive: AtomicU64,
    /// By how long before the kill they had arrived: less than each of [`AGES`], and longer.
    before: [AtomicU64; AGES.len() + 1],
}

/// What one that is killed may have had under way arrived so long before, at most, in milliseconds.
const AGES: [u32; 4] = [1, 10, 100, 1000];

/// Spans that arrived twice, by how long before a kill they had arrived. The first few milliseconds are what nobody can
/// help: they were here, and whoever was killed had not heard of it, or not noted it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ages {
    /// Less than a millisecond.
    pub below_1_ms: u64,
    /// Less than ten.
    pub below_10_ms: u64,
    /// Less than a hundred.
    pub below_100_ms: u64,
    /// Less than a second.
    pub below_1_s: u64,
    /// Longer.
    pub longer: u64,
    /// Both came from the same life: what was read again was handed on although it had been before.
    pub without_a_kill: u64,
}

impl Twice {
    /// Books for so many spans.
    pub fn of(spans: u64) -> Self {
        let spans = usize::try_from(spans).unwrap_or(usize::MAX);
        // Pages of a vector of zeros are there once they are written.
        Self {
            arrived: Mutex::new(vec![0; spans]),
            ..Self::default()
        }
    }

    /// Notes that the gateway was killed, and that another one is started now.
    pub fn killed(&self, then: Duration, now: Duration) {
        lock(&self.kills).push([then, now].map(tenths));
    }

    /// Spans of a message that came now: notes when, if they are new, and what stood in between otherwise.
    pub fn arrive(&self, spans: impl Iterator<Item = (u64, bool)>, now: Duration) {
        let (mut arrived, kills) = (lock(&self.arrived), lock(&self.kills));
        for (span, is_new) in spans {
            let place = usize::try_from(span).ok().and_then(|n| arrived.get_mut(n));
            match place {
                Some(first) if is_new => *first = tenths(now),
                Some(first) => self.again(*first, &kills),
                None => {}
            }
        }
    }

    fn again(&self, first: u32, kills: &[[u32; 2]]) {
        let next = kills.partition_point(|[_, again]| *again < first);
        let count = match kills.get(next) {
            None => &self.alive,
            Some([kill, _]) => {
                let age = kill.saturating_sub(first);
                let bucket = AGES.partition_point(|limit| age >= limit * 10);
                &self.before[bucket]
            }
        };
        count.fetch_add(1, Relaxed);
    }

    /// What was counted.
    pub fn ages(&self) -> Ages {
        let [below_1_ms, below_10_ms, below_100_ms, below_1_s, longer] =
            self.before.each_ref().map(|count| count.load(Relaxed));
        Ages {
            below_1_ms,
            below_10_ms,
            below_100_ms,
            below_1_s,
            longer,
            without_a_kill: self.alive.load(Relaxed),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Never zero.
fn tenths(time: Duration) -> u32 {
    u32::try_from(time.as_micros() / 100).map_or(u32::MAX, |tenths| tenths.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_twice_is_told_apart_by_the_kill_in_between() {
        let millis = Duration::from_millis;
        let twice = Twice::of(10);
        twice.arrive([(1, true)].into_iter(), millis(50));
        twice.arrive([(2, true), (99, true)].into_iter(), millis(995));
        twice.arrive([(4, true)].into_iter(), millis(1003));
        twice.killed(millis(1000), millis(1005));
        twice.arrive(
            [(1, false), (2, false), (4, false)].into_iter(),
            millis(1100),
        );
        twice.arrive([(3, true)].into_iter(), millis(1200));
        twice.arrive([(3, false)].into_iter(), millis(1300));
        // A later kill changes nothing about what came between two earlier ones.
        twice.killed(millis(5000), millis(5001));
        twice.arrive([(2, false)].into_iter(), millis(6000));
        let ages = Ages {
            below_1_ms: 1,
            below_10_ms: 2,
            below_1_s: 1,
            without_a_kill: 1,
            ..Ages::default()
        };
        assert_eq!(twice.ages(), ages);
    }
}
