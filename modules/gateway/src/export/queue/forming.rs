//! What forms which batch?

use std::collections::VecDeque;

use super::{Entry, lines::Lines, size};
use crate::settings::QueueBatch;

/// What waits in a queue.
#[derive(Debug)]
pub(super) enum Forming {
    /// Each entry leaves alone.
    Alone(VecDeque<Entry>),
    /// They leave together.
    Together(QueueBatch, Line),
    /// They leave together with those that came with the same headers.
    Apart(QueueBatch, Lines),
}

/// Which batch is to leave?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// One of which there is enough.
    Whole,
    /// What there is of the one that waits longest.
    Oldest,
}

/// Entries in the order in which they came, which leave together.
#[derive(Debug, Default)]
pub(super) struct Line {
    entries: VecDeque<Entry>,
    /// What the rules of a batch count, of all entries.
    weight: u64,
}

impl Forming {
    /// Nothing that is to leave as these rules say.
    pub(super) fn new(rules: Option<&QueueBatch>) -> Self {
        match rules {
            None => Self::Alone(VecDeque::new()),
            Some(rules) if rules.metadata_keys.is_empty() => {
                Self::Together(rules.clone(), Line::default())
            }
            Some(rules) => Self::Apart(rules.clone(), Lines::of(&rules.metadata_keys)),
        }
    }

    /// The entry that waits longest.
    pub(super) fn first(&self) -> Option<&Entry> {
        match self {
            Self::Alone(entries) => entries.front(),
            Self::Together(_, line) => line.first(),
            Self::Apart(_, lines) => lines.first(),
        }
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    /// Adds one. Whether with it there is a batch that there was not.
    pub(super) fn push(&mut self, entry: Entry) -> bool {
        match self {
            Self::Alone(entries) => {
                entries.push_back(entry);
                true
            }
            Self::Together(rules, line) => line.push(entry, rules),
            Self::Apart(rules, lines) => lines.push(entry, rules),
        }
    }

    /// Whether there is enough for a batch.
    pub(super) fn is_whole(&self) -> bool {
        match self {
            Self::Alone(entries) => !entries.is_empty(),
            Self::Together(rules, line) => line.is_whole(rules),
            Self::Apart(_, lines) => lines.are_whole(),
        }
    }

    /// Takes a batch.
    pub(super) fn batch(&mut self, which: Which) -> Vec<Entry> {
        match self {
            Self::Alone(entries) => entries.pop_front().into_iter().collect(),
            Self::Together(rules, line) => line.batch(rules),
            Self::Apart(rules, lines) => lines.batch(which, rules),
        }
    }
}

impl Line {
    pub(super) fn first(&self) -> Option<&Entry> {
        self.entries.front()
    }

    pub(super) fn is_whole(&self, rules: &QueueBatch) -> bool {
        self.weight >= rules.min_size
    }

    pub(super) fn push(&mut self, entry: Entry, rules: &QueueBatch) -> bool {
        let before = self.weight;
        self.weight += size(rules.sizer, &entry.payload);
        self.entries.push_back(entry);
        before < rules.min_size && self.is_whole(rules)
    }

    /// The first entries, until they are enough for a batch or the next one is too much for it.
    pub(super) fn batch(&mut self, rules: &QueueBatch) -> Vec<Entry> {
        let mut batch = Vec::new();
        let mut together = 0;
        while let Some(first) = self.entries.front() {
            let more = size(rules.sizer, &first.payload);
            let over = rules.max_size.is_some_and(|max| together + more > max);
            if !batch.is_empty() && (over || together >= rules.min_size) {
                break;
            }
            together += more;
            batch.extend(self.entries.pop_front());
        }
        self.weight -= together;
        batch
    }
}
