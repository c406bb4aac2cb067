//! Which bytes are kept for traces that are not dealt with?

use std::{ops::Range, sync::Arc, time::Instant};

use bytes::Bytes;

use super::{
    journal::Position,
    slab::{NONE, Slab},
};
use crate::Charge;

/// The bodies of requests of which a span still counts, and which bytes of them do.
///
/// A body is kept as it came, and let go with its last span. Where most of one is of no use any more, what is left of it
/// is copied and the rest let go, so that no span keeps much more than itself.
pub(super) struct Held {
    bodies: Slab<Body>,
    pieces: Slab<Piece>,
    /// The bytes of all bodies, and of those the bytes of all pieces.
    bytes: u64,
    live: u64,
    /// Records whose last span is dealt with.
    done: Vec<Position>,
}

/// A request's bytes.
pub(super) struct Body {
    pub(super) bytes: Bytes,
    /// What describes its resources and scopes, as fields of theirs.
    pub(super) headers: Vec<u8>,
    /// Its scopes in their order.
    pub(super) scopes: Vec<ScopeAt>,
    pub(super) arrived: Instant,
    /// The body's own, and one for what was added.
    charges: Option<(Arc<Charge>, Charge)>,
    pub(super) position: Option<Position>,
    /// How many pieces of it count; one more while it is being taken.
    pieces: u32,
    live: u32,
}

/// A scope in a body.
#[derive(Clone, Debug)]
pub(super) struct ScopeAt {
    /// Spans from here to the next scope are its own.
    pub(super) from: u32,
    /// Which of the body's resources it belongs to.
    pub(super) resource: u32,
    /// What describes them, in the body's headers.
    pub(super) resource_header: Range<u32>,
    pub(super) scope_header: Range<u32>,
}

/// Spans of one trace that stand together in a scope.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) body: u32,
    pub(super) start: u32,
    pub(super) len: u32,
    /// The next of its trace.
    pub(super) next: u32,
}

/// Pieces one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    pub(super) head: u32,
    pub(super) tail: u32,
}

impl Chain {
    pub(super) const EMPTY: Self = Self {
        head: NONE,
        tail: NONE,
    };

    pub(super) fn is_empty(self) -> bool {
        self.head == NONE
    }
}

impl Body {
    pub(super) fn new(
        bytes: Bytes,
        charges: (Arc<Charge>, Charge),
        position: Option<Position>,
        arrived: Instant,
    ) -> Self {
        Self {
            bytes,
            headers: Vec::new(),
            scopes: Vec::new(),
            arrived,
            charges: Some(charges),
            position,
            pieces: 1,
            live: 0,
        }
    }

    /// Adds what describes a resource or a scope.
    pub(super) fn header(&mut self, ranges: impl Iterator<Item = Range<usize>>) -> Range<u32> {
        let start = narrow(self.headers.len());
        for range in ranges {
            self.headers.extend_from_slice(&self.bytes[range]);
        }
        start..narrow(self.headers.len())
    }

    /// Which scope a piece is of.
    pub(super) fn scope_of(&self, start: u32) -> usize {
        let after = self.scopes.partition_point(|scope| scope.from <= start);
        after.saturating_sub(1)
    }
}

impl Held {
    pub(super) fn new() -> Self {
        Self {
            bodies: Slab::new(),
            pieces: Slab::new(),
            bytes: 0,
            live: 0,
            done: Vec::new(),
        }
    }

    /// What its tables take once they have room for another body with that many pieces.
    pub(super) fn bytes_with(&self, pieces: usize) -> u64 {
        self.bodies.bytes_with(1) + self.pieces.bytes_with(pieces)
    }

    pub(super) fn body(&self, index: u32) -> &Body {
        &self.bodies[index]
    }

    pub(super) fn body_mut(&mut self, index: u32) -> &mut Body {
        &mut self.bodies[index]
    }

    pub(super) fn piece(&self, index: u32) -> &Piece {
        &self.pieces[index]
    }

    pub(super) fn add_body(&mut self, body: Body) -> u32 {
        self.bytes += body.bytes.len() as u64;
        self.bodies.insert(body)
    }

    /// A body is taken: from now on it is kept for its pieces only.
    pub(super) fn unpin(&mut self, index: u32) {
        self.bodies[index].pieces -= 1;
    }

    /// Adds a span to a chain: to its last piece, if it stands right behind it in the same scope.
    pub(super) fn add_span(
        &mut self,
        chain: &mut Chain,
        body: u32,
        range: &Range<usize>,
        scope_from: u32,
    ) {
        let (start, len) = (narrow(range.start), narrow(range.len()));
        self.live += u64::from(len);
        self.bodies[body].live += len;
        if !chain.is_empty() {
            let last = &mut self.pieces[chain.tail];
            let behind =
                last.body == body && last.start >= scope_from && last.start + last.len == start;
            if behind {
                last.len += len;
                return;
            }
        }
        self.bodies[body].pieces += 1;
        let next = NONE;
        let index = self.pieces.insert(Piece {
            body,
            start,
            len,
            next,
        });
        match chain.tail {
            NONE => chain.head = index,
            tail => self.pieces[tail].next = index,
        }
        chain.tail = index;
    }

    /// The pieces of a chain.
    pub(super) fn chain(&self, chain: Chain) -> impl Iterator<Item = (u32, &Piece)> {
        let mut next = chain.head;
        std::iter::from_fn(move || {
            let index = next;
            if index == NONE {
                return None;
            }
            let piece = &self.pieces[index];
            next = piece.next;
            Some((index, piece))
        })
    }

    /// Lets go of a trace's spans.
    pub(super) fn release(&mut self, chain: Chain) {
        let mut next = chain.head;
        while next != NONE {
            let piece = self.pieces[next];
            self.pieces[next].body = NONE;
            self.pieces.remove(next);
            self.live -= u64::from(piece.len);
            let body = &mut self.bodies[piece.body];
            body.pieces -= 1;
            body.live -= piece.len;
            self.release_body(piece.body);
            next = piece.next;
        }
    }

    /// Lets go of a body of which no piece counts.
    pub(super) fn release_body(&mut self, index: u32) {
        let body = &mut self.bodies[index];
        if body.pieces > 0 {
            return;
        }
        self.bytes -= body.bytes.len() as u64;
        self.done.extend(body.position.take());
        body.bytes = Bytes::new();
        body.headers = Vec::new();
        body.scopes = Vec::new();
        body.charges = None;
        self.bodies.remove(index);
    }

    /// Records whose last span is dealt with, since it was asked last.
    pub(super) fn take_done(&mut self) -> Vec<Position> {
        std::mem::take(&mut self.done)
    }

    /// Whether so much of what is kept is of no use that [`compact`](Self::compact) pays.
    pub(super) fn is_wasteful(&self) -> bool {
        self.bytes > 4 * self.live + (1 << 20)
    }

    /// Whether most of this body is of no use.
    pub(super) fn is_mostly_dead(&self, index: u32) -> bool {
        let body = &self.bodies[index];
        body.live < narrow(body.bytes.len()) / 4
    }

    /// Copies these pieces out of bodies that are mostly dead. All pieces of such a body have to be named.
    pub(super) fn compact(&mut self, mut pieces: Vec<u32>) {
        pieces.retain(|index| self.is_mostly_dead(self.pieces[*index].body));
        pieces.sort_unstable_by_key(|index| {
            let piece = &self.pieces[*index];
            (piece.body, piece.start)
        });
        pieces.dedup();
        for group in pieces
            .chunk_by(|one, other| self.pieces[*one].body == self.pieces[*other].body)
            .map(<[u32]>::to_vec)
            .collect::<Vec<_>>()
        {
            self.compact_body(&group);
        }
    }

    fn compact_body(&mut self, pieces: &[u32]) {
        let Some(first) = pieces.first() else { return };
        let index = self.pieces[*first].body;
        let body = &mut self.bodies[index];
        if pieces.len() != body.pieces as usize {
            return;
        }
        // Less than the whole is copied, so the body's charge covers it once the rest is gone.
        let mut bytes = Vec::with_capacity(body.live as usize);
        let mut scopes: Vec<ScopeAt> = Vec::new();
        let mut last = usize::MAX;
        for piece in pieces {
            let piece = &mut self.pieces[*piece];
            let scope = body.scope_of(piece.start);
            let range = piece.start as usize..(piece.start + piece.len) as usize;
            piece.start = narrow(bytes.len());
            bytes.extend_from_slice(&body.bytes[range]);
            if scope != last {
                last = scope;
                scopes.push(ScopeAt {
                    from: piece.start,
                    ..body.scopes[scope].clone()
                });
            }
        }
        self.bytes -= (body.bytes.len() - bytes.len()) as u64;
        // A charge that nobody else has can be given back in part; one that is shared is somebody's who still needs it.
        let charge = body.charges.as_mut().and_then(|(own, _)| Arc::get_mut(own));
        if let Some(charge) = charge {
            charge.shrink_to(bytes.len() as u64);
        }
        (body.bytes, body.scopes) = (bytes.into(), scopes);
    }
}

/// A place in a body. Bodies are smaller than 4 GiB: no receiver takes larger ones.
pub(super) fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
