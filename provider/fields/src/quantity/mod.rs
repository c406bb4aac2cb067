//! How an amount is written: `0.5` is `500m`, `1024Mi` is `1Gi`.

mod parse;

use std::cmp::Ordering;
use std::fmt;

use serde_json::Value;

pub use parse::ParseQuantityError;

/// A Kubernetes quantity: an exact decimal number, and how it is written.
///
/// Two quantities are equal when their amounts are, however they are written.
#[derive(Clone, Debug)]
pub struct Quantity {
    negative: bool,
    /// Decimal digits, the greatest first, without zeros around them; none for zero.
    digits: Vec<u8>,
    exponent: i64,
    notation: Notation,
    /// The text it was read from, where the API server leaves that as it is.
    written: Option<String>,
}

/// The family of suffixes that a quantity uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Notation {
    /// `12M`: twelve millions.
    Decimal,
    /// `12Mi`: twelve times 2²⁰.
    Binary,
    /// `12e6`.
    Exponent,
}

impl Quantity {
    /// Reads a quantity where the API has one: a string, or a number.
    pub fn from_json(value: &Value) -> Result<Self, ParseQuantityError> {
        match value {
            Value::String(text) => text.trim().parse(),
            other => other.to_string().parse(),
        }
    }

    /// The family of suffixes that it uses.
    pub fn notation(&self) -> Notation {
        self.notation
    }

    /// Whether the amount is nothing.
    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// Whether the amount is less than nothing.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// Whether the amount has no fraction.
    pub fn is_integer(&self) -> bool {
        self.exponent >= 0
    }

    /// The amount as a whole number, rounded away from zero, where it fits.
    pub fn to_i64(&self) -> Option<i64> {
        let mut digits = self.digits.clone();
        let mut exponent = self.exponent;
        if exponent < 0 {
            round_away(&mut digits, exponent.unsigned_abs());
            exponent = 0;
        }
        let amount =
            to_u128(&digits)?.checked_mul(10_u128.checked_pow(exponent.try_into().ok()?)?)?;
        let amount = i128::try_from(amount).ok()?;
        i64::try_from(if self.negative { -amount } else { amount }).ok()
    }

    /// The amount as a floating point number, nearly.
    pub fn to_f64(&self) -> f64 {
        let digits: String = self
            .digits
            .iter()
            .map(|digit| char::from(b'0' + digit))
            .collect();
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{digits}e{}", self.exponent)
            .parse()
            .unwrap_or(0.0)
    }

    /// Takes the zeros off both ends and gives zero one form.
    fn normal(mut self) -> Self {
        let leading = self.digits.iter().take_while(|digit| **digit == 0).count();
        self.digits.drain(..leading);
        while self.digits.last() == Some(&0) {
            self.digits.pop();
            self.exponent += 1;
        }
        if self.digits.is_empty() {
            self.negative = false;
            self.exponent = 0;
        }
        self
    }

    /// Where the first digit stands.
    fn magnitude(&self) -> i64 {
        self.exponent
            .saturating_add(i64::try_from(self.digits.len()).unwrap_or(i64::MAX))
    }

    fn compare_amounts(&self, other: &Self) -> Ordering {
        if self.is_zero() || other.is_zero() {
            return other.is_zero().cmp(&self.is_zero());
        }
        // Digits have no zeros at their end, so the longer of two that begin alike is the greater.
        self.magnitude()
            .cmp(&other.magnitude())
            .then_with(|| self.digits.cmp(&other.digits))
    }

    /// Small amounts and fractions are not written in powers of two.
    fn shown_notation(&self) -> Notation {
        let small =
            || self.magnitude() <= 4 && self.to_i64().is_none_or(|amount| amount.abs() < 1024);
        match self.notation {
            Notation::Binary if !self.is_integer() || small() => Notation::Decimal,
            notation => notation,
        }
    }

    fn write_binary(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut amount = self.to_i64().unwrap_or(i64::MAX);
        let mut suffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].iter();
        let mut suffix = suffixes.next();
        while amount % 1024 == 0 {
            amount /= 1024;
            suffix = suffixes.next();
        }
        write!(f, "{amount}{}", suffix.unwrap_or(&""))
    }

    fn write_decimal(&self, f: &mut fmt::Formatter<'_>, notation: Notation) -> fmt::Result {
        let zeros = self.exponent.rem_euclid(3);
        let exponent = self.exponent - zeros;
        f.write_str(if self.negative { "-" } else { "" })?;
        self.digits
            .iter()
            .try_for_each(|digit| write!(f, "{digit}"))?;
        (0..zeros).try_for_each(|_| f.write_str("0"))?;
        match notation {
            Notation::Exponent if exponent != 0 => write!(f, "e{exponent}"),
            Notation::Exponent => Ok(()),
            // Beyond the suffixes there is none; the API server forgets the rest as well.
            _ => f.write_str(parse::decimal_suffix(exponent).unwrap_or_default()),
        }
    }
}

/// Drops the last digits, and counts up where one of them was not zero.
fn round_away(digits: &mut Vec<u8>, drop: u64) {
    let keep = usize::try_from(drop).map_or(0, |drop| digits.len().saturating_sub(drop));
    let rest = digits.split_off(keep);
    if rest.iter().all(|digit| *digit == 0) {
        return;
    }
    for digit in digits.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return;
        }
        *digit = 0;
    }
    digits.insert(0, 1);
}

fn to_u128(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0_u128, |sum, digit| {
        sum.checked_mul(10)?.checked_add(u128::from(*digit))
    })
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(written) = &self.written {
            return f.write_str(written);
        }
        if self.is_zero() {
            return f.write_str("0");
        }
        match self.shown_notation() {
            Notation::Binary => self.write_binary(f),
            notation => self.write_decimal(f, notation),
        }
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.compare_amounts(other),
            (true, true) => other.compare_amounts(self),
            (left, right) => right.cmp(&left),
        }
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Quantity {}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        text.parse::<Quantity>()
            .map_or_else(|error| error.to_string(), |quantity| quantity.to_string())
    }

    #[test]
    fn quantities_are_printed_as_the_api_server_prints_them() {
        let cases = [
            ("0", "0"),
            ("0.0", "0"),
            ("-0", "0"),
            ("0Mi", "0"),
            ("0.5", "500m"),
            ("1", "1"),
            ("1.0", "1"),
            ("1.5", "1500m"),
            ("1500m", "1500m"),
            ("1000m", "1"),
            ("2000", "2k"),
            ("1024", "1024"),
            ("1e3", "1e3"),
            ("1E3", "1E3"),
            ("1e4", "10e3"),
            ("1e-3", "1e-3"),
            ("0.1e3", "100"),
            ("1024Mi", "1Gi"),
            ("1000Mi", "1000Mi"),
            ("1536Mi", "1536Mi"),
            ("0.5Gi", "512Mi"),
            ("1.5Gi", "1536Mi"),
            ("1.5", "1500m"),
            ("1.500", "1.500"),
            ("0.1Ki", "102400m"),
            ("1.1Mi", "1153433600m"),
            ("512Ki", "512Ki"),
            ("0.25Ki", "256"),
            ("1000Ki", "1000Ki"),
            ("1Ei", "1Ei"),
            ("8Ei", "9223372036854775807"),
            ("100Ei", "9223372036854775807"),
            ("1n", "1n"),
            ("0.1n", "1n"),
            ("1.1n", "2n"),
            ("-0.1n", "-1n"),
            ("-1024Mi", "-1Gi"),
            ("100u", "100u"),
            ("1000u", "1m"),
            ("1000E", "1"),
            ("12345678901234567890", "12345678901234567890"),
            ("0005", "0005"),
            ("+5", "+5"),
            ("1.", "1."),
        ];
        for (text, expected) in cases {
            assert_eq!(canonical(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_printed_has_the_amount_of_what_was_read() {
        for text in [
            "0.5",
            "1024Mi",
            "1e4",
            "0.1Ki",
            "-1.5Gi",
            "12345678901234567890123456789012345678901234567890",
        ] {
            let quantity: Quantity = text.parse().expect("a quantity");
            assert_eq!(
                quantity,
                canonical(text).parse().expect("a quantity"),
                "{text}"
            );
        }
    }

    #[test]
    fn amounts_compare_across_notations() {
        let ascending = [
            "-1Gi", "-1G", "-1m", "0", "1n", "999u", "1m", "0.5", "1", "1k", "1Ki", "1M", "1Mi",
            "1e7", "1e100",
        ];
        for pair in ascending.windows(2) {
            let (left, right): (Quantity, Quantity) = (
                pair[0].parse().expect(pair[0]),
                pair[1].parse().expect(pair[1]),
            );
            assert!(left < right, "{} < {}", pair[0], pair[1]);
        }
        assert_eq!("1000m".parse::<Quantity>(), "1".parse());
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for text in [
            "", "a", "1x", "1 ", "1..2", "--1", "1kk", "1Mib", "1e", "Mi", "0x10", "1e1.5",
        ] {
            assert!(text.parse::<Quantity>().is_err(), "{text:?}");
        }
    }
}
