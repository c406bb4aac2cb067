//! JSON → protobuf: one pass over the text, no tree in between.

use std::{borrow::Cow, fmt};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use collector_config::Signal;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use thiserror::Error;

use super::schema::{Field, Kind, Message, Presence, request};
use crate::put::{self, Layout, delimited, tag, varint};

/// How many bytes of protobuf one byte of JSON may become at most: `1,` in a list of numbers is eight bytes.
pub const EXPANSION: usize = 4;

/// Why a text is no OTLP request.
#[derive(Debug, Error)]
#[error("the body is no OTLP request in JSON")]
pub struct JsonError(#[from] serde_json::Error);

/// The request in `text` as protobuf bytes: at most [`EXPANSION`] times as many as the text has.
pub fn to_protobuf(signal: Signal, text: &[u8]) -> Result<Vec<u8>, JsonError> {
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut json = serde_json::Deserializer::from_slice(text);
    Body {
        message: request(signal),
        out: &mut out,
    }
    .deserialize(&mut json)?;
    json.end()?;
    Ok(out)
}

/// Writes the fields of an object behind one another.
struct Body<'a> {
    message: &'static Message,
    out: &'a mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for Body<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Body<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object ({})", self.message.name)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(field) = fields.next_key_seed(Name(self.message))? {
            match field {
                Some(field) => fields.next_value_seed(Value {
                    field,
                    part: Part::Whole,
                    out: self.out,
                })?,
                None => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Finds the field that a name names.
struct Name(&'static Message);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<&'static Field>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<&'static Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.fields.iter().find(|field| field.name == name))
    }
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// It is what the field has.
    Whole,
    /// It is in the field's list.
    Element,
}

/// Writes a field's value with its tag; in a list of numbers without.
struct Value<'a> {
    field: &'static Field,
    part: Part,
    out: &'a mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl Value<'_> {
    fn listed(&self) -> bool {
        self.field.presence == Presence::Repeated && self.part == Part::Whole
    }

    /// An integer that the text has: as large as any that a field may have.
    fn integer<E: serde::de::Error>(self, value: i128) -> Result<(), E> {
        if self.listed() {
            return Err(E::invalid_type(
                serde::de::Unexpected::Other("a number"),
                &self,
            ));
        }
        let fits = match self.field.kind {
            Kind::Fixed64 | Kind::UInt64 => u64::try_from(value).is_ok(),
            Kind::SignedFixed64 | Kind::Int64 => i64::try_from(value).is_ok(),
            Kind::UInt32 | Kind::Fixed32 => u32::try_from(value).is_ok(),
            Kind::Enum | Kind::ZigZag32 => i32::try_from(value).is_ok(),
            Kind::Double => true,
            Kind::Text | Kind::Bytes | Kind::Id(_) | Kind::Bool | Kind::Message(_) => {
                return Err(E::invalid_type(
                    serde::de::Unexpected::Other("a number"),
                    &self,
                ));
            }
        };
        if !fits {
            return Err(E::custom(format_args!(
                "`{}` does not hold {value}",
                self.field.name
            )));
        }
        if let Kind::Double = self.field.kind {
            #[expect(clippy::cast_precision_loss, reason = "a double is what the field has")]
            self.put(Scalar::Eight((value as f64).to_bits()));
            return Ok(());
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "looked at above"
        )]
        let scalar = match self.field.kind {
            Kind::Fixed64 | Kind::SignedFixed64 => Scalar::Eight(value as u64),
            Kind::Fixed32 => Scalar::Four(value as u32),
            Kind::ZigZag32 => Scalar::Varint(u64::from(((value << 1) ^ (value >> 31)) as u32)),
            // A negative number of either width takes ten bytes, sign extended.
            _ => Scalar::Varint(value as u64),
        };
        self.put(scalar);
        Ok(())
    }

    fn put(self, scalar: Scalar) {
        let bare = self.part == Part::Element;
        if !bare && self.field.presence == Presence::Implicit && scalar.is_zero() {
            return;
        }
        if !bare {
            tag(self.out, self.field.number, scalar.layout());
        }
        match scalar {
            Scalar::Varint(value) => varint(self.out, value),
            Scalar::Four(value) => self.out.extend(value.to_le_bytes()),
            Scalar::Eight(value) => self.out.extend(value.to_le_bytes()),
        }
    }

    fn bytes(self, bytes: &[u8]) {
        let in_list = self.part == Part::Element;
        if in_list || self.field.presence == Presence::Explicit || !bytes.is_empty() {
            put::bytes(self.out, self.field.number, bytes);
        }
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.listed() {
            return write!(f, "a list for `{}`", self.field.name);
        }
        let what: Cow<'_, str> = match self.field.kind {
            Kind::Text => "a string".into(),
            Kind::Bytes => "a string in Base64".into(),
            Kind::Id(bytes) => format!("{} hexadecimal digits", 2 * bytes).into(),
            Kind::Bool => "true or false".into(),
            Kind::Double => "a number".into(),
            Kind::Enum => "the number of an enumerator".into(),
            Kind::Message(message) => format!("an object ({})", message.name).into(),
            _ => "an integer".into(),
        };
        write!(f, "{what} for `{}`", self.field.name)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        // `null` is absent; but in a list nothing can be.
        match self.part {
            Part::Whole => Ok(()),
            Part::Element => Err(E::invalid_type(serde::de::Unexpected::Unit, &self)),
        }
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        match self.field.kind {
            Kind::Bool if !self.listed() => {
                self.put(Scalar::Varint(u64::from(value)));
                Ok(())
            }
            _ => Err(E::invalid_type(serde::de::Unexpected::Bool(value), &self)),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.integer(value.into())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.integer(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        if let Kind::Double = self.field.kind
            && !self.listed()
        {
            self.put(Scalar::Eight(value.to_bits()));
            return Ok(());
        }
        match whole(value) {
            Some(value) => self.integer(value),
            None => Err(E::invalid_type(serde::de::Unexpected::Float(value), &self)),
        }
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        let wrong = |value: &Self| E::invalid_value(serde::de::Unexpected::Str(text), value);
        if self.listed() {
            return Err(wrong(&self));
        }
        match self.field.kind {
            Kind::Text => self.bytes(text.as_bytes()),
            Kind::Bytes => match BASE64.iter().find_map(|base64| base64.decode(text).ok()) {
                Some(bytes) => self.bytes(&bytes),
                None => return Err(wrong(&self)),
            },
            Kind::Id(length) => match unhex(text, length) {
                Some(id) => self.bytes(&id[..text.len() / 2]),
                None => return Err(wrong(&self)),
            },
            Kind::Double => match double(text) {
                Some(value) => self.put(Scalar::Eight(value.to_bits())),
                None => return Err(wrong(&self)),
            },
            Kind::Bool | Kind::Enum | Kind::Message(_) => return Err(wrong(&self)),
            _ => match text.parse::<i128>().ok().or_else(|| whole(double(text)?)) {
                Some(value) => self.integer(value)?,
                None => return Err(wrong(&self)),
            },
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<(), A::Error> {
        let Kind::Message(message) = self.field.kind else {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Map, &self));
        };
        if self.listed() {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Map, &self));
        }
        delimited(self.out, self.field.number, |out| {
            Body { message, out }.visit_map(fields)
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        if !self.listed() {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self));
        }
        let field = self.field;
        let mut all = |out: &mut Vec<u8>| {
            while elements
                .next_element_seed(Value {
                    field,
                    part: Part::Element,
                    out,
                })?
                .is_some()
            {}
            Ok(())
        };
        match field.kind {
            Kind::Text | Kind::Bytes | Kind::Id(_) | Kind::Message(_) => all(self.out),
            _ => delimited(self.out, field.number, all),
        }
    }
}

/// A value of fixed or variable width.
#[derive(Clone, Copy)]
enum Scalar {
    Varint(u64),
    Four(u32),
    Eight(u64),
}

impl Scalar {
    fn is_zero(self) -> bool {
        matches!(self, Self::Varint(0) | Self::Four(0) | Self::Eight(0))
    }

    fn layout(self) -> Layout {
        match self {
            Self::Varint(_) => Layout::Varint,
            Self::Eight(_) => Layout::Eight,
            Self::Four(_) => Layout::Four,
        }
    }
}

/// Both alphabets, with or without padding: readers of protobuf's JSON have to take all four.
const BASE64: [GeneralPurpose; 2] = [
    GeneralPurpose::new(&alphabet::STANDARD, ANY_PADDING),
    GeneralPurpose::new(&alphabet::URL_SAFE, ANY_PADDING),
];
const ANY_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// A number that is an integer however it is written: `1.0`, `1e3`.
fn whole(value: f64) -> Option<i128> {
    // Beyond this, a double no longer tells one integer from the next.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "within what is exact")]
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i128)
}

/// A double in a string, with protobuf's spelling of what JSON has no number for.
fn double(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        // Rust reads more than JSON writes: `inf`, `+1`.
        _ if text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
            && !text
                .bytes()
                .any(|byte| matches!(byte, b'i' | b'I' | b'n' | b'N')) =>
        {
            text.parse().ok()
        }
        _ => None,
    }
}

/// The bytes of an id in hexadecimal digits of either case: of its length, or none.
fn unhex(text: &str, length: usize) -> Option<[u8; 16]> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let text = text.as_bytes();
    let mut id = [0; 16];
    if !text.is_empty() && text.len() != 2 * length {
        return None;
    }
    for (byte, pair) in id.iter_mut().zip(text.chunks_exact(2)) {
        *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
    }
    Some(id)
}
