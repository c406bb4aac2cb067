//! What are the bytes of attributes, and how does a value become another one?

use std::borrow::Cow;

use collector_config::components::attributes::Converted;
use sha2::{Digest as _, Sha256};

use crate::{
    put, text,
    wire::{Attribute, Fields, Value},
};

/// An attribute: its key, and the bytes of its `AnyValue`.
pub(super) type Pair<'a> = (Cow<'a, str>, Cow<'a, [u8]>);

/// The SHA-256 of a value, in hexadecimal digits; empty for what has none.
pub(super) fn digest(value: &Value<'_>) -> String {
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
#[expect(clippy::cast_precision_loss, reason = "as the collector converts")]
pub(super) fn converted(value: &Value<'_>, to: Converted) -> Option<Vec<u8>> {
    Some(match (to, value) {
        (Converted::String, Value::Text(_)) => return None,
        (Converted::String, value) => text_value(&text::text(value)),
        (Converted::Int, Value::Double(number)) => scalar(&Value::Int(text::whole(*number))),
        (Converted::Int, Value::Bool(yes)) => scalar(&Value::Int((*yes).into())),
        (Converted::Int, Value::Text(text)) => scalar(&Value::Int(text.parse().ok()?)),
        (Converted::Double, Value::Int(number)) => scalar(&Value::Double(*number as f64)),
        (Converted::Double, Value::Bool(yes)) => scalar(&Value::Double(f64::from(u8::from(*yes)))),
        (Converted::Double, Value::Text(text)) => scalar(&Value::Double(text.parse().ok()?)),
        (Converted::Int | Converted::Double, _) => return None,
    })
}

pub(super) fn pairs(message: &[u8], number: u32) -> impl Iterator<Item = Pair<'_>> {
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

pub(super) fn put_pair(out: &mut Vec<u8>, number: u32, key: &str, value: &[u8]) {
    put::message(out, number, |out| {
        put::bytes(out, 1, key.as_bytes());
        put::bytes(out, 2, value);
    });
}

pub(super) fn text_value(text: &str) -> Vec<u8> {
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
pub(super) fn any_value(value: &serde_json::Value) -> Vec<u8> {
    use serde_json::Value as Json;
    let mut out = Vec::new();
    match value {
        Json::Null => {}
        Json::Bool(yes) => out = scalar(&Value::Bool(*yes)),
        Json::Number(number) => {
            let whole = number.as_i64().map(Value::Int);
            let number = Value::Double(number.as_f64().unwrap_or_default());
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
