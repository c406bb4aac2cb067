//! How the few fields are read that may hold a JSON schema or something simpler.

use serde_json::Value;

use super::{DecodeError, Reader};

const SCHEMA: &str = "apiextensions.v1.JSONSchemaProps";

/// A schema, a boolean, or a list of schemas.
pub(super) fn schema(
    reader: &mut Reader,
    raw: &Value,
    path: &str,
    field: &str,
) -> Result<Value, DecodeError> {
    match raw {
        Value::Object(_) => reader.structure(SCHEMA, raw, path, field),
        Value::Array(list) => {
            let read = list.iter().enumerate().map(|(index, item)| {
                reader.structure(SCHEMA, item, &format!("{path}[{index}]"), field)
            });
            read.collect::<Result<_, _>>().map(Value::Array)
        }
        Value::Bool(_) => Ok(raw.clone()),
        _ => Err(DecodeError::unreadable(
            "boolean or JSON schema expected".to_owned(),
        )),
    }
}
