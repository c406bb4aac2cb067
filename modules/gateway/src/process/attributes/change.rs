//! What does one action do to the attributes of something?

use std::borrow::Cow;

use collector_config::components::attributes::{Action, AttributeAction, Converted};
use regex::Regex;

use super::value::{Pair, any_value, converted, digest, text_value};
use crate::{re2, wire::Value};

/// One change.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Set { key: String, when: When, from: From },
    Delete { key: String, pattern: Option<Regex> },
    Hash { key: String, pattern: Option<Regex> },
    Extract { key: String, pattern: Regex },
    Convert { key: String, to: Converted },
}

/// When an attribute is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Absent,
    Present,
    Always,
}

/// Where a new value comes from: another attribute, or else what is said.
#[derive(Clone, Debug)]
pub(super) struct From {
    attribute: Option<String>,
    /// The bytes of an `AnyValue`.
    said: Option<Vec<u8>>,
}

impl Change {
    pub(super) fn of(action: &AttributeAction) -> Result<Self, String> {
        let AttributeAction {
            key,
            action: what,
            value,
            from_attribute,
            from_context,
            default_value,
            pattern,
            converted_type,
        } = action;
        // What is empty is as good as not said: an empty pattern would match every name.
        let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if said(from_context).is_some() {
            return Err("the gateway does not know `from_context`".into());
        }
        let key = key.clone();
        let pattern = match &said(pattern) {
            Some(pattern) => {
                Some(re2::compile(pattern).map_err(|error| format!("`pattern`: {error}"))?)
            }
            None => None,
        };
        let set = |when| {
            let from = From {
                attribute: said(from_attribute),
                said: value.as_ref().or(default_value.as_ref()).map(any_value),
            };
            Self::Set {
                key: key.clone(),
                when,
                from,
            }
        };
        Ok(match what {
            Action::Insert => set(When::Absent),
            Action::Update => set(When::Present),
            Action::Upsert => set(When::Always),
            Action::Delete => Self::Delete { key, pattern },
            Action::Hash => Self::Hash { key, pattern },
            Action::Extract => {
                let pattern = pattern.ok_or("`pattern` is missing")?;
                let unnamed = pattern.capture_names().skip(1).any(|name| name.is_none());
                if unnamed || pattern.captures_len() < 2 {
                    return Err(
                        "each group of `pattern` needs a name, and there must be one".into(),
                    );
                }
                Self::Extract { key, pattern }
            }
            Action::Convert => {
                let to = converted_type.ok_or("`converted_type` is missing")?;
                Self::Convert { key, to }
            }
        })
    }

    pub(super) fn apply(&self, pairs: &mut Vec<Pair<'_>>) {
        match self {
            Self::Set { key, when, from } => {
                let Some(value) = from.value(pairs) else {
                    return;
                };
                let there = pairs.iter_mut().find(|(name, _)| name == key);
                match (there, when) {
                    (Some((_, old)), When::Present | When::Always) => *old = Cow::Owned(value),
                    (None, When::Absent | When::Always) => {
                        pairs.push((Cow::Owned(key.clone()), Cow::Owned(value)));
                    }
                    (Some(_), When::Absent) | (None, When::Present) => {}
                }
            }
            Self::Delete { key, pattern } => {
                pairs.retain(|(name, _)| {
                    name != key
                        && !pattern
                            .as_ref()
                            .is_some_and(|pattern| pattern.is_match(name))
                });
            }
            Self::Hash { key, pattern } => {
                for (name, value) in pairs {
                    if name == key
                        || pattern
                            .as_ref()
                            .is_some_and(|pattern| pattern.is_match(name))
                    {
                        *value = Cow::Owned(text_value(&digest(&Value::read(value))));
                    }
                }
            }
            Self::Extract { key, pattern } => extract(pairs, key, pattern),
            Self::Convert { key, to } => {
                if let Some((_, value)) = pairs.iter_mut().find(|(name, _)| name == key)
                    && let Some(converted) = converted(&Value::read(value), *to)
                {
                    *value = Cow::Owned(converted);
                }
            }
        }
    }
}

impl From {
    fn value(&self, pairs: &[Pair<'_>]) -> Option<Vec<u8>> {
        let name = self.attribute.as_deref();
        let found = name.and_then(|name| pairs.iter().find(|(key, _)| key == name));
        found
            .map(|(_, value)| value.to_vec())
            .or_else(|| self.said.clone())
    }
}

fn extract(pairs: &mut Vec<Pair<'_>>, key: &str, pattern: &Regex) {
    let found: Vec<(String, Vec<u8>)> = {
        let Some((_, value)) = pairs.iter().find(|(name, _)| name == key) else {
            return;
        };
        let Value::Text(text) = Value::read(value) else {
            return;
        };
        let Some(groups) = pattern.captures(text) else {
            return;
        };
        let names = pattern.capture_names().flatten();
        let group = |name| groups.name(name).map_or("", |group| group.as_str());
        names
            .map(|name| (name.to_owned(), text_value(group(name))))
            .collect()
    };
    for (name, value) in found {
        match pairs.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = Cow::Owned(value),
            None => pairs.push((Cow::Owned(name), Cow::Owned(value))),
        }
    }
}
