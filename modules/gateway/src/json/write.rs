//! Protobuf → JSON: the fields of a message in the order of its schema, absent ones left out.

use std::io::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use collector_config::Signal;
use thiserror::Error;

use super::schema::{Field, Kind, Message, Presence, request};

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
            Raw::Delimited(packed) if !field.kind.is_delimited() => {
                let mut rest = packed;
                while !rest.is_empty() {
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
        if let (Kind::Message(_), Some(Raw::Delimited(before)), Raw::Delimited(more)) =
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
        raw = Raw::Delimited(&merged);
    }
    if field.presence == Presence::Implicit && raw.is_default() {
        return Ok(false);
    }
    value(field, raw, out, deeper)?;
    Ok(true)
}

/// Writes one value. Integers of 64 bits are strings, as protobuf's JSON has them.
fn value(field: &Field, raw: Raw<'_>, out: &mut Vec<u8>, deeper: usize) -> Result<(), WriteError> {
    let told = match (field.kind, raw) {
        (Kind::Text, Raw::Delimited(bytes)) => {
            let text = std::str::from_utf8(bytes).map_err(|_| WriteError::Malformed)?;
            return quoted(text, out);
        }
        (Kind::Message(message), Raw::Delimited(body)) => {
            return object(message, body, out, deeper);
        }
        (Kind::Bytes, Raw::Delimited(bytes)) => return quoted(&STANDARD.encode(bytes), out),
        (Kind::Id(_), Raw::Delimited(bytes)) => {
            out.push(b'"');
            for byte in bytes {
                write_into(out, format_args!("{byte:02x}"));
            }
            out.push(b'"');
            return Ok(());
        }
        (Kind::Double, Raw::Eight(bits)) => return double(f64::from_bits(bits), out),
        (Kind::Bool, Raw::Varint(value)) => Told::Word(if value == 0 { "false" } else { "true" }),
        (Kind::Fixed64, Raw::Eight(value)) | (Kind::UInt64, Raw::Varint(value)) => {
            Told::Quoted(value.into())
        }
        (Kind::SignedFixed64, Raw::Eight(value)) | (Kind::Int64, Raw::Varint(value)) => {
            Told::Quoted(value.cast_signed().into())
        }
        (Kind::Fixed32, Raw::Four(value)) => Told::Bare(value.into()),
        (Kind::UInt32, Raw::Varint(value)) => Told::Bare(lower(value).into()),
        (Kind::Enum, Raw::Varint(value)) => Told::Bare(lower(value).cast_signed().into()),
        (Kind::ZigZag32, Raw::Varint(value)) => {
            let value = lower(value);
            Told::Bare(((value >> 1).cast_signed() ^ -(value & 1).cast_signed()).into())
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

/// What a reader of 32 bits takes of a number.
#[expect(clippy::cast_possible_truncation, reason = "what is above is not read")]
fn lower(value: u64) -> u32 {
    value as u32
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

/// A value as it stands on the wire.
#[derive(Clone, Copy)]
enum Raw<'a> {
    Varint(u64),
    Eight(u64),
    Delimited(&'a [u8]),
    Four(u32),
}

impl Raw<'_> {
    fn is_default(self) -> bool {
        matches!(
            self,
            Self::Varint(0) | Self::Eight(0) | Self::Four(0) | Self::Delimited([])
        )
    }
}

/// The values that a message has for one field.
fn occurrences(body: &[u8], number: u32) -> impl Iterator<Item = Result<Raw<'_>, WriteError>> {
    let mut rest = body;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            match any(&mut rest) {
                Ok((found, raw)) if found == u64::from(number) => return Some(Ok(raw)),
                Ok(_) => {}
                Err(error) => {
                    rest = &[];
                    return Some(Err(error));
                }
            }
        }
        None
    })
}

/// The next field: its number and what it has.
fn any<'a>(rest: &mut &'a [u8]) -> Result<(u64, Raw<'a>), WriteError> {
    let tag = varint(rest)?;
    let raw = match tag & 7 {
        0 => Raw::Varint(varint(rest)?),
        1 => Raw::Eight(u64::from_le_bytes(fixed(rest)?)),
        2 => {
            let length = usize::try_from(varint(rest)?).map_err(|_| WriteError::Malformed)?;
            let (bytes, behind) = rest.split_at_checked(length).ok_or(WriteError::Malformed)?;
            *rest = behind;
            Raw::Delimited(bytes)
        }
        5 => Raw::Four(u32::from_le_bytes(fixed(rest)?)),
        _ => return Err(WriteError::Malformed),
    };
    Ok((tag >> 3, raw))
}

/// The next number of a packed list.
fn bare<'a>(kind: Kind, rest: &mut &'a [u8]) -> Result<Raw<'a>, WriteError> {
    Ok(match kind {
        Kind::Double | Kind::Fixed64 | Kind::SignedFixed64 => {
            Raw::Eight(u64::from_le_bytes(fixed(rest)?))
        }
        Kind::Fixed32 => Raw::Four(u32::from_le_bytes(fixed(rest)?)),
        _ => Raw::Varint(varint(rest)?),
    })
}

fn fixed<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], WriteError> {
    let (bytes, behind) = rest.split_first_chunk().ok_or(WriteError::Malformed)?;
    *rest = behind;
    Ok(*bytes)
}

fn varint(rest: &mut &[u8]) -> Result<u64, WriteError> {
    let mut value = 0;
    for (at, byte) in rest.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            *rest = &rest[at + 1..];
            return Ok(value);
        }
    }
    Err(WriteError::Malformed)
}
