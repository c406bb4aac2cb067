//! Why can it not be sampled as somebody wants it?

use thiserror::Error;

/// Why settings cannot be carried out.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// An option that this gateway does not have.
    #[error("`{option}: {value}` is not built into this gateway")]
    Option {
        /// Its name.
        option: &'static str,
        /// What it is set to.
        value: String,
    },
    /// Traces would wait too long.
    #[error("`decision_wait: {0}` is longer than a day, and for so long nothing is kept back")]
    Wait(String),
    /// A policy that makes no sense.
    #[error("the policy `{policy}` cannot work: {why}")]
    Policy {
        /// Its name.
        policy: String,
        /// What is wrong with it.
        why: String,
    },
    /// A text that is no regular expression.
    #[error("the policy `{policy}` has `{pattern}`, which is no regular expression")]
    Pattern {
        /// The policy's name.
        policy: String,
        /// The text.
        pattern: String,
        /// What is wrong with it.
        source: regex::Error,
    },
    /// Two policies of one name.
    #[error("there are two policies named `{0}`")]
    Twice(String),
    /// More tests than a trace remembers results of.
    #[error("the policies test spans for more than {0} different things")]
    TooMany(usize),
}
