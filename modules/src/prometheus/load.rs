//! How much memory and how much disk does a load need?

use provider_core::{Finding, Scope};

use crate::units::{Days, GIB, KIB, MIB};

/// What is kept in memory for a series that is written to: its labels, its newest chunk, its place in the index, and
/// what the garbage collector lets lie. A convention, on the careful side of what people measure.
const PER_SERIES: u64 = 6 * KIB;
/// The program itself, and room for questions.
const BASE: u64 = GIB;
/// What a sample takes on disk: between one byte and two, as its authors say.
const PER_SAMPLE: u64 = 2;
/// The share of the disk that blocks may fill, in percent: the rest is for the log of writes and for merging blocks.
pub(super) const BLOCKS: u64 = 80;
/// How often everything is asked.
pub(super) const INTERVAL_SECONDS: u64 = 30;

/// What a server is expected to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) series: Option<u64>,
    pub(super) samples_per_second: Option<u64>,
}

/// How large a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) memory: u64,
    pub(super) storage: u64,
}

impl Load {
    /// The memory that the series need.
    fn memory(self) -> Option<u64> {
        let need = self.series?.saturating_mul(PER_SERIES).saturating_add(BASE);
        Some(up_to(need, 256 * MIB))
    }

    /// The disk that the samples need, for so long.
    fn storage(self, keep: Days) -> Option<u64> {
        let asked = self.series.map(|series| series.div_ceil(INTERVAL_SECONDS));
        let samples = self.samples_per_second.or(asked)?;
        let blocks = samples
            .saturating_mul(keep.hours() * 3600)
            .saturating_mul(PER_SAMPLE);
        Some(up_to((blocks / BLOCKS).saturating_mul(100), GIB))
    }

    /// The size that was asked for; where nothing was, the one that the load needs; where no load was said, the usual.
    pub(super) fn size(self, keep: Days, asked: (Option<u64>, Option<u64>), usual: Size) -> Size {
        Size {
            memory: asked.0.or(self.memory()).unwrap_or(usual.memory),
            storage: asked.1.or(self.storage(keep)).unwrap_or(usual.storage),
        }
    }

    /// Says where a size does not do.
    pub(super) fn check(self, scope: &mut Scope<'_>, name: &str, keep: Days, size: Size) {
        if let Some(need) = self.memory().filter(|need| *need > size.memory) {
            let series = self.series.unwrap_or_default();
            let message = format!("the memory of `{name}` does not hold {series} series");
            let hint = format!("`memory({} * MIB)` would do", need / MIB);
            scope.finding(Finding::new("memory-too-small", message).hint(hint));
        }
        if let Some(need) = self.storage(keep).filter(|need| *need > size.storage) {
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
            let size = load.size(days(30), asked, usual);
            assert_eq!((size.memory, size.storage), (memory, storage), "{load:?}");
        }
    }
}
