//! Is an attribute what it is expected to be?

use super::{MatchType, Properties, Property, Texts};
use crate::{
    identity::canonical,
    process::attributes::value::any_value,
    text,
    wire::{Attribute, Value},
};

/// What an attribute has to be.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    key: String,
    is: Is,
}

#[derive(Clone, Debug)]
enum Is {
    There,
    /// The bytes of an `AnyValue`.
    Equal(Vec<u8>),
    Like(Texts),
}

impl Expected {
    pub(super) fn new(of: &Properties, property: &Property) -> Result<Self, String> {
        let key = property.key.clone();
        if key.is_empty() {
            return Err("an attribute needs a `key`".to_owned());
        }
        let is = match (&property.value, of.match_type) {
            (None, _) => Is::There,
            (Some(value), Some(MatchType::Strict)) => Is::Equal(any_value(value)),
            (Some(serde_json::Value::String(pattern)), _) => {
                Is::Like(of.matching(std::slice::from_ref(pattern))?)
            }
            (Some(_), _) => {
                return Err(format!(
                    "`{key}`: a pattern is a text, with `match_type: regexp`"
                ));
            }
        };
        Ok(Self { key, is })
    }

    pub(super) fn is_among(&self, attributes: &[Attribute<'_>]) -> bool {
        let mut found = attributes
            .iter()
            .filter(|attribute| attribute.key == self.key);
        let Some(Attribute { value, .. }) = found.next() else {
            return false;
        };
        match &self.is {
            Is::There => true,
            Is::Equal(expected) => equal(&Value::read(expected), value),
            Is::Like(texts) => simple(value).is_some_and(|text| texts.have(&text)),
        }
    }
}

#[expect(clippy::float_cmp, reason = "as the collector compares")]
fn equal(one: &Value<'_>, other: &Value<'_>) -> bool {
    match (one, other) {
        // Zero is minus zero, and what is no number is not even itself.
        (Value::Double(one), Value::Double(other)) => one == other,
        (one, other) => canonical(one) == canonical(other),
    }
}

/// A value as a text for patterns, if it is simple.
fn simple(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Text(_) | Value::Bool(_) | Value::Int(_) => Some(text::text(value)),
        Value::Double(number) => Some(text::decimal(*number)),
        Value::Empty | Value::Bytes(_) | Value::Array(_) | Value::Map(_) => None,
    }
}
