//! Where does reading stand, and what was wrong so far?

use std::{cell::RefCell, collections::BTreeMap};

use collector_config::{Class, Component, strict};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    problem::{KeyPath, Note, Problem},
    shorthand,
};

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
    pub(super) fn keys(&self, keys: &[impl AsRef<str>]) -> Self {
        keys.iter()
            .fold(self.clone(), |at, key| at.key(key.as_ref()))
    }

    /// Something here is wrong.
    pub(super) fn refuse(&self, what: impl Into<String>) {
        self.refuse_for(what, None);
    }

    /// Something here is wrong, and this may have been meant.
    pub(super) fn refuse_for(&self, what: impl Into<String>, nearest: Option<&str>) {
        self.refuse_component(what, nearest, None);
    }

    /// Something here is not there, and this is.
    pub(super) fn refuse_component(
        &self,
        what: impl Into<String>,
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

    /// Takes out a key that the type read here has not, and the collector has.
    pub(super) fn take(&self, settings: &mut Value, key: &str) -> Option<(Self, Value)> {
        let value = settings.as_object_mut()?.remove(key)?;
        (!value.is_null()).then(|| (self.key(key), value))
    }

    /// Keys that only the collector has: wrong if they are used.
    pub(super) fn foreign(&self, settings: &mut Value, keys: &[&str]) {
        for (at, _) in keys.iter().filter_map(|key| self.take(settings, key)) {
            at.refuse("the collector has this key, and the gateway has not");
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

    /// Where a mistake stands that begins with keys: `sending_queue: …`.
    fn placed<'a>(&self, value: &Value, mistake: &'a str) -> (Self, &'a str) {
        let found = mistake.split_once(": ").and_then(|(keys, what)| {
            let keys: Vec<_> = keys.split('.').collect();
            let there = keys.iter().try_fold(value, |value, key| value.get(key));
            there.map(|_| (self.keys(&keys), what))
        });
        found.unwrap_or_else(|| (self.clone(), mistake))
    }

    /// Reads the settings of a component, with what the collector would refuse of them.
    pub(super) fn component<C: Component>(&self, value: &Value) -> Option<C> {
        let before = self.findings.problems.borrow().len();
        let section = self.path.first().map_or("", String::as_str);
        let component: C = self.read(&shorthand::spelled_out(section, value))?;
        // What was passed over may be what is missed.
        if self.findings.problems.borrow().len() == before {
            for mistake in component.mistakes() {
                let (at, what) = self.placed(value, &mistake);
                at.refuse(what);
            }
        }
        Some(component)
    }
}
