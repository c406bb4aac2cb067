//! Where do the bytes of spans lie that are held?

use std::sync::Arc;

use bytes::Bytes;

use super::{
    block::{Block, ScopeAt, ScopeOf, Stored, narrow},
    held::Piece,
    loose::Loose,
    packer::Packer,
    reading::Reading,
    slab::{NONE, Slab},
};
use crate::{Budget, Charge};

/// Spans in blocks: each is copied once, behind the one that came before it, and a block goes back to the spare ones with
/// its last span. So memory is used again and again as long as spans come at a rate, and no span keeps more than itself.
pub(super) struct Blocks {
    table: Slab<Block>,
    /// Where the next span goes that waits, and the next that leaves.
    open: [u32; 2],
    loose: Loose,
    packer: Packer,
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
    /// Each that counts is copied: it waits, or it leaves soon.
    Copies(Stay),
    /// The request is kept as it came: it is this block.
    Whole(u32),
}

/// For how long a span is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stay {
    /// Until its trace is decided. Its block may be packed.
    Waits,
    /// Until it is sent.
    Leaves,
}

/// How many bytes a block has, unless a single span has more.
const BLOCK: usize = 64 << 10;

impl Blocks {
    pub(super) fn new(budget: &Arc<Budget>) -> Self {
        Self {
            table: Slab::new(),
            open: [NONE; 2],
            loose: Loose::new(BLOCK),
            packer: Packer::default(),
            spare: Vec::new(),
            idle: 0,
            scopes: 0,
            whole: 0,
            taken: 0,
            room: Charge::none(budget),
        }
    }

    /// Shares with others what takes time and memory.
    pub(super) fn is_one_of(&mut self, shards: u64) {
        self.loose.is_one_of(shards);
    }

    /// What waits does so for so many seconds.
    pub(super) fn hold_for(&mut self, ticks: u32) {
        self.loose.hold_for(ticks);
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
    fn needed(&self, stay: Stay, lengths: impl Iterator<Item = usize>) -> (usize, u64) {
        let (mut left, mut spare) = (self.left(stay), self.spare.len());
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
        stay: Stay,
        lengths: impl Iterator<Item = usize>,
        scopes: usize,
        headers: usize,
    ) -> bool {
        let (blocks, bytes) = self.needed(stay, lengths);
        // Where a block ends in a scope the next one has it, too. Vectors double, and have room for four at first.
        let scopes = (2 * scopes + 6 * blocks + 4) * size_of::<ScopeAt>();
        let described = scopes + 2 * (headers + 4) * (blocks + 1);
        let before = match self.open[stay as usize] {
            NONE => 0,
            open => self.table[open].described(),
        };
        let wanted = self.taken + bytes + before + described as u64;
        self.room.grow(wanted.saturating_sub(self.room.bytes()))
    }

    /// The most that the spans of a shard can take, whatever others bring meanwhile.
    pub(super) fn most(reading: &Reading, shard: u8) -> u64 {
        let lengths = || reading.spans_of(shard).map(|span| span.range.1 as usize);
        // Two blocks in a row have together more than fits into one.
        let blocks = 2 * lengths().sum::<usize>() / BLOCK + 2;
        let large: usize = lengths().filter(|length| *length > BLOCK).sum();
        let scopes = (2 * reading.scopes.len() + 6 * blocks + 4) * size_of::<ScopeAt>();
        let described = scopes + 2 * (reading.headers() + 4) * (blocks + 1);
        // What describes the spans of an open block may double.
        let open = 2 * BLOCK;
        (blocks * BLOCK + large + described + open) as u64
    }

    /// Has that much more room until it [settles](Self::settle).
    pub(super) fn furnish(&mut self, room: Charge) {
        self.room.merge(room);
    }

    /// Gives back what was reserved and not used.
    pub(super) fn settle(&mut self) {
        debug_assert!(self.room.bytes() >= self.taken, "more than was charged");
        self.room.shrink_to(self.taken);
    }

    /// How many bytes the open block has room for.
    fn left(&self, stay: Stay) -> usize {
        match self.open[stay as usize] {
            NONE => 0,
            open => self.table[open].room(),
        }
    }

    /// Keeps a request as it came.
    pub(super) fn keep(&mut self, bytes: Bytes, charge: Arc<Charge>) -> Taking {
        self.whole += bytes.len() as u64;
        let block = Block::new(Stored::Whole(bytes, charge), Stay::Waits);
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
            Taking::Copies(stay) => {
                if len as usize > self.left(stay) {
                    self.open(stay, len as usize);
                }
                self.open[stay as usize]
            }
        };
        let block = &mut self.table[index];
        let at = match &mut block.bytes {
            // Nothing is added to what is packed.
            Stored::Whole(..) | Stored::Packed(..) => start,
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

    fn open(&mut self, stay: Stay, length: usize) {
        self.seal(stay);
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
        let block = Block::new(Stored::Copied(bytes), stay);
        self.open[stay as usize] = self.table.insert(block);
        if stay == Stay::Waits {
            self.loose.added();
        }
    }

    /// Nothing is added to an open block any more.
    pub(super) fn seal(&mut self, stay: Stay) {
        let open = std::mem::replace(&mut self.open[stay as usize], NONE);
        if open == NONE {
            return;
        }
        if self.table[open].pieces == 0 {
            self.remove(open);
        } else if stay == Stay::Waits && self.loose.is_enough(self.room.budget()) {
            self.pack(open);
        }
    }

    /// Packs a block while its bytes are near, if there is room for that.
    fn pack(&mut self, index: u32) {
        let Stored::Copied(bytes) = &self.table[index].bytes else {
            return;
        };
        let more = (Packer::bytes(BLOCK) + BLOCK) as u64;
        if bytes.capacity() != BLOCK || !self.room.grow(more) {
            return;
        }
        let (before, len) = (self.packer.taken(), narrow(bytes.len()));
        let packed = self.packer.packed(bytes);
        self.taken += (self.packer.taken() - before) as u64;
        if let Some(packed) = packed {
            self.taken += packed.len() as u64;
            let packed = Stored::Packed(packed, len);
            let bytes = std::mem::replace(&mut self.table[index].bytes, packed);
            self.loose.removed();
            self.spared(bytes);
        }
    }

    /// Makes a buffer a spare one.
    fn spared(&mut self, bytes: Stored) {
        match bytes {
            Stored::Copied(mut bytes) if bytes.capacity() == BLOCK => {
                bytes.clear();
                self.spare.push(bytes);
            }
            Stored::Copied(bytes) => self.taken -= bytes.capacity() as u64,
            Stored::Packed(bytes, _) => self.taken -= bytes.len() as u64,
            Stored::Whole(bytes, _) => self.whole -= bytes.len() as u64,
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
        if self.open.contains(&index) {
            self.taken -= block.described();
            block.clear();
            self.taken += block.described();
        } else {
            self.remove(index);
        }
    }

    fn remove(&mut self, index: u32) {
        let block = self.take_out(index);
        self.table.remove(index);
        self.reuse(block);
    }

    /// Takes a block out of the table, where its place stays.
    fn take_out(&mut self, index: u32) -> Block {
        let none = Block::new(Stored::Copied(Vec::new()), Stay::Leaves);
        std::mem::replace(&mut self.table[index], none)
    }

    /// Makes a block that was taken out a spare one.
    fn reuse(&mut self, block: Block) {
        self.taken -= block.described();
        if block.stay == Stay::Waits && matches!(block.bytes, Stored::Copied(_)) {
            self.loose.removed();
        }
        self.spared(block.bytes);
    }

    /// Copies pieces of one block to others, for which room was [reserved](Self::reserve), and tells them where they are
    /// then. They are not packed again.
    pub(super) fn rehouse(&mut self, index: u32, pieces: &mut [Piece]) {
        let mut block = self.take_out(index);
        let mut packer = std::mem::take(&mut self.packer);
        let bytes = block.bytes(&mut packer);
        let (mut last, mut number, mut live) = (usize::MAX, 0, 0);
        for piece in &mut *pieces {
            let scope = block.scope_of(piece.start);
            if scope != last {
                (last, number) = (scope, self.number());
            }
            let (of, from) = (block.of(scope, number), (piece.start, piece.len));
            let to = Taking::Copies(Stay::Leaves);
            (piece.block, piece.start) = self.add(to, bytes, from, &of);
            self.counted(piece.block);
            live += piece.len;
        }
        block.pieces -= narrow(pieces.len());
        block.live -= live;
        self.packer = packer;
        if block.pieces == 0 {
            self.table.remove(index);
            self.reuse(block);
        } else {
            self.table[index] = block;
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
        self.loose.tick();
        self.settle();
    }
}
