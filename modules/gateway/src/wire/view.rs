//! Where are a request's resources, scopes and items?

use std::ops::Range;

use super::read::{FieldValue, Fields};

/// A message inside of a request: a resource's spans, a scope's spans, or an item.
///
/// The three levels are laid out alike in traces, metrics and logs: a [`Resource`] has its description as field 1 and
/// its scopes as field 2, a [`Scope`] has its description as field 1 and its items as field 2.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    body: &'a [u8],
    number: u32,
    start: usize,
    content: usize,
    end: usize,
}

/// One resource and its scopes.
pub type Resource<'a> = Node<'a>;
/// One scope and its items.
pub type Scope<'a> = Node<'a>;
/// One span, metric or log record.
pub type Item<'a> = Node<'a>;

/// The resources of a request that [`count`](super::count) found valid.
pub fn resources(body: &[u8]) -> Nodes<'_> {
    Nodes {
        body,
        fields: Fields::of(body),
        offset: 0,
        number: 1,
    }
}

impl<'a> Node<'a> {
    /// Where it stands in the request, with the key and the length before it.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Where its own bytes stand in the request.
    pub fn content(&self) -> Range<usize> {
        self.content..self.end
    }

    /// The number of the field that it is.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Its own bytes.
    pub fn message(&self) -> &'a [u8] {
        self.body.get(self.content()).unwrap_or_default()
    }

    /// What is one level below: a resource's scopes, a scope's items.
    pub fn children(&self) -> Nodes<'a> {
        Nodes {
            body: self.body,
            fields: Fields::of(self.message()),
            offset: self.content,
            number: 2,
        }
    }

    /// Where all else stands: what describes the resource or the scope, and the schema's address.
    pub fn header(&self) -> impl Iterator<Item = Range<usize>> + use<'a> {
        let offset = self.content;
        Fields::of(self.message())
            .filter(|field| field.number != 2)
            .map(move |field| field.range.start + offset..field.range.end + offset)
    }

    /// How many bytes [`header`](Self::header) has.
    pub fn header_bytes(&self) -> usize {
        self.header().map(|range| range.len()).sum()
    }

    /// The descriptions of this resource or scope: one, unless the sender wrote several, which are then one.
    pub fn descriptions(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        Fields::of(self.message())
            .filter(|field| field.number == 1)
            .filter_map(|field| field.value.bytes())
    }

    /// The attributes of this resource.
    pub fn resource_attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        self.descriptions()
            .flat_map(|description| attributes(description, 1))
    }

    /// The attributes of this scope.
    pub fn scope_attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        self.descriptions()
            .flat_map(|description| attributes(description, 3))
    }
}

/// Messages that are one repeated field.
#[derive(Clone, Debug)]
pub struct Nodes<'a> {
    body: &'a [u8],
    fields: Fields<'a>,
    offset: usize,
    number: u32,
}

impl<'a> Iterator for Nodes<'a> {
    type Item = Node<'a>;

    #[inline]
    fn next(&mut self) -> Option<Node<'a>> {
        loop {
            let field = self.fields.next()?;
            if field.number != self.number {
                continue;
            }
            if let FieldValue::Length(message) = field.value {
                let end = self.offset + field.range.end;
                return Some(Node {
                    body: self.body,
                    number: self.number,
                    start: self.offset + field.range.start,
                    content: end - message.len(),
                    end,
                });
            }
        }
    }
}

/// A key and its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attribute<'a> {
    /// Its name.
    pub key: &'a str,
    /// What it is set to.
    pub value: Value<'a>,
}

/// What an attribute is set to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Empty,
    /// A string.
    Text(&'a str),
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Double(f64),
    /// Values: the bytes of an `ArrayValue`.
    Array(&'a [u8]),
    /// Keys and values: the bytes of a `KeyValueList`.
    Map(&'a [u8]),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// The attributes that this message has in this field.
pub fn attributes(message: &[u8], number: u32) -> impl Iterator<Item = Attribute<'_>> {
    Fields::of(message)
        .filter(move |field| field.number == number)
        .filter_map(|field| field.value.bytes())
        .map(Attribute::read)
}

impl<'a> Attribute<'a> {
    /// Reads a `KeyValue`.
    pub fn read(message: &'a [u8]) -> Self {
        let mut attribute = Self {
            key: "",
            value: Value::Empty,
        };
        for field in Fields::of(message) {
            match (field.number, field.value) {
                (1, FieldValue::Length(key)) => attribute.key = text(key),
                (2, FieldValue::Length(value)) => {
                    // Several are one, as everywhere in protobuf: an empty one does not take the value away.
                    attribute.value = match Value::read(value) {
                        Value::Empty => attribute.value,
                        value => value,
                    };
                }
                _ => {}
            }
        }
        attribute
    }
}

impl<'a> Value<'a> {
    /// Reads an `AnyValue`.
    pub fn read(message: &'a [u8]) -> Self {
        let mut read = Self::Empty;
        for field in Fields::of(message) {
            read = match (field.number, field.value) {
                (1, FieldValue::Length(bytes)) => Self::Text(text(bytes)),
                (2, FieldValue::Varint(number)) => Self::Bool(number != 0),
                (3, FieldValue::Varint(number)) => Self::Int(number.cast_signed()),
                (4, FieldValue::Fixed64(bits)) => Self::Double(f64::from_bits(bits)),
                (5, FieldValue::Length(bytes)) => Self::Array(bytes),
                (6, FieldValue::Length(bytes)) => Self::Map(bytes),
                (7, FieldValue::Length(bytes)) => Self::Bytes(bytes),
                _ => read,
            };
        }
        read
    }
}

/// A string of a message that was checked.
pub(super) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}
