//! What becomes of a trace whose time has come?

use std::{mem, time::Duration};

use prometheus_client::metrics::counter::Counter;

use super::{
    core::{Core, Outgoing, seconds},
    counts::{Asked, Counts, Decision, Vote as Label},
    held::Chain,
    journal::{Fate, Verdict},
    policy::{Case, Vote},
    table::State,
};

/// How one policy voted.
pub(super) struct Tally {
    asked: Counter,
    sampled: Counter,
    not_sampled: Counter,
    dropped: Counter,
}

impl Tally {
    pub(super) fn new(counts: &Counts, component: Option<&str>, policy: &str) -> Self {
        let policy = match component {
            Some(component) => format!("{component}.{policy}"),
            None => policy.to_owned(),
        };
        let vote = |(sampled, decision)| {
            let label = Label {
                policy: policy.clone(),
                sampled,
                decision,
            };
            counts.voted.get_or_create(&label).clone()
        };
        Self {
            sampled: vote(Vote::Sampled.labels()),
            not_sampled: vote(Vote::NotSampled.labels()),
            dropped: vote(Vote::Dropped.labels()),
            asked: counts.asked.get_or_create(&Asked { policy }).clone(),
        }
    }

    fn count(&self, vote: Vote) {
        self.asked.inc();
        match vote {
            Vote::Sampled => self.sampled.inc(),
            Vote::NotSampled => self.not_sampled.inc(),
            Vote::Dropped => self.dropped.inc(),
        };
    }
}

impl Vote {
    fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::Sampled => ("true", "sampled"),
            Self::NotSampled => ("false", "not_sampled"),
            Self::Dropped => ("false", "dropped"),
        }
    }
}

impl Core {
    /// A second has passed: the traces that have waited long enough can be [decided](Self::decide).
    pub fn tick(&mut self) {
        let due = self.slots.pop_front().unwrap_or_default();
        self.slots.push_back(Vec::new());
        self.tick += 1;
        if self.deciding.is_empty() {
            self.deciding = due;
        } else {
            self.deciding.extend(due);
        }
        if self.held.is_wasteful() {
            self.compact();
        }
        let known = i64::try_from(self.table.len()).unwrap_or(i64::MAX);
        self.counts.known.set(known);
        self.refill();
    }

    /// Decides up to `most` of the traces whose tick has come; whether there are more.
    pub fn decide(&mut self, most: usize, now: Duration) -> bool {
        for _ in 0..most {
            let Some(index) = self.deciding.pop() else {
                return false;
            };
            let trace = self.table.trace(index);
            // A number may stand in several slots: of a trace that was moved, or one that has gone.
            if trace.state == State::Waiting && trace.due < self.tick {
                let vote = self.vote(index, now);
                let fate = if vote == Vote::Sampled {
                    Fate::Kept
                } else {
                    Fate::NotKept
                };
                let (sampled, decision) = vote.labels();
                self.counts
                    .decided
                    .get_or_create(&Decision { sampled, decision })
                    .inc();
                self.settle(index, fate, seconds(now));
            }
        }
        !self.deciding.is_empty()
    }

    /// The policies' common vote: one that drops decides alone, otherwise one that samples is enough.
    fn vote(&mut self, index: u32, now: Duration) -> Vote {
        let trace = self.table.trace(index);
        let case = Case {
            trace_id: &trace.id,
            found: trace.found,
            spans: trace.spans.into(),
            bytes: trace.bytes,
        };
        let mut common = Vote::NotSampled;
        for (policy, tally) in self.policies.iter_mut().zip(&self.tallies) {
            let vote = policy.vote(case, now);
            tally.count(vote);
            match vote {
                Vote::Dropped => return vote,
                Vote::Sampled if self.rules.first_match => return vote,
                Vote::Sampled => common = vote,
                Vote::NotSampled => {}
            }
        }
        common
    }

    /// Carries out what is decided about a trace that waits.
    pub(super) fn settle(&mut self, index: u32, fate: Fate, now: u32) {
        self.table.decide(index, fate, now);
        let trace = self.table.trace_mut(index);
        let (id, spans) = (trace.id, trace.spans.into());
        let pieces = mem::replace(&mut trace.pieces, Chain::EMPTY);
        let cache = match fate {
            Fate::Kept => {
                let verdict = self.verdict(id, fate);
                self.outbox.push_back(Outgoing {
                    pieces,
                    spans,
                    verdict,
                });
                &mut self.kept
            }
            Fate::NotKept => {
                self.held.release(pieces);
                self.pronounce(id, fate);
                &mut self.not_kept
            }
        };
        if let Some(cache) = cache {
            cache.put(&id);
            self.forget(index, now);
        }
    }

    /// Has a verdict written.
    pub(super) fn pronounce(&mut self, trace_id: [u8; 16], fate: Fate) {
        let verdict = self.verdict(trace_id, fate);
        self.verdicts.extend(verdict);
    }

    fn verdict(&self, trace_id: [u8; 16], fate: Fate) -> Option<Verdict> {
        let upto = self.known_upto.filter(|_| self.journaled)?;
        Some(Verdict {
            trace_id,
            fate,
            upto,
        })
    }

    /// Nothing comes any more: what waits is decided as it is, or left. What a journal has is left to the next run.
    pub fn end(&mut self, now: Duration) {
        for _ in 0..self.slots.len() {
            self.tick();
        }
        if self.journaled && !self.rules.drop_pending {
            self.deciding.clear();
        }
        if self.rules.drop_pending {
            for index in mem::take(&mut self.deciding) {
                if self.table.trace(index).state == State::Waiting {
                    self.settle(index, Fate::NotKept, seconds(now));
                }
            }
        }
        while self.decide(usize::MAX, now) {}
    }

    /// Copies what is left in bodies of which most is of no use.
    fn compact(&mut self) {
        let mut pieces = Vec::new();
        let waiting = self
            .table
            .oldest_first()
            .map(|index| self.table.trace(index).pieces);
        let leaving = self.outbox.iter().map(|outgoing| outgoing.pieces);
        for chain in waiting.chain(leaving) {
            pieces.extend(self.held.chain(chain).map(|(index, _)| index));
        }
        self.held.compact(pieces);
    }
}
