//! How much came in, and how much of it was taken?

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::{Refusal, Signal};

/// Counts items by signal.
#[derive(Debug, Default)]
pub struct Tally([AtomicU64; 3]);

impl Tally {
    /// Adds so many.
    pub fn add(&self, signal: Signal, count: u64) {
        self.0[signal as usize].fetch_add(count, Relaxed);
    }

    /// How many there were.
    pub fn get(&self, signal: Signal) -> u64 {
        self.0[signal as usize].load(Relaxed)
    }
}

/// What a server of one receiver was sent.
#[derive(Debug, Default)]
pub struct Tallies {
    /// Items that were taken.
    pub accepted: Tally,
    /// Items that were refused, and may come again.
    pub refused: Tally,
    /// Items that will never be taken.
    pub failed: Tally,
    /// Requests that were refused before their items could be counted.
    pub unread: Tally,
}

impl Tallies {
    pub(crate) fn count(&self, signal: Signal, items: u64, result: &Result<(), Refusal>) {
        let tally = match result {
            Ok(()) => &self.accepted,
            Err(Refusal::Busy { .. }) => &self.refused,
            Err(_) => &self.failed,
        };
        tally.add(signal, items);
    }
}
