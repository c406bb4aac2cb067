//! Everything in a value that its type does not take: each with its place, and with what may have been meant.
//!
//! A type that is read with serde stops at the first thing that it does not know. Here what is wrong is written down,
//! left out, and the rest is read once more, until nothing wrong is left.

mod access;
mod deserializer;
mod error;

use std::{cell::RefCell, collections::BTreeMap, collections::BTreeSet, fmt};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::nearest::nearest;
use deserializer::Deserializer;
use error::{Error, Place};

/// The keys that lead to something, from the outermost on; the position of an item of a list is a key too.
pub type Path = Vec<String>;

/// Something that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flaw {
    /// Where it stands.
    pub path: Path,
    /// What is wrong with it.
    pub what: What,
}

/// What is wrong with something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// There is no such key; perhaps this one was meant.
    UnknownKey(Option<&'static str>),
    /// There is a key, and what stands there cannot be.
    Wrong(String),
}

/// A value, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The value.
    pub value: &'a Value,
    /// The keys that lead to it.
    pub path: &'a [String],
    /// How values were spelled that came from variables, by their path. A variable that holds `0123` is that text where
    /// a text is wanted.
    pub spelled: &'a BTreeMap<Path, String>,
}

/// What goes on while a value is read.
struct Reading<'a> {
    spelled: &'a BTreeMap<Path, String>,
    /// What was wrong before, and is passed over now.
    dropped: BTreeSet<Path>,
    flaws: RefCell<BTreeSet<Flaw>>,
}

/// How often a value is read at most: as many things as this can be wrong in it at a time.
const ATTEMPTS: usize = 200;

/// Reads a value as its type, as far as that is possible, and says what is wrong with it.
pub fn read<T: DeserializeOwned>(source: Source<'_>) -> (Option<T>, Vec<Flaw>) {
    let mut reading = Reading {
        spelled: source.spelled,
        dropped: BTreeSet::new(),
        flaws: RefCell::default(),
    };
    let mut found = None;
    for _ in 0..ATTEMPTS {
        match T::deserialize(Deserializer::new(&reading, source)) {
            Ok(value) => {
                found = Some(value);
                break;
            }
            Err(error) => {
                if !reading.pass_over(error, source.path) {
                    break;
                }
            }
        }
    }
    (found, reading.flaws.into_inner().into_iter().collect())
}

impl Reading<'_> {
    /// Writes an error down, and sees to it that its place is passed over: false if there is nothing left to read then.
    fn pass_over(&mut self, error: Error, root: &[String]) -> bool {
        let Error { place, message } = error;
        let Place::Known(path) = place else {
            let path = root.to_vec();
            let what = What::Wrong(message);
            self.flaws.get_mut().insert(Flaw { path, what });
            return false;
        };
        // What lacks something that was passed over is not wrong by itself.
        let follows = self
            .dropped
            .iter()
            .any(|dropped| dropped.len() == path.len() + 1 && dropped.starts_with(&path));
        if !follows {
            let (path, what) = (path.clone(), What::Wrong(message));
            self.flaws.get_mut().insert(Flaw { path, what });
        }
        let more = path.len() > root.len();
        more && self.dropped.insert(path)
    }

    fn unknown(&self, path: Path, known: &'static [&'static str]) {
        let key = path.last().map_or("", String::as_str);
        let what = What::UnknownKey(nearest(key, known.iter().copied()));
        self.flaws.borrow_mut().insert(Flaw { path, what });
    }
}

/// The name that is nearest to `given`, if one is near at all.
pub fn nearest_name<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest(given, known)
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey(None) => f.write_str("there is no such key"),
            Self::UnknownKey(Some(meant)) => {
                write!(f, "there is no such key; did you mean `{meant}`?")
            }
            Self::Wrong(why) => f.write_str(why),
        }
    }
}

#[cfg(test)]
mod tests;
