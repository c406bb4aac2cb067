//! Which configuration would be run? With everything in its place, and without secrets.

use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::Value;

use crate::config::Loaded;

use super::components::{write, yaml};

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// The configuration without its secrets.
    Redacted,
    /// The configuration as it is.
    Unredacted,
    /// What it means, with every default; without secrets.
    Settings,
}

/// Prints the configuration.
pub(crate) fn print(loaded: &Loaded, mode: Mode) -> ExitCode {
    let text = match mode {
        Mode::Redacted => yaml(&redacted(&loaded.merged)),
        Mode::Unredacted => yaml(&loaded.merged),
        Mode::Settings => format!("{:#?}\n", loaded.settings),
    };
    match write(&text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Keys below which every text may be a secret.
const SECRET: [&str; 9] = [
    "authorization",
    "cert_pem",
    "headers",
    "key_pem",
    "password",
    "response_headers",
    "secret",
    "token",
    "tokens",
];
const HIDDEN: &str = "[REDACTED]";

fn redacted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, field)| {
                let secret = SECRET.contains(&key.as_str());
                let field = if secret {
                    hidden(field)
                } else {
                    redacted(field)
                };
                (key.clone(), field)
            });
            Value::Object(fields.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(redacted).collect()),
        Value::String(text) => Value::String(without_user(text)),
        other => other.clone(),
    }
}

/// The same shape with no value in it.
fn hidden(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter();
            Value::Object(
                fields
                    .map(|(key, field)| (key.clone(), hidden(field)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(hidden).collect()),
        Value::Null => Value::Null,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => HIDDEN.into(),
    }
}

/// A URL without who asks and their password.
fn without_user(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{HIDDEN}{}", &rest[at..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_secret_is_printed() {
        let value = json!({"exporters": {"otlp": {
            "endpoint": "https://user:pass@a:1/x@y", "headers": {"a": "b"}, "tls": {"key_pem": "k", "key_file": "f"},
        }}});
        assert_eq!(
            redacted(&value),
            json!({"exporters": {"otlp": {
                "endpoint": "https://[REDACTED]@a:1/x@y",
                "headers": {"a": "[REDACTED]"},
                "tls": {"key_pem": "[REDACTED]", "key_file": "f"},
            }}})
        );
    }
}
