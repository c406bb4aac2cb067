//! What is looked for in spans, and what has been found of it in a trace?

use std::collections::BTreeSet;

use regex::Regex;

use super::{
    conditions::{Around, Conditions},
    trace_state,
};
use crate::wire::{Attribute, FieldValue, Fields, Value};

/// The key of a span's attribute.
const ATTRIBUTE: u8 = 9 << 3 | 2;

/// The results of all tests on a trace so far, one bit each.
pub(super) type Found = u64;

/// What is looked for in each span of a trace (and in its resources). What one span has, its trace has: so each test is
/// one bit that is set once, when the span is here and in the cache, and the decision reads no span again.
#[derive(Debug, Default)]
pub(super) struct Tests {
    all: Vec<Test>,
    attributes: Vec<(usize, String, Check)>,
    /// The bits of tests on attributes.
    on_attributes: Found,
    /// The bits of tests that a span's own fields answer.
    on_fields: Vec<(Found, Test)>,
    /// The bits of tests that the times of a trace answer, with their bounds.
    on_times: Vec<(Found, i64, Option<i64>)>,
    /// The bits of conditions.
    on_conditions: Found,
    /// Conditions with the bits of: it held, and: it could not be told.
    conditions: Vec<(Conditions, Found, Found)>,
}

/// Something that a span can have.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// With this span, the trace has taken longer than `over` milliseconds, and no longer than `upto`.
    Slow {
        over: i64,
        upto: Option<i64>,
    },
    /// It ended with one of these codes.
    Status(BTreeSet<i32>),
    /// It was sampled where it began.
    Flagged,
    /// Its trace state has one of these values under the key.
    State {
        key: String,
        values: BTreeSet<String>,
    },
    /// It or its resource has an attribute that stands the check.
    Attribute {
        key: String,
        check: Check,
    },
    /// Conditions by their number: they held, or they could not be told.
    Held(usize),
    Untold(usize),
}

/// What the value of an attribute can stand.
#[derive(Clone, Debug)]
pub(super) enum Check {
    /// One of these, none of them empty.
    Text(BTreeSet<String>),
    /// Matched by one of these.
    Matches(Vec<Regex>),
    /// Between these.
    Number { least: i64, most: i64 },
    /// This.
    Bool(bool),
}

/// What is known of a span at once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts<'a> {
    pub(super) trace_id: [u8; 16],
    pub(super) has_parent: bool,
    pub(super) start: u64,
    pub(super) end: u64,
    status: i32,
    flags: u32,
    state: &'a [u8],
}

/// The first start and the last end of a trace's spans; zero while there is none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    start: u64,
    end: u64,
}

impl PartialEq for Check {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Matches(one), Self::Matches(other)) => one
                .iter()
                .map(Regex::as_str)
                .eq(other.iter().map(Regex::as_str)),
            (
                Self::Number { least, most },
                Self::Number {
                    least: other_least,
                    most: other_most,
                },
            ) => (least, most) == (other_least, other_most),
            (Self::Bool(one), Self::Bool(other)) => one == other,
            _ => false,
        }
    }
}

impl Tests {
    /// How many there can be.
    pub(super) const MOST: usize = Found::BITS as usize;

    /// The bit of a test, which is made if nobody asked for it before; none if there are too many.
    pub(super) fn bit(&mut self, test: Test) -> Option<Found> {
        let known = self.all.iter().position(|other| *other == test);
        let index = known.unwrap_or(self.all.len());
        let bit = 1_u64.checked_shl(u32::try_from(index).ok()?)?;
        if known.is_none() {
            match test.clone() {
                Test::Attribute { key, check } => {
                    self.attributes.push((index, key, check));
                    self.on_attributes |= bit;
                }
                Test::Held(_) | Test::Untold(_) => self.on_conditions |= bit,
                Test::Slow { over, upto } => self.on_times.push((bit, over, upto)),
                test => self.on_fields.push((bit, test)),
            }
            self.all.push(test);
        }
        Some(bit)
    }

    /// The bits of conditions: one that they held, and one that they could not be told before they did.
    pub(super) fn conditions(&mut self, conditions: Conditions) -> Option<(Found, Found)> {
        let number = self.conditions.len();
        let bits = (
            self.bit(Test::Held(number))?,
            self.bit(Test::Untold(number))?,
        );
        self.conditions.push((conditions, bits.0, bits.1));
        Some(bits)
    }

    /// What a resource has.
    pub(super) fn of_resource<'a>(&self, attributes: impl Iterator<Item = Attribute<'a>>) -> Found {
        if self.on_attributes == 0 {
            return 0;
        }
        let (mut seen, mut found) = (0, 0);
        for attribute in attributes {
            self.attribute(
                attribute.key.as_bytes(),
                || attribute.value,
                Of::Resource,
                &mut seen,
                &mut found,
            );
        }
        found
    }

    /// What a span has, with its resource's: all but what only the times of its trace tell.
    #[inline]
    pub(super) fn of_span(
        &self,
        message: &[u8],
        around: Around<'_>,
        facts: &Facts<'_>,
        of_resource: Found,
    ) -> Found {
        let mut found = of_resource;
        for (bit, test) in &self.on_fields {
            if test.holds(facts) {
                found |= bit;
            }
        }
        if found & self.on_attributes != self.on_attributes {
            found |= self.of_attributes(message, found);
        }
        for (conditions, held, untold) in &self.conditions {
            found |= match conditions.hold(message, around) {
                Ok(true) => *held,
                Ok(false) => 0,
                Err(_) => *untold,
            };
        }
        found
    }

    /// What a trace has with another span, whose times are there already.
    #[inline]
    pub(super) fn joined(&self, found: Found, of_span: Found, times: &Times) -> Found {
        let mut joined = found | of_span & !self.on_conditions;
        if of_span & self.on_conditions != 0 {
            // The first span for which they hold, or cannot be told, decides.
            for (_, held, untold) in &self.conditions {
                if found & (held | untold) == 0 {
                    joined |= of_span & (held | untold);
                }
            }
        }
        for (bit, over, upto) in &self.on_times {
            let took = times.milliseconds();
            if took > *over && upto.is_none_or(|upto| took <= upto) {
                joined |= bit;
            }
        }
        joined
    }

    fn of_attributes(&self, span: &[u8], found: Found) -> Found {
        let (mut seen, mut found) = (0, found);
        for field in Fields::of(span) {
            let (9, FieldValue::Length(pair)) = (field.number, field.value) else {
                continue;
            };
            // Nearly always the key comes first and is short.
            match pair {
                [0x0a, length @ 0..0x80, rest @ ..] if rest.len() >= usize::from(*length) => {
                    let key = &rest[..usize::from(*length)];
                    let value = || Attribute::read(pair).value;
                    self.attribute(key, value, Of::Span, &mut seen, &mut found);
                }
                _ => {
                    let read = Attribute::read(pair);
                    let key = read.key.as_bytes();
                    self.attribute(key, || read.value, Of::Span, &mut seen, &mut found);
                }
            }
        }
        found
    }

    #[inline]
    fn attribute<'a>(
        &self,
        key: &[u8],
        value: impl Fn() -> Value<'a>,
        of: Of,
        seen: &mut Found,
        found: &mut Found,
    ) {
        for (index, wanted, check) in &self.attributes {
            if wanted.as_bytes() != key {
                continue;
            }
            let bit = 1 << index;
            // Of several attributes of one name the first counts.
            if *seen & bit == 0 && *found & bit == 0 && check.stands(value(), of) {
                *found |= bit;
            }
            *seen |= bit;
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Of {
    Resource,
    Span,
}

impl Check {
    /// A value of another type counts as that type's zero, and an empty text on a span is none: so it is in contrib.
    fn stands(&self, value: Value<'_>, of: Of) -> bool {
        match self {
            Self::Number { least, most } => {
                let number = if let Value::Int(number) = value {
                    number
                } else {
                    0
                };
                (*least..=*most).contains(&number)
            }
            Self::Bool(wanted) => *wanted == (value == Value::Bool(true)),
            Self::Text(values) => matches!(value, Value::Text(text) if values.contains(text)),
            Self::Matches(patterns) => {
                let text = if let Value::Text(text) = value {
                    text
                } else {
                    ""
                };
                let looked_at = !text.is_empty() || of == Of::Resource;
                looked_at && patterns.iter().any(|pattern| pattern.is_match(text))
            }
        }
    }
}

impl Test {
    fn holds(&self, facts: &Facts<'_>) -> bool {
        match self {
            Self::Status(codes) => codes.contains(&facts.status),
            Self::Flagged => facts.flags & 1 == 1,
            Self::State { key, values } => {
                let header = std::str::from_utf8(facts.state).unwrap_or_default();
                let value = trace_state::get(header, key);
                value.is_some_and(|value| values.contains(value))
            }
            Self::Slow { .. } | Self::Attribute { .. } | Self::Held(_) | Self::Untold(_) => false,
        }
    }
}

impl Times {
    #[inline]
    pub(super) fn add(&mut self, start: u64, end: u64) {
        if self.start == 0 || start < self.start {
            self.start = start;
        }
        if self.end == 0 || end > self.end {
            self.end = end;
        }
    }

    /// As Go has it: times are signed, and a duration that is too long is the longest there is.
    fn milliseconds(self) -> i64 {
        let took = self
            .end
            .cast_signed()
            .saturating_sub(self.start.cast_signed());
        took / 1_000_000
    }
}

impl<'a> Facts<'a> {
    /// Reads what is needed of a span.
    #[inline]
    pub(super) fn read(message: &'a [u8]) -> Self {
        let mut facts = Self::default();
        let mut fields = Fields::of(message);
        loop {
            // Attributes are most of a span, and nothing of them is looked at here.
            fields.pass_short(ATTRIBUTE);
            let Some(field) = fields.next() else { break };
            match (field.number, field.value) {
                (1, FieldValue::Length(id)) => facts.trace_id = id.try_into().unwrap_or_default(),
                (3, FieldValue::Length(state)) => facts.state = state,
                (4, FieldValue::Length(id)) => facts.has_parent = id.iter().any(|byte| *byte != 0),
                (7, FieldValue::Fixed64(time)) => facts.start = time,
                (8, FieldValue::Fixed64(time)) => facts.end = time,
                (15, FieldValue::Length(status)) => {
                    for field in Fields::of(status) {
                        if let (3, FieldValue::Varint(code)) = (field.number, field.value) {
                            facts.status = FieldValue::int32(code);
                        }
                    }
                }
                (16, FieldValue::Fixed32(flags)) => facts.flags = flags,
                _ => {}
            }
        }
        facts
    }
}
