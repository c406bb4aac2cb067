//! Texts in OTTL, one by one or in groups that say what they are about.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use crate::ottl::{self, Condition, Context, check_condition};

settings! {
    /// Conditions that hold for one kind of thing.
    #[derive(Eq)]
    pub struct ConditionGroup {
        /// What they are about; follows from the paths in them, where nothing is said.
        pub context: Option<About>,
        /// The conditions, in OTTL.
        pub conditions: Vec<String>,
        /// What happens when one cannot be told.
        pub error_mode: Option<ErrorMode>,
    }
}

/// What happens when a text in OTTL cannot be worked out for some data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorMode {
    /// It is logged and passed over.
    Ignore,
    /// It is passed over.
    Silent,
    /// The data is refused.
    Propagate,
}

/// What a text in OTTL is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum About {
    /// Whole resources.
    Resource,
    /// Whole scopes.
    Scope,
    /// Spans.
    Span,
    /// Events of spans.
    SpanEvent,
    /// Metrics.
    Metric,
    /// Data points.
    DataPoint,
    /// Exemplars of data points.
    Exemplar,
    /// Log records.
    Log,
    /// Profiles.
    Profile,
}

/// One condition, or several with what they are about. A list has only one or only the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged, bound = "")]
pub enum Conditions<A> {
    /// One condition, whose paths say what it is about: `span.name == "x"`.
    One(Condition<A>),
    /// Several, with what they are about.
    Group(ConditionGroup),
}

impl<'de, A: ottl::About> Deserialize<'de> for Conditions<A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = match Value::deserialize(deserializer)? {
            text @ Value::String(_) => Condition::deserialize(text).map(Self::One),
            group => ConditionGroup::deserialize(group).map(Self::Group),
        };
        found.map_err(de::Error::custom)
    }
}

impl About {
    /// The kinds of things that paths can name where this is said; any of `all` where nothing is.
    pub(crate) fn contexts(about: Option<Self>, all: &'static [Context]) -> &'static [Context] {
        match about {
            None => all,
            Some(Self::Resource) => &[Context::Resource],
            Some(Self::Scope) => &[Context::Scope],
            Some(Self::Span) => &[Context::Span],
            Some(Self::SpanEvent) => &[Context::SpanEvent],
            Some(Self::Metric) => &[Context::Metric],
            Some(Self::DataPoint) => &[Context::DataPoint],
            Some(Self::Exemplar) => &[Context::Exemplar],
            Some(Self::Log) => &[Context::Log],
            // Nothing is known of profiles; their texts are passed on as they are.
            Some(Self::Profile) => &[],
        }
    }
}

impl<A: ottl::About> Conditions<A> {
    /// Each of them for itself.
    pub(crate) fn each(conditions: impl IntoIterator<Item = impl Into<Condition<A>>>) -> Vec<Self> {
        let conditions = conditions.into_iter().map(Into::into);
        conditions.map(Self::One).collect()
    }

    /// What is wrong with the texts of a group; a single one was checked when it was read.
    pub(crate) fn mistakes(&self) -> Vec<String> {
        let Self::Group(group) = self else {
            return Vec::new();
        };
        let contexts = About::contexts(group.context, A::CONTEXTS);
        checked(&group.conditions, contexts, check_condition)
    }
}

/// What is wrong with each text.
pub(crate) fn checked(
    texts: &[String],
    contexts: &[Context],
    check: impl Fn(&str, &[Context]) -> Result<(), Vec<ottl::Error>>,
) -> Vec<String> {
    if contexts.is_empty() {
        return Vec::new();
    }
    let errors = texts.iter().flat_map(|text| {
        let errors = check(text, contexts).err().unwrap_or_default();
        errors
            .into_iter()
            .map(move |error| format!("`{text}`: {error}"))
    });
    errors.collect()
}
