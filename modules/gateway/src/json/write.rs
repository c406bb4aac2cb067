//! Protobuf → JSON: the fields of a message in the order of its schema, absent ones left out.

use std::io::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collector_config::Signal;
use thiserror::Error;

use super::schema::{Field, Kind, Message, Presence, request};
use crate::{
    text,
    wire::{FieldValue, Layout, Reader},
};

/// Why bytes could not be written as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WriteError {
    /// They are no protobuf message.
    #[error("the bytes are no OTLP request")]
    Malformed,
    /// Its values are nested deeper than any reader follows.
    #[error("values are nested more than {DEEPEST} deep")]
    TooDeep,
}

/// How many times as many bytes the text has, at most, where values are of some length as those of spans are. A message of
/// nothing but small numbers becomes more.
pub const TEXT: usize = 3;

/// How deep messages may be nested: what readers of protobuf follow by default.
const DEEPEST: usize = 100;

/// Writes the request in `body` as one line of JSON (without its end) behind what `out` has.
pub fn from_protobuf(signal: Signal, body: &[u8], out: &mut Vec<u8>) -> Result<(), WriteError> {
    object(request(signal), body, out, DEEPEST)
}

fn object(
    message: &Message,
    body: &[u8],
    out: &mut Vec<u8>,
    deeper: usize,
) -> Result<(), WriteError> {
    let deeper = deeper.checked_sub(1).ok_or(WriteError::TooDeep)?;
    out.push(b'{');
    let mut first = true;
    for field in message.fields {
        let start = out.len();
        if !first {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(field.name.as_bytes());
        out.extend_from_slice(b"\":");
        let written = match field.presence {
            Presence::Repeated => list(field, body, out, deeper)?,
            Presence::Implicit | Presence::Explicit => single(field, body, out, deeper)?,
        };
        if written {
            first = false;
        } else {
            out.truncate(start);
        }
    }
    out.push(b'}');
    Ok(())
}

/// Writes all that a repeated field has; whether it has any.
fn list(field: &Field, body: &[u8], out: &mut Vec<u8>, deeper: usize) -> Result<bool, WriteError> {
    out.push(b'[');
    let before = out.len();
    for found in occurrences(body, field.number) {
        match found? {
            FieldValue::Length(packed) if !field.kind.is_delimited() => {
                let mut rest = Reader::new(packed);
                while !rest.is_done() {
                    let raw = bare(field.kind, &mut rest)?;
                    value(field, raw, out, deeper)?;
                    out.push(b',');
                }
            }
            raw => {
                value(field, raw, out, deeper)?;
                out.push(b',');
            }
        }
    }
    let any = out.len() > before;
    if any {
        out.pop();
    }
    out.push(b']');
    Ok(any)
}

/// Writes the value of a field that may be there once; whether it says anything. Of several, the last counts; several
/// messages are one.
fn single(
    field: &Field,
    body: &[u8],
    out: &mut Vec<u8>,
    deeper: usize,
) -> Result<bool, WriteError> {
    let mut last = None;
    let mut merged = Vec::new();
    for found in occurrences(body, field.number) {
        let raw = found?;
        if let (Kind::Message(_), Some(FieldValue::Length(before)), FieldValue::Length(more)) =
            (field.kind, last, raw)
        {
            if merged.is_empty() {
                merged.extend_from_slice(before);
            }
            merged.extend_from_slice(more);
        }
        last = Some(raw);
    }
    let Some(mut raw) = last else {
        return Ok(false);
    };
    if !merged.is_empty() {
        raw = FieldValue::Length(&merged);
    }
    if field.presence == Presence::Implicit && is_default(raw) {
        return Ok(false);
    }
    value(field, raw, out, deeper)?;
    Ok(true)
}

/// Writes one value. Integers of 64 bits are strings, as protobuf's JSON has them.
fn value(
    field: &Field,
    raw: FieldValue<'_>,
    out: &mut Vec<u8>,
    deeper: usize,
) -> Result<(), WriteError> {
    let told = match (field.kind, raw) {
        (Kind::Text, FieldValue::Length(bytes)) => {
            let text = std::str::from_utf8(bytes).map_err(|_| WriteError::Malformed)?;
            return quoted(text, out);
        }
        (Kind::Message(message), FieldValue::Length(body)) => {
            return object(message, body, out, deeper);
        }
        (Kind::Bytes, FieldValue::Length(bytes)) => return quoted(&STANDARD.encode(bytes), out),
        (Kind::Id(_), FieldValue::Length(bytes)) => {
            out.push(b'"');
            out.extend_from_slice(text::hex(bytes).as_bytes());
            out.push(b'"');
            return Ok(());
        }
        (Kind::Double, FieldValue::Fixed64(bits)) => return double(f64::from_bits(bits), out),
        (Kind::Bool, FieldValue::Varint(value)) => {
            Told::Word(if value == 0 { "false" } else { "true" })
        }
        (Kind::Fixed64, FieldValue::Fixed64(value)) | (Kind::UInt64, FieldValue::Varint(value)) => {
            Told::Quoted(value.into())
        }
        (Kind::SignedFixed64, FieldValue::Fixed64(value))
        | (Kind::Int64, FieldValue::Varint(value)) => Told::Quoted(value.cast_signed().into()),
        (Kind::Fixed32, FieldValue::Fixed32(value)) => Told::Bare(value.into()),
        (Kind::UInt32, FieldValue::Varint(value)) => {
            Told::Bare(FieldValue::int32(value).cast_unsigned().into())
        }
        (Kind::Enum, FieldValue::Varint(value)) => Told::Bare(FieldValue::int32(value).into()),
        (Kind::ZigZag32, FieldValue::Varint(value)) => {
            Told::Bare(FieldValue::zigzag32(value).into())
        }
        _ => return Err(WriteError::Malformed),
    };
    match told {
        Told::Word(word) => out.extend_from_slice(word.as_bytes()),
        Told::Bare(value) => write_into(out, format_args!("{value}")),
        Told::Quoted(value) => write_into(out, format_args!("\"{value}\"")),
    }
    Ok(())
}

/// A word, or an integer with or without quotes.
enum Told {
    Word(&'static str),
    Bare(i128),
    Quoted(i128),
}

fn quoted(text: &str, out: &mut Vec<u8>) -> Result<(), WriteError> {
    // A string into memory: neither can fail.
    serde_json::to_writer(out, text).map_err(|_| WriteError::Malformed)
}

fn double(value: f64, out: &mut Vec<u8>) -> Result<(), WriteError> {
    let special = if value.is_nan() {
        "\"NaN\""
    } else if value == f64::INFINITY {
        "\"Infinity\""
    } else if value == f64::NEG_INFINITY {
        "\"-Infinity\""
    } else {
        return serde_json::to_writer(out, &value).map_err(|_| WriteError::Malformed);
    };
    out.extend_from_slice(special.as_bytes());
    Ok(())
}

fn write_into(out: &mut Vec<u8>, what: std::fmt::Arguments<'_>) {
    out.write_fmt(what).expect("memory takes what is written");
}

impl Kind {
    fn is_delimited(self) -> bool {
        matches!(
            self,
            Self::Text | Self::Bytes | Self::Id(_) | Self::Message(_)
        )
    }
}

fn is_default(value: FieldValue<'_>) -> bool {
    use FieldValue::{Fixed32, Fixed64, Length, Varint};
    matches!(value, Varint(0) | Fixed64(0) | Fixed32(0) | Length([]))
}

/// The values that a message has for one field.
fn occurrences(
    body: &[u8],
    number: u32,
) -> impl Iterator<Item = Result<FieldValue<'_>, WriteError>> {
    let mut reader = Some(Reader::new(body));
    std::iter::from_fn(move || {
        while let Some(rest) = reader.as_mut().filter(|rest| !rest.is_done()) {
            let read = rest
                .key()
                .and_then(|(found, layout)| Ok((found, rest.value(layout)?)));
            match read {
                Ok((found, value)) if found == number => return Some(Ok(value)),
                Ok(_) => {}
                Err(_) => {
                    reader = None;
                    return Some(Err(WriteError::Malformed));
                }
            }
        }
        None
    })
}

/// The next number of a packed list.
fn bare<'a>(kind: Kind, rest: &mut Reader<'a>) -> Result<FieldValue<'a>, WriteError> {
    let layout = match kind {
        Kind::Double | Kind::Fixed64 | Kind::SignedFixed64 => Layout::Fixed64,
        Kind::Fixed32 => Layout::Fixed32,
        _ => Layout::Varint,
    };
    rest.value(layout).map_err(|_| WriteError::Malformed)
}
