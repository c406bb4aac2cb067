//! Which fields of a custom resource does its schema know?

use serde_json::{Map, Value, json};

/// The object with what its schema knows, and the unknown fields that fell away.
pub(crate) fn read(schema: &Value, raw: &Value) -> (Value, Vec<String>) {
    let mut unknown = Vec::new();
    let mut object = raw.clone();
    if let Some(fields) = object.as_object_mut() {
        let metadata = fields.remove("metadata");
        let (version, kind) = (fields.remove("apiVersion"), fields.remove("kind"));
        prune_object(schema, fields, "", &mut unknown);
        let metadata = metadata.unwrap_or_else(|| json!({}));
        fields.insert(
            "metadata".to_owned(),
            prune_metadata(metadata, "metadata", &mut unknown),
        );
        fields.extend(version.map(|version| ("apiVersion".to_owned(), version)));
        fields.extend(kind.map(|kind| ("kind".to_owned(), kind)));
    }
    unknown.sort();
    (object, unknown)
}

const METADATA: [&str; 15] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

fn prune_metadata(mut metadata: Value, path: &str, unknown: &mut Vec<String>) -> Value {
    if let Some(fields) = metadata.as_object_mut() {
        fields.retain(|key, value| {
            let is_known = METADATA.contains(&key.as_str());
            if !is_known {
                unknown.push(format!("unknown field \"{path}.{key}\""));
            }
            // What is null was not said.
            is_known && !value.is_null()
        });
    }
    metadata
}

fn prune(schema: &Value, value: &mut Value, path: &str, unknown: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if schema["x-kubernetes-embedded-resource"] == json!(true) {
                let metadata = fields.remove("metadata");
                let named: Vec<(String, Value)> = ["apiVersion", "kind"]
                    .into_iter()
                    .filter_map(|key| fields.remove_entry(key))
                    .collect();
                prune_object(schema, fields, path, unknown);
                fields.extend(metadata.map(|metadata| ("metadata".to_owned(), metadata)));
                fields.extend(named);
            } else {
                prune_object(schema, fields, path, unknown);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                prune(&schema["items"], item, &format!("{path}[{index}]"), unknown);
            }
        }
        _ => {}
    }
}

fn prune_object(
    schema: &Value,
    fields: &mut Map<String, Value>,
    path: &str,
    unknown: &mut Vec<String>,
) {
    let keeps_unknown = schema["x-kubernetes-preserve-unknown-fields"] == json!(true)
        || schema["additionalProperties"] == json!(true);
    let place = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        }
    };
    fields.retain(|key, value| {
        if let Some(known) = schema["properties"].get(key) {
            prune(known, value, &place(key), unknown);
            return true;
        }
        if schema["additionalProperties"].is_object() {
            prune(&schema["additionalProperties"], value, &place(key), unknown);
            return true;
        }
        if !keeps_unknown {
            unknown.push(format!("unknown field \"{}\"", place(key)));
        }
        keeps_unknown
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read;

    #[test]
    fn unknown_fields_fall_away_and_are_named() {
        let schema = json!({ "type": "object", "properties": {
            "spec": { "type": "object", "properties": {
                "size": { "type": "integer" },
                "free": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                "map": { "type": "object", "additionalProperties": { "type": "string" } },
                "list": { "type": "array", "items": { "type": "object", "properties": { "a": {} } } },
            } },
        } });
        let raw = json!({ "kind": "Widget", "metadata": { "name": "w", "odd": 1 }, "spec": {
            "size": 1, "sized": 2, "free": { "x": 1 }, "map": { "y": "z" }, "list": [{ "a": 1, "b": 2 }],
        } });
        let (object, unknown) = read(&schema, &raw);
        let kept = json!({ "kind": "Widget", "metadata": { "name": "w" }, "spec": {
            "size": 1, "free": { "x": 1 }, "map": { "y": "z" }, "list": [{ "a": 1 }],
        } });
        assert_eq!(object, kept);
        let named = ["metadata.odd", "spec.list[0].b", "spec.sized"];
        assert_eq!(
            unknown,
            named.map(|field| format!("unknown field \"{field}\""))
        );
    }
}
