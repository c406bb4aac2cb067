//! How much memory and how much disk does a load need?

use provider_core::{Finding, Scope};

use crate::units::{Days, GIB, KIB, MIB};

/// What a store needs for what it holds. Conventions, on the careful side of what people measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    /// What is kept in memory for a series that is written to: its labels, its newest samples, its place in the index,
    /// and what the garbage collector lets lie.
    pub(crate) per_series: u64,
    /// The program itself, and room for questions.
    pub(crate) base: u64,
    /// What a sample takes on disk.
    pub(crate) per_sample: u64,
}

/// Between one byte and two for a sample, as its authors say.
pub(crate) const PROMETHEUS: Cost = Cost {
    per_series: 6 * KIB,
    base: GIB,
    per_sample: 2,
};
/// Less than a byte for a sample, as its authors say.
pub(crate) const VICTORIA_METRICS: Cost = Cost {
    per_series: 2 * KIB,
    base: GIB,
    per_sample: 1,
};
/// The share of the disk that blocks may fill, in percent: the rest is for the log of writes and for merging blocks.
pub(crate) const BLOCKS: u64 = 80;
/// How often everything is asked.
pub(crate) const INTERVAL_SECONDS: u64 = 30;

/// What a server is expected to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) series: Option<u64>,
    pub(crate) samples_per_second: Option<u64>,
}

/// How large a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) memory: u64,
    pub(crate) storage: u64,
}

impl Load {
    /// What one of several holds, which keep everything so many times between them.
    pub(crate) fn part(self, copies: u32, of: u32) -> Self {
        let part = |whole: u64| {
            whole
                .saturating_mul(u64::from(copies))
                .div_ceil(u64::from(of.max(1)))
        };
        Self {
            series: self.series.map(part),
            samples_per_second: self.samples_per_second.map(part),
        }
    }

    /// The memory that the series need.
    fn memory(self, cost: Cost) -> Option<u64> {
        let need = self
            .series?
            .saturating_mul(cost.per_series)
            .saturating_add(cost.base);
        Some(up_to(need, 256 * MIB))
    }

    /// The disk that the samples need, for so long.
    fn storage(self, cost: Cost, keep: Days) -> Option<u64> {
        let asked = self.series.map(|series| series.div_ceil(INTERVAL_SECONDS));
        let samples = self.samples_per_second.or(asked)?;
        let blocks = samples
            .saturating_mul(keep.hours() * 3600)
            .saturating_mul(cost.per_sample);
        Some(up_to((blocks / BLOCKS).saturating_mul(100), GIB))
    }

    /// The size that was asked for; where nothing was, the one that the load needs; where no load was said, the usual.
    pub(crate) fn size(
        self,
        cost: Cost,
        keep: Days,
        asked: (Option<u64>, Option<u64>),
        usual: Size,
    ) -> Size {
        Size {
            memory: asked.0.or(self.memory(cost)).unwrap_or(usual.memory),
            storage: asked
                .1
                .or(self.storage(cost, keep))
                .unwrap_or(usual.storage),
        }
    }

    /// Says where a size does not do.
    pub(crate) fn check(
        self,
        scope: &mut Scope<'_>,
        name: &str,
        (cost, keep, size): (Cost, Days, Size),
    ) {
        if let Some(need) = self.memory(cost).filter(|need| *need > size.memory) {
            let series = self.series.unwrap_or_default();
            let message = format!("the memory of `{name}` does not hold {series} series");
            let hint = format!("`memory({} * MIB)` would do", need / MIB);
            scope.finding(Finding::new("memory-too-small", message).hint(hint));
        }
        if let Some(need) = self.storage(cost, keep).filter(|need| *need > size.storage) {
            let message = format!(
                "the disk of `{name}` is full before {} days are over",
                keep.count()
            );
            let hint = format!("`storage({} * GIB)` would do", need / GIB);
            scope.finding(Finding::new("disk-too-small", message).hint(hint));
        }
    }
}

/// The next multiple.
fn up_to(bytes: u64, step: u64) -> u64 {
    bytes.div_ceil(step).saturating_mul(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::days;

    #[test]
    fn size_follows_from_load_unless_it_was_asked_for() {
        let usual = Size {
            memory: 4 * GIB,
            storage: 100 * GIB,
        };
        let load = |series, samples_per_second| Load {
            series,
            samples_per_second,
        };
        for (load, asked, memory, storage) in [
            (load(None, None), (None, None), 4 * GIB, 100 * GIB),
            // A million series every thirty seconds: 33 334 samples a second, 161 GiB of blocks in thirty days.
            (
                load(Some(1_000_000), None),
                (None, None),
                6912 * MIB,
                202 * GIB,
            ),
            (
                load(Some(1_000_000), Some(1000)),
                (None, None),
                6912 * MIB,
                7 * GIB,
            ),
            (
                load(Some(1_000_000), None),
                (Some(GIB), Some(GIB)),
                GIB,
                GIB,
            ),
            (
                load(Some(u64::MAX), None),
                (None, Some(GIB)),
                up_to(u64::MAX, 256 * MIB),
                GIB,
            ),
        ] {
            let size = load.size(PROMETHEUS, days(30), asked, usual);
            assert_eq!((size.memory, size.storage), (memory, storage), "{load:?}");
        }
    }
}
