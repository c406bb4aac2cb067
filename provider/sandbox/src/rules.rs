//! Thin stand-ins for what `merge` and `admission` decide, until they land.

use serde_json::Value;

use crate::status::Refusal;

/// Reads a body.
pub(crate) fn decode(body: &[u8], yaml: bool) -> Result<Value, Refusal> {
    if yaml {
        serde_json::from_slice(body).or_else(|_| {
            serde_saphyr::from_slice(body)
                .map_err(|error| Refusal::bad_request(format!("error decoding YAML: {error}")))
        })
    } else {
        serde_json::from_slice(body).map_err(|error| {
            Refusal::bad_request(format!(
                "couldn't get version/kind; json parse error: {error}"
            ))
        })
    }
}
