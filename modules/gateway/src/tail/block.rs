//! What is in a block of spans?

use std::{sync::Arc, time::Instant};

use bytes::Bytes;

use super::{blocks::Stay, packer::Packer, slab::NONE};
use crate::Charge;

/// Some spans, and what describes their resources and scopes.
pub(super) struct Block {
    pub(super) bytes: Stored,
    pub(super) stay: Stay,
    /// What describes resources and scopes, as fields of theirs.
    headers: Vec<u8>,
    /// Its scopes in their order.
    pub(super) scopes: Vec<ScopeAt>,
    /// The number of the last of them.
    pub(super) last: u32,
    /// How many pieces of it count, and how many bytes those have.
    pub(super) pieces: u32,
    pub(super) live: u32,
}

/// How a block's spans are kept.
pub(super) enum Stored {
    /// In a buffer of its own.
    Copied(Vec<u8>),
    /// Packed, with how many bytes they are.
    Packed(Box<[u8]>, u32),
    /// In the request that they came in, with what was charged for that.
    Whole(
        Bytes,
        #[expect(dead_code, reason = "it is held")] Arc<Charge>,
    ),
}

/// A scope in a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScopeAt {
    /// Spans from here to the next scope are its own.
    pub(super) from: u32,
    /// What describes its resource and it, in the block's headers. Who is described in the same place is the same.
    pub(super) resource: [u32; 2],
    pub(super) scope: [u32; 2],
    /// Which request it came in, if that is in a journal.
    pub(super) request: u32,
    pub(super) arrived: Instant,
}

/// The scope that a span is of.
#[derive(Clone, Copy)]
pub(super) struct ScopeOf<'a> {
    /// Another than that of any other scope that is dealt with now.
    pub(super) number: u32,
    pub(super) resource: &'a [u8],
    pub(super) scope: &'a [u8],
    pub(super) request: u32,
    pub(super) arrived: Instant,
}

impl Block {
    pub(super) fn new(bytes: Stored, stay: Stay) -> Self {
        Self {
            bytes,
            stay,
            headers: Vec::new(),
            scopes: Vec::new(),
            last: NONE,
            pieces: 0,
            live: 0,
        }
    }

    /// Its spans; unpacked by this packer, if they have to be.
    pub(super) fn bytes<'a>(&'a self, packer: &'a mut Packer) -> &'a [u8] {
        match &self.bytes {
            Stored::Copied(bytes) => bytes,
            Stored::Whole(bytes, _) => bytes,
            Stored::Packed(packed, bytes) => packer.unpacked(packed, *bytes as usize),
        }
    }

    /// How many bytes its spans have, with those that do not count any more.
    fn len(&self) -> usize {
        match &self.bytes {
            Stored::Copied(bytes) => bytes.len(),
            Stored::Whole(bytes, _) => bytes.len(),
            Stored::Packed(_, bytes) => *bytes as usize,
        }
    }

    pub(super) fn is_packed(&self) -> bool {
        matches!(self.bytes, Stored::Packed(..))
    }

    pub(super) fn room(&self) -> usize {
        match &self.bytes {
            Stored::Copied(bytes) => bytes.capacity() - bytes.len(),
            Stored::Whole(..) | Stored::Packed(..) => 0,
        }
    }

    pub(super) fn clear(&mut self) {
        if let Stored::Copied(bytes) = &mut self.bytes {
            bytes.clear();
        }
        (self.headers, self.scopes, self.last) = (Vec::new(), Vec::new(), NONE);
    }

    /// What is kept beside the spans, in bytes.
    pub(super) fn described(&self) -> u64 {
        (self.headers.capacity() + self.scopes.capacity() * size_of::<ScopeAt>()) as u64
    }

    /// Begins a scope.
    pub(super) fn scope(&mut self, from: u32, of: &ScopeOf<'_>) {
        self.last = of.number;
        let before = self.scopes.last().copied();
        let resource = self.header(before.map(|scope| scope.resource), of.resource);
        let scope = self.header(before.map(|scope| scope.scope), of.scope);
        self.scopes.push(ScopeAt {
            from,
            resource,
            scope,
            request: of.request,
            arrived: of.arrived,
        });
    }

    /// Where something is described: in the same place as what came before, if it is described alike.
    fn header(&mut self, before: Option<[u32; 2]>, described: &[u8]) -> [u32; 2] {
        if let Some(before) = before.filter(|before| self.described_at(*before) == described) {
            return before;
        }
        let start = narrow(self.headers.len());
        self.headers.extend_from_slice(described);
        [start, narrow(self.headers.len())]
    }

    /// What stands here in its headers.
    pub(super) fn described_at(&self, [start, end]: [u32; 2]) -> &[u8] {
        &self.headers[start as usize..end as usize]
    }

    /// Which scope a piece is of.
    pub(super) fn scope_of(&self, start: u32) -> usize {
        let after = self.scopes.partition_point(|scope| scope.from <= start);
        after.saturating_sub(1)
    }

    /// How many bytes its headers have.
    pub(super) fn headers(&self) -> usize {
        self.headers.len()
    }

    /// One of its scopes, under a number.
    pub(super) fn of(&self, scope: usize, number: u32) -> ScopeOf<'_> {
        let at = &self.scopes[scope];
        ScopeOf {
            number,
            resource: self.described_at(at.resource),
            scope: self.described_at(at.scope),
            request: at.request,
            arrived: at.arrived,
        }
    }

    /// Whether most of it is of no use.
    pub(super) fn is_mostly_dead(&self) -> bool {
        (self.live as usize) < self.len() / 4
    }

    /// Where its last scope begins.
    pub(super) fn last_scope(&self) -> u32 {
        self.scopes.last().map_or(0, |scope| scope.from)
    }
}

/// A place in a request or a block. Both are smaller than 4 GiB: no receiver takes larger requests.
pub(super) fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
