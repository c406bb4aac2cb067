//! From which day on are logs laid out how?
//!
//! What is written stays as it was written, so periods are only ever appended to, and a new one must begin on a day
//! that has not begun yet, by UTC: lines that were written on that day before would not be found again. A definition
//! has no clock, so that last part is a note that the plan shows, with the day.

use std::fmt;

use provider_core::Finding;

use super::{
    Store,
    config::{IndexPeriod, PeriodYaml},
};

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    year: u16,
    month: u8,
    date: u8,
}

/// How logs are laid out from one day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    from: Day,
    pub(super) keeps: Keeps,
    schema: Schema,
    prefix: String,
}

/// Where the logs of a period lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// On the disk of the one process.
    Disk,
    /// In the bucket.
    Bucket,
}

/// A version of the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Schema {
    /// Before lines had attributes.
    V12,
    /// What OTLP needs.
    V13,
}

impl Day {
    /// A day of the calendar, which Loki reads by UTC.
    pub const fn new(year: u16, month: u8, date: u8) -> Self {
        Self { year, month, date }
    }

    fn exists(self) -> bool {
        let Self { year, month, date } = self;
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        };
        (1970..=9999).contains(&year) && (1..=days).contains(&date)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, date } = self;
        write!(f, "{year:04}-{month:02}-{date:02}")
    }
}

impl Period {
    /// The newest layout from that day on.
    ///
    /// ```
    /// use modules::loki::{Day, Keeps, Period};
    ///
    /// // One process kept its logs on its disk until a bucket was there.
    /// let periods = [
    ///     Period::from(Day::new(2024, 4, 1), Keeps::Disk),
    ///     Period::from(Day::new(2027, 1, 15), Keeps::Bucket),
    /// ];
    /// ```
    pub fn from(day: Day, keeps: Keeps) -> Self {
        Self {
            from: day,
            keeps,
            schema: Schema::V13,
            prefix: "index_".to_owned(),
        }
    }

    /// An older version of the layout, for logs that are there already.
    #[must_use]
    pub fn schema(mut self, schema: Schema) -> Self {
        self.schema = schema;
        self
    }

    /// What the index's files begin with, for logs that are there already; `index_` otherwise.
    #[must_use]
    pub fn index_prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// As Loki reads it.
    pub(super) fn yaml(&self, bucket: &str) -> PeriodYaml {
        let schema = match self.schema {
            Schema::V12 => "v12",
            Schema::V13 => "v13",
        };
        PeriodYaml {
            from: self.from.to_string(),
            store: "tsdb".to_owned(),
            object_store: match self.keeps {
                Keeps::Disk => "filesystem".to_owned(),
                Keeps::Bucket => bucket.to_owned(),
            },
            schema: schema.to_owned(),
            index: IndexPeriod {
                prefix: self.prefix.clone(),
                period: "24h".to_owned(),
            },
        }
    }
}

/// What Loki begins with if nobody says otherwise: a day that is past on every new cluster.
pub(super) fn first(keeps: Keeps) -> Vec<Period> {
    vec![Period::from(Day::new(2024, 4, 1), keeps)]
}

/// What is wrong with the periods of a Loki that keeps logs like this.
pub(super) fn check<S: Store>(name: &str, periods: &[Period], store: &S) -> Vec<Finding> {
    let wrong = |message: String, hint: &str| {
        Finding::new("loki-schema", format!("the Loki `{name}`: {message}")).hint(hint)
    };
    let mut found = Vec::new();
    for period in periods.iter().filter(|period| !period.from.exists()) {
        let hint = "a year, a month from 1 to 12, a day of that month";
        found.push(wrong(format!("there is no day {}", period.from), hint));
    }
    for pair in periods
        .windows(2)
        .filter(|pair| pair[0].from >= pair[1].from)
    {
        let message = format!(
            "the period from {} comes after that from {}",
            pair[1].from, pair[0].from
        );
        found.push(wrong(message, "append new periods, each with a later day"));
    }
    match periods.last() {
        None => found.push(wrong(
            "it has no period".to_owned(),
            "leave `periods` out for the usual one",
        )),
        Some(last) if last.schema < Schema::V13 => {
            let hint = "append a period with the newest layout";
            found.push(wrong("lines of OTLP need the layout v13".to_owned(), hint));
        }
        Some(_) => {}
    }
    for period in periods {
        match (period.keeps, store.bucket()) {
            (Keeps::Bucket, None) => {
                let message = format!(
                    "the period from {} is in a bucket, and there is none",
                    period.from
                );
                found.push(wrong(message, "give it one with `bucket`"));
            }
            (Keeps::Disk, _) if store.replicas() > 1 => {
                let message = format!(
                    "the period from {} is on one disk of {}",
                    period.from,
                    store.replicas()
                );
                found.push(wrong(
                    message,
                    "run one replica until what it keeps has expired",
                ));
            }
            _ => {}
        }
    }
    found
}

/// What nobody can check here: whether the newest period has begun before it was added.
pub(super) fn note(name: &str, periods: &[Period]) -> Option<Finding> {
    let [_, .., last] = periods else {
        return None;
    };
    let message = format!(
        "the newest period of the Loki `{name}` begins on {} at 00:00 UTC: if it is new, apply it before",
        last.from
    );
    let hint = "lines of that day that were written before are not found again";
    Some(Finding::new("loki-schema-day", message).hint(hint))
}
