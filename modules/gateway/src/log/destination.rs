//! What a destination is done with, and what waits for it.

use std::{collections::BTreeSet, sync::Arc};

use tokio::sync::Notify;

use super::{Position, ranges::Ranges};
use crate::settings::Sizer;

/// What waits to be delivered to a destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many records.
    pub records: u64,
    /// How many items in them.
    pub items: u64,
    /// How many bytes their bodies have.
    pub bytes: u64,
}

impl Backlog {
    pub(crate) fn add(&mut self, items: u64, bytes: u64) {
        self.records += 1;
        self.items += items;
        self.bytes += bytes;
    }

    /// How much that is, as a queue counts it.
    pub fn of(&self, sizer: Sizer) -> u64 {
        match sizer {
            Sizer::Requests => self.records,
            Sizer::Items => self.items,
            Sizer::Bytes => self.bytes,
        }
    }

    pub(super) fn remove(&mut self, position: &Position) {
        self.records = self.records.saturating_sub(1);
        self.items = self.items.saturating_sub(position.items);
        self.bytes = self.bytes.saturating_sub(position.bytes);
    }
}

/// A destination: what it is done with, and what it was handed.
#[derive(Debug, Default)]
pub(crate) struct Destination {
    pub(crate) name: String,
    pub(crate) done: Ranges,
    /// Handed out and not done with.
    pub(crate) out: BTreeSet<u64>,
    /// All before it was handed out, is done with, or is known to be unreadable.
    pub(crate) at: u64,
    pub(crate) backlog: Backlog,
    /// Where those wait who send to it: one is told of each record.
    pub(crate) waits: Arc<Notify>,
}

impl Destination {
    /// The next sequence to hand out, if it were there.
    pub(crate) fn wants(&self) -> u64 {
        let mut next = self.done.first_absent(self.at);
        while self.out.contains(&next) {
            next = self.done.first_absent(next + 1);
        }
        next
    }
}
