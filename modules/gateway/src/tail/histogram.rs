//! How are amounts counted by their size?

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How many amounts there were, up to each of some bounds, and their sum.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [f64],
    /// One more than bounds: what is beyond the last one.
    counts: Vec<AtomicU64>,
    /// The bits of an `f64`.
    sum: AtomicU64,
}

impl Histogram {
    /// With these bounds, which ascend.
    pub(crate) fn new(bounds: &'static [f64]) -> Self {
        Self {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    pub(crate) fn observe(&self, amount: f64) {
        let bucket = self.bounds.partition_point(|bound| *bound < amount);
        self.counts[bucket].fetch_add(1, Relaxed);
        let add = |sum: u64| Some((f64::from_bits(sum) + amount).to_bits());
        // It always has a next value.
        let _ = self.sum.fetch_update(Relaxed, Relaxed, add);
    }

    /// The bounds.
    pub fn bounds(&self) -> &'static [f64] {
        self.bounds
    }

    /// How many there were up to each bound and not up to the one before it; at the end those beyond the last.
    pub fn counts(&self) -> Vec<u64> {
        self.counts
            .iter()
            .map(|count| count.load(Relaxed))
            .collect()
    }

    /// The sum of all amounts.
    pub fn sum(&self) -> f64 {
        f64::from_bits(self.sum.load(Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_counts_what_reaches_it() {
        let histogram = Histogram::new(&[0.0, 5.0, 10.0]);
        for amount in [0.0, 0.5, 5.0, 5.5, 11.0, 12.0] {
            histogram.observe(amount);
        }
        assert_eq!(histogram.counts(), [1, 2, 1, 2]);
        assert!((histogram.sum() - 34.0).abs() < 1e-9);
    }
}
