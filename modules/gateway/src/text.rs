//! How is a value written as text?
//!
//! As the collector writes it: numbers as JSON has them, arrays and maps as JSON, bytes in Base64.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Number, Value as Json};

use crate::wire::{self, Value};

/// A value as text; empty where there is none.
pub(crate) fn text(value: &Value<'_>) -> String {
    match value {
        Value::Empty => String::new(),
        Value::Text(text) => (*text).to_owned(),
        Value::Bool(yes) => yes.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Double(number) => double(*number),
        Value::Bytes(bytes) => STANDARD.encode(bytes),
        // A number that is none makes no JSON, and then no text.
        Value::Array(_) | Value::Map(_) => {
            json(value).map_or_else(String::new, |json| escaped(&json.to_string()))
        }
    }
}

/// A number in the shortest way that says it exactly: decimals without an exponent.
pub(crate) fn decimal(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    number.to_string()
}

/// A number as JSON writes it in JavaScript's manner: an exponent below 1e-6 and from 1e21.
fn double(number: f64) -> String {
    let size = number.abs();
    if number.is_finite() && size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{number:e}");
        return match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => {
                format!("{digits}e+{exponent}")
            }
            _ => text,
        };
    }
    match number {
        _ if number.is_nan() => "json: unsupported value: NaN".to_owned(),
        _ if number.is_infinite() => format!("json: unsupported value: {}", decimal(number)),
        _ => number.to_string(),
    }
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn json(value: &Value<'_>) -> Option<Json> {
    Some(match value {
        Value::Empty => Json::Null,
        Value::Text(text) => Json::String((*text).to_owned()),
        Value::Bool(yes) => Json::Bool(*yes),
        Value::Int(number) => Json::from(*number),
        Value::Double(number) if number.fract() == 0.0 && number.abs() < 1e15 =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and small")]
            Json::from(*number as i64)
        }
        Value::Double(number) => Json::Number(Number::from_f64(*number)?),
        Value::Bytes(bytes) => Json::String(STANDARD.encode(bytes)),
        Value::Array(values) => Json::Array(
            wire::Fields::of(values)
                .filter_map(|field| field.value.bytes())
                .map(|value| json(&Value::read(value)))
                .collect::<Option<_>>()?,
        ),
        Value::Map(entries) => {
            let mut map = Map::new();
            for entry in wire::attributes(entries, 1) {
                map.insert(entry.key.to_owned(), json(&entry.value)?);
            }
            Json::Object(map)
        }
    })
}

/// With what HTML would read as markup escaped, as Go's encoder does unasked.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_collector_writes_them() {
        for (number, expected) in [
            (1.0, "1"),
            (0.1, "0.1"),
            (1e21, "1e+21"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (1.5e-7, "1.5e-7"),
            (0.000_001, "0.000001"),
            (0.0, "0"),
        ] {
            assert_eq!(text(&Value::Double(number)), expected);
        }
        assert_eq!(decimal(1e21), "1000000000000000000000");
        assert_eq!(decimal(f64::INFINITY), "+Inf");
        assert_eq!(text(&Value::Bytes(&[255])), "/w==");
    }
}
