//! Texts in OTTL, the collector's language for conditions and changes: what one may hold, and what is wrong with it?
//!
//! A [`Condition`] and a [`Statement`] say in their type what they are about, so that reading one from a file, or
//! making one, checks its grammar, its paths, its functions and their arguments. A literal in a program can be taken as
//! it is: settings are read again by [`crate::Config::check`], which then refuses it.
//!
//! ```
//! use collector_config::ottl::{Condition, Span};
//!
//! assert!(Condition::<Span>::new(r#"attributes["http.route"] == "/health""#).is_ok());
//! let wrong = Condition::<Span>::new(r#"IsMtach(name, "^GET")"#).unwrap_err();
//! assert_eq!(wrong[0].to_string(), "at letter 1: there is no function `IsMtach` here; did you mean `IsMatch`?");
//! ```

mod check;
mod error;
mod functions;
mod lexer;
mod parser;
mod paths;

use std::{fmt, marker::PhantomData};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use self::{
    check::{check_condition, check_statement},
    error::{Error, Problem},
    lexer::{Kind, Token, tokens},
    paths::Context,
};

/// What a text is about.
pub trait About {
    /// It is about one of these. Where there are several, each path has to say which.
    const CONTEXTS: &'static [Context];
}

/// Something that is true or not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Condition<A> {
    text: String,
    about: PhantomData<fn() -> A>,
}

/// A change, perhaps under a condition.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement<A> {
    text: String,
    about: PhantomData<fn() -> A>,
}

macro_rules! about {
    ($($(#[$doc:meta])* $name:ident: $($context:ident),+;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {}

        impl About for $name {
            const CONTEXTS: &'static [Context] = &[$(Context::$context),+];
        }
    )*};
}

about! {
    /// About a resource.
    Resource: Resource;
    /// About a scope.
    Scope: Scope;
    /// About a span.
    Span: Span;
    /// About an event of a span.
    SpanEvent: SpanEvent;
    /// About a metric.
    Metric: Metric;
    /// About a data point.
    DataPoint: DataPoint;
    /// About a log record.
    Log: Log;
    /// About anything in traces, as its paths say.
    InTraces: Span, SpanEvent, Scope, Resource;
    /// About anything in metrics, as its paths say.
    InMetrics: Metric, DataPoint, Exemplar, Scope, Resource;
    /// About anything in logs, as its paths say.
    InLogs: Log, Scope, Resource;
    /// About anything at all, as its paths say.
    Anything: Span, SpanEvent, Metric, DataPoint, Exemplar, Log, Scope, Resource;
}

macro_rules! text {
    ($name:ident, $check:ident, $what:literal) => {
        impl<A: About> $name<A> {
            /// Checks a text.
            ///
            /// # Errors
            /// All that is wrong with it.
            pub fn new(text: impl Into<String>) -> Result<Self, Vec<Error>> {
                let text = text.into();
                $check(&text, A::CONTEXTS)?;
                Ok(Self::unchecked(text))
            }

            fn unchecked(text: String) -> Self {
                let about = PhantomData;
                Self { text, about }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.text
            }
        }

        /// A literal of a program. What is wrong with it is said by the check of the configuration.
        impl<A: About> From<&'static str> for $name<A> {
            fn from(text: &'static str) -> Self {
                Self::unchecked(text.to_owned())
            }
        }

        /// A text that a program put together. What is wrong with it is said by the check of the configuration.
        impl<A: About> From<String> for $name<A> {
            fn from(text: String) -> Self {
                Self::unchecked(text)
            }
        }

        impl<A> fmt::Debug for $name<A> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.text)
            }
        }

        impl<A> fmt::Display for $name<A> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.text)
            }
        }

        impl<A> Serialize for $name<A> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.text)
            }
        }

        impl<'de, A: About> Deserialize<'de> for $name<A> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::new(text.clone()).map_err(|errors| {
                    let errors: Vec<String> = errors.iter().map(Error::to_string).collect();
                    let errors = errors.join("; ");
                    de::Error::custom(format_args!(concat!($what, " `{}`: {}"), text, errors))
                })
            }
        }
    };
}

text!(Condition, check_condition, "the condition");
text!(Statement, check_statement, "the statement");

#[cfg(test)]
mod tests;
