//! Which spans are kept of traces that are not dealt with?

use std::sync::Arc;

use super::{
    block::{Block, ScopeOf},
    blocks::{Blocks, Stay, Taking},
    journal::Position,
    slab::{NONE, Slab},
};
use crate::Budget;

/// The spans that still count, in chains of pieces, and what a journal has to be told of them.
pub(super) struct Held {
    pub(super) blocks: Blocks,
    pieces: Slab<Piece>,
    requests: Slab<Request>,
    /// The bytes of all pieces.
    live: u64,
    /// Records whose last span is dealt with.
    done: Vec<Position>,
}

/// A request that is in a journal.
struct Request {
    position: Position,
    /// How many pieces of it count; one more while it is being taken.
    pieces: u32,
}

/// Spans of one trace that stand together in a scope.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) block: u32,
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

impl Held {
    pub(super) fn new(budget: &Arc<Budget>) -> Self {
        Self {
            blocks: Blocks::new(budget),
            pieces: Slab::new(),
            requests: Slab::new(),
            live: 0,
            done: Vec::new(),
        }
    }

    /// What its tables take once they have room for another request with that many pieces.
    pub(super) fn bytes_with(&self, pieces: usize, position: Option<Position>) -> u64 {
        let requests = self.requests.bytes_with(usize::from(position.is_some()));
        requests + self.blocks.bytes_with(pieces) + self.pieces.bytes_with(pieces)
    }

    /// The most that another request with so many pieces can add to that.
    pub(super) fn most(pieces: usize) -> u64 {
        Slab::<Request>::most(1) + Slab::<Block>::most(pieces) + Slab::<Piece>::most(pieces)
    }

    pub(super) fn block(&self, index: u32) -> &Block {
        self.blocks.get(index)
    }

    /// A request is being taken: it is done when this is [over](Self::taken) and no piece of it counts.
    pub(super) fn take(&mut self, position: Option<Position>) -> u32 {
        let request = |position| Request {
            position,
            pieces: 1,
        };
        position.map_or(NONE, |position| self.requests.insert(request(position)))
    }

    /// A request is taken: from now on it is there for its pieces only.
    pub(super) fn taken(&mut self, request: u32, taking: Taking) {
        if let Taking::Whole(block) = taking {
            self.blocks.release_unused(block);
        }
        self.blocks.settle();
        self.unpin(request);
    }

    fn unpin(&mut self, request: u32) {
        if request == NONE {
            return;
        }
        let entry = &mut self.requests[request];
        entry.pieces -= 1;
        if entry.pieces == 0 {
            self.done.push(entry.position);
            self.requests.remove(request);
        }
    }

    /// Adds a span to a chain: to its last piece, if it stands right behind it in the same scope.
    pub(super) fn add(
        &mut self,
        chain: &mut Chain,
        taking: Taking,
        request: &[u8],
        range: (u32, u32),
        of: &ScopeOf<'_>,
    ) {
        let (block, start) = self.blocks.add(taking, request, range, of);
        let len = range.1;
        self.live += u64::from(len);
        if !chain.is_empty() {
            let from = self.blocks.get(block).last_scope();
            let last = &mut self.pieces[chain.tail];
            let behind =
                last.block == block && last.start >= from && last.start + last.len == start;
            if behind {
                last.len += len;
                return;
            }
        }
        self.blocks.counted(block);
        if of.request != NONE {
            self.requests[of.request].pieces += 1;
        }
        let next = NONE;
        let index = self.pieces.insert(Piece {
            block,
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

    /// Reads the last pieces of chains, so that they are near when something is added.
    pub(super) fn fetch(&self, chains: impl Iterator<Item = Chain>) {
        let tails = chains.filter(|chain| !chain.is_empty());
        let lens = tails.map(|chain| self.pieces[chain.tail].len);
        std::hint::black_box(lens.fold(0_u32, u32::wrapping_add));
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
            self.pieces[next].block = NONE;
            self.pieces.remove(next);
            self.live -= u64::from(piece.len);
            let request = self.request_of(&piece);
            self.blocks.release(piece.block, piece.len, 1);
            self.unpin(request);
            next = piece.next;
        }
    }

    /// The request that a piece came in. Where there is no journal nobody has to look: what tells it is seldom near.
    fn request_of(&self, piece: &Piece) -> u32 {
        if self.requests.is_unused() {
            return NONE;
        }
        let block = self.blocks.get(piece.block);
        block.scopes[block.scope_of(piece.start)].request
    }

    /// Records whose last span is dealt with, since it was asked last.
    pub(super) fn take_done(&mut self) -> Vec<Position> {
        std::mem::take(&mut self.done)
    }

    /// Whether so much of what is kept is of no use that [`compact`](Self::compact) pays.
    pub(super) fn is_wasteful(&self) -> bool {
        self.blocks.used() > 4 * self.live + (1 << 20)
    }

    /// Copies these pieces out of blocks that are mostly dead.
    pub(super) fn compact(&mut self, mut pieces: Vec<u32>) {
        self.blocks.seal(Stay::Waits);
        self.blocks.seal(Stay::Leaves);
        pieces.retain(|index| self.block(self.pieces[*index].block).is_mostly_dead());
        self.rehouse(pieces);
    }

    /// Copies these pieces, which leave soon, out of blocks that are packed: so each block is unpacked once, whatever
    /// requests its spans go into.
    pub(super) fn unpack(&mut self, mut pieces: Vec<u32>) {
        pieces.retain(|index| self.block(self.pieces[*index].block).is_packed());
        self.rehouse(pieces);
    }

    /// Copies pieces to other blocks, as far as there is room for that.
    fn rehouse(&mut self, mut pieces: Vec<u32>) {
        pieces.sort_unstable_by_key(|index| {
            let piece = &self.pieces[*index];
            (piece.block, piece.start)
        });
        pieces.dedup();
        let mut left = pieces.as_slice();
        while let Some(first) = left.first() {
            let block = self.pieces[*first].block;
            let end = left.partition_point(|index| self.pieces[*index].block == block);
            let (group, rest) = left.split_at(end);
            let mut moved: Vec<Piece> = group.iter().map(|index| self.pieces[*index]).collect();
            let lengths = moved.iter().map(|piece| piece.len as usize);
            let (scopes, headers) = (moved.len(), self.block(block).headers());
            if !self.blocks.reserve(Stay::Leaves, lengths, scopes, headers) {
                break;
            }
            self.blocks.rehouse(block, &mut moved);
            for (index, piece) in group.iter().zip(moved) {
                self.pieces[*index] = piece;
            }
            self.blocks.settle();
            left = rest;
        }
    }
}
