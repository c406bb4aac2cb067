//! How does a plan show that a secret changed without showing the secret?
//!
//! Every value below a Secret's data, and every text anywhere else that is or holds such a value, becomes
//! `(secret 1)`, `(secret 2)`, …: equal values get equal numbers, so that sameness stays visible and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fields::{FieldPath, PathElement};
use serde_json::Value;

use super::{
    digest::canonical,
    foresee,
    ownership::LAST_APPLIED,
    step::{Blocker, Step},
};

/// Texts that hold a secret as a part are masked from this length on: a secret `a` is in every text.
const TELLING: usize = 6;

/// The secret values of a plan, each under every spelling that it may occur in.
#[derive(Default)]
pub(crate) struct Masks {
    /// From a spelling to the value as a Secret stores it.
    known: BTreeMap<String, String>,
    numbers: BTreeMap<String, usize>,
}

impl Masks {
    /// Learns the values of all Secrets among some steps.
    pub(crate) fn learned<'a>(steps: impl IntoIterator<Item = &'a Step>) -> Self {
        let mut masks = Self::default();
        for step in steps {
            if step.id.is("", "Secret") {
                let objects = step.desired.iter().chain(&step.live);
                objects.for_each(|object| masks.learn(object));
            }
        }
        masks
    }

    /// Hides what was learned, and what these steps hold themselves.
    pub(crate) fn hide_in(mut self, steps: &mut [Step]) {
        self.known.extend(Self::learned(steps.iter()).known);
        for step in steps {
            self.hide(step);
        }
    }

    fn learn(&mut self, object: &Value) {
        let values = |field: &str| {
            object[field]
                .as_object()
                .into_iter()
                .flat_map(|data| data.values())
        };
        for stored in values("data").filter_map(Value::as_str) {
            self.add(stored.to_owned());
        }
        for text in values("stringData").filter_map(Value::as_str) {
            self.add(STANDARD.encode(text));
        }
    }

    fn add(&mut self, stored: String) {
        if stored.is_empty() {
            return;
        }
        let bytes = STANDARD.decode(&stored).unwrap_or_default();
        if let Ok(text) = String::from_utf8(bytes)
            && !text.is_empty()
        {
            self.known.insert(text, stored.clone());
        }
        self.known.insert(stored.clone(), stored);
    }

    fn hide(&mut self, step: &mut Step) {
        let is_secret = step.id.is("", "Secret");
        // What is only going to be made is described in words, and no value is known.
        let described = foresee::descriptions(step);
        let is_described =
            |value: &Value| value.as_str().is_some_and(|text| described.contains(text));
        for change in &mut step.changes {
            let whole = is_secret && holds_secrets(&change.path);
            for side in [&mut change.before, &mut change.after]
                .into_iter()
                .flatten()
                .filter(|side| !is_described(side))
            {
                *side = self.masked(side, whole);
            }
        }
        if let Some(Blocker::Refused {
            code: _,
            message,
            causes,
        }) = &mut step.blocker
        {
            for text in [message].into_iter().chain(causes) {
                *text = self.redacted(text);
            }
        }
        for warning in &mut step.warnings {
            *warning = self.redacted(warning);
        }
    }

    /// A value without secrets, its maps in the order of their keys.
    fn masked(&mut self, value: &Value, whole: bool) -> Value {
        match value {
            _ if whole => self.number(match value {
                Value::String(text) => self
                    .known
                    .get(text)
                    .cloned()
                    .unwrap_or_else(|| text.clone()),
                other => canonical(other),
            }),
            Value::String(text) => match self.known.get(text).cloned() {
                Some(stored) => self.number(stored),
                None if self
                    .known
                    .keys()
                    .any(|known| known.len() >= TELLING && text.contains(known)) =>
                {
                    self.number(text.clone())
                }
                None => value.clone(),
            },
            Value::Array(elements) => elements
                .iter()
                .map(|element| self.masked(element, false))
                .collect(),
            Value::Object(fields) => {
                let names: BTreeSet<_> = fields.keys().collect();
                names
                    .into_iter()
                    .map(|name| (name.clone(), self.masked(&fields[name], false)))
                    .collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn number(&mut self, value: String) -> Value {
        let next = self.numbers.len() + 1;
        let number = self.numbers.entry(value).or_insert(next);
        Value::String(format!("(secret {number})"))
    }

    /// What a server said, which may repeat what it was sent.
    fn redacted(&self, text: &str) -> String {
        let mut known: Vec<_> = self
            .known
            .keys()
            .filter(|known| known.len() >= TELLING)
            .collect();
        known.sort_by_key(|known| std::cmp::Reverse(known.len()));
        known.into_iter().fold(text.to_owned(), |text, known| {
            text.replace(known, "(secret)")
        })
    }
}

/// Whether everything at a path of a Secret is secret: its data, and what `kubectl apply` noted of it.
fn holds_secrets(path: &FieldPath) -> bool {
    let names: Vec<_> = path.elements().iter().map(name).collect();
    match names.as_slice() {
        [Some("data" | "stringData"), ..] | [Some("metadata"), Some("annotations")] => true,
        [Some("metadata"), Some("annotations"), Some(name), ..] => *name == LAST_APPLIED,
        _ => false,
    }
}

fn name(element: &PathElement) -> Option<&str> {
    match element {
        PathElement::Field(name) => Some(name),
        PathElement::Key(_) | PathElement::Value(_) | PathElement::Index(_) => None,
    }
}
