//! How long, in the spelling that Go programs read: `200ms`, `30s`, `1h30m`.

use std::{fmt, str::FromStr, time};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// A length of time as Go programs write it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(time::Duration);

/// A text that is no length of time.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DurationError {
    /// Nobody can read it.
    #[error("`{0}` is not a duration such as `200ms` or `1h30m`")]
    Unreadable(String),
    /// It would end before it begins. Some settings of Go programs mean *never* by that; here 0 does.
    #[error("`{0}` is below zero, and no time is: `0s` stands for none")]
    Negative(String),
    /// It is more than those programs can count.
    #[error("`{0}` is longer than the longest duration, which is 2562047h")]
    TooLong(String),
}

/// The longest duration that Go programs can count, in nanoseconds.
const LONGEST: time::Duration = time::Duration::from_nanos(i64::MAX.unsigned_abs());

/// Units with their length in nanoseconds; longer names first where one begins like another.
const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
];

impl Duration {
    /// No time at all, which most options read as *never* or *without limit*.
    pub const ZERO: Self = Self(time::Duration::ZERO);

    /// So many milliseconds.
    pub const fn millis(millis: u64) -> Self {
        Self(time::Duration::from_millis(millis))
    }

    /// So many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(time::Duration::from_secs(seconds))
    }

    /// So many minutes.
    pub const fn minutes(minutes: u64) -> Self {
        Self::seconds(minutes * 60)
    }

    /// So many hours.
    pub const fn hours(hours: u64) -> Self {
        Self::seconds(hours * 3600)
    }

    /// The same as the standard library counts it.
    pub const fn get(self) -> time::Duration {
        self.0
    }
}

impl From<time::Duration> for Duration {
    fn from(duration: time::Duration) -> Self {
        Self(duration)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_nanos();
        if rest == 0 {
            return f.write_str("0s");
        }
        for unit in ["h", "m", "s", "ms", "us", "ns"] {
            let nanos = UNITS
                .iter()
                .find(|(name, _)| *name == unit)
                .map_or(1, |(_, n)| *n);
            let count = rest / u128::from(nanos);
            rest %= u128::from(nanos);
            if count > 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let wrong = || DurationError::Unreadable(text.to_owned());
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        if unsigned == "0" {
            return Ok(Self::ZERO);
        }
        let mut rest = unsigned;
        let mut total = time::Duration::ZERO;
        while !rest.is_empty() {
            let digits = rest
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .ok_or_else(wrong)?;
            let (number, after) = rest.split_at(digits);
            let (unit, nanos) = UNITS
                .into_iter()
                .find(|(unit, _)| after.starts_with(unit))
                .ok_or_else(wrong)?;
            let part = length(number, nanos).ok_or_else(wrong)?;
            total = total.saturating_add(part);
            rest = &after[unit.len()..];
        }
        if unsigned.is_empty() {
            Err(wrong())
        } else if text.starts_with('-') && !total.is_zero() {
            Err(DurationError::Negative(text.to_owned()))
        } else if total > LONGEST {
            Err(DurationError::TooLong(text.to_owned()))
        } else {
            Ok(Self(total))
        }
    }
}

/// `number` units of `nanos` nanoseconds each; `number` may have a fraction.
fn length(number: &str, nanos: u64) -> Option<time::Duration> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = if whole.is_empty() && !fraction.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let mut total = whole.checked_mul(nanos)?;
    let mut unit = nanos;
    for digit in fraction.chars() {
        unit /= 10;
        total = total.checked_add(unit * u64::from(digit.to_digit(10)?))?;
    }
    Some(time::Duration::from_nanos(total))
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads a text, or a bare number, usually 0, that counts nanoseconds.
struct Written;

impl de::Visitor<'_> for Written {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as `200ms` or `1h30m`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, nanos: u64) -> Result<Duration, E> {
        format!("{nanos}ns").parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, nanos: i64) -> Result<Duration, E> {
        format!("{nanos}ns").parse().map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_reads_them_and_read_back() {
        for (duration, text) in [
            (Duration::ZERO, "0s"),
            (Duration::millis(200), "200ms"),
            (Duration::millis(1500), "1s500ms"),
            (Duration::seconds(30), "30s"),
            (Duration::minutes(90), "1h30m"),
            (Duration::hours(168), "168h"),
        ] {
            assert_eq!(duration.to_string(), text);
            assert_eq!(text.parse(), Ok(duration));
        }
        assert_eq!("1.5s".parse(), Ok(Duration::millis(1500)));
        assert_eq!("0".parse(), Ok(Duration::ZERO));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "5",
            "s",
            "5 s",
            "+",
            "-",
            "1x",
            "1..5s",
            ".s",
            "99999999999999999999h",
        ] {
            let refused = Err(DurationError::Unreadable(text.into()));
            assert_eq!(text.parse::<Duration>(), refused, "{text}");
        }
    }

    #[test]
    fn a_duration_may_have_a_sign_and_lies_between_nothing_and_what_go_can_count() {
        for (text, nanos) in [
            ("+1s", 1_000_000_000),
            ("-0s", 0),
            ("-0", 0),
            ("2562047h47m16.854775807s", i64::MAX.unsigned_abs()),
        ] {
            let duration = Duration(time::Duration::from_nanos(nanos));
            assert_eq!(text.parse(), Ok(duration), "{text}");
        }
        let parse = |text: &str| text.parse::<Duration>();
        assert_eq!(parse("-1s"), Err(DurationError::Negative("-1s".into())));
        for text in ["2562047h47m16.854775808s", "5000000h5000000h"] {
            assert_eq!(parse(text), Err(DurationError::TooLong(text.into())));
        }
    }

    #[test]
    fn a_bare_number_counts_nanoseconds_and_nothing_else_is_a_duration() {
        let read = |text: &str| serde_json::from_str::<Duration>(text);
        assert_eq!(read("1500").unwrap().get().as_nanos(), 1500);
        for (text, why) in [
            ("-5", "`-5ns` is below zero"),
            ("1.5", "a duration such as `200ms`"),
            ("true", "a duration such as `200ms`"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
