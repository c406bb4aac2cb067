//! How are times distributed? Log-linear buckets, two and a half digits exact.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Buckets per power of two: an error of less than one in 128.
const FINE: u32 = 7;

/// Counts of durations. One thread records, others may read.
#[derive(Debug)]
pub struct Histogram {
    counts: Box<[AtomicU64]>,
}

impl Default for Histogram {
    fn default() -> Self {
        let buckets = (65 - FINE as usize) << FINE;
        Self {
            counts: (0..buckets).map(|_| AtomicU64::new(0)).collect(),
        }
    }
}

impl Histogram {
    /// Counts one.
    pub fn record(&self, nanos: u64) {
        let count = &self.counts[bucket(nanos)];
        count.store(count.load(Relaxed) + 1, Relaxed);
    }

    /// Forgets all.
    pub fn reset(&self) {
        for count in &self.counts {
            count.store(0, Relaxed);
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|count| count.load(Relaxed)).sum()
    }

    /// What so many of a million are at most: `quantile(990_000)` is the 99th percentile. None of none.
    pub fn quantile(&self, of_million: u64) -> Option<Duration> {
        let total = self.count();
        if total == 0 {
            return None;
        }
        let rank = (u128::from(total) * u128::from(of_million)).div_ceil(1_000_000);
        let mut below = 0;
        for (index, count) in self.counts.iter().enumerate() {
            below += u128::from(count.load(Relaxed));
            if below >= rank.max(1) {
                return Some(Duration::from_nanos(upper(index)));
            }
        }
        None
    }
}

fn bucket(value: u64) -> usize {
    let power = (value | 1).ilog2().max(FINE);
    let shift = power - FINE;
    let row = (shift as usize) << FINE;
    row + usize::try_from(value >> shift).unwrap_or(usize::MAX)
}

/// The largest value of a bucket.
fn upper(bucket: usize) -> u64 {
    let width = 1 << FINE;
    if bucket < 2 * width {
        return bucket as u64;
    }
    let shift = bucket / width - 1;
    let place = (bucket - shift * width) as u64;
    ((place + 1) << shift).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_in_a_bucket_that_is_hardly_wider() {
        let mut last = None;
        for value in (0..4000).chain([1 << 20, (1 << 20) + 9000, 1 << 40, u64::MAX]) {
            let upper = upper(bucket(value));
            assert!(upper >= value, "{value} → {upper}");
            assert!(upper - value <= value / 128, "{value} → {upper}");
            assert!(last <= Some(upper));
            last = Some(upper);
        }
    }

    #[test]
    fn quantiles_are_ranks() {
        let times = Histogram::default();
        assert_eq!(times.quantile(500_000), None);
        (1..=100).for_each(|n| times.record(n));
        let nanos = |q| times.quantile(q).unwrap().as_nanos();
        assert_eq!(
            (nanos(0), nanos(500_000), nanos(990_000), nanos(1_000_000)),
            (1, 50, 99, 100)
        );
        times.reset();
        assert_eq!(times.count(), 0);
    }
}
