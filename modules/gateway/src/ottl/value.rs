//! What does a path or a literal have, and how do two such things compare?

use std::{borrow::Cow, cmp::Ordering};

use crate::{text::hex, wire};

/// A value of OTTL.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// Nothing: an attribute that is not there.
    Nil,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    /// The bytes of a `KeyValueList`.
    Map(&'a [u8]),
    /// The bytes of an `ArrayValue`.
    List(&'a [u8]),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl<'a> From<wire::Value<'a>> for Value<'a> {
    fn from(value: wire::Value<'a>) -> Self {
        match value {
            wire::Value::Empty => Self::Nil,
            wire::Value::Text(text) => Self::Text(text.into()),
            wire::Value::Bool(yes) => Self::Bool(yes),
            wire::Value::Int(number) => Self::Int(number),
            wire::Value::Double(number) => Self::Double(number),
            wire::Value::Bytes(bytes) => Self::Bytes(bytes.into()),
            wire::Value::Array(list) => Self::List(list),
            wire::Value::Map(map) => Self::Map(map),
        }
    }
}

impl Value<'_> {
    /// As the collector writes it where a text is wanted of anything; none for nothing.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Nil => return None,
            Self::Text(text) => Cow::Borrowed(text.as_ref()),
            Self::Bool(yes) => yes.to_string().into(),
            Self::Int(number) => number.to_string().into(),
            Self::Double(number) => crate::text::text(&wire::Value::Double(*number)).into(),
            Self::Bytes(bytes) => hex(bytes).into(),
            Self::Map(map) => crate::text::text(&wire::Value::Map(map)).into(),
            Self::List(list) => crate::text::text(&wire::Value::Array(list)).into(),
        })
    }

    /// What it is called in messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Double(_) => "a double",
            Self::Text(_) => "a string",
            Self::Bytes(_) => "bytes",
            Self::Map(_) => "a map",
            Self::List(_) => "a list",
        }
    }

    /// Without bytes that are none: they are nothing when they are compared.
    fn or_nil(&self) -> &Self {
        match self {
            Self::Bytes(bytes) if bytes.is_empty() => &Self::Nil,
            _ => self,
        }
    }

    /// Values of different types are different, and neither is less.
    pub(super) fn compare(&self, comparison: Comparison, other: &Self) -> bool {
        let order = match (self.or_nil(), other.or_nil()) {
            // Maps and lists are only the same or not.
            (Self::Map(a), Self::Map(b)) | (Self::List(a), Self::List(b)) => {
                return match comparison {
                    Comparison::Equal => a == b,
                    Comparison::NotEqual => a != b,
                    _ => false,
                };
            }
            (Self::Nil, Self::Nil) => {
                return matches!(
                    comparison,
                    Comparison::Equal | Comparison::LessOrEqual | Comparison::GreaterOrEqual
                );
            }
            (a, b) => a.order(b),
        };
        match comparison {
            Comparison::Equal => order == Some(Ordering::Equal),
            Comparison::NotEqual => order != Some(Ordering::Equal),
            Comparison::Less => order == Some(Ordering::Less),
            Comparison::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Comparison::Greater => order == Some(Ordering::Greater),
            Comparison::GreaterOrEqual => {
                matches!(order, Some(Ordering::Greater | Ordering::Equal))
            }
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "as the collector compares an integer with a double"
    )]
    fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Int(a), Self::Double(b)) => (*a as f64).partial_cmp(b),
            (Self::Double(a), Self::Int(b)) => a.partial_cmp(&(*b as f64)),
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(b),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Bytes(a), Self::Bytes(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}
