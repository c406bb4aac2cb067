//! What does a path point to, and what is there in the bytes?

use collector_config::ottl::Context;

use super::{expression::Untold, value::Value};
use crate::{
    text::hex,
    wire::{self, FieldValue, Fields, Node},
};

/// What a condition is about: an item with what is around it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The resource.
    pub resource: Node<'a>,
    /// The scope; none where only the resource is looked at.
    pub scope: Option<Node<'a>>,
    /// The bytes of the span, the metric or the log record.
    pub item: &'a [u8],
    /// The bytes of the span's event or the metric's data point.
    pub part: &'a [u8],
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    pub(super) context: Context,
    read: Read,
    /// The keys in brackets behind it.
    keys: Vec<String>,
}

/// How a value is read of its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    Text(u32),
    Unsigned(u32),
    /// An `int32`: negative ones are sign extended.
    Signed(u32),
    Fixed64(u32),
    Fixed32(u32),
    /// An id of so many bytes.
    Hex(u32, usize),
    Attributes(u32),
    Any(u32),
    AnyAsText(u32),
    /// The address of the schema, which stands beside what describes a resource or a scope.
    SchemaUrl,
    SpanKind,
    Status(u32),
    MetricType,
    OfMetric(u32),
    PointAttributes,
    PointInt,
    PointDouble,
    PointCount,
    PointSum,
    PointFlags,
}

/// The path with these segments in a context; none if it is not among those that are read here.
pub(super) fn path(context: Context, name: &str, keys: Vec<String>) -> Option<Path> {
    let read = table(context).iter().find(|(known, _)| *known == name)?.1;
    let keyed = matches!(
        read,
        Read::Attributes(_) | Read::PointAttributes | Read::Any(_)
    );
    let whole = matches!(read, Read::Attributes(_) | Read::PointAttributes) && keys.is_empty();
    // A whole map of attributes is nothing that conditions here can use.
    let fits = !whole && (keyed || keys.is_empty());
    fits.then_some(Path {
        context,
        read,
        keys,
    })
}

/// The paths of spans that are read here, and how.
const OF_SPANS: &[(&str, Read)] = &[
    ("trace_id.string", Read::Hex(1, 16)),
    ("span_id.string", Read::Hex(2, 8)),
    ("trace_state", Read::Text(3)),
    ("parent_span_id.string", Read::Hex(4, 8)),
    ("name", Read::Text(5)),
    ("kind", Read::Signed(6)),
    ("kind.string", Read::SpanKind),
    ("start_time_unix_nano", Read::Fixed64(7)),
    ("end_time_unix_nano", Read::Fixed64(8)),
    ("attributes", Read::Attributes(9)),
    ("dropped_attributes_count", Read::Unsigned(10)),
    ("dropped_events_count", Read::Unsigned(12)),
    ("dropped_links_count", Read::Unsigned(14)),
    ("status.code", Read::Status(3)),
    ("status.message", Read::Status(2)),
    ("flags", Read::Fixed32(16)),
];

/// The paths of log records that are read here, and how.
const OF_LOGS: &[(&str, Read)] = &[
    ("time_unix_nano", Read::Fixed64(1)),
    ("severity_number", Read::Signed(2)),
    ("severity_text", Read::Text(3)),
    ("body", Read::Any(5)),
    ("body.string", Read::AnyAsText(5)),
    ("attributes", Read::Attributes(6)),
    ("dropped_attributes_count", Read::Unsigned(7)),
    ("flags", Read::Fixed32(8)),
    ("trace_id.string", Read::Hex(9, 16)),
    ("span_id.string", Read::Hex(10, 8)),
    ("observed_time_unix_nano", Read::Fixed64(11)),
    ("event_name", Read::Text(12)),
];

/// The paths of a context that are read here, and how.
fn table(context: Context) -> &'static [(&'static str, Read)] {
    match context {
        Context::Resource => &[
            ("attributes", Read::Attributes(1)),
            ("dropped_attributes_count", Read::Unsigned(2)),
            ("schema_url", Read::SchemaUrl),
        ],
        Context::Scope => &[
            ("name", Read::Text(1)),
            ("version", Read::Text(2)),
            ("attributes", Read::Attributes(3)),
            ("dropped_attributes_count", Read::Unsigned(4)),
            ("schema_url", Read::SchemaUrl),
        ],
        Context::Span => OF_SPANS,
        Context::SpanEvent => &[
            ("time_unix_nano", Read::Fixed64(1)),
            ("name", Read::Text(2)),
            ("attributes", Read::Attributes(3)),
            ("dropped_attributes_count", Read::Unsigned(4)),
        ],
        Context::Metric => &[
            ("name", Read::Text(1)),
            ("description", Read::Text(2)),
            ("unit", Read::Text(3)),
            ("type", Read::MetricType),
            ("aggregation_temporality", Read::OfMetric(2)),
            ("is_monotonic", Read::OfMetric(3)),
        ],
        Context::DataPoint => &[
            ("attributes", Read::PointAttributes),
            ("start_time_unix_nano", Read::Fixed64(2)),
            ("time_unix_nano", Read::Fixed64(3)),
            ("value_int", Read::PointInt),
            ("value_double", Read::PointDouble),
            ("count", Read::PointCount),
            ("sum", Read::PointSum),
            ("flags", Read::PointFlags),
        ],
        Context::Log => OF_LOGS,
        Context::Exemplar => &[],
    }
}

impl Path {
    /// What stands there.
    pub(super) fn get<'a>(&self, subject: &Subject<'a>) -> Result<Value<'a>, Untold> {
        match self.context {
            Context::Resource => self.describing(&subject.resource),
            Context::Scope => subject
                .scope
                .as_ref()
                .map_or(Ok(Value::Nil), |scope| self.describing(scope)),
            Context::SpanEvent => self.read(subject.part),
            Context::DataPoint => self.point(subject),
            Context::Span | Context::Metric | Context::Log | Context::Exemplar => {
                self.read(subject.item)
            }
        }
    }

    /// A resource's or a scope's.
    fn describing<'a>(&self, node: &Node<'a>) -> Result<Value<'a>, Untold> {
        if self.read == Read::SchemaUrl {
            return Ok(text(node.message(), 3));
        }
        // Several descriptions are one; the last that says something counts.
        let said = node
            .descriptions()
            .map(|description| self.read(description));
        let empty = || self.read(&[]);
        said.filter(|value| *value != Ok(Value::Nil))
            .last()
            .unwrap_or_else(empty)
    }

    fn read<'a>(&self, message: &'a [u8]) -> Result<Value<'a>, Untold> {
        Ok(match self.read {
            Read::Text(number) => text(message, number),
            Read::Unsigned(number) | Read::Signed(number) => Value::Int(varint(message, number)),
            Read::Fixed64(number) | Read::Fixed32(number) => {
                Value::Int(fixed(message, number).cast_signed())
            }
            Read::Hex(number, length) => {
                let id = wire::bytes_of(message, number);
                let text = if id.is_empty() {
                    "00".repeat(length)
                } else {
                    hex(id)
                };
                Value::Text(text.into())
            }
            Read::Attributes(number) => self.attribute(message, number)?,
            Read::Any(number) => {
                let value = wire::Value::read(wire::bytes_of(message, number));
                self.inside(value.into(), 0)?
            }
            Read::AnyAsText(number) => {
                let value = wire::Value::read(wire::bytes_of(message, number));
                Value::Text(crate::text::text(&value).into())
            }
            Read::SpanKind => Value::Text(span_kind(varint(message, 6)).into()),
            Read::Status(3) => Value::Int(varint(wire::bytes_of(message, 15), 3)),
            Read::Status(number) => text(wire::bytes_of(message, 15), number),
            Read::MetricType => Value::Int(data(message).map_or(0, |data| data.kind)),
            Read::OfMetric(number) => of_metric(message, number),
            Read::SchemaUrl
            | Read::PointAttributes
            | Read::PointInt
            | Read::PointDouble
            | Read::PointCount
            | Read::PointSum
            | Read::PointFlags => Value::Nil,
        })
    }

    fn attribute<'a>(&self, message: &'a [u8], number: u32) -> Result<Value<'a>, Untold> {
        let Some(first) = self.keys.first() else {
            return Ok(Value::Nil);
        };
        let mut found =
            wire::attributes(message, number).filter(|attribute| attribute.key == first);
        found.next().map_or(Ok(Value::Nil), |attribute| {
            self.inside(attribute.value.into(), 1)
        })
    }

    /// What the keys from `from` on lead to inside of a value; only maps have anything inside.
    fn inside<'a>(&self, mut value: Value<'a>, from: usize) -> Result<Value<'a>, Untold> {
        for key in self.keys.iter().skip(from) {
            let Value::Map(map) = value else {
                return Err(Untold {
                    function: "[…]",
                    wants: "a map",
                    given: value.kind(),
                });
            };
            let mut found = wire::attributes(map, 1).filter(|attribute| attribute.key == key);
            let Some(attribute) = found.next() else {
                return Ok(Value::Nil);
            };
            value = attribute.value.into();
        }
        Ok(value)
    }

    /// A data point's, whose layout its metric knows.
    fn point<'a>(&self, subject: &Subject<'a>) -> Result<Value<'a>, Untold> {
        let point = subject.part;
        let field = data(subject.item).map_or(0, |data| data.field);
        let number = matches!(field, 5 | 7);
        let attributes = point_attributes(field);
        let flags = if matches!(field, 9 | 10) { 10 } else { 8 };
        Ok(match self.read {
            Read::PointAttributes => self.attribute(point, attributes)?,
            Read::PointFlags => Value::Int(varint(point, flags)),
            Read::PointInt if number => Value::Int(fixed(point, 6).cast_signed()),
            Read::PointDouble if number => Value::Double(f64::from_bits(fixed(point, 4))),
            Read::PointCount if !number => Value::Int(fixed(point, 4).cast_signed()),
            Read::PointSum if !number => Value::Double(f64::from_bits(fixed(point, 5))),
            Read::PointInt | Read::PointDouble | Read::PointCount | Read::PointSum => Value::Nil,
            _ => self.read(point)?,
        })
    }
}

/// What holds a metric's points.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Data<'a> {
    /// The number of the field: 5 gauge, 7 sum, 9 histogram, 10 exponential histogram, 11 summary.
    pub(crate) field: u32,
    /// `METRIC_DATA_TYPE_…`, from 1 in the same order.
    kind: i64,
    pub(crate) content: &'a [u8],
}

impl<'a> Data<'a> {
    /// Its points.
    pub(crate) fn points(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let points = Fields::of(self.content).filter(|field| field.number == 1);
        points.filter_map(|field| field.value.bytes())
    }

    /// The field that a point has its attributes in.
    pub(crate) fn point_attributes(&self) -> u32 {
        point_attributes(self.field)
    }

    /// What kind it is, whether it only grows, and its temporality: a byte for each.
    pub(crate) fn identity(&self) -> [u8; 3] {
        let least = |number: i64| number.to_le_bytes()[0];
        let (grows, temporality) = match self.field {
            7 => (varint(self.content, 3) != 0, varint(self.content, 2)),
            9 | 10 => (true, varint(self.content, 2)),
            _ => (false, 0),
        };
        [least(self.kind), grows.into(), least(temporality)]
    }
}

/// The field that the points of a metric have their attributes in, by the field that they stand in.
fn point_attributes(field: u32) -> u32 {
    match field {
        9 => 9,
        10 => 1,
        _ => 7,
    }
}

/// What a metric's points stand in; none if it has none of those that are known.
pub(crate) fn data(metric: &[u8]) -> Option<Data<'_>> {
    let kind = |field| match field {
        5 => Some(1),
        7 => Some(2),
        9 => Some(3),
        10 => Some(4),
        11 => Some(5),
        _ => None,
    };
    let read = |field: wire::Field<'_>| Some((field.number, kind(field.number)?));
    Fields::of(metric)
        .filter_map(|field| {
            let content = field.value.bytes()?;
            let (field, kind) = read(field)?;
            Some(Data {
                field,
                kind,
                content,
            })
        })
        .last()
}

fn of_metric(metric: &[u8], number: u32) -> Value<'_> {
    match (data(metric), number) {
        (
            Some(Data {
                field: 7, content, ..
            }),
            3,
        ) => Value::Bool(varint(content, 3) != 0),
        (
            Some(Data {
                field: 7 | 9 | 10,
                content,
                ..
            }),
            2,
        ) => Value::Int(varint(content, 2)),
        _ => Value::Nil,
    }
}

fn text(message: &[u8], number: u32) -> Value<'_> {
    Value::Text(String::from_utf8_lossy(wire::bytes_of(message, number)))
}

/// A number that the message has in a varint; zero where it does not say.
fn varint(message: &[u8], number: u32) -> i64 {
    wire::number_of(message, number).cast_signed()
}

fn fixed(message: &[u8], number: u32) -> u64 {
    let fields = Fields::of(message).filter(|field| field.number == number);
    let numbers = fields.filter_map(|field| match field.value {
        FieldValue::Fixed64(value) => Some(value),
        FieldValue::Fixed32(value) => Some(value.into()),
        _ => None,
    });
    numbers.last().unwrap_or_default()
}

pub(crate) fn span_kind(kind: i64) -> &'static str {
    match kind {
        1 => "Internal",
        2 => "Server",
        3 => "Client",
        4 => "Producer",
        5 => "Consumer",
        0 => "Unspecified",
        _ => "",
    }
}
