//! How many items were decided by what?

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::rule::Outcome;

/// What decided about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Nothing: it has no id.
    Missing,
    /// A digest of the trace's id.
    TraceHash,
    /// A digest of an attribute.
    AttributeHash,
    /// The trace's id itself.
    TraceId,
    /// Random bits that came with it.
    Carried,
    /// How important somebody said it was.
    Priority,
}

impl Policy {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Missing,
        Self::TraceHash,
        Self::AttributeHash,
        Self::TraceId,
        Self::Carried,
        Self::Priority,
    ];

    /// As the collector calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing_randomness",
            Self::TraceHash => "trace_id_hash",
            Self::AttributeHash => "attribute_hash",
            Self::TraceId => "trace_id_w3c",
            Self::Carried => "sampling_randomness",
            Self::Priority => "sampling_priority",
        }
    }
}

/// How many items were decided by what, and how.
#[derive(Debug, Default)]
pub struct Tally([[AtomicU64; 2]; Policy::ALL.len()]);

impl Tally {
    /// How many were kept (or not) by this.
    pub fn of(&self, policy: Policy, kept: bool) -> u64 {
        self.0[policy as usize][usize::from(kept)].load(Relaxed)
    }

    pub(super) fn count(&self, outcome: &Outcome) {
        self.0[outcome.policy as usize][usize::from(outcome.kept)].fetch_add(1, Relaxed);
    }
}
