//! How does the program say what it does? One JSON object a line, on standard error.

use std::io::Write as _;

use serde_json::{Map, Value, json};

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Info,
    Warning,
    Error,
}

/// Writes a line: the time, the level, what happened, and what belongs to it.
pub(crate) fn line(level: Level, message: &str, fields: Value) {
    let mut line = Map::new();
    line.insert("time".to_owned(), json!(jiff::Timestamp::now().to_string()));
    let level = match level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    line.insert("level".to_owned(), json!(level));
    line.insert("message".to_owned(), json!(message));
    if let Value::Object(fields) = fields {
        line.extend(fields);
    }
    // In one piece, so that nobody else's line gets into it. Who cannot write to its log has nobody to tell.
    let line = format!("{}\n", Value::Object(line));
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}
