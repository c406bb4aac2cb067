//! Is this an OTLP request, and how many items has it?

use std::str;

use collector_config::Signal;
use thiserror::Error;

use super::{
    read::{Layout, Reader},
    schema::{Counts, KEY_VALUE, LOGS, METRIC, METRICS, Schema, TRACES, Type},
    simple::{ascii, pass},
};
use crate::Refusal;

/// How deep messages may nest: what prost and protobuf's Java and C++ readers take.
const DEPTH: u32 = 100;

/// Why bytes are no OTLP request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{fault} in a {message}")]
pub struct Malformed {
    /// What is wrong.
    pub fault: Fault,
    /// The message that has it.
    pub message: &'static str,
}

/// What can be wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// A varint that does not end, or has more than 64 bits.
    #[error("a broken varint")]
    Varint,
    /// No field has such a number.
    #[error("an impossible field number")]
    Key,
    /// A wire type that does not exist, or that the field does not have.
    #[error("a field of another type")]
    Layout,
    /// More bytes announced than there are.
    #[error("a length beyond the end")]
    Length,
    /// A string with other bytes.
    #[error("a string that is not UTF-8")]
    Text,
    /// A trace id or span id of another length than 16 or 8.
    #[error("an id of the wrong length")]
    Id,
    /// Nested more than a hundred times.
    #[error("too many nested messages")]
    Depth,
    /// A group: OTLP never had one, and readers do not agree about them.
    #[error("a group")]
    Group,
}

impl Fault {
    fn within(self, schema: &Schema) -> Malformed {
        Malformed {
            fault: self,
            message: schema.name,
        }
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        Self::invalid(format!("the request cannot be read: {malformed}"))
    }
}

/// How many spans, data points or log records a request has, if it is one to its last byte.
///
/// All that any reader behind us would refuse is refused here, because one bad request in a batch would take its
/// neighbours along: broken structure and types at any depth, strings that are not UTF-8 (prost, Java and the
/// official Go library refuse them; the collector lets them pass), ids of a wrong length (the collector refuses them;
/// prost lets them pass), nesting over a hundred levels, and groups. Unknown fields are let through, unknown enum values too.
pub fn count(signal: Signal, body: &[u8]) -> Result<u64, Malformed> {
    let schema = match signal {
        Signal::Traces => &TRACES,
        Signal::Metrics => &METRICS,
        Signal::Logs => &LOGS,
    };
    walk(schema, body, DEPTH)
}

/// How many items a span, a metric or a log record is, which is part of a valid request.
pub(crate) fn items_of(signal: Signal, item: &[u8]) -> u64 {
    match signal {
        Signal::Traces | Signal::Logs => 1,
        Signal::Metrics => points(item),
    }
}

/// How many points a metric has, which is part of a valid request.
pub(super) fn points(metric: &[u8]) -> u64 {
    walk(&METRIC, metric, DEPTH).unwrap_or_default()
}

fn walk(schema: &'static Schema, message: &[u8], depth: u32) -> Result<u64, Malformed> {
    let mut reader = Reader::new(message);
    let mut total = u64::from(schema.counts == Counts::Itself);
    let mut alternative = 0;
    loop {
        // An attribute is two messages deep.
        if depth >= 2 {
            reader.pass(|rest| pass(&schema.simple, rest));
        }
        if reader.is_done() {
            return Ok(total);
        }
        let (number, layout) = reader.key().map_err(|fault| fault.within(schema))?;
        let inner = match schema.field(number) {
            Type::Attribute if layout == Layout::Length => {
                let inner = reader.delimited().map_err(|fault| fault.within(schema))?;
                nested(&KEY_VALUE, inner, depth)?;
                continue;
            }
            Type::Message(inner_schema) if layout == Layout::Length => {
                let inner = reader.delimited().map_err(|fault| fault.within(schema))?;
                nested(inner_schema, inner, depth)?
            }
            plain => {
                scalar(plain, layout, &mut reader, depth).map_err(|fault| fault.within(schema))?;
                continue;
            }
        };
        if schema.counts == Counts::LastOf && alternative != number {
            alternative = number;
            total = 0;
        }
        // What is counted never holds something else that is.
        if schema.counts != Counts::Itself {
            total += inner;
        }
    }
}

fn nested(schema: &'static Schema, message: &[u8], depth: u32) -> Result<u64, Malformed> {
    if depth == 0 {
        return Err(Fault::Depth.within(schema));
    }
    walk(schema, message, depth - 1)
}

fn scalar(field: Type, layout: Layout, reader: &mut Reader<'_>, depth: u32) -> Result<(), Fault> {
    match (field, layout) {
        (Type::Unknown, _) if depth == 0 => Err(Fault::Depth),
        (Type::Unknown, _)
        | (Type::Varint | Type::Varints, Layout::Varint)
        | (Type::Fixed64 | Type::Fixed64s, Layout::Fixed64)
        | (Type::Fixed32, Layout::Fixed32)
        | (Type::Bytes, Layout::Length) => reader.value(layout).map(drop),
        (Type::Text, Layout::Length) => {
            let text = reader.delimited()?;
            if ascii(text) {
                return Ok(());
            }
            str::from_utf8(text).map(drop).map_err(|_| Fault::Text)
        }
        (Type::Id(length), Layout::Length) => {
            let id = reader.delimited()?;
            let fits = id.is_empty() || id.len() == length;
            fits.then_some(()).ok_or(Fault::Id)
        }
        (Type::Fixed64s, Layout::Length) => {
            let packed = reader.delimited()?;
            let fits = packed.len().is_multiple_of(8);
            fits.then_some(()).ok_or(Fault::Length)
        }
        (Type::Varints, Layout::Length) => {
            let mut packed = Reader::new(reader.delimited()?);
            while !packed.is_done() {
                packed.varint()?;
            }
            Ok(())
        }
        _ => Err(Fault::Layout),
    }
}
