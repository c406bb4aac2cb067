//! Which configuration would be run? With everything in its place, and without secrets.

use std::{process::ExitCode, time};

use clap::ValueEnum;
use collector_config::Duration;
use serde_json::{Map, Value};

use crate::{
    config::Loaded,
    settings::{HIDDEN, Settings},
};

use super::components::{print as write, yaml};

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// The configuration without its secrets.
    Redacted,
    /// The configuration as it is.
    Unredacted,
    /// What the gateway understood, with defaults, as YAML of its own; without secrets.
    Settings,
}

/// Prints the configuration.
pub(crate) fn print(loaded: &Loaded, mode: Mode) -> ExitCode {
    let text = match mode {
        Mode::Redacted => yaml(&redacted(&loaded.merged)),
        Mode::Unredacted => yaml(&loaded.merged),
        Mode::Settings => yaml(&redacted(&settings(&loaded.settings))),
    };
    write(text.as_bytes())
}

/// What the gateway understood, as people read it.
fn settings(settings: &Settings) -> Value {
    let written = serde_json::to_value(settings);
    readable(written.expect("ids are texts, and all else is a list, a map of texts or a scalar"))
}

/// The same with times as a configuration has them.
fn readable(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            if let Some(time) = time(&fields) {
                return time.to_string().into();
            }
            let fields = fields.into_iter();
            Value::Object(fields.map(|(key, field)| (key, readable(field))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(readable).collect()),
        other => other,
    }
}

/// A time as the standard library writes it.
fn time(fields: &Map<String, Value>) -> Option<Duration> {
    let (seconds, nanos) = (
        fields.get("secs")?.as_u64()?,
        fields.get("nanos")?.as_u64()?,
    );
    let nanos = u32::try_from(nanos).ok().filter(|_| fields.len() == 2)?;
    Some(time::Duration::new(seconds, nanos).into())
}

/// Keys below which every text may be a secret.
const SECRET: [&str; 10] = [
    "authorization",
    "cert_pem",
    "headers",
    "key_pem",
    "password",
    "response_headers",
    "secret",
    "token",
    "tokens",
    "tpm",
];

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
        Value::String(text) => Value::String(public(text)),
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

/// A URL without who asks, their password, and what is asked for, which may be a token.
fn public(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let is_url = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_url || rest.contains(' ') {
        return text.to_owned();
    }
    let (rest, query) = match rest.split_once('?') {
        Some((rest, _)) => (rest, format!("?{HIDDEN}")),
        None => (rest, String::new()),
    };
    let end = rest.find(['/', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{HIDDEN}{}{query}", &rest[at..]),
        None => format!("{scheme}://{rest}{query}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_secret_is_printed() {
        let value = json!({"exporters": {"otlp": {
            "endpoint": "https://user:pass@a:1/x@y", "traces_endpoint": "http://a/x?token=t", "headers": {"a": "b"}, "tls": {"key_pem": "k", "key_file": "f"},
        }}});
        assert_eq!(
            redacted(&value),
            json!({"exporters": {"otlp": {
                "endpoint": "https://[REDACTED]@a:1/x@y",
                "traces_endpoint": "http://a/x?[REDACTED]",
                "headers": {"a": "[REDACTED]"},
                "tls": {"key_pem": "[REDACTED]", "key_file": "f"},
            }}})
        );
    }
}
