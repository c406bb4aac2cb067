//! What will go wrong with a configuration that a collector accepts: each with its cause and its repair.
//!
//! [`Config::check`] says what a program refuses. A lint says what it does and nobody wants, and it may depend on what
//! only the [`Setting`] knows: how many replicas there are, how much memory, which variables. Every lint is one entry
//! of a table, [`LINTS`]; what the check says already is passed on with the same words.

mod delivery;
mod endpoints;
mod environment;
mod host;
mod logs;
mod look;
mod memory;
mod names;
mod order;
mod replicas;
mod sampling;
mod setting;
mod telemetry;

use std::fmt;

use self::look::Look;
pub(crate) use self::names::{NOT_IMPORTED, UNREADABLE};
pub use self::{
    names::renamed,
    setting::{Network, Probes, Replicas, Senders, Setting, Tier},
};
use crate::Config;

/// One thing that can go wrong.
#[derive(Clone, Copy, Debug)]
pub struct Lint {
    /// What it is called.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What becomes of it if nothing is done.
    pub why: &'static str,
    /// The entries of the inventory of the seed document that it finds.
    pub items: &'static [&'static str],
    find: fn(&Look<'_>) -> Vec<Found>,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It does not work, or loses data.
    Error,
    /// It works until it matters.
    Warning,
    /// There is a better way.
    Hint,
}

/// Something that will go wrong with one configuration.
#[derive(Clone, Copy, Debug)]
pub struct Finding<'a> {
    /// What it is.
    pub lint: &'static Lint,
    found: &'a Found,
}

/// Everything that will go wrong with one configuration, the worst first.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    all: Vec<(&'static Lint, Found)>,
}

/// Where something is wrong, what it is there, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    place: String,
    cause: String,
    repair: String,
}

/// Every lint.
pub static LINTS: &[&[Lint]] = &[
    names::LINTS,
    order::LINTS,
    sampling::LINTS,
    replicas::LINTS,
    delivery::LINTS,
    memory::LINTS,
    environment::LINTS,
    endpoints::LINTS,
    logs::LINTS,
    host::LINTS,
    telemetry::LINTS,
];

impl Config {
    /// Everything that will go wrong with the configuration in one setting.
    pub fn lint(&self, setting: &Setting) -> Findings {
        let look = Look::at(self, setting);
        let each = |lint: &'static Lint| {
            let found = (lint.find)(&look).into_iter();
            found.map(move |found| (lint, found))
        };
        Findings::of(LINTS.iter().copied().flatten().flat_map(each))
    }
}

impl Findings {
    pub(crate) fn of(all: impl Iterator<Item = (&'static Lint, Found)>) -> Self {
        let mut all: Vec<_> = all.collect();
        all.sort_by(|(a, left), (b, right)| {
            (a.severity, &left.place, a.id, left).cmp(&(b.severity, &right.place, b.id, right))
        });
        all.dedup_by(|(a, left), (b, right)| a.id == b.id && left == right);
        Self { all }
    }

    /// Each of them, the worst first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Finding<'_>> {
        self.all.iter().map(|(lint, found)| Finding { lint, found })
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::of(self.all.into_iter().chain(other.all))
    }

    /// Whether there is nothing to find.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

impl Finding<'_> {
    /// Where it stands: `processors.tail_sampling.num_traces`.
    pub fn place(&self) -> &str {
        &self.found.place
    }

    /// What is so there.
    pub fn cause(&self) -> &str {
        &self.found.cause
    }

    /// What to do about it.
    pub fn repair(&self) -> &str {
        &self.found.repair
    }
}

impl Found {
    pub(crate) fn new(
        place: impl Into<String>,
        cause: impl Into<String>,
        repair: impl Into<String>,
    ) -> Self {
        Self {
            place: place.into(),
            cause: cause.into(),
            repair: repair.into(),
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Hint => "hint",
        })
    }
}

impl fmt::Display for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lint, found } = self;
        write!(
            f,
            "{}: {} [{}]: {}: {}; {}",
            found.place, lint.severity, lint.id, found.cause, lint.why, found.repair
        )
    }
}

#[cfg(test)]
mod tests;
