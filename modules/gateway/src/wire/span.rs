//! What is said of a span: who it is, when it was, how it ended?

use super::{
    read::{FieldValue, Fields},
    view::{Attribute, attributes, text},
};

/// What is read of a span at once; its attributes and events are read when they are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    /// The bytes of the message.
    pub message: &'a [u8],
    /// Zeros if there is none.
    pub trace_id: [u8; 16],
    /// Zeros if there is none.
    pub span_id: [u8; 8],
    /// Zeros if there is none, as for the root of a trace.
    pub parent: [u8; 8],
    /// In nanoseconds since 1970.
    pub start: u64,
    /// In nanoseconds since 1970.
    pub end: u64,
    /// 0 unset, 1 ok, 2 error.
    pub status: i32,
    /// The flags of the W3C trace context in the lowest byte.
    pub flags: u32,
    /// As the W3C header has it.
    pub trace_state: &'a str,
    /// What it is called.
    pub name: &'a str,
    /// Internal, server, client, producer, consumer.
    pub kind: i32,
}

impl<'a> Span<'a> {
    /// Reads the bytes of a span.
    #[inline]
    pub fn read(message: &'a [u8]) -> Self {
        let mut span = Self {
            message,
            trace_id: [0; 16],
            span_id: [0; 8],
            parent: [0; 8],
            start: 0,
            end: 0,
            status: 0,
            flags: 0,
            trace_state: "",
            name: "",
            kind: 0,
        };
        let (mut trace_state, mut name): (&[u8], &[u8]) = (&[], &[]);
        for field in Fields::of(message) {
            match (field.number, field.value) {
                (1, FieldValue::Length(id)) => span.trace_id = id.try_into().unwrap_or_default(),
                (2, FieldValue::Length(id)) => span.span_id = id.try_into().unwrap_or_default(),
                (3, FieldValue::Length(bytes)) => trace_state = bytes,
                (4, FieldValue::Length(id)) => span.parent = id.try_into().unwrap_or_default(),
                (5, FieldValue::Length(bytes)) => name = bytes,
                (6, FieldValue::Varint(kind)) => span.kind = FieldValue::int32(kind),
                (7, FieldValue::Fixed64(time)) => span.start = time,
                (8, FieldValue::Fixed64(time)) => span.end = time,
                (15, FieldValue::Length(status)) => span.read_status(status),
                (16, FieldValue::Fixed32(flags)) => span.flags = flags,
                _ => {}
            }
        }
        (span.trace_state, span.name) = (text(trace_state), text(name));
        span
    }

    fn read_status(&mut self, status: &[u8]) {
        for field in Fields::of(status) {
            if let (3, FieldValue::Varint(code)) = (field.number, field.value) {
                self.status = FieldValue::int32(code);
            }
        }
    }

    /// Whether no other span caused it.
    pub fn is_root(&self) -> bool {
        self.parent == [0; 8]
    }

    /// Its attributes, in the order of the message.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        attributes(self.message, 9)
    }

    /// The bytes of its events.
    pub fn events(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        Fields::of(self.message)
            .filter(|field| field.number == 11)
            .filter_map(|field| field.value.bytes())
    }
}
