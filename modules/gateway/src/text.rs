//! How is a value written as text?
//!
//! As the collector writes it: numbers as JSON has them, arrays and maps as JSON, bytes in Base64.

use std::{collections::BTreeMap, fmt::Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};

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
        Value::Array(_) | Value::Map(_) => {
            let mut out = String::new();
            // A number that is none makes no JSON, and then no text.
            match json(&mut out, value) {
                Some(()) => out,
                None => String::new(),
            }
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

/// A number without what is behind its point; what is too large for that is the smallest, as on the collector's machines.
#[expect(clippy::cast_possible_truncation, reason = "that is what it is for")]
pub(crate) fn whole(number: f64) -> i64 {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    if (-BEYOND..BEYOND).contains(&number) {
        number as i64
    } else {
        i64::MIN
    }
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
        _ if number.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
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

fn json(out: &mut String, value: &Value<'_>) -> Option<()> {
    match value {
        Value::Double(number) if !number.is_finite() => return None,
        Value::Text(text) => quoted(out, text),
        Value::Empty | Value::Bytes([]) => out.push_str("null"),
        Value::Bytes(bytes) => quoted(out, &STANDARD.encode(bytes)),
        Value::Bool(_) | Value::Int(_) | Value::Double(_) => out.push_str(&text(value)),
        Value::Array(values) => {
            out.push('[');
            let values = wire::Fields::of(values).filter_map(|field| field.value.bytes());
            for (at, value) in values.enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                json(out, &Value::read(value))?;
            }
            out.push(']');
        }
        Value::Map(entries) => {
            // In order, and of several with one name the last.
            let entries = wire::attributes(entries, 1).map(|entry| (entry.key, entry.value));
            let entries: BTreeMap<&str, Value<'_>> = entries.collect();
            out.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                quoted(out, key);
                out.push(':');
                json(out, value)?;
            }
            out.push('}');
        }
    }
    Some(())
}

/// A text in quotes, with what Go's encoder escapes in it.
fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
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
        assert_eq!(text(&Value::Double(f64::NEG_INFINITY)), "-Infinity");
        assert_eq!(decimal(1e21), "1000000000000000000000");
        assert_eq!(decimal(f64::INFINITY), "+Inf");
        assert_eq!(text(&Value::Bytes(&[255])), "/w==");
    }

    #[test]
    fn arrays_and_maps_are_written_as_the_collector_writes_them() {
        use crate::wire::edit::put_attribute;
        let mut map = Vec::new();
        for (key, value) in [
            ("b", Value::Double(1e20)),
            ("c", Value::Double(-0.0)),
            ("a", Value::Text("<&>\"\u{1}\n\u{2028}ä")),
            ("b", Value::Double(1e-7)),
            ("d", Value::Bytes(&[])),
        ] {
            put_attribute(&mut map, 1, key, &value);
        }
        assert_eq!(
            text(&Value::Map(&map)),
            r#"{"a":"<&>\"\u0001\n\u2028ä","b":1e-7,"c":-0,"d":null}"#
        );
        put_attribute(&mut map, 1, "e", &Value::Double(f64::NAN));
        assert_eq!(text(&Value::Map(&map)), "");
    }
}
