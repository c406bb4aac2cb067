//! How a quantity is read.

use std::str::FromStr;

use super::{Notation, Quantity, round_away};

/// Why a text is no quantity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseQuantityError {
    /// No number, or something after it that cannot be a suffix.
    #[error(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    )]
    Format,
    /// A suffix that nobody knows.
    #[error("unable to parse quantity's suffix")]
    Suffix,
}

/// The greatest amount in powers of two; above it the API server cuts.
const BINARY_LIMIT: i64 = i64::MAX;
/// Nothing smaller than a nano can be asked for; less is rounded up.
const SMALLEST_EXPONENT: i64 = -9;

const DECIMAL_SUFFIXES: [(&str, i64); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
const BINARY_SUFFIXES: [(&str, u32); 6] = [
    ("Ki", 10),
    ("Mi", 20),
    ("Gi", 30),
    ("Ti", 40),
    ("Pi", 50),
    ("Ei", 60),
];

pub(super) fn decimal_suffix(exponent: i64) -> Option<&'static str> {
    DECIMAL_SUFFIXES
        .iter()
        .find(|(_, known)| *known == exponent)
        .map(|(suffix, _)| *suffix)
}

/// A text taken apart, without judgement on the suffix.
struct Parts<'a> {
    negative: bool,
    /// Without its leading zeros, but at least one digit.
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

/// What a suffix multiplies with.
#[derive(Clone, Copy)]
enum Scale {
    PowerOfTwo(u32),
    PowerOfTen(i64, Notation),
}

impl FromStr for Quantity {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = split(text)?;
        let scale = scale(parts.suffix)?;
        let written = stays_as_written(&parts, scale).then(|| text.to_owned());
        let digits: Vec<u8> = parts
            .whole
            .bytes()
            .chain(parts.fraction.bytes())
            .map(|byte| byte - b'0')
            .collect();
        let places = i64::try_from(parts.fraction.len()).map_err(|_| ParseQuantityError::Format)?;
        let (digits, exponent, notation) = match scale {
            Scale::PowerOfTen(exponent, notation) => (digits, exponent - places, notation),
            Scale::PowerOfTwo(power) => {
                (times_power_of_two(digits, power), -places, Notation::Binary)
            }
        };
        let quantity = Self {
            negative: parts.negative,
            digits,
            exponent,
            notation,
            written,
        };
        Ok(within_limits(quantity.normal()))
    }
}

fn split(text: &str) -> Result<Parts<'_>, ParseQuantityError> {
    let negative = text.starts_with('-');
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (number, suffix) = rest.split_at(
        rest.find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len()),
    );
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if number.is_empty() || fraction.contains('.') {
        return Err(ParseQuantityError::Format);
    }
    let letters = suffix.trim_start_matches(|c: char| "eEinumkKMGTP".contains(c));
    let exponent = letters.strip_prefix(['+', '-']).unwrap_or(letters);
    if !exponent.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ParseQuantityError::Format);
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    Ok(Parts {
        negative,
        whole,
        fraction,
        suffix,
    })
}

fn scale(suffix: &str) -> Result<Scale, ParseQuantityError> {
    if let Some((_, exponent)) = DECIMAL_SUFFIXES.iter().find(|(known, _)| *known == suffix) {
        return Ok(Scale::PowerOfTen(*exponent, Notation::Decimal));
    }
    if let Some((_, power)) = BINARY_SUFFIXES.iter().find(|(known, _)| *known == suffix) {
        return Ok(Scale::PowerOfTwo(*power));
    }
    let exponent = suffix
        .strip_prefix(['e', 'E'])
        .ok_or(ParseQuantityError::Suffix)?;
    let exponent: i32 = exponent.parse().map_err(|_| ParseQuantityError::Suffix)?;
    Ok(Scale::PowerOfTen(exponent.into(), Notation::Exponent))
}

/// Whether the API server keeps the text: it takes what its quick reader finds canonical as it is, and
/// that looks neither at signs nor at leading zeros.
fn stays_as_written(parts: &Parts<'_>, scale: Scale) -> bool {
    let shifted = || format!("{}{}", parts.whole, parts.fraction);
    match scale {
        Scale::PowerOfTwo(power) => {
            let precision = i64::from(power) * 3 / 10 + 1;
            let fits = parts.fraction.is_empty()
                && i64::try_from(parts.whole.len())
                    .is_ok_and(|length| 15 - length - precision >= 0);
            fits && parts
                .whole
                .parse::<i64>()
                .is_ok_and(|amount| amount & 7 != 0)
        }
        Scale::PowerOfTen(exponent, _) => {
            let digits = shifted();
            let places = i64::try_from(parts.fraction.len()).unwrap_or(i64::MAX);
            let exponent = exponent.saturating_sub(places);
            digits.len() <= 18
                && exponent >= SMALLEST_EXPONENT
                && exponent % 3 == 0
                && !digits.ends_with("000")
                && !digits.starts_with('0')
        }
    }
}

fn times_power_of_two(digits: Vec<u8>, power: u32) -> Vec<u8> {
    let mut product = digits;
    for step in [power / 2, power - power / 2] {
        let mut carry = 0_u64;
        let mut next: Vec<u8> = Vec::with_capacity(product.len() + 10);
        for digit in product.iter().rev() {
            carry += u64::from(*digit) << step;
            next.push(last_digit(&mut carry));
        }
        while carry > 0 {
            next.push(last_digit(&mut carry));
        }
        next.reverse();
        product = next;
    }
    product
}

fn last_digit(carry: &mut u64) -> u8 {
    let digit = *carry % 10;
    *carry /= 10;
    u8::try_from(digit).expect("a remainder of ten is a digit")
}

fn within_limits(mut quantity: Quantity) -> Quantity {
    if quantity.is_zero() {
        return quantity;
    }
    if quantity.exponent < SMALLEST_EXPONENT {
        round_away(
            &mut quantity.digits,
            (SMALLEST_EXPONENT - quantity.exponent).unsigned_abs(),
        );
        quantity.exponent = SMALLEST_EXPONENT;
        quantity = quantity.normal();
    }
    if quantity.notation == Notation::Binary {
        if quantity.magnitude() <= 0 {
            quantity.notation = Notation::Decimal;
        }
        if quantity.is_integer() && quantity.to_i64().is_none_or(|amount| amount == i64::MIN)
            || quantity.magnitude() > 19
        {
            quantity.digits = BINARY_LIMIT
                .to_string()
                .bytes()
                .map(|byte| byte - b'0')
                .collect();
            quantity.exponent = 0;
        }
    }
    quantity
}
