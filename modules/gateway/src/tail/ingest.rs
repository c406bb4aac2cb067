//! How does a request change what a sampler knows?

use std::{ops::Range, time::Duration};

use super::{
    conditions::Around,
    core::{Core, Outgoing, seconds},
    held::{Body, Chain, ScopeAt, narrow},
    journal::{Fate, Position},
    spans::{Facts, Found},
    table::{State, Trace},
};
use crate::{
    Charge, Payload, Refusal,
    wire::{Node, resources},
};

/// Where in a request we are.
struct Place {
    body: u32,
    resource_from: u32,
    scope_from: u32,
    resource_header: Range<u32>,
    scope_header: Range<u32>,
    position: Option<Position>,
    of_resource: Found,
    now: u32,
    /// The trace of the span before.
    last: Option<([u8; 16], Known)>,
    late: Chain,
    late_spans: u64,
    /// Pieces of this body, where most of it may turn out to be of no use.
    pieces: Vec<u32>,
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
        let bytes = payload.body.joined();
        if u32::try_from(bytes.len()).is_err() {
            let (bytes, limit) = (bytes.len() as u64, u32::MAX.into());
            return Err(Refusal::TooLarge { bytes, limit });
        }
        let own = self.make_room(payload.items)?;
        let charges = (payload.charge, own);
        let body = Body::new(bytes.clone(), charges, position, payload.arrived);
        let mut place = Place {
            body: self.held.add_body(body),
            resource_from: 0,
            scope_from: 0,
            resource_header: 0..0,
            scope_header: 0..0,
            position,
            of_resource: 0,
            now: seconds(now),
            last: None,
            late: Chain::EMPTY,
            late_spans: 0,
            pieces: Vec::new(),
        };
        for (index, resource) in resources(&bytes).enumerate() {
            place.of_resource = self.tests.of_resource(resource.resource_attributes());
            place.resource_from = narrow(resource.range().start);
            place.resource_header = self.held.body_mut(place.body).header(resource.header());
            for scope in resource.children() {
                self.scope(&mut place, narrow(index), Around { resource, scope });
            }
        }
        self.finish(place);
        Ok(())
    }

    fn scope(&mut self, place: &mut Place, index: u32, around: Around<'_>) {
        let scope = &around.scope;
        let body = self.held.body_mut(place.body);
        place.scope_from = narrow(scope.range().start);
        place.scope_header = body.header(scope.header());
        body.scopes.push(ScopeAt {
            from: place.scope_from,
            resource: index,
            resource_header: place.resource_header.clone(),
            scope_header: place.scope_header.clone(),
        });
        for span in scope.children() {
            self.span(place, &span, around);
        }
    }

    #[inline]
    fn span(&mut self, place: &mut Place, span: &Node<'_>, around: Around<'_>) {
        let facts = Facts::read(span.message());
        let known = match place.last {
            Some((id, known)) if id == facts.trace_id => known,
            _ => self.known(&facts.trace_id, place),
        };
        place.last = Some((facts.trace_id, known));
        match known {
            Known::Trace(index) => match self.table.trace(index).state {
                State::Decided(Fate::Kept) => self.late(place, span),
                State::Waiting => self.wait(index, place, (span, around), &facts),
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

    fn known(&mut self, id: &[u8; 16], place: &Place) -> Known {
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
        if let Some(index) = self.table.find(id) {
            let trace = self.table.trace(index);
            if let State::Decided(_) = trace.state {
                self.counts
                    .late
                    .observe(f64::from(place.now.saturating_sub(trace.decided)));
            }
            return Known::Trace(index);
        }
        while self.table.len() >= self.rules.most_traces && self.evict(place.now) {}
        let due = self.clock(place.now) + self.rules.wait;
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
    fn wait(
        &mut self,
        index: u32,
        place: &mut Place,
        (span, around): (&Node<'_>, Around<'_>),
        facts: &Facts<'_>,
    ) {
        let clock = self.clock(place.now);
        let trace = self.table.trace_mut(index);
        trace.spans = trace.spans.saturating_add(1);
        trace.bytes += span.range().len() as u64;
        if trace.pieces.is_empty() {
            trace.bytes += place.headers(place.resource_from);
        } else {
            let last = self.held.piece(trace.pieces.tail);
            let from = if last.body == place.body {
                last.start + 1
            } else {
                0
            };
            trace.bytes += place.headers(from);
        }
        let found = trace.found | place.of_resource;
        trace.found = self
            .tests
            .of_span(span.message(), around, facts, &mut trace.times, found);
        let before = trace.pieces.tail;
        self.held.add_span(
            &mut trace.pieces,
            place.body,
            &span.range(),
            place.scope_from,
        );
        if trace.pieces.tail != before {
            place.pieces.push(trace.pieces.tail);
        }
        let (bytes, due) = (trace.bytes, trace.due);
        let sooner = self
            .rules
            .wait_after_root
            .filter(|_| !facts.has_parent)
            .map(|wait| clock + wait);
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
    fn late(&mut self, place: &mut Place, span: &Node<'_>) {
        let before = place.late.tail;
        self.held
            .add_span(&mut place.late, place.body, &span.range(), place.scope_from);
        if place.late.tail != before {
            place.pieces.push(place.late.tail);
        }
        place.late_spans += 1;
    }

    fn finish(&mut self, mut place: Place) {
        if !place.late.is_empty() {
            self.outbox.push_back(Outgoing {
                pieces: place.late,
                spans: place.late_spans,
                verdict: None,
            });
        }
        let body = place.body;
        self.held.unpin(body);
        if self.held.is_mostly_dead(body) {
            place
                .pieces
                .retain(|piece| self.held.piece(*piece).body == body);
            self.held.compact(place.pieces);
        }
        self.held.release_body(body);
    }

    /// Charges what the tables will take, and what is added to a body.
    fn make_room(&mut self, items: u64) -> Result<Charge, Refusal> {
        let items = usize::try_from(items).unwrap_or(usize::MAX);
        let needed = self.table.bytes_with(items) + self.held.bytes_with(items);
        let more = needed.saturating_sub(self.room.bytes());
        let full = || Refusal::busy("the tail sampler has no room for more spans");
        if !self.room.grow(more) {
            return Err(full());
        }
        self.budget
            .charge(size_of::<Body>() as u64)
            .ok_or_else(full)
    }
}

impl Place {
    /// What the headers add to the size of a trace whose last span stands before `from`.
    fn headers(&self, from: u32) -> u64 {
        let mut bytes = 0;
        if from <= self.resource_from {
            bytes += self.resource_header.len() + 4;
        }
        if from <= self.scope_from {
            bytes += self.scope_header.len() + 4;
        }
        bytes as u64
    }
}
