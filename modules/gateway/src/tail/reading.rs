//! What does a request say about traces? Found out before anybody has to wait for it.

use std::{
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{
    block::{ScopeOf, narrow},
    conditions::Around,
    shards,
    spans::{Facts, Found, Tests},
};
use crate::{
    Budget, Charge, Payload, Refusal,
    wire::{Node, resources},
};

/// A request as a sampler sees it: what decides of each span, and where its bytes are.
pub(super) struct Reading {
    pub(super) body: Bytes,
    pub(super) charge: Arc<Charge>,
    arrived: Instant,
    pub(super) spans: Vec<Digest>,
    pub(super) scopes: Vec<Scope>,
    /// How many spans each shard has.
    pub(super) counts: Vec<usize>,
    /// What describes resources and scopes, as fields of theirs.
    headers: Vec<u8>,
    /// For all of that.
    room: Charge,
}

/// When a request is taken, as its sampler counts time.
#[derive(Clone, Copy, Debug)]
pub(super) struct When {
    /// How long after the sampler began.
    pub(super) now: Duration,
    /// How long after it arrived, which may have been in an earlier run.
    pub(super) waited: Duration,
}

/// What counts of a span.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digest {
    pub(super) trace_id: [u8; 16],
    /// What it and its resource have.
    pub(super) found: Found,
    pub(super) start: u64,
    pub(super) end: u64,
    /// Where it stands in the request, and how many bytes it has.
    pub(super) range: (u32, u32),
    pub(super) is_root: bool,
    /// Which shard its trace is of.
    pub(super) shard: u8,
}

/// Spans of one scope.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// Which of the request's spans they are.
    pub(super) spans: Range<usize>,
    /// Whether its resource has none before it.
    pub(super) is_first: bool,
    /// What describes its resource, and it.
    pub(super) resource: Range<usize>,
    pub(super) own: Range<usize>,
}

impl Reading {
    /// Reads a request, which was found valid, with what is looked for in spans and the number of the last shard.
    pub(super) fn of(
        payload: Payload,
        tests: &Tests,
        budget: &Arc<Budget>,
        last: u8,
    ) -> Result<Self, Refusal> {
        let body = payload.body.joined();
        if u32::try_from(body.len()).is_err() {
            let (bytes, limit) = (body.len() as u64, u32::MAX.into());
            return Err(Refusal::TooLarge { bytes, limit });
        }
        let spans = usize::try_from(payload.items).unwrap_or(usize::MAX);
        // A digest, and the number of its trace.
        let bytes = spans.saturating_mul(size_of::<Digest>() + size_of::<u32>());
        let mut reading = Self {
            room: budget.charge(bytes as u64).ok_or_else(full)?,
            body: body.clone(),
            charge: payload.charge,
            arrived: payload.arrived,
            spans: Vec::with_capacity(spans),
            scopes: Vec::new(),
            counts: vec![0; usize::from(last) + 1],
            headers: Vec::new(),
        };
        for resource in resources(&body) {
            let of_resource = tests.of_resource(resource.resource_attributes());
            let described = reading.header(&resource)?;
            for (index, scope) in resource.children().enumerate() {
                let from = reading.spans.len();
                let around = Around { resource, scope };
                for span in scope.children() {
                    let mut digest = Digest::of(&span, around, tests, of_resource);
                    digest.shard = shards::of(&digest.trace_id, last);
                    reading.counts[usize::from(digest.shard)] += 1;
                    reading.spans.push(digest);
                }
                let header = reading.header(&scope)?;
                reading.scopes.push(Scope {
                    spans: from..reading.spans.len(),
                    is_first: index == 0,
                    resource: described.clone(),
                    own: header,
                });
            }
        }
        Ok(reading)
    }

    /// How long ago it arrived.
    pub(super) fn waited(&self) -> Duration {
        self.arrived.elapsed()
    }

    /// Adds what describes a resource or a scope.
    fn header(&mut self, node: &Node<'_>) -> Result<Range<usize>, Refusal> {
        // Vectors take up to twice what they need.
        let bytes = 2 * (node.header_bytes() + size_of::<Scope>());
        if !self.room.grow(bytes as u64) {
            return Err(full());
        }
        let start = self.headers.len();
        for range in node.header() {
            self.headers.extend_from_slice(&self.body[range]);
        }
        Ok(start..self.headers.len())
    }

    /// The spans of a shard.
    pub(super) fn spans_of(&self, shard: u8) -> impl Iterator<Item = &Digest> {
        self.spans.iter().filter(move |span| span.shard == shard)
    }

    /// How much describes its resources and scopes.
    pub(super) fn headers(&self) -> usize {
        self.headers.len()
    }

    /// One of its scopes, under a number.
    pub(super) fn scope(&self, scope: &Scope, number: u32, request: u32) -> ScopeOf<'_> {
        ScopeOf {
            number,
            resource: &self.headers[scope.resource.clone()],
            scope: &self.headers[scope.own.clone()],
            request,
            arrived: self.arrived,
        }
    }
}

impl Digest {
    #[inline]
    fn of(span: &Node<'_>, around: Around<'_>, tests: &Tests, of_resource: Found) -> Self {
        let facts = Facts::read(span.message());
        let range = span.range();
        Self {
            trace_id: facts.trace_id,
            found: tests.of_span(span.message(), around, &facts, of_resource),
            start: facts.start,
            end: facts.end,
            range: (narrow(range.start), narrow(range.len())),
            is_root: !facts.has_parent,
            shard: 0,
        }
    }
}

pub(super) fn full() -> Refusal {
    Refusal::busy("the tail sampler has no room for more spans")
}
