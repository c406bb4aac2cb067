//! Where does reading stand, and what was wrong so far?

use std::{cell::RefCell, collections::BTreeMap};

use collector_config::{Class, Component, strict};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::problem::{KeyPath, Note, Problem};

/// What was found while a configuration is read.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) spelled: BTreeMap<KeyPath, String>,
    pub(super) problems: RefCell<Vec<Problem>>,
    pub(super) notes: RefCell<Vec<Note>>,
}

/// A place in a configuration.
#[derive(Clone, Debug)]
pub(super) struct At<'a> {
    findings: &'a Findings,
    path: KeyPath,
}

impl Findings {
    /// The outermost place.
    pub(super) fn root(&self) -> At<'_> {
        At {
            findings: self,
            path: KeyPath::new(),
        }
    }
}

impl At<'_> {
    /// A place below this.
    pub(super) fn key(&self, key: &str) -> Self {
        let mut path = self.path.clone();
        path.push(key.to_owned());
        Self {
            findings: self.findings,
            path,
        }
    }

    /// The place that these keys lead to.
    pub(super) fn keys(&self, keys: &[&str]) -> Self {
        keys.iter().fold(self.clone(), |at, key| at.key(key))
    }

    /// Something here is wrong.
    pub(super) fn refuse(&self, what: impl Into<String>) {
        self.refuse_for(what, None);
    }

    /// Something here is wrong, and this may have been meant.
    pub(super) fn refuse_for(&self, what: impl Into<String>, nearest: Option<&str>) {
        let problem = Problem::at(self.path.clone(), what).meant(nearest);
        self.findings.problems.borrow_mut().push(problem);
    }

    /// Something here is not there, and this is.
    pub(super) fn refuse_component(
        &self,
        what: String,
        nearest: Option<&str>,
        instead: Option<String>,
    ) {
        let problem = Problem::at(self.path.clone(), what);
        let problem = problem.meant(nearest).instead(instead);
        self.findings.problems.borrow_mut().push(problem);
    }

    /// Whether a component is defined and was refused there, so that nothing is left to say where it is used.
    pub(super) fn refused(&self, class: Class, name: &str) -> bool {
        let problems = self.findings.problems.borrow();
        let mut problems = problems.iter();
        problems.any(|problem| problem.path == [class.section(), name])
    }

    /// A setting that the gateway has not: wrong if it is used.
    pub(super) fn without<T: Default + PartialEq>(&self, key: &str, setting: &T, why: &str) {
        if *setting != T::default() {
            self.key(key).refuse(why);
        }
    }

    /// A setting that changes nothing here: said, if it is used.
    pub(super) fn moot<T: Default + PartialEq>(&self, key: &str, setting: &T, why: &str) {
        if *setting != T::default() {
            self.key(key).note(why);
        }
    }

    /// Something here should be known.
    pub(super) fn note(&self, what: impl Into<String>) {
        let (path, what) = (self.path.clone(), what.into());
        self.findings.notes.borrow_mut().push(Note { path, what });
    }

    /// Reads what stands here as its type, and says everything that is wrong with it.
    pub(super) fn read<T: DeserializeOwned>(&self, value: &Value) -> Option<T> {
        let (read, flaws) = strict::read(strict::Source {
            value,
            path: &self.path,
            spelled: &self.findings.spelled,
        });
        let mut problems = self.findings.problems.borrow_mut();
        problems.extend(flaws.into_iter().map(Problem::from));
        read
    }

    /// Reads the settings of a component, with what the collector would refuse of them.
    pub(super) fn component<C: Component>(&self, value: &Value) -> Option<C> {
        let before = self.findings.problems.borrow().len();
        let component: C = self.read(value)?;
        // What was passed over may be what is missed.
        if self.findings.problems.borrow().len() == before {
            for mistake in component.mistakes() {
                self.refuse(mistake);
            }
        }
        Some(component)
    }
}
