//! Which fields have the messages of OTLP, by what number and by what name in JSON?
//!
//! Source: the `.proto` files of opentelemetry-proto 1.10. A test compares every message with what a generated decoder reads.

use collector_config::Signal;

/// A message: its fields in the order in which they are written.
pub(super) struct Message {
    /// What errors call it.
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
}

/// A field of a message.
pub(super) struct Field {
    pub(super) number: u32,
    /// Its name in JSON, in lowerCamelCase.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) presence: Presence,
}

/// How often a field may be there, and whether its default value says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// Once; absent is the same as zero or empty.
    Implicit,
    /// Once; zero differs from absent: `optional`, or one of several.
    Explicit,
    /// Any number of times; numbers are packed.
    Repeated,
}

/// What a field holds: its type in protobuf, and with it how it is spelled in both encodings.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    /// Base64 in JSON.
    Bytes,
    /// An id of so many bytes, or empty: hexadecimal in JSON, against protobuf's own rule.
    Id(usize),
    Bool,
    Double,
    Fixed64,
    SignedFixed64,
    Int64,
    UInt64,
    UInt32,
    ZigZag32,
    Fixed32,
    /// An `int32` on the wire, and only a number in JSON, against protobuf's own rule.
    Enum,
    Message(&'static Message),
}

/// The request of a signal's service.
pub(super) fn request(signal: Signal) -> &'static Message {
    match signal {
        Signal::Traces => &TRACES,
        Signal::Metrics => &METRICS,
        Signal::Logs => &LOGS,
    }
}

const fn one(number: u32, name: &'static str, kind: Kind) -> Field {
    field(number, name, kind, Presence::Implicit)
}

const fn maybe(number: u32, name: &'static str, kind: Kind) -> Field {
    field(number, name, kind, Presence::Explicit)
}

const fn many(number: u32, name: &'static str, kind: Kind) -> Field {
    field(number, name, kind, Presence::Repeated)
}

const fn field(number: u32, name: &'static str, kind: Kind, presence: Presence) -> Field {
    Field {
        number,
        name,
        kind,
        presence,
    }
}

macro_rules! messages {
    ($($id:ident = $name:literal { $($field:expr,)* })*) => {
        $(static $id: Message = Message { name: $name, fields: &[$($field),*] };)*
    };
}

use Kind::{
    Bool, Bytes, Double, Enum, Fixed32, Fixed64, Id, Int64, Message as Of, SignedFixed64, Text,
    UInt32, UInt64, ZigZag32,
};

messages! {
    TRACES = "ExportTraceServiceRequest" { many(1, "resourceSpans", Of(&RESOURCE_SPANS)), }
    METRICS = "ExportMetricsServiceRequest" { many(1, "resourceMetrics", Of(&RESOURCE_METRICS)), }
    LOGS = "ExportLogsServiceRequest" { many(1, "resourceLogs", Of(&RESOURCE_LOGS)), }

    RESOURCE = "Resource" {
        many(1, "attributes", Of(&KEY_VALUE)),
        one(2, "droppedAttributesCount", UInt32),
        many(3, "entityRefs", Of(&ENTITY_REF)),
    }
    ENTITY_REF = "EntityRef" {
        one(1, "schemaUrl", Text),
        one(2, "type", Text),
        many(3, "idKeys", Text),
        many(4, "descriptionKeys", Text),
    }
    SCOPE = "InstrumentationScope" {
        one(1, "name", Text),
        one(2, "version", Text),
        many(3, "attributes", Of(&KEY_VALUE)),
        one(4, "droppedAttributesCount", UInt32),
    }
    KEY_VALUE = "KeyValue" { one(1, "key", Text), maybe(2, "value", Of(&ANY_VALUE)), }
    ANY_VALUE = "AnyValue" {
        maybe(1, "stringValue", Text),
        maybe(2, "boolValue", Bool),
        maybe(3, "intValue", Int64),
        maybe(4, "doubleValue", Double),
        maybe(5, "arrayValue", Of(&ARRAY_VALUE)),
        maybe(6, "kvlistValue", Of(&KEY_VALUE_LIST)),
        maybe(7, "bytesValue", Bytes),
    }
    ARRAY_VALUE = "ArrayValue" { many(1, "values", Of(&ANY_VALUE)), }
    KEY_VALUE_LIST = "KeyValueList" { many(1, "values", Of(&KEY_VALUE)), }

    RESOURCE_SPANS = "ResourceSpans" {
        maybe(1, "resource", Of(&RESOURCE)),
        many(2, "scopeSpans", Of(&SCOPE_SPANS)),
        one(3, "schemaUrl", Text),
    }
    SCOPE_SPANS = "ScopeSpans" {
        maybe(1, "scope", Of(&SCOPE)),
        many(2, "spans", Of(&SPAN)),
        one(3, "schemaUrl", Text),
    }
    SPAN = "Span" {
        one(1, "traceId", Id(16)),
        one(2, "spanId", Id(8)),
        one(3, "traceState", Text),
        one(4, "parentSpanId", Id(8)),
        one(16, "flags", Fixed32),
        one(5, "name", Text),
        one(6, "kind", Enum),
        one(7, "startTimeUnixNano", Fixed64),
        one(8, "endTimeUnixNano", Fixed64),
        many(9, "attributes", Of(&KEY_VALUE)),
        one(10, "droppedAttributesCount", UInt32),
        many(11, "events", Of(&EVENT)),
        one(12, "droppedEventsCount", UInt32),
        many(13, "links", Of(&LINK)),
        one(14, "droppedLinksCount", UInt32),
        maybe(15, "status", Of(&STATUS)),
    }
    EVENT = "Span.Event" {
        one(1, "timeUnixNano", Fixed64),
        one(2, "name", Text),
        many(3, "attributes", Of(&KEY_VALUE)),
        one(4, "droppedAttributesCount", UInt32),
    }
    LINK = "Span.Link" {
        one(1, "traceId", Id(16)),
        one(2, "spanId", Id(8)),
        one(3, "traceState", Text),
        many(4, "attributes", Of(&KEY_VALUE)),
        one(5, "droppedAttributesCount", UInt32),
        one(6, "flags", Fixed32),
    }
    STATUS = "Status" { one(2, "message", Text), one(3, "code", Enum), }

    RESOURCE_LOGS = "ResourceLogs" {
        maybe(1, "resource", Of(&RESOURCE)),
        many(2, "scopeLogs", Of(&SCOPE_LOGS)),
        one(3, "schemaUrl", Text),
    }
    SCOPE_LOGS = "ScopeLogs" {
        maybe(1, "scope", Of(&SCOPE)),
        many(2, "logRecords", Of(&LOG_RECORD)),
        one(3, "schemaUrl", Text),
    }
    LOG_RECORD = "LogRecord" {
        one(1, "timeUnixNano", Fixed64),
        one(11, "observedTimeUnixNano", Fixed64),
        one(2, "severityNumber", Enum),
        one(3, "severityText", Text),
        maybe(5, "body", Of(&ANY_VALUE)),
        many(6, "attributes", Of(&KEY_VALUE)),
        one(7, "droppedAttributesCount", UInt32),
        one(8, "flags", Fixed32),
        one(9, "traceId", Id(16)),
        one(10, "spanId", Id(8)),
        one(12, "eventName", Text),
    }

    RESOURCE_METRICS = "ResourceMetrics" {
        maybe(1, "resource", Of(&RESOURCE)),
        many(2, "scopeMetrics", Of(&SCOPE_METRICS)),
        one(3, "schemaUrl", Text),
    }
    SCOPE_METRICS = "ScopeMetrics" {
        maybe(1, "scope", Of(&SCOPE)),
        many(2, "metrics", Of(&METRIC)),
        one(3, "schemaUrl", Text),
    }
    METRIC = "Metric" {
        one(1, "name", Text),
        one(2, "description", Text),
        one(3, "unit", Text),
        maybe(5, "gauge", Of(&GAUGE)),
        maybe(7, "sum", Of(&SUM)),
        maybe(9, "histogram", Of(&HISTOGRAM)),
        maybe(10, "exponentialHistogram", Of(&EXPONENTIAL_HISTOGRAM)),
        maybe(11, "summary", Of(&SUMMARY)),
        many(12, "metadata", Of(&KEY_VALUE)),
    }
    GAUGE = "Gauge" { many(1, "dataPoints", Of(&NUMBER_POINT)), }
    SUM = "Sum" {
        many(1, "dataPoints", Of(&NUMBER_POINT)),
        one(2, "aggregationTemporality", Enum),
        one(3, "isMonotonic", Bool),
    }
    HISTOGRAM = "Histogram" {
        many(1, "dataPoints", Of(&HISTOGRAM_POINT)),
        one(2, "aggregationTemporality", Enum),
    }
    EXPONENTIAL_HISTOGRAM = "ExponentialHistogram" {
        many(1, "dataPoints", Of(&EXPONENTIAL_POINT)),
        one(2, "aggregationTemporality", Enum),
    }
    SUMMARY = "Summary" { many(1, "dataPoints", Of(&SUMMARY_POINT)), }
    NUMBER_POINT = "NumberDataPoint" {
        many(7, "attributes", Of(&KEY_VALUE)),
        one(2, "startTimeUnixNano", Fixed64),
        one(3, "timeUnixNano", Fixed64),
        maybe(4, "asDouble", Double),
        maybe(6, "asInt", SignedFixed64),
        many(5, "exemplars", Of(&EXEMPLAR)),
        one(8, "flags", UInt32),
    }
    HISTOGRAM_POINT = "HistogramDataPoint" {
        many(9, "attributes", Of(&KEY_VALUE)),
        one(2, "startTimeUnixNano", Fixed64),
        one(3, "timeUnixNano", Fixed64),
        one(4, "count", Fixed64),
        maybe(5, "sum", Double),
        many(6, "bucketCounts", Fixed64),
        many(7, "explicitBounds", Double),
        many(8, "exemplars", Of(&EXEMPLAR)),
        one(10, "flags", UInt32),
        maybe(11, "min", Double),
        maybe(12, "max", Double),
    }
    EXPONENTIAL_POINT = "ExponentialHistogramDataPoint" {
        many(1, "attributes", Of(&KEY_VALUE)),
        one(2, "startTimeUnixNano", Fixed64),
        one(3, "timeUnixNano", Fixed64),
        one(4, "count", Fixed64),
        maybe(5, "sum", Double),
        one(6, "scale", ZigZag32),
        one(7, "zeroCount", Fixed64),
        maybe(8, "positive", Of(&BUCKETS)),
        maybe(9, "negative", Of(&BUCKETS)),
        one(10, "flags", UInt32),
        many(11, "exemplars", Of(&EXEMPLAR)),
        maybe(12, "min", Double),
        maybe(13, "max", Double),
        one(14, "zeroThreshold", Double),
    }
    BUCKETS = "Buckets" { one(1, "offset", ZigZag32), many(2, "bucketCounts", UInt64), }
    SUMMARY_POINT = "SummaryDataPoint" {
        many(7, "attributes", Of(&KEY_VALUE)),
        one(2, "startTimeUnixNano", Fixed64),
        one(3, "timeUnixNano", Fixed64),
        one(4, "count", Fixed64),
        one(5, "sum", Double),
        many(6, "quantileValues", Of(&QUANTILE)),
        one(8, "flags", UInt32),
    }
    QUANTILE = "ValueAtQuantile" { one(1, "quantile", Double), one(2, "value", Double), }
    EXEMPLAR = "Exemplar" {
        many(7, "filteredAttributes", Of(&KEY_VALUE)),
        one(2, "timeUnixNano", Fixed64),
        maybe(3, "asDouble", Double),
        maybe(6, "asInt", SignedFixed64),
        one(4, "spanId", Id(8)),
        one(5, "traceId", Id(16)),
    }
}
