//! Which share of everything is kept, and by what number is each item decided?
//!
//! OpenTelemetry's specification, "`TraceState`: Probability Sampling": an item has 56 random bits, and is kept if they
//! are not below a threshold of 56 bits.

use crate::fnv;

/// One above the largest number of 56 bits.
const ALL: u64 = 1 << 56;
/// A number of 56 bits has so many hexadecimal digits.
const DIGITS: u32 = 14;

/// The random bits by which an item is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Randomness(u64);

/// Items whose random bits are below are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Threshold(u64);

impl Randomness {
    /// What every sampler that keeps anything keeps.
    pub(super) const LARGEST: Self = Self(ALL - 1);

    /// The lower bits of a trace id, which the W3C wants to be random.
    pub(super) fn of_trace(id: &[u8]) -> Option<Self> {
        let (_, low) = id.split_last_chunk()?;
        Some(Self(u64::from_be_bytes(*low) & (ALL - 1)))
    }

    /// A digest of any bytes, by which collectors with the same seed decide alike: the lower 14 bits of FNV-1a decide, the
    /// others only fill the number up.
    pub(super) fn hashed(bytes: &[u8], seed: u32) -> Self {
        const DECIDING: u64 = (1 << 14) - 1;
        let hash = fnv::of_32(seed.to_le_bytes().iter().chain(bytes));
        let low = u64::from(hash) & DECIDING;
        let rest = u64::from(hash >> 18);
        let mixed = rest ^ (rest << 10);
        Self(((DECIDING - low) << 42) | (mixed << 14) | low)
    }

    /// As `rv` in a trace state: 14 hexadecimal digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        (text.len() == DIGITS as usize && hexadecimal(text))
            .then(|| u64::from_str_radix(text, 16).ok().map(Self))?
    }

    pub(super) fn text(self) -> String {
        format!("{:014x}", self.0)
    }
}

impl Threshold {
    /// Everything is kept.
    pub(super) const ALWAYS: Self = Self(0);
    /// Nothing is kept.
    pub(super) const NEVER: Self = Self(ALL);

    /// As `th` in a trace state: the leading hexadecimal digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let length = u32::try_from(text.len())
            .ok()
            .filter(|length| (1..=DIGITS).contains(length))?;
        let leading = hexadecimal(text).then(|| u64::from_str_radix(text, 16).ok())??;
        Some(Self(leading << (4 * (DIGITS - length))))
    }

    pub(super) fn text(self) -> String {
        match self {
            Self::ALWAYS => "0".to_owned(),
            Self::NEVER => String::new(),
            Self(bits) => format!("{bits:014x}").trim_end_matches('0').to_owned(),
        }
    }

    /// For hashes: `percent` in steps of 1/163.84, with the 32-bit arithmetic that all collectors agree on.
    pub(super) fn of_buckets(percent: f32) -> Self {
        const BUCKETS: u16 = 1 << 14;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 16384"
        )]
        let kept = (percent * (f32::from(BUCKETS) / 100.0)) as u64;
        match u64::from(BUCKETS).saturating_sub(kept) {
            reject if kept == 0 || reject > u64::from(BUCKETS) => Self::NEVER,
            reject => Self(reject << 42),
        }
    }

    /// For a share from 2⁻⁵⁶ to 1, with at least so many digits that tell it from 0 and from 1; none for other shares.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "56 bits, of which a double holds the leading 53 as everyone computes them"
    )]
    pub(super) fn of_share(share: f64, precision: u32) -> Option<Self> {
        if !(1.0 / ALL as f64..=1.0).contains(&share) {
            return None;
        }
        if share >= 1.0 {
            return Some(Self::ALWAYS);
        }
        let digits = |share: f64| i64::from(precision) + i64::from(-exponent(share) / 4);
        let digits = digits(share)
            .max(digits(1.0 - share))
            .clamp(1, i64::from(DIGITS));
        let exact = ALL - (share * ALL as f64).round() as u64;
        let shift = 4 * (i64::from(DIGITS) - digits) as u32;
        let rounded = match shift {
            0 => exact,
            _ => ((exact + (1 << (shift - 1))) >> shift) << shift,
        };
        Some(Self(rounded))
    }

    /// The share that it keeps.
    #[expect(clippy::cast_precision_loss, reason = "as everyone computes it")]
    pub(super) fn share(self) -> f64 {
        (ALL - self.0) as f64 / ALL as f64
    }

    pub(super) fn keeps(self, randomness: Randomness) -> bool {
        self.0 <= randomness.0
    }
}

fn hexadecimal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The exponent of a number as a fraction between a half and one times a power of two.
fn exponent(number: f64) -> i32 {
    const BIAS: i32 = 1022;
    let bits = (number.to_bits() >> 52) & 0x7ff;
    i32::try_from(bits).unwrap_or(0) - BIAS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_to_digits_that_tell_them_apart() {
        for (share, precision, text) in [
            (1.0, 4, "0"),
            (0.5, 4, "8"),
            (0.25, 4, "c"),
            (0.1, 4, "e666"),
            (1.0 / 3.0, 4, "aaab"),
            (1.0 / 3.0, 14, "aaaaaaaaaaaaac"),
            (0.01, 4, "fd70a"),
            (0.99, 4, "028f6"),
            (1.0 / 65536.0, 4, "ffff"),
        ] {
            assert_eq!(
                Threshold::of_share(share, precision).unwrap().text(),
                text,
                "{share}"
            );
        }
        assert_eq!(Threshold::of_share(0.0, 4), None);
        assert!((Threshold::parse("c").unwrap().share() - 0.25).abs() < f64::EPSILON);
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        for text in ["1", "8", "0001", "ffffffffffffff"] {
            assert_eq!(
                Threshold::parse(text).unwrap().text(),
                text.trim_end_matches('0')
            );
        }
        for wrong in ["", "123456789012345", "+1", "x"] {
            assert_eq!(Threshold::parse(wrong), None, "{wrong}");
        }
        assert_eq!(
            Randomness::parse("0123456789abcd").unwrap().text(),
            "0123456789abcd"
        );
        assert_eq!(Randomness::parse("123"), None);
    }

    #[test]
    fn buckets_are_those_of_older_collectors() {
        assert_eq!(Threshold::of_buckets(100.0), Threshold::ALWAYS);
        assert_eq!(Threshold::of_buckets(50.0).text(), "8");
        assert_eq!(Threshold::of_buckets(0.001), Threshold::NEVER);
        let kept = (0..10_000u32).filter(|id| {
            Threshold::of_buckets(25.0).keeps(Randomness::hashed(&id.to_be_bytes(), 22))
        });
        assert!((2300..2700).contains(&kept.count()));
    }
}
