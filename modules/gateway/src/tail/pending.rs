//! Up to where are all records known?

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    cores::Cores,
    journal::{Appending, Position},
};
use crate::Refusal;

/// Records that are appended and not taken yet.
#[derive(Default)]
pub(super) struct Pending(Mutex<State>);

#[derive(Default)]
struct State {
    records: BTreeSet<Position>,
    last: Option<Position>,
}

impl Pending {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a record. Positions are given and noted under one lock, so that nothing before `upto` is ever unknown.
    pub(super) fn append(
        &self,
        append: impl FnOnce() -> Result<Appending, Refusal>,
    ) -> Result<Appending, Refusal> {
        let mut state = self.state();
        let appending = append()?;
        state.records.insert(appending.position);
        Ok(appending)
    }
}

/// A record that is appended and not taken yet, until it is taken or nobody waits for it any more.
pub(super) struct Unfinished<'a> {
    pub(super) pending: &'a Pending,
    pub(super) cores: &'a Cores,
    pub(super) position: Position,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        let mut state = self.pending.state();
        state.records.remove(&self.position);
        state.last = state.last.max(Some(self.position));
        let first = state.records.first().copied();
        let upto = match first {
            Some(first) => Position(first.0.saturating_sub(1)),
            None => state.last.unwrap_or_default(),
        };
        drop(state);
        for mut core in self.cores.each() {
            core.knows_upto(upto);
        }
    }
}
