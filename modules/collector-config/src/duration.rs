//! How long, in the spelling that Go programs read: `200ms`, `30s`, `1h30m`.

use std::{fmt, str::FromStr, time};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// A length of time as Go programs write it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(time::Duration);

/// A text that is no length of time.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not a duration such as `200ms` or `1h30m`")]
pub struct DurationError(String);

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
        let wrong = || DurationError(text.to_owned());
        if text == "0" {
            return Ok(Self::ZERO);
        }
        let mut rest = text;
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
            total = total.checked_add(part).ok_or_else(wrong)?;
            rest = &after[unit.len()..];
        }
        if text.is_empty() {
            Err(wrong())
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

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Nanos(u64),
        }
        // A bare number, usually 0, counts nanoseconds.
        match Written::deserialize(deserializer)? {
            Written::Text(text) => text.parse().map_err(de::Error::custom),
            Written::Nanos(nanos) => Ok(Self(time::Duration::from_nanos(nanos))),
        }
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
            "-1s",
            "1x",
            "1..5s",
            ".s",
            "99999999999999999999h",
        ] {
            assert_eq!(
                text.parse::<Duration>(),
                Err(DurationError(text.into())),
                "{text}"
            );
        }
    }
}
