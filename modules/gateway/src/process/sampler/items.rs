//! What do spans and log records say of their sampling, apart from `tracestate`?

use super::{
    probability::{Randomness, Threshold},
    rule::{Carried, Priority},
};
use crate::wire::{Attribute, FieldValue, Fields, Value, attributes, edit};

const RANDOMNESS: &str = "sampling.randomness";
const THRESHOLD: &str = "sampling.threshold";

/// `sampling.priority` of a span: zero leaves it out, more keeps it.
pub(super) fn span_priority(message: &[u8]) -> Priority {
    let mut found = attributes(message, 9).filter(|attribute| attribute.key == "sampling.priority");
    #[expect(clippy::cast_precision_loss, reason = "only its sign counts")]
    let number = match found.next().map(|attribute| attribute.value) {
        Some(Value::Int(number)) => number as f64,
        Some(Value::Double(number)) => number,
        Some(Value::Text(text)) => match text.parse() {
            Ok(number) => number,
            Err(_) => return Priority::Unsaid,
        },
        _ => return Priority::Unsaid,
    };
    match number {
        0.0 => Priority::Said(Threshold::NEVER),
        number if number > 0.0 => Priority::Said(Threshold::ALWAYS),
        _ => Priority::Unsaid,
    }
}

/// What a log record carries in its attributes; none if that cannot be read.
pub(super) fn record_carried(message: &[u8]) -> Option<Carried> {
    let mut carried = Carried::default();
    for attribute in attributes(message, 6) {
        match (attribute.key, attribute.value) {
            (_, Value::Text("")) => {}
            (RANDOMNESS, Value::Text(text)) => carried.randomness = Some(Randomness::parse(text)?),
            (THRESHOLD, Value::Text(text)) => carried.threshold = Some(Threshold::parse(text)?),
            _ => {}
        }
    }
    Some(carried)
}

/// A log record with what it carries in its attributes.
pub(super) fn with_carried(message: &[u8], carried: &Carried) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 96);
    for field in Fields::of(message) {
        // What says nothing, and gets nothing to say, stays.
        let stale = |key| match key {
            RANDOMNESS => carried.randomness.is_some(),
            THRESHOLD => carried.threshold.is_some(),
            _ => false,
        };
        let stale = field.number == 6
            && matches!(field.value, FieldValue::Length(pair) if stale(Attribute::read(pair).key));
        if !stale {
            out.extend_from_slice(&message[field.range]);
        }
    }
    if let Some(randomness) = carried.randomness {
        edit::put_attribute(&mut out, 6, RANDOMNESS, &Value::Text(&randomness.text()));
    }
    if let Some(threshold) = carried.threshold {
        edit::put_attribute(&mut out, 6, THRESHOLD, &Value::Text(&threshold.text()));
    }
    out
}
