//! How the facts of the built-in kinds become schemas.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::Types;
use super::shape::{
    Field, ListShape, ListType, MapShape, MapType, PatchStrategy, Scalar, Shape, Slot,
};

/// One type as `data/schema-facts-1.36.json` has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct TypeFacts {
    #[serde(rename = "type")]
    kind: Option<String>,
    format: Option<String>,
    map_type: Option<String>,
    #[serde(default)]
    required: Vec<String>,
    properties: Option<BTreeMap<String, PropertyFacts>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PropertyFacts {
    #[serde(rename = "type")]
    kind: Option<String>,
    format: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    items: Option<String>,
    values: Option<String>,
    default: Option<Value>,
    #[serde(default, rename = "enum")]
    allowed: Vec<Value>,
    list_type: Option<String>,
    #[serde(default)]
    list_map_keys: Vec<String>,
    map_type: Option<String>,
    patch_strategy: Option<String>,
    patch_merge_key: Option<String>,
}

const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const LOCAL_REFERENCE: &str = "io.k8s.api.core.v1.LocalObjectReference";
const RAW_EXTENSION: &str = "io.k8s.apimachinery.pkg.runtime.RawExtension";

pub(crate) fn types_of(facts: &BTreeMap<String, TypeFacts>) -> Arc<Types> {
    let types = facts
        .iter()
        .map(|(name, of)| (name.clone(), Arc::new(shape(name, of, facts))))
        .collect();
    Arc::new(Types(types))
}

fn shape(name: &str, of: &TypeFacts, all: &BTreeMap<String, TypeFacts>) -> Shape {
    if name == QUANTITY {
        return Shape::Scalar(Scalar::Quantity);
    }
    if name == RAW_EXTENSION {
        return Shape::Opaque;
    }
    let Some(properties) = &of.properties else {
        return match (of.kind.as_deref(), of.format.as_deref()) {
            (_, Some("int-or-string")) => Shape::Scalar(Scalar::IntOrString),
            (Some("string"), Some("date-time")) => Shape::Scalar(Scalar::DateTime),
            (Some("object"), _) => Shape::Map(MapShape {
                values: Some(Slot::of(Shape::Untyped)),
                ..MapShape::default()
            }),
            _ => Shape::Untyped,
        };
    };
    let fields = properties.iter().map(|(name, property)| {
        let field = Field {
            required: of.required.contains(name),
            default: property.default.clone(),
            allowed: property.allowed.clone(),
            patch: patch(property),
            slot: slot(property, all),
        };
        (name.clone(), field)
    });
    Shape::Map(MapShape {
        map_type: map_type(of.map_type.as_deref()).unwrap_or_default(),
        fields: fields.collect(),
        values: None,
    })
}

fn map_type(text: Option<&str>) -> Option<MapType> {
    match text? {
        "atomic" => Some(MapType::Atomic),
        _ => Some(MapType::Granular),
    }
}

fn patch(property: &PropertyFacts) -> PatchStrategy {
    let strategies: Vec<_> = property
        .patch_strategy
        .iter()
        .flat_map(|strategy| strategy.split(','))
        .collect();
    PatchStrategy {
        merge: strategies.contains(&"merge"),
        retain_keys: strategies.contains(&"retainKeys"),
        key: property.patch_merge_key.clone(),
    }
}

fn slot(property: &PropertyFacts, all: &BTreeMap<String, TypeFacts>) -> Slot {
    let map_type = map_type(property.map_type.as_deref());
    if let Some(reference) = &property.reference {
        return Slot::Named(reference.clone(), map_type);
    }
    match property.kind.as_deref() {
        Some("array") => Slot::of(Shape::List(list(property, all))),
        Some("object") => Slot::of(Shape::Map(MapShape {
            map_type: map_type.unwrap_or_default(),
            fields: BTreeMap::new(),
            values: Some(
                property
                    .values
                    .as_deref()
                    .map_or_else(|| Slot::of(Shape::Untyped), named),
            ),
        })),
        Some(scalar) => Slot::of(Shape::Scalar(scalar_of(scalar, property.format.as_deref()))),
        None => Slot::of(Shape::Untyped),
    }
}

fn list(property: &PropertyFacts, all: &BTreeMap<String, TypeFacts>) -> ListShape {
    let list_type = match property.list_type.as_deref() {
        Some("map") => ListType::Map(property.list_map_keys.clone()),
        Some("set") => ListType::Set,
        _ => ListType::Atomic,
    };
    let element = property
        .items
        .as_ref()
        .and_then(|items| Some((items, all.get(items)?)));
    let default_of = |key: &String| key_default(element?, key);
    let key_defaults = property
        .list_map_keys
        .iter()
        .filter_map(|key| Some((key.clone(), default_of(key)?)))
        .collect();
    let element = property
        .items
        .as_deref()
        .map_or_else(|| Slot::of(Shape::Opaque), named);
    ListShape {
        list_type,
        element,
        key_defaults,
    }
}

/// What a key field is in an element that leaves it out.
///
/// The facts do not list the empty text among the published defaults: every required text has it, and so has
/// the name of a reference to something in the same namespace.
fn key_default((element, facts): (&String, &TypeFacts), key: &String) -> Option<Value> {
    let property = facts.properties.as_ref()?.get(key)?;
    let is_text = property.kind.as_deref() == Some("string");
    let is_empty_text = is_text && (facts.required.contains(key) || element == LOCAL_REFERENCE);
    property
        .default
        .clone()
        .or_else(|| is_empty_text.then(|| Value::from("")))
}

/// What stands in `items` and `values`: the name of a type, or of something simple.
fn named(name: &str) -> Slot {
    match name {
        "array" => Slot::of(Shape::List(ListShape {
            list_type: ListType::Atomic,
            element: Slot::of(Shape::Opaque),
            key_defaults: BTreeMap::new(),
        })),
        "object" => Slot::of(Shape::Map(MapShape {
            values: Some(Slot::of(Shape::Untyped)),
            ..MapShape::default()
        })),
        "string" | "integer" | "number" | "boolean" => {
            Slot::of(Shape::Scalar(scalar_of(name, None)))
        }
        reference => Slot::Named(reference.to_owned(), None),
    }
}

pub(super) fn scalar_of(kind: &str, format: Option<&str>) -> Scalar {
    match (kind, format) {
        ("string", Some("byte")) => Scalar::Bytes,
        ("string", Some("date-time")) => Scalar::DateTime,
        ("string", Some("int-or-string")) => Scalar::IntOrString,
        ("string", None) => Scalar::String,
        ("integer", Some("int32")) => Scalar::Integer(32),
        ("integer", _) => Scalar::Integer(64),
        ("number", _) => Scalar::Number,
        ("boolean", _) => Scalar::Boolean,
        _ => Scalar::Any,
    }
}
