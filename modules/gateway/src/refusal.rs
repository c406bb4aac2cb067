//! Why a payload is not taken, and whether it may come again.

use std::{borrow::Cow, time::Duration};

use thiserror::Error;

/// Why a payload was not taken. A receiver turns it into a status of its protocol; see the OTLP specification,
/// "Failures": only what is retryable there may be sent again.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is no room now: the sender should come again.
    #[error("{why}")]
    Busy {
        /// What is full.
        why: Cow<'static, str>,
        /// When to come again, if that is known.
        after: Option<Duration>,
    },
    /// It is larger than what is taken, and always will be.
    #[error("the message has {bytes} bytes (or more) and {limit} are taken")]
    TooLarge {
        /// How large it is, as far as it was read.
        bytes: u64,
        /// How large it may be.
        limit: u64,
    },
    /// It is no OTLP request.
    #[error("{why}")]
    Invalid {
        /// What is wrong, and where.
        why: Cow<'static, str>,
    },
    /// Its headers are one combination more than are kept apart.
    #[error(
        "requests with no more than {limit} combinations of the headers in `metadata_keys` are taken, and this one has another"
    )]
    TooVarious {
        /// How many combinations are kept apart.
        limit: u32,
    },
    /// Nobody here takes this signal.
    #[error("no pipeline takes {0}")]
    Unwanted(collector_config::Signal),
}

impl Refusal {
    /// Full, without a time to come again.
    pub fn busy(why: impl Into<Cow<'static, str>>) -> Self {
        Self::Busy {
            why: why.into(),
            after: None,
        }
    }

    /// No room in memory.
    pub(crate) fn used_up() -> Self {
        Self::busy("the memory for data under way is used up")
    }

    /// Not an OTLP request.
    pub fn invalid(why: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid { why: why.into() }
    }
}
