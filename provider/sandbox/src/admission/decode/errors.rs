//! How decoding fails, in the API server's words.

use serde_json::Value;
use thiserror::Error;

/// A body that cannot be read as the kind it claims to be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub(crate) struct DecodeError {
    message: String,
}

impl DecodeError {
    /// A JSON type stands where another is wanted.
    pub(super) fn wrong_type(found: &Value, wanted: &str, field: &str) -> Self {
        let found = match found {
            Value::Null => "null".to_owned(),
            Value::Bool(_) => "bool".to_owned(),
            // A number of the wrong sort is shown, one where no number belongs is not.
            Value::Number(number) if wanted.starts_with("int") || wanted.starts_with("float") => {
                format!("number {number}")
            }
            Value::Number(_) => "number".to_owned(),
            Value::String(_) => "string".to_owned(),
            Value::Array(_) => "array".to_owned(),
            Value::Object(_) => "object".to_owned(),
        };
        Self {
            message: format!(
                "json: cannot unmarshal {found} into Go struct field {field} of type {wanted}"
            ),
        }
    }

    /// The type is right, the text is not.
    pub(super) fn unreadable(message: String) -> Self {
        Self { message }
    }
}

/// The message of the 400 that a POST or PUT gets for a body that cannot be read.
pub(crate) fn cannot_be_handled(api_version: &str, kind: &str, problem: &str) -> String {
    let version = api_version
        .rsplit_once('/')
        .map_or(api_version, |(_, version)| version);
    format!("{kind} in version {version:?} cannot be handled as a {kind}: {problem}")
}

/// What `fieldValidation=Strict` says of unknown and duplicate fields.
pub(crate) fn strict(problems: &[String]) -> String {
    format!("strict decoding error: {}", problems.join(", "))
}
