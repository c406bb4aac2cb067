//! How is the log?

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts since the log was opened. What is a state and no count says so.
#[derive(Debug, Default)]
pub struct Stats {
    /// Records that were appended.
    pub appended: Count,
    /// Bytes of the bodies appended, before they were compressed.
    pub appended_bytes: Count,
    /// Bytes written for them.
    pub written_bytes: Count,
    /// Payloads refused because the log had its capacity.
    pub refused_full: Count,
    /// Payloads refused because the disk did not take them.
    pub refused_disk: Count,
    /// Records that could not be read back, and were left out.
    pub skipped_records: Count,
    /// Records that were written and then refused, because the medium did not take them.
    pub void_records: Count,
    /// Places in segments where something else than a record was.
    pub damaged_places: Count,
    /// Notes about what was delivered that could not be written: after a crash it is delivered once more.
    pub unnoted: Count,
    /// Times that waiting for the medium failed.
    pub sync_failures: Count,
    /// Times that the medium was waited for.
    pub syncs: Count,
    /// Segments that were given back.
    pub freed_segments: Count,
    /// Bytes that the files of the log take now (a state).
    pub disk_bytes: Count,
    /// Bytes of bodies that are kept in memory to be sent from there (a state).
    pub memory_bytes: Count,
    /// Whether the last write failed, as 1 or 0 (a state).
    pub failing: Count,
}

/// A number that many threads may change.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// What it is now.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    /// Has what was `before` of it be something else.
    pub(crate) fn change(&self, before: u64, now: u64) {
        self.0.fetch_add(now.wrapping_sub(before), Relaxed);
    }

    pub(crate) fn set(&self, now: u64) {
        self.0.store(now, Relaxed);
    }
}
