//! Which traces were decided lately?

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::{HashTable, hash_table::Entry};

/// The keys that were put or asked for last: contrib's decision cache. A trace is known by the right half of its id.
pub(super) struct Recent {
    most: usize,
    hasher: RandomState,
    table: HashTable<u32>,
    entries: Vec<Node>,
    /// The one used last, and the one to go.
    ends: [u32; 2],
}

struct Node {
    key: u64,
    /// The one used after it, and the one used before it.
    near: [u32; 2],
}

const NONE: u32 = u32::MAX;
const NEWEST: usize = 0;
const OLDEST: usize = 1;

impl Recent {
    /// Remembers that many; none at all if that is zero.
    pub(super) fn new(most: usize) -> Option<Self> {
        (most > 0).then(|| Self {
            most: most.min(NONE as usize - 1),
            hasher: RandomState::default(),
            table: HashTable::new(),
            entries: Vec::new(),
            ends: [NONE; 2],
        })
    }

    pub(super) fn has(&mut self, trace_id: &[u8; 16]) -> bool {
        let key = right_half(trace_id);
        let same = |index: &u32| self.entries[*index as usize].key == key;
        let Some(index) = self.table.find(self.hasher.hash_one(key), same).copied() else {
            return false;
        };
        self.unlink(index);
        self.link(index);
        true
    }

    pub(super) fn put(&mut self, trace_id: &[u8; 16]) {
        if self.has(trace_id) {
            return;
        }
        let key = right_half(trace_id);
        let index = if self.entries.len() < self.most {
            let near = [NONE; 2];
            self.entries.push(Node { key, near });
            u32::try_from(self.entries.len() - 1).expect("fewer than 2³² are remembered")
        } else {
            let oldest = self.ends[OLDEST];
            self.unlink(oldest);
            let old = self.entries[oldest as usize].key;
            if let Ok(found) = self
                .table
                .find_entry(self.hasher.hash_one(old), |index| *index == oldest)
            {
                found.remove();
            }
            self.entries[oldest as usize].key = key;
            oldest
        };
        let hash = |index: &u32| self.hasher.hash_one(self.entries[*index as usize].key);
        if let Entry::Vacant(vacant) =
            self.table
                .entry(self.hasher.hash_one(key), |other| *other == index, hash)
        {
            vacant.insert(index);
        }
        self.link(index);
    }

    fn link(&mut self, index: u32) {
        let newest = self.ends[NEWEST];
        self.entries[index as usize].near = [NONE, newest];
        match newest {
            NONE => self.ends[OLDEST] = index,
            _ => self.entries[newest as usize].near[NEWEST] = index,
        }
        self.ends[NEWEST] = index;
    }

    fn unlink(&mut self, index: u32) {
        let [after, before] = self.entries[index as usize].near;
        match after {
            NONE => self.ends[NEWEST] = before,
            _ => self.entries[after as usize].near[OLDEST] = before,
        }
        match before {
            NONE => self.ends[OLDEST] = after,
            _ => self.entries[before as usize].near[NEWEST] = after,
        }
    }
}

fn right_half(trace_id: &[u8; 16]) -> u64 {
    let [_, _, _, _, _, _, _, _, right @ ..] = *trace_id;
    u64::from_le_bytes(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_used_longest_ago_goes() {
        let id = |n: u128| n.to_be_bytes();
        let mut recent = Recent::new(3).unwrap();
        for n in 1..=3 {
            recent.put(&id(n));
        }
        assert!(recent.has(&id(1)));
        recent.put(&id(3));
        recent.put(&id(4));
        let known =
            |recent: &mut Recent| (1..=4).filter(|n| recent.has(&id(*n))).collect::<Vec<_>>();
        assert_eq!(known(&mut recent), [1, 3, 4]);
        // Only the right half counts.
        assert!(recent.has(&id(1 << 100 | 3)));
        assert!(Recent::new(0).is_none());
        let mut many = Recent::new(1000).unwrap();
        for n in 0..10_000 {
            many.put(&id(n));
        }
        assert_eq!((0..10_000).filter(|n| many.has(&id(*n))).count(), 1000);
        assert!(many.has(&id(9000)) && !many.has(&id(8999)));
    }
}
