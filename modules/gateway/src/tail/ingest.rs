//! How does a request change what a sampler knows?

use std::time::Duration;

use super::{
    block::ScopeOf,
    blocks::{Blocks, Stay, Taking},
    core::{Core, Outgoing, seconds},
    held::{Chain, Held},
    journal::{Fate, Position},
    reading::{Digest, Reading, When, full},
    slab::NONE,
    table::{State, Table, Trace},
};
use crate::{Charge, Payload, Refusal};

/// Where in a request we are.
struct Place<'a> {
    body: &'a [u8],
    taking: Taking,
    scope: ScopeOf<'a>,
    /// The number of the first scope of the resource.
    first: u32,
    position: Option<Position>,
    now: u32,
    /// Seconds that it has been waiting already.
    age: u32,
    /// The trace of the span before.
    last: Option<([u8; 16], Known)>,
    late: Chain,
    late_spans: u64,
}

/// What is known of a span's trace.
#[derive(Clone, Copy)]
enum Known {
    /// It is in the table.
    Trace(u32),
    /// It was decided, and is not in the table any more.
    Before(Fate),
    /// An earlier run has dealt with this span.
    DealtWith,
}

impl Core {
    /// Takes a request of spans: what it says about traces is remembered, and its bytes are kept as long as one of its
    /// spans may be needed. `position` is where the journal has it.
    pub fn ingest(
        &mut self,
        payload: Payload,
        position: Option<Position>,
        now: Duration,
    ) -> Result<(), Refusal> {
        let reading = Reading::of(payload, &self.tests, &self.budget, 0)?;
        let waited = reading.waited();
        self.take(&reading, position, When { now, waited })
    }

    /// Takes what is for this core of a request that was read. Its traces wait from when it arrived.
    pub(super) fn take(
        &mut self,
        reading: &Reading,
        position: Option<Position>,
        when: When,
    ) -> Result<(), Refusal> {
        let taking = self.make_room(reading, position)?;
        let request = self.held.take(position);
        let Some(first) = reading.scopes.first() else {
            self.held.taken(request, taking);
            return Ok(());
        };
        let mut place = Place {
            body: &reading.body,
            taking,
            scope: reading.scope(first, 0, request),
            first: 0,
            position,
            now: seconds(when.now),
            age: seconds(when.waited),
            last: None,
            late: Chain::EMPTY,
            late_spans: 0,
        };
        let found = self.find(reading);
        for scope in &reading.scopes {
            let number = self.held.blocks.number();
            place.scope = reading.scope(scope, number, request);
            if scope.is_first {
                place.first = number;
            }
            for index in scope.spans.clone() {
                if reading.spans[index].shard != self.shard {
                    continue;
                }
                self.span(&mut place, &reading.spans[index], found[index]);
            }
        }
        if !place.late.is_empty() {
            self.outbox.push_back(Outgoing {
                pieces: place.late,
                spans: place.late_spans,
                verdict: None,
            });
        }
        // What a large request needed is not kept for small ones.
        if found.capacity() < 1 << 16 {
            self.found = found;
        }
        self.held.taken(request, taking);
        Ok(())
    }

    /// Takes the same with room that was charged beforehand, of which [`most`](Self::most) said how much is needed.
    pub(super) fn take_with(
        &mut self,
        mut room: Charge,
        reading: &Reading,
        position: Option<Position>,
        when: When,
    ) -> Result<(), Refusal> {
        let copies = room.split(Blocks::most(reading, self.shard));
        self.held.blocks.furnish(copies);
        self.room.merge(room);
        let taken = self.take(reading, position, when);
        let (table, held) = (self.table.bytes_with(0), self.held.bytes_with(0, None));
        self.room.shrink_to(table + held);
        taken
    }

    /// The most bytes that it can need for a request, whatever others bring meanwhile.
    pub(super) fn most(&self, reading: &Reading) -> u64 {
        let items = reading.counts[usize::from(self.shard)];
        let tables = Table::most(items) + Held::most(items);
        tables + Blocks::most(reading, self.shard)
    }

    /// The traces of all spans, as far as they are known, and near by when this returns.
    fn find(&mut self, reading: &Reading) -> Vec<u32> {
        let mut found = std::mem::take(&mut self.found);
        let of_here = |span: &Digest| span.shard == self.shard;
        let ids = reading
            .spans
            .iter()
            .map(|span| (&span.trace_id, of_here(span)));
        self.table.find_all(ids, &mut found);
        let known = found.iter().filter(|index| **index != NONE);
        self.held
            .fetch(known.map(|index| self.table.trace(*index).pieces));
        found
    }

    #[inline]
    fn span(&mut self, place: &mut Place<'_>, span: &Digest, found: u32) {
        let known = match place.last {
            Some((id, known)) if id == span.trace_id => known,
            _ => self.known(&span.trace_id, found, place),
        };
        place.last = Some((span.trace_id, known));
        match known {
            Known::Trace(index) => match self.table.trace(index).state {
                State::Decided(Fate::Kept) => self.late(place, span),
                State::Waiting => self.wait(index, place, span),
                State::Decided(Fate::NotKept) | State::Gone => {}
            },
            Known::Before(Fate::Kept) => self.late(place, span),
            Known::Before(Fate::NotKept) | Known::DealtWith => {}
        }
        if let Known::Before(fate) = known {
            let count = match fate {
                Fate::Kept => &self.counts.remembered_kept,
                Fate::NotKept => &self.counts.remembered_not_kept,
            };
            count.add(1);
        }
    }

    fn known(&mut self, id: &[u8; 16], found: u32, place: &Place<'_>) -> Known {
        if let Some(verdict) = self.earlier.get(id) {
            let dealt_with = place
                .position
                .is_none_or(|position| position <= verdict.upto);
            return if dealt_with {
                Known::DealtWith
            } else {
                Known::Before(verdict.fate)
            };
        }
        if self.kept.as_mut().is_some_and(|kept| kept.has(id)) {
            return Known::Before(Fate::Kept);
        }
        if self
            .not_kept
            .as_mut()
            .is_some_and(|not_kept| not_kept.has(id))
        {
            return Known::Before(Fate::NotKept);
        }
        let found = Some(found).filter(|index| self.table.is(*index, id));
        if let Some(index) = found.or_else(|| self.table.find(id)) {
            let trace = self.table.trace(index);
            if let State::Decided(_) = trace.state {
                self.counts
                    .late
                    .observe(f64::from(place.now.saturating_sub(trace.decided)));
            }
            return Known::Trace(index);
        }
        while self.table.len() >= self.rules.most_traces && self.evict(place.now) {}
        let due = self.due(place, self.rules.wait);
        let index = self.table.insert(Trace::new(*id, due, place.now));
        self.counts.began.add(1);
        self.schedule(index, due);
        Known::Trace(index)
    }

    fn schedule(&mut self, index: u32, due: u32) {
        let slot = (due - self.tick) as usize;
        if slot >= self.slots.len() {
            self.slots.resize_with(slot + 1, Vec::new);
        }
        self.slots[slot].push(index);
    }

    /// The tick that it is now, also where some have not come yet because something took long: what arrives in between
    /// waits as long as anything.
    fn clock(&self, now: u32) -> u32 {
        self.tick.max(now)
    }

    /// The tick that decides what has this long to wait from when it arrived; the next one, where that has passed.
    fn due(&self, place: &Place<'_>, wait: u32) -> u32 {
        let clock = self.clock(place.now);
        (clock + wait).saturating_sub(place.age).max(clock)
    }

    /// Forgets the trace that came first; where new ones should rather wait, only one that is decided.
    fn evict(&mut self, now: u32) -> bool {
        let goes =
            |index: &u32| !self.rules.blocks || self.table.trace(*index).state != State::Waiting;
        let Some(index) = self.table.oldest_first().find(goes) else {
            return false;
        };
        let trace = self.table.trace_mut(index);
        let pieces = std::mem::replace(&mut trace.pieces, Chain::EMPTY);
        if trace.state == State::Waiting {
            let id = trace.id;
            self.counts.too_early.add(1);
            self.pronounce(id, Fate::NotKept);
        }
        self.held.release(pieces);
        self.forget(index, now);
        true
    }

    /// A span of a trace that waits.
    fn wait(&mut self, index: u32, place: &mut Place<'_>, span: &Digest) {
        let sooner = self
            .rules
            .wait_after_root
            .filter(|_| span.is_root)
            .map(|wait| self.due(place, wait));
        let trace = self.table.trace_mut(index);
        trace.spans = trace.spans.saturating_add(1);
        trace.bytes += u64::from(span.range.1) + place.headers(trace);
        trace.scope = place.scope.number;
        trace.times.add(span.start, span.end);
        trace.found = self.tests.joined(trace.found, span.found, &trace.times);
        let chain = &mut trace.pieces;
        self.held
            .add(chain, place.taking, place.body, span.range, &place.scope);
        let (bytes, due) = (trace.bytes, trace.due);
        if let Some(sooner) = sooner.filter(|sooner| *sooner < due) {
            trace.due = sooner;
            self.schedule(index, sooner);
        }
        if self.rules.most_bytes.is_some_and(|most| bytes > most) {
            self.counts.too_large.add(1);
            self.settle(index, Fate::NotKept, place.now);
            place.last = None;
        }
    }

    /// A span of a trace that was kept.
    fn late(&mut self, place: &mut Place<'_>, span: &Digest) {
        let (late, taking) = (&mut place.late, place.taking);
        self.held
            .add(late, taking, place.body, span.range, &place.scope);
        place.late_spans += 1;
    }

    /// Charges what the tables will take, and copies of the spans; where there is no room for those the request is kept
    /// as it came.
    fn make_room(
        &mut self,
        reading: &Reading,
        position: Option<Position>,
    ) -> Result<Taking, Refusal> {
        let items = reading.counts[usize::from(self.shard)];
        let needed = self.table.bytes_with(items) + self.held.bytes_with(items, position);
        let more = needed.saturating_sub(self.room.bytes());
        if !self.room.grow(more) {
            return Err(full());
        }
        let blocks = &mut self.held.blocks;
        let (scopes, headers) = (reading.scopes.len(), reading.headers());
        let lengths = reading.spans_of(self.shard);
        let lengths = lengths.map(|span| span.range.1 as usize);
        if blocks.reserve(Stay::Waits, lengths, scopes, headers) {
            Ok(Taking::Copies(Stay::Waits))
        } else if blocks.reserve(Stay::Waits, std::iter::empty(), scopes, headers) {
            Ok(blocks.keep(reading.body.clone(), reading.charge.clone()))
        } else {
            Err(full())
        }
    }
}

impl Place<'_> {
    /// What the headers add to the size of a trace.
    fn headers(&self, trace: &Trace) -> u64 {
        let ScopeOf {
            number,
            resource,
            scope,
            ..
        } = self.scope;
        let (resource, scope) = (resource.len() as u64 + 4, scope.len() as u64 + 4);
        if trace.spans == 1 || !(self.first..=number).contains(&trace.scope) {
            resource + scope
        } else if trace.scope == number {
            0
        } else {
            scope
        }
    }
}
