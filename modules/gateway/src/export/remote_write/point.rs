//! What is in a data point?

use crate::wire::{Attribute, Field, FieldValue, Fields, Value, attributes, varints};

/// The bit of a point's flags that says that there was nothing to measure any more.
const NO_RECORDED_VALUE: u64 = 1;

/// A point of any kind: the fields that its kind has are set.
#[derive(Clone, Debug, Default)]
pub(super) struct Point<'a> {
    message: &'a [u8],
    kind: Kind,
    /// Milliseconds since 1970.
    pub(super) time: i64,
    /// Since when it counts, in milliseconds since 1970; zero where it does not say.
    pub(super) start: i64,
    /// A number's.
    pub(super) value: f64,
    pub(super) count: u64,
    pub(super) sum: Option<f64>,
    /// Whether there was nothing to measure any more.
    pub(super) stale: bool,
    pub(super) bucket_counts: Vec<u64>,
    pub(super) bounds: Vec<f64>,
    /// A summary's quantiles and values.
    pub(super) quantiles: Vec<(f64, f64)>,
    pub(super) scale: i32,
    pub(super) zero_count: u64,
    pub(super) zero_threshold: f64,
    pub(super) positive: Exponential,
    pub(super) negative: Exponential,
}

/// The four layouts of a point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Number,
    Histogram,
    Exponential,
    Summary,
}

/// Buckets whose bounds grow exponentially.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Exponential {
    pub(super) offset: i32,
    pub(super) counts: Vec<u64>,
}

impl<'a> Point<'a> {
    pub(super) fn read(kind: Kind, message: &'a [u8]) -> Self {
        let mut point = Self {
            message,
            kind,
            ..Self::default()
        };
        for field in Fields::of(message) {
            match (field.number, field.value) {
                (2, FieldValue::Fixed64(nanos)) => point.start = milliseconds(nanos),
                (3, FieldValue::Fixed64(nanos)) => point.time = milliseconds(nanos),
                _ => match kind {
                    Kind::Number => point.number(&field),
                    Kind::Histogram => point.histogram(&field),
                    Kind::Exponential => point.exponential(&field),
                    Kind::Summary => point.summary(&field),
                },
            }
        }
        point
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        let field = match self.kind {
            Kind::Number | Kind::Summary => 7,
            Kind::Histogram => 9,
            Kind::Exponential => 1,
        };
        attributes(self.message, field)
    }

    /// The messages of its exemplars.
    pub(super) fn exemplars(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let number = match self.kind {
            Kind::Number => 5,
            Kind::Histogram => 8,
            Kind::Exponential => 11,
            Kind::Summary => 0,
        };
        Fields::of(self.message)
            .filter(move |field| field.number == number)
            .filter_map(|field| field.value.bytes())
    }

    fn flags(&mut self, flags: u64) {
        self.stale = flags & NO_RECORDED_VALUE != 0;
    }

    fn number(&mut self, field: &Field<'a>) {
        match (field.number, field.value) {
            (4, FieldValue::Fixed64(bits)) => self.value = f64::from_bits(bits),
            (6, FieldValue::Fixed64(bits)) => self.value = whole(bits),
            (8, FieldValue::Varint(flags)) => self.flags(flags),
            _ => {}
        }
    }

    fn histogram(&mut self, field: &Field<'a>) {
        match (field.number, field.value) {
            (4, FieldValue::Fixed64(count)) => self.count = count,
            (5, FieldValue::Fixed64(bits)) => self.sum = Some(f64::from_bits(bits)),
            (6, FieldValue::Fixed64(count)) => self.bucket_counts.push(count),
            (6, FieldValue::Length(packed)) => self.bucket_counts.extend(eights(packed)),
            (7, FieldValue::Fixed64(bits)) => self.bounds.push(f64::from_bits(bits)),
            (7, FieldValue::Length(packed)) => {
                self.bounds.extend(eights(packed).map(f64::from_bits));
            }
            (10, FieldValue::Varint(flags)) => self.flags(flags),
            _ => {}
        }
    }

    fn exponential(&mut self, field: &Field<'a>) {
        match (field.number, field.value) {
            (4, FieldValue::Fixed64(count)) => self.count = count,
            (5, FieldValue::Fixed64(bits)) => self.sum = Some(f64::from_bits(bits)),
            (6, FieldValue::Varint(value)) => self.scale = FieldValue::zigzag32(value),
            (7, FieldValue::Fixed64(count)) => self.zero_count = count,
            (8, FieldValue::Length(buckets)) => self.positive.read(buckets),
            (9, FieldValue::Length(buckets)) => self.negative.read(buckets),
            (10, FieldValue::Varint(flags)) => self.flags(flags),
            (14, FieldValue::Fixed64(bits)) => self.zero_threshold = f64::from_bits(bits),
            _ => {}
        }
    }

    fn summary(&mut self, field: &Field<'a>) {
        match (field.number, field.value) {
            (4, FieldValue::Fixed64(count)) => self.count = count,
            (5, FieldValue::Fixed64(bits)) => self.sum = Some(f64::from_bits(bits)),
            (6, FieldValue::Length(message)) => {
                let mut quantile = (0.0, 0.0);
                for field in Fields::of(message) {
                    match (field.number, field.value) {
                        (1, FieldValue::Fixed64(bits)) => quantile.0 = f64::from_bits(bits),
                        (2, FieldValue::Fixed64(bits)) => quantile.1 = f64::from_bits(bits),
                        _ => {}
                    }
                }
                self.quantiles.push(quantile);
            }
            (8, FieldValue::Varint(flags)) => self.flags(flags),
            _ => {}
        }
    }
}

impl Exponential {
    fn read(&mut self, message: &[u8]) {
        for field in Fields::of(message) {
            match (field.number, field.value) {
                (1, FieldValue::Varint(value)) => self.offset = FieldValue::zigzag32(value),
                (2, FieldValue::Varint(count)) => self.counts.push(count),
                (2, FieldValue::Length(packed)) => self.counts.extend(varints(packed)),
                _ => {}
            }
        }
    }
}

/// One measurement among those that a point counts.
pub(super) struct Measured<'a> {
    pub(super) value: f64,
    pub(super) time: i64,
    pub(super) trace_id: &'a [u8],
    pub(super) span_id: &'a [u8],
    message: &'a [u8],
}

impl<'a> Measured<'a> {
    pub(super) fn read(message: &'a [u8]) -> Self {
        let mut measured = Self {
            value: 0.0,
            time: 0,
            trace_id: &[],
            span_id: &[],
            message,
        };
        for field in Fields::of(message) {
            match (field.number, field.value) {
                (2, FieldValue::Fixed64(nanos)) => measured.time = milliseconds(nanos),
                (3, FieldValue::Fixed64(bits)) => measured.value = f64::from_bits(bits),
                (6, FieldValue::Fixed64(bits)) => measured.value = whole(bits),
                (4, FieldValue::Length(id)) => measured.span_id = id,
                (5, FieldValue::Length(id)) => measured.trace_id = id,
                _ => {}
            }
        }
        measured
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + use<'a> {
        attributes(self.message, 7).map(|attribute| (attribute.key, attribute.value))
    }
}

fn milliseconds(nanos: u64) -> i64 {
    // The collector reads nanoseconds as a signed number, and so do we.
    nanos.cast_signed() / 1_000_000
}

#[expect(
    clippy::cast_precision_loss,
    reason = "Prometheus has nothing but doubles"
)]
fn whole(bits: u64) -> f64 {
    bits.cast_signed() as f64
}

fn eights(packed: &[u8]) -> impl Iterator<Item = u64> {
    packed
        .as_chunks()
        .0
        .iter()
        .map(|bytes| u64::from_le_bytes(*bytes))
}
