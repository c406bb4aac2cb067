//! How are attributes of resources, spans, data points and log records changed?
//!
//! As the collector's processors `resource` and `attributes` 0.159 do it.

use std::borrow::Cow;

use bytes::Bytes;
use collector_config::{
    Signal,
    components::attributes::{Action, AttributeAction, Converted},
};
use regex::Regex;
use sha2::{Digest as _, Sha256};

use crate::{
    Chunks, Payload, Refusal, ottl,
    pipeline::Step,
    put, re2, text,
    wire::{
        self, Attribute, Fields, Value,
        edit::{self, Edit},
    },
};

/// Changes attributes.
pub struct Attributes {
    of: Of,
    changes: Vec<Change>,
}

/// Whose attributes are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Those of resources.
    Resources,
    /// Those of spans, data points and log records.
    Items,
}

/// One change.
#[derive(Clone, Debug)]
enum Change {
    Set { key: String, when: When, from: From },
    Delete { key: String, pattern: Option<Regex> },
    Hash { key: String, pattern: Option<Regex> },
    Extract { key: String, pattern: Regex },
    Convert { key: String, to: Converted },
}

/// When an attribute is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Absent,
    Present,
    Always,
}

/// Where a new value comes from: another attribute, or else what is said.
#[derive(Clone, Debug)]
struct From {
    attribute: Option<String>,
    /// The bytes of an `AnyValue`.
    said: Option<Vec<u8>>,
}

/// An attribute: its key, and the bytes of its `AnyValue`.
type Pair<'a> = (Cow<'a, str>, Cow<'a, [u8]>);

impl Attributes {
    /// These changes in this order.
    ///
    /// # Errors
    /// All that is not done here, and patterns that are none.
    pub fn new(of: Of, actions: &[AttributeAction]) -> Result<Self, Vec<String>> {
        let (mut changes, mut wrong) = (Vec::new(), Vec::new());
        for action in actions {
            match Change::of(action) {
                Ok(change) => changes.push(change),
                Err(why) => wrong.push(format!("attribute `{}`: {why}", action.key)),
            }
        }
        if wrong.is_empty() {
            Ok(Self { of, changes })
        } else {
            Err(wrong)
        }
    }

    /// A message whose attributes are in this field, changed; none if nothing changed.
    fn changed(&self, message: &[u8], number: u32) -> Option<Vec<u8>> {
        let before: Vec<Pair<'_>> = pairs(message, number).collect();
        let mut after = before.clone();
        for change in &self.changes {
            change.apply(&mut after);
        }
        (before != after).then(|| {
            edit::replace(message, number, |out| {
                for (key, value) in &after {
                    put_pair(out, number, key, value);
                }
            })
        })
    }

    fn edit(&self, message: &[u8], number: u32) -> Edit {
        self.changed(message, number)
            .map_or(Edit::Keep, Edit::Replace)
    }

    /// A metric with the attributes of its points changed.
    fn metric(&self, message: &[u8]) -> Edit {
        let Some(data) = ottl::data(message) else {
            return Edit::Keep;
        };
        let number = match data.field {
            9 => 9,
            10 => 1,
            _ => 7,
        };
        let mut changed = false;
        let mut content = Vec::with_capacity(data.content.len() + 64);
        for field in Fields::of(data.content) {
            let point = field.value.bytes().filter(|_| field.number == 1);
            match point.and_then(|point| self.changed(point, number)) {
                Some(point) => {
                    changed = true;
                    put::bytes(&mut content, 1, &point);
                }
                None => content.extend_from_slice(&data.content[field.range]),
            }
        }
        if !changed {
            return Edit::Keep;
        }
        Edit::Replace(edit::replace(message, data.field, |out| {
            put::bytes(out, data.field, &content);
        }))
    }

    fn edited(&self, signal: Signal, body: &Bytes) -> Option<Chunks> {
        match (self.of, signal) {
            (Of::Resources, _) => edit::descriptions(body, |resource| self.edit(resource, 1)),
            (Of::Items, Signal::Traces) => {
                edit::items(body, |_, _, span| self.edit(span.message(), 9))
            }
            (Of::Items, Signal::Logs) => {
                edit::items(body, |_, _, record| self.edit(record.message(), 6))
            }
            (Of::Items, Signal::Metrics) => {
                edit::items(body, |_, _, metric| self.metric(metric.message()))
            }
        }
    }
}

impl Step for Attributes {
    fn apply(&self, payload: Payload) -> Result<Option<Payload>, Refusal> {
        let edited = self.edited(payload.signal, &payload.body.joined());
        Ok(Some(match edited {
            Some(body) => Payload { body, ..payload },
            None => payload,
        }))
    }
}

impl Change {
    fn of(action: &AttributeAction) -> Result<Self, String> {
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
        if from_context.is_some() {
            return Err("the gateway does not know `from_context`".into());
        }
        let key = key.clone();
        let pattern = match pattern {
            Some(pattern) => {
                Some(re2::compile(pattern).map_err(|error| format!("`pattern`: {error}"))?)
            }
            None => None,
        };
        let set = |when| {
            let said = value.as_ref().or(default_value.as_ref()).map(any_value);
            let from = From {
                attribute: from_attribute.clone(),
                said,
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

    fn apply(&self, pairs: &mut Vec<Pair<'_>>) {
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

/// The SHA-256 of a value, in hexadecimal digits; empty for what has none.
fn digest(value: &Value<'_>) -> String {
    let digest = match value {
        Value::Text(text) => Sha256::digest(text),
        Value::Bool(yes) => Sha256::digest([u8::from(*yes)]),
        Value::Int(number) => Sha256::digest(number.to_le_bytes()),
        Value::Double(number) => Sha256::digest(number.to_bits().to_le_bytes()),
        Value::Empty | Value::Array(_) | Value::Map(_) | Value::Bytes(_) => return String::new(),
    };
    text::hex(&digest)
}

/// A value as another type; none where it stays as it is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "as the collector converts"
)]
fn converted(value: &Value<'_>, to: Converted) -> Option<Vec<u8>> {
    Some(match (to, value) {
        (Converted::String, Value::Text(_)) => return None,
        (Converted::String, value) => text_value(&text::text(value)),
        (Converted::Int, Value::Double(number)) => scalar(&Value::Int(*number as i64)),
        (Converted::Int, Value::Bool(yes)) => scalar(&Value::Int((*yes).into())),
        (Converted::Int, Value::Text(text)) => scalar(&Value::Int(text.parse().ok()?)),
        (Converted::Double, Value::Int(number)) => scalar(&Value::Double(*number as f64)),
        (Converted::Double, Value::Bool(yes)) => scalar(&Value::Double(f64::from(u8::from(*yes)))),
        (Converted::Double, Value::Text(text)) => scalar(&Value::Double(text.parse().ok()?)),
        (Converted::Int | Converted::Double, _) => return None,
    })
}

fn pairs(message: &[u8], number: u32) -> impl Iterator<Item = Pair<'_>> {
    let fields = Fields::of(message).filter(move |field| field.number == number);
    fields.filter_map(|field| field.value.bytes()).map(|pair| {
        let values = Fields::of(pair).filter(|field| field.number == 2);
        let value = values
            .filter_map(|field| field.value.bytes())
            .last()
            .unwrap_or_default();
        (
            Cow::Borrowed(Attribute::read(pair).key),
            Cow::Borrowed(value),
        )
    })
}

fn put_pair(out: &mut Vec<u8>, number: u32, key: &str, value: &[u8]) {
    put::message(out, number, |out| {
        put::bytes(out, 1, key.as_bytes());
        put::bytes(out, 2, value);
    });
}

fn text_value(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 4);
    put::bytes(&mut out, 1, text.as_bytes());
    out
}

/// The `AnyValue` of a boolean or a number.
fn scalar(value: &Value<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    match value {
        Value::Bool(yes) => put::number(&mut out, 2, u64::from(*yes)),
        Value::Int(number) => put::number(&mut out, 3, number.cast_unsigned()),
        Value::Double(number) => put::double(&mut out, 4, *number),
        Value::Empty | Value::Text(_) | Value::Array(_) | Value::Map(_) | Value::Bytes(_) => {}
    }
    out
}

/// The `AnyValue` of a value of the configuration.
fn any_value(value: &serde_json::Value) -> Vec<u8> {
    use serde_json::Value as Json;
    let mut out = Vec::new();
    match value {
        Json::Null => {}
        Json::Bool(yes) => out = scalar(&wire::Value::Bool(*yes)),
        Json::Number(number) => {
            let whole = number.as_i64().map(wire::Value::Int);
            let number = wire::Value::Double(number.as_f64().unwrap_or_default());
            out = scalar(&whole.unwrap_or(number));
        }
        Json::String(text) => out = text_value(text),
        Json::Array(values) => put::message(&mut out, 5, |out| {
            for value in values {
                put::bytes(out, 1, &any_value(value));
            }
        }),
        Json::Object(entries) => put::message(&mut out, 6, |out| {
            for (key, value) in entries {
                put_pair(out, 1, key, &any_value(value));
            }
        }),
    }
    out
}

#[cfg(test)]
mod tests;
