//! Which share of all trace ids is it?

use crate::fnv;

/// A share of all trace ids, decided as contrib's `probabilistic` policy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    /// FNV-1a of the salt: what a trace id is hashed onto.
    salted: u64,
    /// Ids whose hash is not above are kept.
    threshold: u64,
}

const SALT: &str = "default-hash-seed";

impl Share {
    pub(super) fn new(percentage: f64, salt: Option<&str>) -> Self {
        let salt = salt.filter(|salt| !salt.is_empty()).unwrap_or(SALT);
        Self {
            salted: fnv::of_64(salt.as_bytes()),
            threshold: threshold(percentage / 100.0),
        }
    }

    pub(super) fn has(self, trace_id: &[u8; 16]) -> bool {
        fnv::with_64(self.salted, trace_id) <= self.threshold
    }
}

/// The product of a ratio and 2⁶⁴−1, rounded to 64 significant bits (ties to even) and then cut to a whole number, which
/// is what Go's `big.Float` makes of it. A product of `f64`s would be off in its last bits.
fn threshold(ratio: f64) -> u64 {
    if ratio >= 1.0 {
        return u64::MAX;
    }
    if ratio.is_nan() || ratio <= 0.0 {
        return 0;
    }
    let bits = ratio.to_bits();
    let (exponent, fraction) = (bits >> 52 & 0x7ff, bits & ((1 << 52) - 1));
    let (mantissa, exponent) = match exponent {
        0 => (fraction, -1074),
        _ => (
            fraction | 1 << 52,
            i64::try_from(exponent).unwrap_or(0) - 1075,
        ),
    };
    let product = u128::from(mantissa) * u128::from(u64::MAX);
    let over = (128 - product.leading_zeros()).saturating_sub(64);
    let (mut rounded, rest) = (product >> over, product & ((1 << over) - 1));
    let half = (1_u128 << over) >> 1;
    if over > 0 && (rest > half || rest == half && rounded & 1 == 1) {
        rounded += 1;
    }
    // Ratios below one have negative exponents that outweigh what was shifted off.
    let shift = u32::try_from(-(exponent + i64::from(over))).unwrap_or(0);
    u64::try_from(rounded.checked_shr(shift).unwrap_or(0)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_those_of_go() {
        // From a Go program with `math/big`, as contrib computes them.
        for (percentage, expected) in [
            (0.0, 0),
            (1e-10, 18_446_744),
            (7.77, 1_433_312_014_527_231_999),
            (0.01, 1_844_674_407_370_955),
            (10.0, 1_844_674_407_370_955_263),
            (33.333, 6_148_853_202_089_604_095),
            (50.0, 9_223_372_036_854_775_807),
            (99.9, 18_428_297_329_635_844_095),
            (100.0, u64::MAX),
        ] {
            let ours = threshold(percentage / 100.0);
            assert_eq!(ours, expected, "{percentage}");
        }
    }

    #[test]
    fn a_share_has_about_that_share_of_all_ids() {
        let share = Share::new(25.0, None);
        let ids = (0..10_000_u128).map(|n| (n << 64 | n.wrapping_mul(0x9e37_79b9)).to_be_bytes());
        let kept = ids.filter(|id| share.has(id)).count();
        assert!((2300..2700).contains(&kept), "{kept}");
    }
}
