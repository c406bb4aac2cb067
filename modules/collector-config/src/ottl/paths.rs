//! Which paths and symbols does OTTL know, in which context?
//!
//! As of collector 0.159. A path that ends with `[]` may be indexed, by one key or by several.

/// What a text in OTTL is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Context {
    /// A resource: who sent something.
    Resource,
    /// A scope: the library that measured.
    Scope,
    /// A span.
    Span,
    /// An event of a span.
    SpanEvent,
    /// A metric with all its data points.
    Metric,
    /// A data point.
    DataPoint,
    /// An example behind a data point.
    Exemplar,
    /// A log record.
    Log,
}

const RESOURCE: &str = "attributes[] dropped_attributes_count schema_url";
const SCOPE: &str = "name version attributes[] dropped_attributes_count schema_url";
const SPAN: &str = "trace_id trace_id.string span_id span_id.string trace_state[] parent_span_id \
    parent_span_id.string name kind kind.string kind.deprecated_string start_time_unix_nano \
    end_time_unix_nano start_time end_time attributes[] dropped_attributes_count events \
    dropped_events_count links dropped_links_count status status.code status.message flags";
const SPAN_EVENT: &str =
    "time_unix_nano time name attributes[] dropped_attributes_count event_index";
const METRIC: &str =
    "name description unit type aggregation_temporality is_monotonic data_points metadata[]";
const DATA_POINT: &str = "attributes[] start_time_unix_nano time_unix_nano start_time time \
    value_double value_int exemplars flags count sum bucket_counts explicit_bounds scale zero_count \
    positive positive.offset positive.bucket_counts negative negative.offset negative.bucket_counts \
    quantile_values";
const EXEMPLAR: &str = "time_unix_nano time double_value int_value trace_id trace_id.string \
    span_id span_id.string filtered_attributes[]";
const LOG: &str = "time_unix_nano observed_time_unix_nano time observed_time severity_number \
    severity_text body[] body.string attributes[] dropped_attributes_count flags trace_id \
    trace_id.string span_id span_id.string event_name";
const OTELCOL: &str = "client.addr client.auth.attributes[] client.metadata[] grpc.metadata[]";

const SPAN_SYMBOLS: &str = "SPAN_KIND_UNSPECIFIED SPAN_KIND_INTERNAL SPAN_KIND_SERVER \
    SPAN_KIND_CLIENT SPAN_KIND_PRODUCER SPAN_KIND_CONSUMER STATUS_CODE_UNSET STATUS_CODE_OK \
    STATUS_CODE_ERROR";
const METRIC_SYMBOLS: &str = "AGGREGATION_TEMPORALITY_UNSPECIFIED \
    AGGREGATION_TEMPORALITY_DELTA AGGREGATION_TEMPORALITY_CUMULATIVE METRIC_DATA_TYPE_NONE \
    METRIC_DATA_TYPE_GAUGE METRIC_DATA_TYPE_SUM METRIC_DATA_TYPE_HISTOGRAM \
    METRIC_DATA_TYPE_EXPONENTIAL_HISTOGRAM METRIC_DATA_TYPE_SUMMARY";
const DATA_POINT_SYMBOLS: &str = "FLAG_NONE FLAG_NO_RECORDED_VALUE";
const SEVERITIES: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/// A path that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// It is one value.
    Whole,
    /// It holds values by key or number.
    Indexed,
}

impl Context {
    /// How paths and settings name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Scope => "scope",
            Self::Span => "span",
            Self::SpanEvent => "spanevent",
            Self::Metric => "metric",
            Self::DataPoint => "datapoint",
            Self::Exemplar => "exemplar",
            Self::Log => "log",
        }
    }

    /// The contexts that paths here may name: its own, and those around it.
    pub(super) const fn around(self) -> &'static [Self] {
        match self {
            Self::Resource => &[Self::Resource],
            Self::Scope => &[Self::Scope, Self::Resource],
            Self::Span => &[Self::Span, Self::Scope, Self::Resource],
            Self::SpanEvent => &[Self::SpanEvent, Self::Span, Self::Scope, Self::Resource],
            Self::Metric => &[Self::Metric, Self::Scope, Self::Resource],
            Self::DataPoint => &[Self::DataPoint, Self::Metric, Self::Scope, Self::Resource],
            Self::Exemplar => &[
                Self::Exemplar,
                Self::DataPoint,
                Self::Metric,
                Self::Scope,
                Self::Resource,
            ],
            Self::Log => &[Self::Log, Self::Scope, Self::Resource],
        }
    }

    /// The context of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        const ALL: [Context; 8] = [
            Context::Resource,
            Context::Scope,
            Context::Span,
            Context::SpanEvent,
            Context::Metric,
            Context::DataPoint,
            Context::Exemplar,
            Context::Log,
        ];
        if name == "instrumentation_scope" {
            return Some(Self::Scope);
        }
        ALL.into_iter().find(|context| context.as_str() == name)
    }

    /// Its paths, without its name before them.
    pub(super) fn paths(self) -> impl Iterator<Item = (&'static str, Shape)> {
        let paths = match self {
            Self::Resource => RESOURCE,
            Self::Scope => SCOPE,
            Self::Span => SPAN,
            Self::SpanEvent => SPAN_EVENT,
            Self::Metric => METRIC,
            Self::DataPoint => DATA_POINT,
            Self::Exemplar => EXEMPLAR,
            Self::Log => LOG,
        };
        shapes(paths).chain([("cache", Shape::Indexed)])
    }

    /// The symbols that it knows.
    pub(super) fn knows_symbol(self, symbol: &str) -> bool {
        let in_list = |list: &str| list.split_whitespace().any(|known| known == symbol);
        match self {
            Self::Span | Self::SpanEvent => in_list(SPAN_SYMBOLS),
            Self::Metric => in_list(METRIC_SYMBOLS),
            Self::DataPoint => in_list(METRIC_SYMBOLS) || in_list(DATA_POINT_SYMBOLS),
            Self::Log => is_severity(symbol),
            Self::Resource | Self::Scope | Self::Exemplar => false,
        }
    }

    /// The symbols that may have been meant.
    pub(super) fn symbols(self) -> Vec<String> {
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        match self {
            Self::Span | Self::SpanEvent => list(SPAN_SYMBOLS),
            Self::Metric | Self::DataPoint => list(METRIC_SYMBOLS),
            Self::Log => SEVERITIES
                .map(|name| format!("SEVERITY_NUMBER_{name}"))
                .to_vec(),
            Self::Resource | Self::Scope | Self::Exemplar => Vec::new(),
        }
    }
}

/// `SEVERITY_NUMBER_INFO`, `SEVERITY_NUMBER_INFO2` to 4.
fn is_severity(symbol: &str) -> bool {
    let Some(name) = symbol.strip_prefix("SEVERITY_NUMBER_") else {
        return false;
    };
    let plain = name.trim_end_matches(['2', '3', '4']);
    name == "UNSPECIFIED" || (SEVERITIES.contains(&plain) && name.len() <= plain.len() + 1)
}

/// What every context knows of the request that data came with.
pub(super) fn of_request() -> impl Iterator<Item = (&'static str, Shape)> {
    shapes(OTELCOL)
}

fn shapes(paths: &'static str) -> impl Iterator<Item = (&'static str, Shape)> {
    let each = |path: &'static str| match path.strip_suffix("[]") {
        Some(path) => (path, Shape::Indexed),
        None => (path, Shape::Whole),
    };
    paths.split_whitespace().map(each)
}
