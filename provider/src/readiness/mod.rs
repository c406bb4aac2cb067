//! Does an object do what it is for?
//!
//! One rule per kind, each a pure function of the object. `observedGeneration` is looked at first: conditions
//! describe the generation that the controller has seen, which right after an apply is the previous one.
//! `pods` knows the states that do not heal, and `wait` watches until an object is ready, failed or out of time.

use serde::Serialize;
use serde_json::Value;

mod evidence;
mod look;
mod pods;
mod rules;
mod wait;

pub(crate) use look::Look;
pub(crate) use wait::{Awaited, Silence, Unmet, Watches};

/// Whether an object does what it is for, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "reason", rename_all = "snake_case")]
pub enum Readiness {
    /// It does.
    Ready,
    /// It does not yet.
    Progressing(String),
    /// It does not, and will not by itself.
    Failed(String),
    /// It is on its way out.
    Terminating(String),
}

impl Readiness {
    /// That of an object as the API server shows it.
    pub fn of(object: &Value) -> Self {
        rules::readiness(Look(object))
    }

    /// Whether it does what it is for.
    pub fn is_ready(&self) -> bool {
        *self == Readiness::Ready
    }

    /// Why it is not ready; empty where it is.
    pub fn reason(&self) -> &str {
        match self {
            Readiness::Ready => "",
            Readiness::Progressing(reason)
            | Readiness::Failed(reason)
            | Readiness::Terminating(reason) => reason,
        }
    }

    pub(crate) fn progressing(reason: impl Into<String>) -> Self {
        Readiness::Progressing(reason.into())
    }

    pub(crate) fn failed(reason: impl Into<String>) -> Self {
        Readiness::Failed(reason.into())
    }
}

/// Whether a custom resource has not said anything yet: its controller may not have seen it, or has nothing to say.
pub(crate) fn is_silent(object: &Value) -> bool {
    rules::is_silent(Look(object))
}
