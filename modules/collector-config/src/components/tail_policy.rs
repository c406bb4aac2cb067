//! How is a reason read? Its type is one key, and its settings stand below another.

use serde::{Deserialize, Deserializer, de};

use super::tail_rules::{
    All, AllToDrop, BooleanAttribute, Bytes, Composite, Latency, NumericAttribute, Other, Ottl,
    Rate, Rule, Share, SpanCount, StatusCodes, StringAttribute, TraceState,
};
use super::tail_sampling::Policy;

/// Every key that a policy can have. Settings of another type than its own are read and not used, as the processor does.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    name: String,
    #[serde(rename = "type")]
    kind: Kind,
    status_code: Option<StatusCodes>,
    latency: Option<Latency>,
    probabilistic: Option<Share>,
    string_attribute: Option<StringAttribute>,
    numeric_attribute: Option<NumericAttribute>,
    boolean_attribute: Option<BooleanAttribute>,
    rate_limiting: Option<Rate>,
    bytes_limiting: Option<Bytes>,
    span_count: Option<SpanCount>,
    trace_state: Option<TraceState>,
    ottl_condition: Option<Ottl>,
    and: Option<All>,
    not: Option<Other>,
    drop: Option<AllToDrop>,
    composite: Option<Composite>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    AlwaysSample,
    StatusCode,
    Latency,
    Probabilistic,
    StringAttribute,
    NumericAttribute,
    BooleanAttribute,
    RateLimiting,
    BytesLimiting,
    SpanCount,
    TraceState,
    TraceFlags,
    OttlCondition,
    And,
    Not,
    Drop,
    Composite,
}

/// Settings that a type needs.
fn needed<T, E: de::Error>(settings: Option<T>, name: &'static str) -> Result<T, E> {
    settings.ok_or_else(|| E::missing_field(name))
}

impl Written {
    fn rule<E: de::Error>(self) -> Result<Rule, E> {
        /// The rule whose variant has one field, of this name.
        macro_rules! of {
            ($variant:ident, $field:ident) => {
                Rule::$variant {
                    $field: needed(self.$field, stringify!($field))?,
                }
            };
        }
        Ok(match self.kind {
            Kind::AlwaysSample => Rule::AlwaysSample,
            Kind::TraceFlags => Rule::TraceFlags,
            Kind::StatusCode => of!(StatusCode, status_code),
            Kind::Latency => of!(Latency, latency),
            Kind::Probabilistic => of!(Probabilistic, probabilistic),
            Kind::StringAttribute => of!(StringAttribute, string_attribute),
            Kind::NumericAttribute => of!(NumericAttribute, numeric_attribute),
            Kind::BooleanAttribute => of!(BooleanAttribute, boolean_attribute),
            Kind::RateLimiting => of!(RateLimiting, rate_limiting),
            Kind::BytesLimiting => of!(BytesLimiting, bytes_limiting),
            Kind::SpanCount => of!(SpanCount, span_count),
            Kind::TraceState => of!(TraceState, trace_state),
            Kind::OttlCondition => of!(OttlCondition, ottl_condition),
            Kind::And => of!(And, and),
            Kind::Not => of!(Not, not),
            Kind::Drop => of!(Drop, drop),
            Kind::Composite => of!(Composite, composite),
        })
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut written = Written::deserialize(deserializer)?;
        let name = std::mem::take(&mut written.name);
        let rule = written.rule()?;
        Ok(Self { name, rule })
    }
}
