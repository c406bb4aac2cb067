//! What is kept apart by headers of requests?

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    Entry,
    forming::{Line, Which},
};
use crate::{Keys, metadata::Combination, settings::QueueBatch, time::Instant};

/// A line for each combination of headers of which something waits. Each is found by the age of its first entry, too,
/// so that looking for the next batch takes no longer where there are many.
#[derive(Debug)]
pub(super) struct Lines {
    keys: Keys,
    waiting: HashMap<Combination, Aged>,
    by_age: BTreeMap<Age, Combination>,
    /// Those of which there is enough for a batch.
    whole: BTreeSet<Age>,
    /// How many ages there were.
    came: u64,
}

/// When the first entry of a line came, and what tells it from others that came then.
type Age = (Instant, u64);

#[derive(Debug)]
struct Aged {
    age: Age,
    line: Line,
}

impl Lines {
    pub(super) fn of(keys: &Keys) -> Self {
        Self {
            keys: keys.clone(),
            waiting: HashMap::new(),
            by_age: BTreeMap::new(),
            whole: BTreeSet::new(),
            came: 0,
        }
    }

    pub(super) fn first(&self) -> Option<&Entry> {
        let (_, oldest) = self.by_age.first_key_value()?;
        self.waiting.get(oldest)?.line.first()
    }

    pub(super) fn are_whole(&self) -> bool {
        !self.whole.is_empty()
    }

    pub(super) fn push(&mut self, entry: Entry, rules: &QueueBatch) -> bool {
        let combination = Combination::of(&self.keys, entry.payload.metadata.clone());
        let age = (entry.since, self.came);
        self.came += 1;
        let aged = self.waiting.entry(combination).or_insert_with_key(|key| {
            self.by_age.insert(age, key.clone());
            let line = Line::default();
            Aged { age, line }
        });
        aged.line.push(entry, rules);
        aged.line.is_whole(rules) && self.whole.insert(aged.age)
    }

    /// Takes a batch of one line.
    pub(super) fn batch(&mut self, which: Which, rules: &QueueBatch) -> Vec<Entry> {
        let age = match which {
            Which::Whole => self.whole.first(),
            Which::Oldest => self.by_age.keys().next(),
        };
        let Some((combination, mut line)) = age.copied().and_then(|age| self.take(age)) else {
            return Vec::new();
        };
        let batch = line.batch(rules);
        self.put_back(combination, line, rules);
        batch
    }

    fn take(&mut self, age: Age) -> Option<(Combination, Line)> {
        self.whole.remove(&age);
        let combination = self.by_age.remove(&age)?;
        let aged = self.waiting.remove(&combination)?;
        Some((combination, aged.line))
    }

    /// Puts back what is left of a line, as old as what is first in it now.
    fn put_back(&mut self, combination: Combination, line: Line, rules: &QueueBatch) {
        let Some(first) = line.first() else {
            return;
        };
        let age = (first.since, self.came);
        self.came += 1;
        if line.is_whole(rules) {
            self.whole.insert(age);
        }
        self.by_age.insert(age, combination.clone());
        self.waiting.insert(combination, Aged { age, line });
    }
}
