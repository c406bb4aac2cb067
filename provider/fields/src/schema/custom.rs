//! How the `openAPIV3Schema` of a custom resource becomes a schema.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Schema;
use super::published::scalar_of;
use super::shape::{
    Field, ListShape, ListType, MapShape, MapType, PatchStrategy, Scalar, Shape, Slot,
};
use crate::facts::Facts;

/// Why a definition holds no schema that could be merged by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Something other than an object stands where a schema must.
    #[error("`{0}` is no schema")]
    NotASchema(String),
    /// An extension has a value that it cannot have.
    #[error("{extension} cannot be `{value}`")]
    Extension {
        /// The name of the extension.
        extension: &'static str,
        /// What stands there.
        value: String,
    },
}

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Whether unknown fields are kept, which everything below inherits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unknown {
    Kept,
    Dropped,
}

/// Where a schema stands: at the top and in embedded resources, identity and metadata are fixed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Resource,
    Inside,
}

pub(super) fn read(schema: &Value) -> Result<Schema, SchemaError> {
    let shape = shape(schema, Place::Resource, Unknown::Dropped)?;
    Ok(Schema {
        types: Facts::builtin().types(),
        shape: Arc::new(shape),
        map_type: None,
    })
}

fn shape(schema: &Value, place: Place, unknown: Unknown) -> Result<Shape, SchemaError> {
    let object = schema
        .as_object()
        .ok_or_else(|| SchemaError::NotASchema(schema.to_string()))?;
    let flag = |name: &str| object.get(name) == Some(&Value::Bool(true));
    let unknown = if flag("x-kubernetes-preserve-unknown-fields") {
        Unknown::Kept
    } else {
        unknown
    };
    let place = if flag("x-kubernetes-embedded-resource") {
        Place::Resource
    } else {
        place
    };
    if flag("x-kubernetes-int-or-string") {
        return Ok(Shape::Scalar(Scalar::IntOrString));
    }
    match object.get("type").and_then(Value::as_str) {
        Some("object") => Ok(Shape::Map(map(object, place, unknown)?)),
        Some("array") => Ok(Shape::List(list(object, unknown)?)),
        Some(scalar) => Ok(Shape::Scalar(scalar_of(
            scalar,
            object.get("format").and_then(Value::as_str),
        ))),
        None if place == Place::Resource => Ok(Shape::Map(map(object, place, unknown)?)),
        None => Ok(Shape::Untyped),
    }
}

fn map(
    object: &Map<String, Value>,
    place: Place,
    unknown: Unknown,
) -> Result<MapShape, SchemaError> {
    let empty = Map::new();
    let properties = object
        .get("properties")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let mut fields = BTreeMap::new();
    for (name, property) in properties {
        let slot = Slot::of(shape(property, Place::Inside, unknown)?);
        fields.insert(name.clone(), field(object, name, property, slot));
    }
    if place == Place::Resource {
        fields.extend(identity());
    }
    let values = match object.get("additionalProperties") {
        Some(Value::Bool(false)) => None,
        Some(values @ Value::Object(_)) => Some(Slot::of(shape(values, Place::Inside, unknown)?)),
        Some(_) => Some(Slot::of(Shape::Untyped)),
        None if unknown == Unknown::Kept || properties.is_empty() => Some(Slot::of(Shape::Untyped)),
        None => None,
    };
    Ok(MapShape {
        map_type: map_type(object)?,
        fields,
        values,
    })
}

fn field(parent: &Map<String, Value>, name: &str, property: &Value, slot: Slot) -> Field {
    let list_at = |object: &Value, key: &str| {
        object
            .get(key)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let required = parent.get("required").and_then(Value::as_array);
    Field {
        required: required.is_some_and(|names| names.iter().any(|required| required == name)),
        default: property.get("default").cloned(),
        allowed: list_at(property, "enum"),
        patch: PatchStrategy::default(),
        slot,
    }
}

/// What every object has, whatever a definition says about it.
fn identity() -> [(String, Field); 3] {
    let field = |slot| Field {
        required: false,
        default: None,
        allowed: Vec::new(),
        patch: PatchStrategy::default(),
        slot,
    };
    let text = || Slot::of(Shape::Scalar(Scalar::String));
    [
        ("apiVersion".to_owned(), field(text())),
        ("kind".to_owned(), field(text())),
        (
            "metadata".to_owned(),
            field(Slot::Named(OBJECT_META.to_owned(), None)),
        ),
    ]
}

fn map_type(object: &Map<String, Value>) -> Result<MapType, SchemaError> {
    match object.get("x-kubernetes-map-type") {
        None => Ok(MapType::Granular),
        Some(value) if value == "granular" => Ok(MapType::Granular),
        Some(value) if value == "atomic" => Ok(MapType::Atomic),
        Some(value) => Err(SchemaError::Extension {
            extension: "x-kubernetes-map-type",
            value: value.to_string(),
        }),
    }
}

fn list(object: &Map<String, Value>, unknown: Unknown) -> Result<ListShape, SchemaError> {
    let list_type = match object.get("x-kubernetes-list-type") {
        None => ListType::Atomic,
        Some(value) if value == "atomic" => ListType::Atomic,
        Some(value) if value == "set" => ListType::Set,
        Some(value) if value == "map" => ListType::Map(keys(object)?),
        Some(value) => {
            return Err(SchemaError::Extension {
                extension: "x-kubernetes-list-type",
                value: value.to_string(),
            });
        }
    };
    let items = object.get("items");
    let default_of = |key: &str| items?.get("properties")?.get(key)?.get("default").cloned();
    let key_defaults = match &list_type {
        ListType::Map(keys) => keys
            .iter()
            .filter_map(|key| Some((key.clone(), default_of(key)?)))
            .collect(),
        ListType::Atomic | ListType::Set => BTreeMap::new(),
    };
    let element = match items {
        Some(items) => shape(items, Place::Inside, unknown)?,
        None => Shape::Opaque,
    };
    Ok(ListShape {
        list_type,
        element: Slot::of(element),
        key_defaults,
    })
}

fn keys(object: &Map<String, Value>) -> Result<Vec<String>, SchemaError> {
    let keys = object.get("x-kubernetes-list-map-keys");
    let names = keys
        .and_then(Value::as_array)
        .map(|keys| keys.iter().filter_map(Value::as_str).map(str::to_owned));
    match names.map(Vec::from_iter) {
        Some(names) if !names.is_empty() => Ok(names),
        _ => Err(SchemaError::Extension {
            extension: "x-kubernetes-list-map-keys",
            value: keys.map_or_else(|| "absent".to_owned(), Value::to_string),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::set::FieldSet;

    fn paths(schema: &Value, value: &Value) -> Vec<String> {
        let schema = Schema::from_definition(schema).expect("a schema");
        FieldSet::of(value, &schema)
            .iter()
            .map(|path| path.short().to_string())
            .collect()
    }

    #[test]
    fn a_definition_says_how_its_lists_and_maps_are_merged() {
        let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
            "ports": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["port", "protocol"],
                "items": {"type": "object", "properties": {
                    "port": {"type": "integer"},
                    "protocol": {"type": "string", "default": "TCP"},
                }},
            },
            "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
            "list": {"type": "array", "items": {"type": "string"}},
            "whole": {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": {"type": "string"}},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        }}}});
        let value = json!({
            "metadata": {"finalizers": ["a/b"]},
            "spec": {
                "ports": [{"port": 80}],
                "tags": ["x"],
                "list": ["x"],
                "whole": {"a": "b"},
                "free": {"a": {"b": [1]}},
            },
        });
        assert_eq!(
            paths(&schema, &value),
            [
                r#"metadata.finalizers[="a/b"]"#,
                "spec.free.a",
                "spec.free.a.b",
                "spec.list",
                "spec.ports[port=80,protocol=TCP]",
                "spec.ports[port=80,protocol=TCP].port",
                r#"spec.tags[="x"]"#,
                "spec.whole",
            ]
        );
    }

    #[test]
    fn extensions_with_wrong_values_are_refused() {
        let cases = [
            json!([]),
            json!({"type": "object", "x-kubernetes-map-type": "other"}),
            json!({"type": "object", "properties": {"a": {"type": "array", "x-kubernetes-list-type": "map"}}}),
            json!({"type": "object", "properties": {"a": 1}}),
        ];
        for schema in cases {
            assert!(Schema::from_definition(&schema).is_err(), "{schema}");
        }
    }
}
