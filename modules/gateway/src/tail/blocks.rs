//! Where do the bytes of spans lie that are held?

use std::sync::Arc;

use bytes::Bytes;

use super::{
    block::{Block, ScopeAt, ScopeOf, Stored, narrow},
    slab::{NONE, Slab},
};
use crate::{Budget, Charge};

/// Spans in blocks: each is copied once, behind the one that came before it, and a block goes back to the spare ones with
/// its last span. So memory is used again and again as long as spans come at a rate, and no span keeps more than itself.
pub(super) struct Blocks {
    table: Slab<Block>,
    /// Where the next span goes.
    open: u32,
    spare: Vec<Vec<u8>>,
    /// The fewest spare ones since the last tick: so many were not needed.
    idle: usize,
    /// How many scopes there were.
    scopes: u32,
    /// The bytes of requests that are kept as they came.
    whole: u64,
    /// What all of this takes, and what is charged for it.
    taken: u64,
    room: Charge,
}

/// How the spans of a request are taken.
#[derive(Clone, Copy)]
pub(super) enum Taking {
    /// Each that counts is copied.
    Copies,
    /// The request is kept as it came: it is this block.
    Whole(u32),
}

/// How many bytes a block has, unless a single span has more.
const BLOCK: usize = 64 << 10;

impl Blocks {
    pub(super) fn new(budget: &Arc<Budget>) -> Self {
        Self {
            table: Slab::new(),
            open: NONE,
            spare: Vec::new(),
            idle: 0,
            scopes: 0,
            whole: 0,
            taken: 0,
            room: Charge::none(budget),
        }
    }

    pub(super) fn get(&self, index: u32) -> &Block {
        &self.table[index]
    }

    /// What its table takes once it has room for another block.
    pub(super) fn bytes_with(&self, blocks: usize) -> u64 {
        self.table.bytes_with(blocks)
    }

    /// How many bytes are in use.
    pub(super) fn used(&self) -> u64 {
        self.taken + self.whole - (self.spare.len() * BLOCK) as u64
    }

    /// A number for another scope.
    pub(super) fn number(&mut self) -> u32 {
        self.scopes = (self.scopes + 1) % NONE;
        self.scopes
    }

    /// How many blocks spans of these lengths could begin, and how many bytes those have that are not spare yet.
    fn needed(&self, lengths: impl Iterator<Item = usize>) -> (usize, u64) {
        let (mut left, mut spare) = (self.left(), self.spare.len());
        let (mut blocks, mut bytes) = (0, 0);
        for length in lengths {
            if length > left {
                blocks += 1;
                left = BLOCK.max(length);
                if left > BLOCK || spare == 0 {
                    bytes += left as u64;
                } else {
                    spare -= 1;
                }
            }
            left -= length;
        }
        (blocks, bytes)
    }

    /// Charges what spans of these lengths take, with so many scopes and so much that describes them; whether that is
    /// to be had.
    pub(super) fn reserve(
        &mut self,
        lengths: impl Iterator<Item = usize>,
        scopes: usize,
        headers: usize,
    ) -> bool {
        let (blocks, bytes) = self.needed(lengths);
        // Where a block ends in a scope the next one has it, too. Vectors double, and have room for four at first.
        let scopes = (2 * scopes + 6 * blocks + 4) * size_of::<ScopeAt>();
        let described = scopes + 2 * (headers + 4) * (blocks + 1);
        let before = match self.open {
            NONE => 0,
            open => self.table[open].described(),
        };
        let wanted = self.taken + bytes + before + described as u64;
        self.room.grow(wanted.saturating_sub(self.room.bytes()))
    }

    /// Gives back what was reserved and not used.
    pub(super) fn settle(&mut self) {
        debug_assert!(self.room.bytes() >= self.taken, "more than was charged");
        self.room.shrink_to(self.taken);
    }

    /// How many bytes the open block has room for.
    fn left(&self) -> usize {
        match self.open {
            NONE => 0,
            open => self.table[open].room(),
        }
    }

    /// Keeps a request as it came.
    pub(super) fn keep(&mut self, bytes: Bytes, charge: Arc<Charge>) -> Taking {
        self.whole += bytes.len() as u64;
        let block = Block::new(Stored::Whole(bytes, charge));
        Taking::Whole(self.table.insert(block))
    }

    /// Takes a span that stands here in the request: where it is now.
    pub(super) fn add(
        &mut self,
        taking: Taking,
        request: &[u8],
        (start, len): (u32, u32),
        of: &ScopeOf<'_>,
    ) -> (u32, u32) {
        let index = match taking {
            Taking::Whole(index) => index,
            Taking::Copies => {
                if len as usize > self.left() {
                    self.open(len as usize);
                }
                self.open
            }
        };
        let block = &mut self.table[index];
        let at = match &mut block.bytes {
            Stored::Whole(..) => start,
            Stored::Copied(bytes) => {
                let at = narrow(bytes.len());
                bytes.extend_from_slice(&request[start as usize..][..len as usize]);
                at
            }
        };
        if block.last != of.number {
            let before = block.described();
            block.scope(at, of);
            self.taken += block.described() - before;
        }
        block.live += len;
        (index, at)
    }

    fn open(&mut self, length: usize) {
        let spare = if length > BLOCK {
            None
        } else {
            self.spare.pop()
        };
        self.idle = self.idle.min(self.spare.len());
        let bytes = spare.unwrap_or_else(|| {
            let capacity = BLOCK.max(length);
            self.taken += capacity as u64;
            Vec::with_capacity(capacity)
        });
        self.seal();
        self.open = self.table.insert(Block::new(Stored::Copied(bytes)));
    }

    /// Nothing is added to the open block any more.
    pub(super) fn seal(&mut self) {
        let open = std::mem::replace(&mut self.open, NONE);
        if open != NONE && self.table[open].pieces == 0 {
            self.remove(open);
        }
    }

    /// Counts another piece of a block.
    pub(super) fn counted(&mut self, index: u32) {
        self.table[index].pieces += 1;
    }

    /// Lets go of so many bytes in so many pieces of a block.
    pub(super) fn release(&mut self, index: u32, bytes: u32, pieces: u32) {
        let block = &mut self.table[index];
        block.live -= bytes;
        block.pieces -= pieces;
        self.release_unused(index);
    }

    /// Lets go of a block of which no piece counts.
    pub(super) fn release_unused(&mut self, index: u32) {
        let block = &mut self.table[index];
        if block.pieces > 0 {
            return;
        }
        if index == self.open {
            self.taken -= block.described();
            block.clear();
            self.taken += block.described();
        } else {
            self.remove(index);
        }
    }

    fn remove(&mut self, index: u32) {
        let block = self.take_out(index);
        self.reuse(block);
    }

    /// Takes a block out of the table.
    pub(super) fn take_out(&mut self, index: u32) -> Block {
        let none = Block::new(Stored::Copied(Vec::new()));
        self.table.remove(index);
        std::mem::replace(&mut self.table[index], none)
    }

    /// Makes a block that was taken out a spare one.
    pub(super) fn reuse(&mut self, block: Block) {
        self.taken -= block.described();
        match block.bytes {
            Stored::Copied(mut bytes) if bytes.capacity() == BLOCK => {
                bytes.clear();
                self.spare.push(bytes);
            }
            Stored::Copied(bytes) => self.taken -= bytes.capacity() as u64,
            Stored::Whole(bytes, _) => self.whole -= bytes.len() as u64,
        }
    }

    /// A second has passed: the spare blocks that were not needed in it go, and all of them where others wait for memory.
    pub(super) fn tick(&mut self) {
        let kept = if self.room.budget().is_short() {
            0
        } else {
            self.spare.len() - self.idle
        };
        // Those that were used last stay: they are nearer.
        for bytes in self.spare.drain(..self.spare.len() - kept) {
            self.taken -= bytes.capacity() as u64;
        }
        self.idle = self.spare.len();
        self.settle();
    }
}
