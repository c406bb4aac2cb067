//! Why is a text no YAML, in words for whoever wrote it?

use serde_saphyr::{MessageFormatter as _, UserMessageFormatter};
use thiserror::Error;

/// Where a text stops being YAML, and why.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {message}")]
pub struct NotYaml {
    line: u64,
    column: u64,
    message: String,
}

impl NotYaml {
    /// What was said of a text that begins in `first_line` of another.
    pub(super) fn of(error: &serde_saphyr::Error, first_line: usize) -> Self {
        let before = u64::try_from(first_line)
            .unwrap_or(u64::MAX)
            .saturating_sub(1);
        let at = error.location();
        let (line, column) = at.map_or((1, 1), |at| (at.line(), at.column()));
        Self {
            line: line.saturating_add(before),
            column,
            message: said(error),
        }
    }
}

/// What the library says to users, without the numbers of its own limits.
fn said(error: &serde_saphyr::Error) -> String {
    const TOO_LARGE: &str = "YAML document too large or too complex";
    let message = UserMessageFormatter.format_message(error).into_owned();
    if message.starts_with(TOO_LARGE) {
        return "it is too large or too deeply nested".to_owned();
    }
    message
}
