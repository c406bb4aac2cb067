//! Thin stand-ins for what `merge` and `admission` decide, until they land.

use serde_json::{Map, Value, json};

use crate::registry::Resource;
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

/// Adds one Apply or Update entry with the changed leaves.
pub(crate) fn track(
    resource: &Resource,
    live: Option<&Value>,
    new: &mut Value,
    manager: &str,
    operation: &str,
    subresource: Option<&str>,
    now: &str,
) {
    let empty = json!({});
    let fields = changed(live.unwrap_or(&empty), new, true);
    let mut entries = live
        .and_then(|live| live["metadata"]["managedFields"].as_array().cloned())
        .unwrap_or_default();
    if fields.as_object().is_some_and(|fields| !fields.is_empty()) {
        entries.retain(|entry| entry["manager"] != manager || entry["operation"] != operation);
        let mut entry = json!({
            "manager": manager, "operation": operation, "apiVersion": resource.api_version(),
            "time": now, "fieldsType": "FieldsV1", "fieldsV1": fields,
        });
        if let Some(subresource) = subresource {
            entry["subresource"] = json!(subresource);
        }
        entries.push(entry);
    }
    if entries.is_empty() {
        if let Some(metadata) = new["metadata"].as_object_mut() {
            metadata.remove("managedFields");
        }
    } else {
        new["metadata"]["managedFields"] = Value::Array(entries);
    }
}

fn changed(old: &Value, new: &Value, top: bool) -> Value {
    let mut fields = Map::new();
    for (key, value) in new.as_object().into_iter().flatten() {
        if top && matches!(key.as_str(), "apiVersion" | "kind") {
            continue;
        }
        let before = &old[key];
        if before == value {
            continue;
        }
        let inner = match value {
            Value::Object(_) if key == "metadata" && top => {
                let mut kept = Map::new();
                for name in ["labels", "annotations"] {
                    if let Some(inner) = value.get(name) {
                        kept.insert(name.to_owned(), inner.clone());
                    }
                }
                changed(before, &Value::Object(kept), false)
            }
            Value::Object(_) => changed(before, value, false),
            _ => json!({}),
        };
        if key != "metadata" || inner.as_object().is_some_and(|inner| !inner.is_empty()) {
            fields.insert(format!("f:{key}"), inner);
        }
    }
    Value::Object(fields)
}

/// Lays a configuration over the live object.
pub(crate) fn merge(live: &mut Value, configuration: &Value) {
    match (live, configuration) {
        (Value::Object(live), Value::Object(configuration)) => {
            for (key, value) in configuration {
                merge(live.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (live, configuration) => *live = configuration.clone(),
    }
}
