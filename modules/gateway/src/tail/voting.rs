//! What becomes of a trace whose time has come?

use std::{
    mem,
    time::{Duration, Instant},
};

use super::{
    core::{Core, Outgoing, seconds},
    held::Chain,
    journal::{Fate, Verdict},
    policy::{Case, Vote},
    table::State,
};

/// One of so many votes is timed.
const TIMED: u64 = 64;

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
        self.held.blocks.tick();
        self.refill();
    }

    /// Decides up to `most` of the traces whose tick has come; whether there are more.
    pub fn decide(&mut self, most: usize, now: Duration) -> bool {
        for _ in 0..most {
            let Some(index) = self.deciding.pop() else {
                let known = self.table.len() as u64;
                // The counts are those of all shards.
                self.counts.known.change(self.known, known);
                self.known = known;
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
                self.counts.decided.add(vote);
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
        // Looking at the clock takes as long as most policies do.
        self.votes = self.votes.wrapping_add(1);
        let timed = self.votes.is_multiple_of(TIMED);
        let mut began = timed.then(Instant::now);
        for (policy, (_, counts)) in self.policies.iter_mut().zip(&self.counts.policies) {
            let vote = policy.vote(case, now);
            counts.asked.add(1);
            counts.votes.add(vote);
            if vote == Vote::Untold {
                self.counts.untold.add(1);
            }
            if let Some(began) = &mut began {
                let now = Instant::now();
                let took = now.duration_since(*began).as_nanos();
                *began = now;
                counts.took.add(u64::try_from(took).unwrap_or(0) * TIMED);
            }
            match vote {
                Vote::Dropped => return vote,
                Vote::Sampled if self.rules.first_match => return vote,
                Vote::Sampled => common = vote,
                Vote::NotSampled | Vote::Untold => {}
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

    /// Copies what is left in blocks of which most is of no use.
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
