//! What of an object counts in a comparison, and how is it written?

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fields::{Schema, canonicalize};
use serde_json::{Map, Value};

/// Metadata that only the server writes, or that names the object. Whatever is not listed here counts.
const KEPT_BY_SERVER: [&str; 10] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// An object without identity, status and what the server keeps in its metadata, with every quantity as the
/// server writes it and a Secret's text as the bytes that it becomes.
pub(crate) fn comparable(object: &Value, schema: &Schema) -> Value {
    let mut out = Map::new();
    for (name, value) in object.as_object().into_iter().flatten() {
        match (name.as_str(), value) {
            ("apiVersion" | "kind" | "status", _) => {}
            ("metadata", Value::Object(metadata)) => {
                let counts = |name: &&String| !KEPT_BY_SERVER.contains(&name.as_str());
                let metadata = metadata.iter().filter(|(name, _)| counts(name));
                let metadata: Map<_, _> = metadata
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect();
                if !metadata.is_empty() {
                    out.insert(name.clone(), Value::Object(metadata));
                }
            }
            _ => {
                out.insert(name.clone(), value.clone());
            }
        }
    }
    if is_secret(object) {
        encode_text(&mut out);
    }
    let mut out = Value::Object(out);
    canonicalize(&mut out, schema);
    out
}

/// Whether all values of an object are secret.
fn is_secret(object: &Value) -> bool {
    object["kind"] == "Secret" && object["apiVersion"] == "v1"
}

/// `stringData` is only a way to write `data`: the server stores bytes and forgets how they came.
fn encode_text(secret: &mut Map<String, Value>) {
    let Some(Value::Object(text)) = secret.remove("stringData") else {
        return;
    };
    let data = secret
        .entry("data")
        .or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(data) = data {
        for (key, value) in text {
            let encoded = STANDARD.encode(value.as_str().unwrap_or_default());
            data.insert(key, Value::String(encoded));
        }
    }
}

#[cfg(test)]
mod tests {
    use fields::Facts;
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_annotations_finalizers_and_owners_count_and_bookkeeping_does_not() {
        let metadata = json!({
            "name": "a", "namespace": "b", "uid": "c", "resourceVersion": "1", "generation": 1,
            "managedFields": [], "creationTimestamp": "t", "deletionTimestamp": "t",
            "deletionGracePeriodSeconds": 0, "selfLink": "/", "labels": {"a": "b"},
            "annotations": {"a": "b"}, "finalizers": ["a"], "ownerReferences": [{"uid": "a"}],
            "somethingNew": 1,
        });
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "status": {}, "data": {}});
        let expected = json!({
            "metadata": {"labels": {"a": "b"}, "annotations": {"a": "b"}, "finalizers": ["a"],
                "ownerReferences": [{"uid": "a"}], "somethingNew": 1},
            "data": {},
        });
        let schema = Facts::builtin().schema("", "v1", "ConfigMap").unwrap();
        assert_eq!(comparable(&object, &schema), expected);
    }

    #[test]
    fn the_text_of_a_secret_is_compared_as_bytes() {
        let object = json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "YQ=="}, "stringData": {"b": "b"}});
        let schema = Facts::builtin().schema("", "v1", "Secret").unwrap();
        assert_eq!(
            comparable(&object, &schema),
            json!({"data": {"a": "YQ==", "b": "Yg=="}})
        );
    }
}
