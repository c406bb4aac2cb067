//! Which fields do OTLP's messages have, and of which type?

use super::simple::{Simple, Table};

/// The type of a field.
#[derive(Clone, Copy)]
pub(super) enum Type {
    /// A field that OTLP does not know (yet): skipped.
    Unknown,
    Varint,
    Fixed32,
    Fixed64,
    Bytes,
    /// Nothing, or that many bytes.
    Id(usize),
    Text,
    /// Repeated, packed or not.
    Varints,
    /// Repeated, packed or not.
    Fixed64s,
    Message(&'static Schema),
    /// An attribute: what most bytes are, so it has a way of its own.
    Attribute,
}

/// Whether a message is what is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Counts {
    /// What is in it is.
    Within,
    /// It is: a span, a data point, a record.
    Itself,
    /// What is in one of its alternatives is, and the last alternative replaces those before.
    LastOf,
}

/// A message.
pub(super) struct Schema {
    pub(super) name: &'static str,
    pub(super) counts: Counts,
    types: [Type; 17],
    pub(super) simple: Table,
}

impl Schema {
    #[inline]
    pub(super) fn field(&self, number: u32) -> Type {
        match self.types.get(number as usize) {
            Some(found) => *found,
            None => Type::Unknown,
        }
    }
}

const fn message(name: &'static str, counts: Counts, fields: &[(usize, Type)]) -> Schema {
    let mut types = [Type::Unknown; 17];
    let mut at = 0;
    while at < fields.len() {
        types[fields[at].0] = fields[at].1;
        at += 1;
    }
    Schema {
        name,
        counts,
        types,
        simple: simple(fields),
    }
}

/// Which fields of a message can be passed over, by their keys.
const fn simple(fields: &[(usize, Type)]) -> Table {
    let mut table = [Simple::No; 128];
    let mut at = 0;
    while at < fields.len() {
        let (layout, simple) = match fields[at].1 {
            Type::Varint => (0, Simple::Short),
            Type::Fixed64 => (1, Simple::Fixed64),
            Type::Fixed32 => (5, Simple::Fixed32),
            Type::Bytes => (2, Simple::Bytes),
            Type::Text => (2, Simple::Text),
            Type::Id(8) => (2, Simple::Id8),
            Type::Id(16) => (2, Simple::Id16),
            Type::Attribute => (2, Simple::Attribute),
            _ => (0, Simple::No),
        };
        let key = fields[at].0 << 3 | layout;
        // Keys of later fields have two bytes.
        if key < table.len() && !matches!(simple, Simple::No) {
            table[key] = simple;
        }
        at += 1;
    }
    table
}

use Counts::{Itself, LastOf, Within};
use Type::{Attribute, Bytes, Fixed32, Fixed64, Fixed64s, Id, Message, Text, Varint, Varints};

pub(super) static TRACES: Schema = message("request", Within, &[(1, Message(&RESOURCE_SPANS))]);
pub(super) static METRICS: Schema = message("request", Within, &[(1, Message(&RESOURCE_METRICS))]);
pub(super) static LOGS: Schema = message("request", Within, &[(1, Message(&RESOURCE_LOGS))]);

static RESOURCE_SPANS: Schema = message(
    "ResourceSpans",
    Within,
    &[
        (1, Message(&RESOURCE)),
        (2, Message(&SCOPE_SPANS)),
        (3, Text),
    ],
);
static RESOURCE_METRICS: Schema = message(
    "ResourceMetrics",
    Within,
    &[
        (1, Message(&RESOURCE)),
        (2, Message(&SCOPE_METRICS)),
        (3, Text),
    ],
);
static RESOURCE_LOGS: Schema = message(
    "ResourceLogs",
    Within,
    &[
        (1, Message(&RESOURCE)),
        (2, Message(&SCOPE_LOGS)),
        (3, Text),
    ],
);
static SCOPE_SPANS: Schema = message(
    "ScopeSpans",
    Within,
    &[(1, Message(&SCOPE)), (2, Message(&SPAN)), (3, Text)],
);
static SCOPE_METRICS: Schema = message(
    "ScopeMetrics",
    Within,
    &[(1, Message(&SCOPE)), (2, Message(&METRIC)), (3, Text)],
);
static SCOPE_LOGS: Schema = message(
    "ScopeLogs",
    Within,
    &[(1, Message(&SCOPE)), (2, Message(&LOG_RECORD)), (3, Text)],
);
static RESOURCE: Schema = message(
    "Resource",
    Within,
    &[(1, Attribute), (2, Varint), (3, Message(&ENTITY_REF))],
);
static ENTITY_REF: Schema = message(
    "EntityRef",
    Within,
    &[(1, Text), (2, Text), (3, Text), (4, Text)],
);
static SCOPE: Schema = message(
    "InstrumentationScope",
    Within,
    &[(1, Text), (2, Text), (3, Attribute), (4, Varint)],
);
pub(super) static KEY_VALUE: Schema = message(
    "KeyValue",
    Within,
    &[(1, Text), (2, Message(&ANY_VALUE)), (3, Varint)],
);
static ANY_VALUE: Schema = message(
    "AnyValue",
    Within,
    &[
        (1, Text),
        (2, Varint),
        (3, Varint),
        (4, Fixed64),
        (5, Message(&ARRAY_VALUE)),
        (6, Message(&KEY_VALUE_LIST)),
        (7, Bytes),
        (8, Varint),
    ],
);
static ARRAY_VALUE: Schema = message("ArrayValue", Within, &[(1, Message(&ANY_VALUE))]);
static KEY_VALUE_LIST: Schema = message("KeyValueList", Within, &[(1, Attribute)]);
static SPAN: Schema = message(
    "Span",
    Itself,
    &[
        (1, Id(16)),
        (2, Id(8)),
        (3, Text),
        (4, Id(8)),
        (5, Text),
        (6, Varint),
        (7, Fixed64),
        (8, Fixed64),
        (9, Attribute),
        (10, Varint),
        (11, Message(&EVENT)),
        (12, Varint),
        (13, Message(&LINK)),
        (14, Varint),
        (15, Message(&STATUS)),
        (16, Fixed32),
    ],
);
static EVENT: Schema = message(
    "Event",
    Within,
    &[(1, Fixed64), (2, Text), (3, Attribute), (4, Varint)],
);
static LINK: Schema = message(
    "Link",
    Within,
    &[
        (1, Id(16)),
        (2, Id(8)),
        (3, Text),
        (4, Attribute),
        (5, Varint),
        (6, Fixed32),
    ],
);
static STATUS: Schema = message("Status", Within, &[(2, Text), (3, Varint)]);
static LOG_RECORD: Schema = message(
    "LogRecord",
    Itself,
    &[
        (1, Fixed64),
        (2, Varint),
        (3, Text),
        (5, Message(&ANY_VALUE)),
        (6, Attribute),
        (7, Varint),
        (8, Fixed32),
        (9, Id(16)),
        (10, Id(8)),
        (11, Fixed64),
        (12, Text),
    ],
);
pub(super) static METRIC: Schema = message(
    "Metric",
    LastOf,
    &[
        (1, Text),
        (2, Text),
        (3, Text),
        (5, Message(&GAUGE)),
        (7, Message(&SUM)),
        (9, Message(&HISTOGRAM)),
        (10, Message(&EXPONENTIAL_HISTOGRAM)),
        (11, Message(&SUMMARY)),
        (12, Attribute),
    ],
);
static GAUGE: Schema = message("Gauge", Within, &[(1, Message(&NUMBER_POINT))]);
static SUM: Schema = message(
    "Sum",
    Within,
    &[(1, Message(&NUMBER_POINT)), (2, Varint), (3, Varint)],
);
static HISTOGRAM: Schema = message(
    "Histogram",
    Within,
    &[(1, Message(&HISTOGRAM_POINT)), (2, Varint)],
);
static EXPONENTIAL_HISTOGRAM: Schema = message(
    "ExponentialHistogram",
    Within,
    &[(1, Message(&EXPONENTIAL_POINT)), (2, Varint)],
);
static SUMMARY: Schema = message("Summary", Within, &[(1, Message(&SUMMARY_POINT))]);
static NUMBER_POINT: Schema = message(
    "NumberDataPoint",
    Itself,
    &[
        (2, Fixed64),
        (3, Fixed64),
        (4, Fixed64),
        (5, Message(&EXEMPLAR)),
        (6, Fixed64),
        (7, Attribute),
        (8, Varint),
    ],
);
static HISTOGRAM_POINT: Schema = message(
    "HistogramDataPoint",
    Itself,
    &[
        (2, Fixed64),
        (3, Fixed64),
        (4, Fixed64),
        (5, Fixed64),
        (6, Fixed64s),
        (7, Fixed64s),
        (8, Message(&EXEMPLAR)),
        (9, Attribute),
        (10, Varint),
        (11, Fixed64),
        (12, Fixed64),
    ],
);
static EXPONENTIAL_POINT: Schema = message(
    "ExponentialHistogramDataPoint",
    Itself,
    &[
        (1, Attribute),
        (2, Fixed64),
        (3, Fixed64),
        (4, Fixed64),
        (5, Fixed64),
        (6, Varint),
        (7, Fixed64),
        (8, Message(&BUCKETS)),
        (9, Message(&BUCKETS)),
        (10, Varint),
        (11, Message(&EXEMPLAR)),
        (12, Fixed64),
        (13, Fixed64),
        (14, Fixed64),
    ],
);
static BUCKETS: Schema = message("Buckets", Within, &[(1, Varint), (2, Varints)]);
static SUMMARY_POINT: Schema = message(
    "SummaryDataPoint",
    Itself,
    &[
        (2, Fixed64),
        (3, Fixed64),
        (4, Fixed64),
        (5, Fixed64),
        (6, Message(&QUANTILE)),
        (7, Attribute),
        (8, Varint),
    ],
);
static QUANTILE: Schema = message("ValueAtQuantile", Within, &[(1, Fixed64), (2, Fixed64)]);
static EXEMPLAR: Schema = message(
    "Exemplar",
    Within,
    &[
        (2, Fixed64),
        (3, Fixed64),
        (4, Id(8)),
        (5, Id(16)),
        (6, Fixed64),
        (7, Attribute),
    ],
);
