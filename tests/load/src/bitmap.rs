//! Which of many numbers were seen?

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// One bit for each number below a bound.
#[derive(Debug)]
pub struct Bitmap {
    words: Box<[AtomicU64]>,
}

impl Bitmap {
    /// Of the numbers below `bound`, rounded up.
    pub fn new(bound: u64) -> Self {
        let words = bound.div_ceil(64);
        Self {
            words: (0..words).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// The first number that it cannot hold.
    pub fn bound(&self) -> u64 {
        self.words.len() as u64 * 64
    }

    /// Adds a number: whether it was not there before. Numbers out of bounds are not taken.
    pub fn insert(&self, number: u64) -> bool {
        let Some(word) = self.word(number) else {
            return false;
        };
        let bit = 1 << (number % 64);
        word.fetch_or(bit, Relaxed) & bit == 0
    }

    /// Whether it is there.
    pub fn contains(&self, number: u64) -> bool {
        self.word(number)
            .is_some_and(|word| word.load(Relaxed) & (1 << (number % 64)) != 0)
    }

    /// How many are there.
    pub fn count(&self) -> u64 {
        let ones = |word: &AtomicU64| u64::from(word.load(Relaxed).count_ones());
        self.words.iter().map(ones).sum()
    }

    fn word(&self, number: u64) -> Option<&AtomicU64> {
        self.words.get(usize::try_from(number / 64).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_new_once() {
        let seen = Bitmap::new(100);
        assert!(seen.insert(99) && !seen.insert(99) && seen.insert(0));
        assert!(seen.contains(99) && !seen.contains(98));
        assert!(!seen.insert(seen.bound()) && !seen.contains(u64::MAX));
        assert_eq!(seen.count(), 2);
    }
}
