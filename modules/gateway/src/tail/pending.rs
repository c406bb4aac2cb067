//! Which records does who brought them take, and up to where are all known?

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    cores::Cores,
    journal::{Appending, Journal, Position},
};
use crate::{Payload, Refusal, log::Count};

/// Records that are appended and not taken yet.
#[derive(Default)]
pub(super) struct Pending(Mutex<State>);

struct State {
    /// Those of which not all before are known until they are taken.
    records: BTreeSet<Position>,
    last: Option<Position>,
    /// Records from here on are taken by who brought them, those before are read; none as long as all are.
    taken_from: Option<Position>,
    /// The first that was appended in this run while all are read.
    first: Option<Position>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            records: BTreeSet::new(),
            last: None,
            taken_from: Some(Position::default()),
            first: None,
        }
    }
}

impl Pending {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on nobody takes what he brings: it is read when its turn has come.
    pub(super) fn read_all(&self) {
        self.state().taken_from = None;
    }

    /// Whether all records are read.
    pub(super) fn is_read(&self) -> bool {
        self.state().taken_from.is_none()
    }

    /// Whether who brought this record takes it.
    pub(super) fn is_taken(&self, position: Position) -> bool {
        let state = self.state();
        state.taken_from.is_some_and(|from| position >= from)
    }

    /// Appends a record. Positions are given and noted under one lock, so that nothing before `upto` is ever unknown.
    /// What is to be read is counted as `unread`.
    pub(super) fn append(
        &self,
        journal: &dyn Journal,
        payload: &Payload,
        unread: &Count,
    ) -> Result<Appending, Refusal> {
        let mut state = self.state();
        let is_read = state.taken_from.is_none();
        // Whoever reads it may be quicker than this.
        unread.change(0, u64::from(is_read));
        let appending = journal.append(payload);
        match &appending {
            Ok(appending) => {
                state.records.insert(appending.position);
                if is_read {
                    state.first.get_or_insert(appending.position);
                }
            }
            Err(_) => unread.change(u64::from(is_read), 0),
        }
        appending
    }

    /// Whether a record was there before this run.
    pub(super) fn is_of_before(&self, position: Position) -> bool {
        self.state().first.is_none_or(|first| position < first)
    }

    /// A record was read and taken, and all before it but for those that are `unreadable` now: up to where all are known.
    pub(super) fn known(
        &self,
        position: Position,
        unreadable: Option<Position>,
    ) -> Option<Position> {
        let pending = self.state().records.first().copied();
        let first = pending.into_iter().chain(unreadable).min();
        first.map_or(Some(position), |first| {
            before(first).map(|upto| upto.min(position))
        })
    }

    /// A record is left to the next run: nothing that this one decides speaks of it.
    pub(super) fn leave(&self, position: Position) {
        self.state().records.insert(position);
    }

    /// Where everything has been read, whoever brings a record takes it from now on; whether that is so.
    pub(super) fn end_reading(&self, journal: &dyn Journal, unread: &Count) -> bool {
        let mut state = self.state();
        let Some(end) = journal.at_end() else {
            return false;
        };
        state.records.extend(journal.unreadable());
        state.taken_from = Some(end);
        unread.set(0);
        true
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
        // Whoever reads says what is known.
        let Some(from) = state.taken_from else {
            return;
        };
        if self.position >= from {
            state.last = state.last.max(Some(self.position));
        }
        let upto = match state.records.first() {
            Some(first) => before(*first),
            None => state.last,
        };
        drop(state);
        let Some(upto) = upto else {
            return;
        };
        for mut core in self.cores.each() {
            core.knows_upto(upto);
        }
    }
}

/// The record before this one, if it is not the first of all.
fn before(position: Position) -> Option<Position> {
    position.0.checked_sub(1).map(Position)
}
