//! Where do entries live that are known by a number?

/// Entries in blocks that never move, so that a large one grows without copying itself.
pub(super) struct Slab<T> {
    blocks: Vec<Vec<T>>,
    free: Vec<u32>,
}

/// No entry.
pub(super) const NONE: u32 = u32::MAX;
const BLOCK: usize = 4096;

impl<T> Slab<T> {
    pub(super) fn new() -> Self {
        Self {
            blocks: Vec::new(),
            free: Vec::new(),
        }
    }

    /// How many bytes it will have taken once it has room for that many more entries.
    pub(super) fn bytes_with(&self, more: usize) -> u64 {
        let room = self.blocks.last().map_or(0, |last| BLOCK - last.len()) + self.free.len();
        let blocks = self.blocks.len() + more.saturating_sub(room).div_ceil(BLOCK);
        (blocks * BLOCK * (size_of::<T>() + size_of::<u32>())) as u64
    }

    /// The most that so many more entries can add to that.
    pub(super) fn most(more: usize) -> u64 {
        (more.div_ceil(BLOCK) * BLOCK * (size_of::<T>() + size_of::<u32>())) as u64
    }

    /// Whether it never had an entry.
    pub(super) fn is_unused(&self) -> bool {
        self.blocks.is_empty()
    }

    pub(super) fn insert(&mut self, entry: T) -> u32 {
        if let Some(free) = self.free.pop() {
            self[free] = entry;
            return free;
        }
        if self.blocks.last().is_none_or(|last| last.len() == BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let block = self.blocks.len() - 1;
        let last = &mut self.blocks[block];
        last.push(entry);
        u32::try_from(block * BLOCK + last.len() - 1).expect("the budget ends before 2³² entries")
    }

    /// Gives the number to the next entry; until then the old one is still seen under it.
    pub(super) fn remove(&mut self, index: u32) {
        self.free.push(index);
    }
}

impl<T> std::ops::Index<u32> for Slab<T> {
    type Output = T;

    #[inline]
    fn index(&self, index: u32) -> &T {
        &self.blocks[index as usize / BLOCK][index as usize % BLOCK]
    }
}

impl<T> std::ops::IndexMut<u32> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut T {
        &mut self.blocks[index as usize / BLOCK][index as usize % BLOCK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_room_is_announced() {
        let mut slab = Slab::new();
        let block = (BLOCK * 12) as u64;
        assert_eq!((slab.bytes_with(0), slab.bytes_with(1)), (0, block));
        assert!(slab.is_unused());
        let indices: Vec<u32> = (0..5000_u64).map(|n| slab.insert(n)).collect();
        assert_eq!(slab.bytes_with(3192), 2 * block);
        assert_eq!(slab.bytes_with(3193), 3 * block);
        assert!(
            indices
                .iter()
                .all(|index| slab[*index] == u64::from(*index))
        );
        slab.remove(7);
        assert!(!slab.is_unused());
        assert_eq!(slab.insert(1), 7);
        assert_eq!(slab[7], 1);
    }
}
