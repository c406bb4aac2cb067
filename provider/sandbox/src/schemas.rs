//! The published facts of built-in kinds, written as `OpenAPI` schemas again.

use std::sync::LazyLock;

use fields::Facts;
use serde_json::{Map, Value, json};

use crate::route::GroupVersion;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(Facts::source()).unwrap_or_default());

/// Adds the schema of a kind, and of everything that it refers to.
pub(crate) fn add(version: &GroupVersion, kind: &str, schemas: &mut Map<String, Value>) {
    let id = format!("{}/{kind}", version.api_version());
    let Some(name) = DOCUMENT["kinds"][&id].as_str() else {
        return;
    };
    add_type(name, schemas);
    if let Some(schema) = schemas.get_mut(name) {
        schema["x-kubernetes-group-version-kind"] =
            json!([{ "group": version.group, "version": version.version, "kind": kind }]);
    }
}

fn add_type(name: &str, schemas: &mut Map<String, Value>) {
    let facts = &DOCUMENT["schemas"][name];
    if schemas.contains_key(name) || !facts.is_object() {
        return;
    }
    // First its place, so that a type that contains itself ends here.
    schemas.insert(name.to_owned(), json!({}));
    let mut properties = Map::new();
    for (field, fact) in facts["properties"].as_object().into_iter().flatten() {
        for referred in ["ref", "items", "values"]
            .into_iter()
            .filter_map(|key| fact[key].as_str())
        {
            add_type(referred, schemas);
        }
        properties.insert(field.clone(), property(fact));
    }
    let mut schema = json!({ "type": facts["type"].as_str().unwrap_or("object") });
    if !properties.is_empty() {
        schema["properties"] = Value::Object(properties);
    }
    for key in ["required", "format"] {
        if let Some(value) = facts.get(key) {
            schema[key] = value.clone();
        }
    }
    schemas.insert(name.to_owned(), schema);
}

fn property(fact: &Value) -> Value {
    if let Some(name) = fact["ref"].as_str() {
        return with_extensions(json!({ "allOf": [reference(name)] }), fact);
    }
    let mut property = Map::new();
    for key in ["type", "format", "enum", "default"] {
        if let Some(value) = fact.get(key) {
            property.insert(key.to_owned(), value.clone());
        }
    }
    if let Some(items) = fact["items"].as_str() {
        property.insert("items".to_owned(), reference(items));
    }
    if let Some(values) = fact["values"].as_str() {
        property.insert("additionalProperties".to_owned(), reference(values));
    }
    with_extensions(Value::Object(property), fact)
}

/// A named type, or one of the types of JSON.
fn reference(name: &str) -> Value {
    if name.contains('.') {
        json!({ "$ref": format!("#/components/schemas/{name}") })
    } else {
        json!({ "type": name })
    }
}

/// How the place is merged.
fn with_extensions(mut property: Value, fact: &Value) -> Value {
    for key in [
        "list-type",
        "list-map-keys",
        "map-type",
        "patch-strategy",
        "patch-merge-key",
    ] {
        if let Some(value) = fact.get(key) {
            property[format!("x-kubernetes-{key}")] = value.clone();
        }
    }
    property
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use crate::route::GroupVersion;

    #[test]
    fn a_kind_brings_all_that_it_refers_to() {
        let mut schemas = Map::new();
        super::add(&GroupVersion::new("apps", "v1"), "Deployment", &mut schemas);
        let container = &schemas["io.k8s.api.core.v1.Container"];
        assert_eq!(container["properties"]["name"]["type"], "string");
        let containers = &schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"];
        assert_eq!(containers["x-kubernetes-list-map-keys"], json!(["name"]));
    }
}
