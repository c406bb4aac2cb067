//! When is it worth the time to pack a block of spans that wait?

use crate::Budget;

/// How many blocks of spans that wait are not packed, and when there are too many of them.
///
/// Packing costs more than all else that is done for a span, and buys memory. So little is held as it is, always; what
/// comes then is packed as long as that is a small part of the time of a core. What comes faster than that is packed
/// only where memory is not plentiful.
pub(super) struct Loose {
    blocks: usize,
    /// How many were added since the last tick, and the most in that time or the tick before.
    came: usize,
    rate: usize,
    /// For how many ticks each is held.
    ticks: usize,
    /// How large a block is, and how many others there are who hold as much.
    block: usize,
    shards: usize,
    /// So many are not packed, always.
    most: usize,
    /// How many may be packed between two ticks only to take little memory, and how many of those are left.
    each_tick: usize,
    left: usize,
}

/// So many bytes are held as they are.
const HELD: usize = 16 << 20;
/// So many bytes of a second are packed, however plentiful memory is: a thirtieth of what a core packs.
const EACH_TICK: usize = 64 << 20;
/// The part of the budget beyond which memory is not plentiful.
const PLENTY: u64 = 4;

impl Loose {
    /// None of blocks of this size.
    pub(super) fn new(block: usize) -> Self {
        Self {
            blocks: 0,
            came: 0,
            rate: 0,
            ticks: 1,
            block,
            shards: 1,
            most: HELD / block,
            each_tick: EACH_TICK / block,
            left: EACH_TICK / block,
        }
    }

    /// Shares with others what may be held as it is.
    pub(super) fn is_one_of(&mut self, shards: u64) {
        let shards = usize::try_from(shards).unwrap_or(usize::MAX);
        self.shards = shards;
        self.most /= shards;
        self.each_tick /= shards;
        self.left = self.each_tick;
    }

    /// Each block is held for so many seconds.
    pub(super) fn hold_for(&mut self, ticks: u32) {
        self.ticks = usize::try_from(ticks).unwrap_or(usize::MAX);
    }

    pub(super) fn added(&mut self) {
        self.blocks += 1;
        self.came += 1;
        self.rate = self.rate.max(self.came);
    }

    pub(super) fn removed(&mut self) {
        self.blocks -= 1;
    }

    /// Whether the block that was filled last is to be packed.
    pub(super) fn is_enough(&mut self, budget: &Budget) -> bool {
        if self.blocks <= self.most {
            return false;
        }
        if !self.is_plentiful(budget) {
            return true;
        }
        let may = self.left > 0;
        self.left -= usize::from(may);
        may
    }

    /// Whether there is memory for all that is held as it came: now, and once it has come as fast as now for as long as
    /// each waits.
    fn is_plentiful(&self, budget: &Budget) -> bool {
        let each = self.rate.saturating_mul(self.ticks);
        let held = each.saturating_mul(self.shards * self.block);
        budget.used().max(held as u64) <= budget.limit() / PLENTY
    }

    /// A second has passed.
    pub(super) fn tick(&mut self) {
        self.left = self.each_tick;
        (self.rate, self.came) = (self.came, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: usize = 1 << 20;

    /// How many of so many blocks that are filled one after the other are packed.
    fn packed(loose: &mut Loose, blocks: usize, budget: &Budget) -> usize {
        let mut packed = 0;
        for _ in 0..blocks {
            loose.added();
            if loose.is_enough(budget) {
                loose.removed();
                packed += 1;
            }
        }
        packed
    }

    #[test]
    fn what_comes_slowly_is_packed_and_what_comes_fast_only_where_memory_is_not_plentiful() {
        let budget = Budget::new(1 << 30);
        let mut loose = Loose::new(BLOCK);
        assert_eq!(
            packed(&mut loose, 16, &budget),
            0,
            "little is left as it is"
        );
        assert_eq!(packed(&mut loose, 60, &budget), 60, "slowly");
        assert_eq!(packed(&mut loose, 60, &budget), 4, "fast");
        loose.tick();
        assert_eq!(packed(&mut loose, 60, &budget), 60, "slowly again");
        let others = budget.charge((1 << 28) + 1).unwrap();
        assert_eq!(packed(&mut loose, 60, &budget), 60, "a quarter is in use");
        drop(others);
        assert_eq!(packed(&mut loose, 60, &budget), 4, "it is not any more");
    }

    #[test]
    fn memory_is_plentiful_only_if_all_that_will_be_held_at_this_rate_fits() {
        let budget = Budget::new(1 << 30);
        let packed_of_200 = |ticks, shards| {
            let mut loose = Loose::new(BLOCK);
            loose.is_one_of(shards);
            loose.hold_for(ticks);
            (0..3).fold(0, |_, _| {
                let packed = packed(&mut loose, 200, &budget);
                loose.tick();
                packed
            })
        };
        assert_eq!(packed_of_200(1, 1), 64, "200 blocks of the 256");
        assert_eq!(packed_of_200(2, 1), 200, "400 of them");
        assert_eq!(packed_of_200(1, 2), 200, "another holds as many");
    }

    #[test]
    fn several_have_together_what_one_has() {
        let budget = Budget::new(1 << 30);
        let of_four = || {
            let mut loose = Loose::new(BLOCK);
            loose.is_one_of(4);
            loose
        };
        let all: usize = (0..4).map(|_| packed(&mut of_four(), 99, &budget)).sum();
        assert_eq!(all, packed(&mut Loose::new(BLOCK), 4 * 99, &budget));
    }
}
