//! Which traces are known, and which of them came first?

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::{
    held::Chain,
    journal::Fate,
    slab::{NONE, Slab},
    spans::{Found, Times},
};

/// A trace.
pub(super) struct Trace {
    pub(super) id: [u8; 16],
    pub(super) found: Found,
    pub(super) times: Times,
    pub(super) bytes: u64,
    pub(super) pieces: Chain,
    pub(super) spans: u32,
    /// The tick that decides it.
    pub(super) due: u32,
    /// In seconds since the sampler began.
    pub(super) arrived: u32,
    pub(super) decided: u32,
    /// The scope of its last span, by its number.
    pub(super) scope: u32,
    /// Those that came before it and after it.
    near: [u32; 2],
    pub(super) state: State,
}

/// How far a trace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    Decided(Fate),
    /// Not known any more: its number is given to another trace next.
    Gone,
}

/// All traces by their ids, in the order in which they came.
pub(super) struct Table {
    traces: Slab<Trace>,
    index: HashTable<u32>,
    hasher: RandomState,
    oldest: u32,
    newest: u32,
    waiting: usize,
}

const OLDER: usize = 0;
const NEWER: usize = 1;

impl Trace {
    pub(super) fn new(id: [u8; 16], due: u32, arrived: u32) -> Self {
        Self {
            id,
            found: 0,
            times: Times::default(),
            bytes: 0,
            pieces: Chain::EMPTY,
            spans: 0,
            due,
            arrived,
            decided: 0,
            scope: 0,
            near: [NONE; 2],
            state: State::Waiting,
        }
    }
}

impl Table {
    pub(super) fn new() -> Self {
        Self {
            traces: Slab::new(),
            index: HashTable::new(),
            hasher: RandomState::default(),
            oldest: NONE,
            newest: NONE,
            waiting: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// How many are not decided.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// What it takes once it has room for that many more: each needs five to ten bytes of the index.
    pub(super) fn bytes_with(&self, more: usize) -> u64 {
        let traces = self.traces.bytes_with(more);
        traces + traces / (size_of::<Trace>() as u64) * 10
    }

    /// The most that so many more can add to that.
    pub(super) fn most(more: usize) -> u64 {
        let traces = Slab::<Trace>::most(more);
        traces + traces / (size_of::<Trace>() as u64) * 10
    }

    pub(super) fn trace(&self, index: u32) -> &Trace {
        &self.traces[index]
    }

    pub(super) fn trace_mut(&mut self, index: u32) -> &mut Trace {
        &mut self.traces[index]
    }

    #[inline]
    pub(super) fn find(&self, id: &[u8; 16]) -> Option<u32> {
        let same = |index: &u32| self.traces[*index].id == *id;
        self.index.find(self.hash(id), same).copied()
    }

    /// Looks several up at once, as far as they are wanted and known: the memory that each needs comes while the others are looked up,
    /// where one after the other would wait for its own.
    pub(super) fn find_all<'a>(
        &self,
        ids: impl Iterator<Item = (&'a [u8; 16], bool)>,
        found: &mut Vec<u32>,
    ) {
        let find = |(id, wanted)| {
            let found = if wanted { self.find(id) } else { None };
            found.unwrap_or(NONE)
        };
        found.clear();
        found.extend(ids.map(find));
    }

    /// Whether this is the trace that was found.
    #[inline]
    pub(super) fn is(&self, index: u32, id: &[u8; 16]) -> bool {
        index != NONE && {
            let trace = &self.traces[index];
            trace.id == *id && trace.state != State::Gone
        }
    }

    fn hash(&self, id: &[u8; 16]) -> u64 {
        self.hasher.hash_one(u128::from_le_bytes(*id))
    }

    /// Adds a trace that is not known.
    pub(super) fn insert(&mut self, mut trace: Trace) -> u32 {
        let hash = self.hash(&trace.id);
        trace.near = [self.newest, NONE];
        let index = self.traces.insert(trace);
        match self.newest {
            NONE => self.oldest = index,
            newest => self.traces[newest].near[NEWER] = index,
        }
        self.newest = index;
        let (traces, hasher) = (&self.traces, &self.hasher);
        self.index.insert_unique(hash, index, |index| {
            hasher.hash_one(u128::from_le_bytes(traces[*index].id))
        });
        self.waiting += 1;
        index
    }

    /// Decides a trace that waits.
    pub(super) fn decide(&mut self, index: u32, fate: Fate, now: u32) {
        let trace = &mut self.traces[index];
        (trace.state, trace.decided) = (State::Decided(fate), now);
        self.waiting -= 1;
    }

    pub(super) fn remove(&mut self, index: u32) {
        let hash = self.hash(&self.traces[index].id);
        if let Ok(found) = self.index.find_entry(hash, |other| *other == index) {
            found.remove();
        }
        let trace = &mut self.traces[index];
        if trace.state == State::Waiting {
            self.waiting -= 1;
        }
        trace.state = State::Gone;
        let [older, newer] = trace.near;
        match older {
            NONE => self.oldest = newer,
            _ => self.traces[older].near[NEWER] = newer,
        }
        match newer {
            NONE => self.newest = older,
            _ => self.traces[newer].near[OLDER] = older,
        }
        self.traces.remove(index);
    }

    /// Traces from the one that came first.
    pub(super) fn oldest_first(&self) -> impl Iterator<Item = u32> {
        let mut next = self.oldest;
        std::iter::from_fn(move || {
            let index = next;
            (index != NONE).then(|| {
                next = self.traces[index].near[NEWER];
                index
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_found_counted_and_known_by_age() {
        let mut table = Table::new();
        let id = |n: u8| [n; 16];
        let all: Vec<u32> = (0..5)
            .map(|n| table.insert(Trace::new(id(n), 0, 0)))
            .collect();
        table.decide(all[1], Fate::Kept, 9);
        table.remove(all[0]);
        table.remove(all[3]);
        let again = table.insert(Trace::new(id(3), 0, 0));
        let order: Vec<u8> = table
            .oldest_first()
            .map(|index| table.trace(index).id[0])
            .collect();
        assert_eq!(order, [1, 2, 4, 3]);
        assert_eq!(
            (table.find(&id(0)), table.find(&id(3))),
            (None, Some(again))
        );
        assert_eq!((table.len(), table.waiting()), (4, 3));
    }
}
