//! How does a collector's configuration become [`Settings`], and what is wrong with it?
//!
//! ```text
//!  files, variables, keys ──► one value ──► `${…}` in place ──► sections, read strictly ──► Settings
//!                                                                        └──► Problems: all of them
//! ```
//!
//! The configuration is the collector's: its keys, its names of today and of old, its defaults. What the gateway does
//! not do is refused by name, so that a configuration that loads means here what it means there. Beyond it there is one
//! key: `durability` of `file_storage`, which is `process` or `power`.

mod assemble;
mod at;
mod components;
mod document;
mod expand;
mod headers;
mod memory;
mod problem;
mod read;
mod shorthand;
mod source;
mod tree;

pub use components::{COMPONENTS, signals};
pub use expand::Surroundings;
pub use problem::{KeyPath, Note, Place, Problem, Problems};
pub use source::{NoSetting, NoSource, Setting, Source};

use std::collections::BTreeSet;

use serde_json::Value;

use crate::settings::Settings;
use at::Findings;
use document::Document;

/// A configuration that can be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// What it says.
    pub settings: Settings,
    /// The same as it stands after all sources were put together and everything was put in its place.
    pub merged: Value,
    /// What one should know about it.
    pub notes: Vec<Note>,
}

/// Reads a configuration; each source goes before those that stand before it.
pub fn load(sources: &[Source], around: &Surroundings) -> Result<Loaded, Problems> {
    let merged = source::read(sources, around).map_err(Problems)?;
    let expanded = expand::expand(merged.value, around);
    let unset = expanded.notes.clone();
    let findings = Findings {
        spelled: expanded.spelled,
        problems: expanded.problems.into(),
        notes: expanded.notes.into(),
    };
    let document: Option<Document> = findings.root().read(&expanded.value);
    let settings = document.and_then(|document| assemble::assemble(document, around, &findings));
    let mut problems = findings.problems.into_inner();
    match settings {
        Some(settings) if problems.is_empty() => Ok(Loaded {
            settings,
            merged: expanded.value,
            notes: findings.notes.into_inner(),
        }),
        _ => {
            for problem in &mut problems {
                problem.place = place(&merged.places, &problem.path).or_else(|| only(sources));
            }
            problems.sort();
            problems.dedup();
            let twice = problems.clone();
            problems.retain(|problem| !twice.iter().any(|other| other.says_nearer(problem)));
            for problem in &mut problems {
                problem.comes_of(&unset);
            }
            say_once(&mut problems);
            Err(Problems(problems))
        }
    }
}

/// What there is in the place of what is not is said where it is needed first.
fn say_once(problems: &mut [Problem]) {
    let mut said = BTreeSet::new();
    for problem in problems {
        let again = |instead: &mut Box<str>| !said.insert(instead.clone());
        problem.instead.take_if(again);
    }
}

/// What is missing from top to bottom is missing in the one source that there is.
fn only(sources: &[Source]) -> Option<Place> {
    let [source] = sources else {
        return None;
    };
    Some(Place {
        source: source.name(),
        line: 0,
    })
}

/// The line of the innermost key that stands in a file.
fn place(places: &std::collections::BTreeMap<KeyPath, Place>, path: &[String]) -> Option<Place> {
    let mut outer = path;
    loop {
        if let Some(place) = places.get(outer) {
            return Some(place.clone());
        }
        outer = outer.split_last()?.1;
    }
}

#[cfg(test)]
mod tests;
