//! The reasons for which a trace can be kept or dropped.

use serde::{Deserialize, Serialize};

use super::{is_default, ottl_groups::ErrorMode, tail_sampling::Policy};
use crate::ottl::{Condition, Span, SpanEvent};

/// The reasons for which a trace can be kept or dropped. The field of each has the settings of the reason.
#[expect(
    missing_docs,
    reason = "each field repeats the name of its variant, because the processor reads it so"
)]
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Rule {
    /// Every trace.
    AlwaysSample,
    /// A span ended with one of these.
    StatusCode { status_code: StatusCodes },
    /// It took long.
    Latency { latency: Latency },
    /// A share of all traces.
    Probabilistic { probabilistic: Share },
    /// An attribute has one of these texts.
    StringAttribute { string_attribute: StringAttribute },
    /// An attribute is a number between these.
    NumericAttribute { numeric_attribute: NumericAttribute },
    /// An attribute is true, or false.
    BooleanAttribute { boolean_attribute: BooleanAttribute },
    /// So many spans a second.
    RateLimiting { rate_limiting: Rate },
    /// So many bytes a second.
    BytesLimiting { bytes_limiting: Bytes },
    /// It has so many spans.
    SpanCount { span_count: SpanCount },
    /// Its `tracestate` has one of these.
    TraceState { trace_state: TraceState },
    /// A span was sampled at its beginning.
    TraceFlags,
    /// A condition in OTTL holds for a span or an event.
    OttlCondition { ottl_condition: Ottl },
    /// All of several reasons.
    And { and: All },
    /// The opposite of another.
    Not { not: Other },
    /// All of several reasons, and then it is not kept whatever else would keep it.
    Drop { drop: AllToDrop },
    /// Several reasons that share a rate.
    Composite { composite: Composite },
}

/// A span status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum StatusCode {
    /// Something went wrong.
    Error,
    /// Said to be right.
    Ok,
    /// Nothing was said.
    Unset,
}

settings! {
    /// Span statuses.
    #[derive(Eq)]
    pub struct StatusCodes {
        /// The statuses.
        pub status_codes: Vec<StatusCode>,
    }

    /// A share of all traces.
    pub struct Share {
        /// From 0 to 100.
        pub sampling_percentage: f64,
        /// Layers that decide one after the other must not use the same.
        pub hash_salt: Option<String>,
    }

    /// An attribute of a resource or of a span that has one of these texts.
    #[derive(Eq)]
    pub struct StringAttribute {
        /// The attribute.
        pub key: String,
        /// The texts.
        pub values: Vec<String>,
        /// Whether they are regular expressions.
        pub enabled_regex_matching: bool,
        /// How many results of those are remembered.
        pub cache_max_size: u32,
        /// Whether it must not have any of them.
        pub invert_match: bool,
    }

    /// An attribute of a resource or of a span that is a number between these.
    #[derive(Eq)]
    pub struct NumericAttribute {
        /// The attribute.
        pub key: String,
        /// At least this; 0 for no limit.
        pub min_value: i64,
        /// At most this; 0 for no limit.
        pub max_value: i64,
        /// Whether it must not lie between them.
        pub invert_match: bool,
    }

    /// An attribute of a resource or of a span that is true, or false.
    #[derive(Eq)]
    pub struct BooleanAttribute {
        /// The attribute.
        pub key: String,
        /// Its value.
        pub value: bool,
        /// Whether it must not have it.
        pub invert_match: bool,
    }

    /// So many spans a second.
    #[derive(Eq)]
    pub struct Rate {
        /// So many.
        pub spans_per_second: u64,
        /// How many at once, and no trace with more is kept: twice as many, where nothing is said.
        pub burst_capacity: u64,
    }

    /// So many bytes a second.
    #[derive(Eq)]
    pub struct Bytes {
        /// So many.
        pub bytes_per_second: u64,
        /// How many at once, and no larger trace is kept: twice as many, where nothing is said.
        pub burst_capacity: u64,
    }

    /// A number of spans.
    #[derive(Eq)]
    pub struct SpanCount {
        /// At least so many.
        pub min_spans: u32,
        /// At most so many; 0 for no limit.
        pub max_spans: u32,
    }

    /// What stands in a `tracestate`.
    #[derive(Eq)]
    pub struct TraceState {
        /// The key.
        pub key: String,
        /// One of these values.
        pub values: Vec<String>,
    }

    /// Conditions in OTTL, of which one has to hold.
    #[derive(Eq)]
    pub struct Ottl {
        /// What happens when one cannot be told.
        pub error_mode: Option<ErrorMode>,
        /// About spans.
        pub span: Vec<Condition<Span>>,
        /// About events of spans.
        pub spanevent: Vec<Condition<SpanEvent>>,
    }

    /// Several reasons that all have to hold; each a simple one, or the opposite of one.
    pub struct All {
        /// The reasons.
        pub and_sub_policy: Vec<Policy>,
    }

    /// Several reasons that all have to hold; each a simple one, or the opposite of one.
    pub struct AllToDrop {
        /// The reasons.
        pub drop_sub_policy: Vec<Policy>,
    }

    /// Several reasons that share a rate; each a simple one, or several that all have to hold.
    pub struct Composite {
        /// How many spans a second all of them may keep.
        pub max_total_spans_per_second: u64,
        /// Their names, the most important first.
        pub policy_order: Vec<String>,
        /// The reasons.
        pub composite_sub_policy: Vec<Policy>,
        /// How much of the rate each gets; the same for all, where nothing is said.
        pub rate_allocation: Vec<Allocation>,
    }

    /// How much of a rate a reason gets.
    #[derive(Eq)]
    pub struct Allocation {
        /// The reason's name.
        pub policy: String,
        /// Of a hundred.
        pub percent: u32,
    }
}

/// How long a trace took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// At least so many milliseconds.
    pub threshold_ms: u64,
    /// At most so many; 0 for no limit.
    #[serde(default, skip_serializing_if = "is_default")]
    pub upper_threshold_ms: u64,
}

/// The opposite of a simple reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Other {
    /// The reason.
    pub not_sub_policy: Box<Policy>,
}

impl Rule {
    /// The reasons that it is made of.
    pub fn parts(&self) -> &[Policy] {
        match self {
            Self::And { and } => &and.and_sub_policy,
            Self::Drop { drop } => &drop.drop_sub_policy,
            Self::Composite { composite } => &composite.composite_sub_policy,
            Self::Not { not } => std::slice::from_ref(&not.not_sub_policy),
            _ => &[],
        }
    }
}
