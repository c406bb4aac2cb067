//! A value without some paths, or with nothing but them.

use serde_json::{Map, Value};

use super::element_key;
use crate::path::PathElement;
use crate::schema::{ListShape, ListType, MapType, Schema, Typed};
use crate::set::FieldSet;

/// The value without the members of a set; lists and maps that lose their last entry go as well.
#[must_use]
pub fn remove(value: &Value, set: &FieldSet, schema: &Schema) -> Value {
    without(value, set, schema).unwrap_or_else(|| empty_like(value))
}

fn without(value: &Value, set: &FieldSet, schema: &Schema) -> Option<Value> {
    match (schema.typed(value), value) {
        (Typed::List(list), Value::Array(elements)) if list.list_type != ListType::Atomic => {
            let schema = schema.element().unwrap_or_else(Schema::untyped);
            let kept = elements
                .iter()
                .filter_map(|element| match element_key(element, list) {
                    Ok(key) => without_at(element, &key, set, &schema),
                    Err(_) => Some(element.clone()),
                });
            let kept: Vec<_> = kept.collect();
            (elements.is_empty() || !kept.is_empty()).then_some(Value::Array(kept))
        }
        (Typed::Map(_), Value::Object(entries)) if schema.map_type() == MapType::Granular => {
            let kept = entries.iter().filter_map(|(name, entry)| {
                let schema = schema.field(name).unwrap_or_else(Schema::untyped);
                Some((
                    name.clone(),
                    without_at(entry, &PathElement::field(name), set, &schema)?,
                ))
            });
            let kept: Map<_, _> = kept.collect();
            (entries.is_empty() || !kept.is_empty()).then_some(Value::Object(kept))
        }
        _ => Some(value.clone()),
    }
}

fn without_at(
    value: &Value,
    element: &PathElement,
    set: &FieldSet,
    schema: &Schema,
) -> Option<Value> {
    if set.has(element) {
        return None;
    }
    match set.child(element) {
        Some(below) => without(value, below, schema),
        None => Some(value.clone()),
    }
}

/// Nothing but the members of a set, and the keys of the list elements that they are in.
///
/// What is atomic comes whole; a granular map or list that is a member itself comes empty.
#[must_use]
pub fn extract(value: &Value, set: &FieldSet, schema: &Schema) -> Value {
    match (schema.typed(value), value) {
        (Typed::List(list), Value::Array(elements)) if list.list_type != ListType::Atomic => {
            let schema = schema.element().unwrap_or_else(Schema::untyped);
            let chosen = elements.iter().filter_map(|element| {
                let key = element_key(element, list).ok()?;
                let chosen = extract_at(element, &key, set, &schema)?;
                Some(with_keys(chosen, element, list))
            });
            Value::Array(chosen.collect())
        }
        (Typed::Map(_), Value::Object(entries)) if schema.map_type() == MapType::Granular => {
            let chosen = entries.iter().filter_map(|(name, entry)| {
                let schema = schema.field(name).unwrap_or_else(Schema::untyped);
                Some((
                    name.clone(),
                    extract_at(entry, &PathElement::field(name), set, &schema)?,
                ))
            });
            Value::Object(chosen.collect())
        }
        _ => value.clone(),
    }
}

fn extract_at(
    value: &Value,
    element: &PathElement,
    set: &FieldSet,
    schema: &Schema,
) -> Option<Value> {
    let nothing = FieldSet::new();
    match set.child(element) {
        Some(below) => Some(extract(value, below, schema)),
        None if set.has(element) => Some(extract(value, &nothing, schema)),
        None => None,
    }
}

fn with_keys(mut chosen: Value, element: &Value, list: &ListShape) -> Value {
    if let Some(fields) = chosen.as_object_mut() {
        for key in list.keys() {
            if let Some(value) = element.get(key) {
                fields.insert(key.clone(), value.clone());
            }
        }
    }
    chosen
}

fn empty_like(value: &Value) -> Value {
    match value {
        Value::Array(_) => Value::Array(Vec::new()),
        Value::Object(_) => Value::Object(Map::new()),
        _ => Value::Null,
    }
}
