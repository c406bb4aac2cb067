//! Why a payload is not taken, and whether it may come again.

use std::{borrow::Cow, time::Duration};

use thiserror::Error;

/// How many bytes of a reason are told at most: with what protocols make of it, an answer of a few kilobytes, which every
/// client takes and nobody has to be charged for.
const TOLD: usize = 512;

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

    /// Not an OTLP request. A reason may quote all that was sent, so only its beginning is told.
    pub fn invalid(why: impl Into<Cow<'static, str>>) -> Self {
        let mut why = why.into();
        if why.len() > TOLD {
            let beginning = &why[..why.floor_char_boundary(TOLD)];
            why = format!("{beginning}…").into();
        }
        Self::Invalid { why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_that_quotes_a_whole_request_is_cut() {
        let long = format!("a{}", "\u{ad}".repeat(100_000));
        let told = Refusal::invalid(long.clone()).to_string();
        assert!(told.len() <= TOLD + "…".len(), "{}", told.len());
        let beginning = told.strip_suffix('…').unwrap();
        assert!(beginning.len() > TOLD - 4 && long.starts_with(beginning));
        assert_eq!(Refusal::invalid("short").to_string(), "short");
    }
}
