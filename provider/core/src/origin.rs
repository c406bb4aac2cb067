//! Which line of Rust asked for this?

use std::{fmt, panic::Location};

use serde::Serialize;

/// The place in a definition that added a resource, so that a message can lead there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Origin {
    /// The source file, as the compiler was given it.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// The module that made the resource on behalf of that line, if it was not that line itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<&'static str>,
}

impl Origin {
    /// The place of a call, as `#[track_caller]` knows it.
    pub fn at(location: &'static Location<'static>) -> Self {
        Self {
            file: location.file(),
            line: location.line(),
            column: location.column(),
            module: None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)?;
        match self.module {
            Some(module) => write!(f, " ({module})"),
            None => Ok(()),
        }
    }
}
