//! Which conditions of OTTL can the gateway work out?
//!
//! Comparisons (`== != < <= > >=`), `and`, `or`, `not` and brackets; strings, numbers, bytes, `true`, `false`, `nil` and
//! the symbols of OTLP (`STATUS_CODE_ERROR`); the functions `ConvertCase`, `Double`, `HasPrefix`, `HasSuffix`, `Int`,
//! `IsBool`, `IsDouble`, `IsInt`, `IsList`, `IsMap`, `IsMatch`, `IsRootSpan`, `IsString`, `Len` and `String`; and the paths of
//! resources, scopes, spans, span events, metrics, data points and log records that are one value or one attribute.
//! All else (calculations, lambdas, lists, maps, whole times, other functions) is refused by name when the configuration
//! is loaded, never when data arrives.

mod expression;
mod parse;
mod path;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeSet;

use collector_config::ottl::{Context, check_condition};
use thiserror::Error;

use self::expression::{Boolean, Expression};
pub(crate) use self::path::{data, span_kind};
pub use self::{expression::Untold, path::Subject};

/// A condition that can be worked out for an item.
#[derive(Clone, Debug)]
pub struct Condition {
    /// As it is written in the configuration.
    pub text: String,
    boolean: Boolean,
}

/// Why a condition cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// It is wrong for every collector.
    #[error("{0}")]
    Wrong(String),
    /// The gateway does not do this.
    #[error("at letter {at}: the gateway does not know {what} in conditions")]
    Unknown {
        /// What it does not know.
        what: String,
        /// Where it stands, counted from 1.
        at: usize,
    },
}

impl Refused {
    fn new(what: impl Into<String>, at: usize) -> Self {
        Self::Unknown {
            what: what.into(),
            at,
        }
    }
}

impl Condition {
    /// Reads a condition about one of `contexts`; where there are several, its paths say which.
    ///
    /// # Errors
    /// What is wrong with it, or not done here.
    pub fn new(text: &str, contexts: &[Context]) -> Result<Self, Vec<Refused>> {
        check_condition(text, contexts).map_err(|errors| {
            errors
                .iter()
                .map(|error| Refused::Wrong(error.to_string()))
                .collect::<Vec<_>>()
        })?;
        let boolean = parse::condition(text, contexts).map_err(|refused| vec![refused])?;
        Ok(Self {
            text: text.to_owned(),
            boolean,
        })
    }

    /// Whether it is true of this.
    ///
    /// # Errors
    /// A function was given what it does not take.
    pub fn holds(&self, subject: &Subject<'_>) -> Result<bool, Untold> {
        self.boolean.holds(subject)
    }

    /// The contexts that its paths name.
    pub fn contexts(&self) -> BTreeSet<Context> {
        let mut contexts = BTreeSet::new();
        self.boolean.expressions(&mut |expression| {
            if let Expression::Path(path) = expression {
                contexts.insert(path.context);
            }
        });
        contexts
    }
}
