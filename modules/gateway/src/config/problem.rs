//! What is wrong with a configuration, where, and what may have been meant?

use std::{error, fmt};

use collector_config::strict::{Flaw, What};

/// Where something stands: the keys that lead to it.
pub type KeyPath = Vec<String>;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file and line, where there is one.
    pub place: Option<Place>,
    /// The keys that lead to it; empty if it is wrong with all of it.
    pub path: KeyPath,
    /// What is wrong.
    pub what: String,
    /// The known name that is nearest to the one that is not known.
    pub nearest: Option<String>,
    /// What there is in its place.
    pub instead: Option<Box<str>>,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, or what stands for one.
    pub source: String,
    /// The line, counted from 1; 0 if it is not known.
    pub line: u64,
}

/// Everything that is wrong with a configuration, in the order of its places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub(crate) Vec<Problem>);

/// Something that is not wrong and that one should know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The keys that lead to it.
    pub path: KeyPath,
    /// What one should know.
    pub what: String,
}

impl Problem {
    /// Something wrong at a path.
    pub(crate) fn at(path: KeyPath, what: impl Into<String>) -> Self {
        Self {
            place: None,
            path,
            what: what.into(),
            nearest: None,
            instead: None,
        }
    }

    /// Something wrong with all of a source.
    pub(crate) fn of_source(source: &str, line: u64, what: impl Into<String>) -> Self {
        let source = source.to_owned();
        Self {
            place: Some(Place { source, line }),
            ..Self::at(KeyPath::new(), what)
        }
    }

    /// Whether it stands at the very key that the other one begins with: both say the same, and this one where.
    pub(crate) fn says_nearer(&self, other: &Self) -> bool {
        self.path.split_last().is_some_and(|(key, outer)| {
            outer == other.path && other.what.starts_with(&format!("`{key}` "))
        })
    }

    /// Adds what is known of the value that is wrong: that a variable in it is not set.
    pub(crate) fn comes_of(&mut self, notes: &[Note]) {
        let about = notes.iter().filter(|note| {
            let below = note.path.strip_prefix(self.path.as_slice());
            below.is_some_and(|below| match below.first() {
                Some(key) => self.what.contains(&format!("`{key}`")),
                None => true,
            })
        });
        let causes: Vec<_> = about.map(|note| format!("; {}", note.what)).collect();
        self.what.extend(causes);
    }

    /// The same, with what there is in its place.
    pub(crate) fn instead(self, instead: Option<String>) -> Self {
        Self {
            instead: instead.map(Into::into),
            ..self
        }
    }

    /// The same, with the name that may have been meant.
    pub(crate) fn meant(self, nearest: Option<&str>) -> Self {
        Self {
            nearest: nearest.map(ToOwned::to_owned),
            ..self
        }
    }
}

impl Problems {
    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Problem> {
        self.0.iter()
    }
}

impl From<Flaw> for Problem {
    fn from(flaw: Flaw) -> Self {
        match flaw.what {
            What::UnknownKey(nearest) => Self::at(flaw.path, "there is no such key").meant(nearest),
            What::Wrong(why) => Self::at(flaw.path, why),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.source),
            line => write!(f, "{}:{line}", self.source),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path.join("::"))?;
        }
        f.write_str(&self.what)?;
        if let Some(instead) = &self.instead {
            write!(f, "; {instead}")?;
        }
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.join("::"), self.what)
    }
}

impl error::Error for Problems {}
