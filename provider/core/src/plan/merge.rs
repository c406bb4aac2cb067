//! What would an apply make of an object, by the rules of merging alone?
//!
//! A prediction, never the verdict: defaults and admission are not known here.

use fields::{ListType, MapType, Schema, Typed, element_keys};
use serde_json::Value;

/// A live object with everything that a definition asks for laid over it.
pub(crate) fn overlay(live: &Value, desired: &Value, schema: &Schema) -> Value {
    match (live, desired) {
        (_, Value::Null) => live.clone(),
        (Value::Object(live), Value::Object(desired)) if schema.map_type() == MapType::Granular => {
            let mut merged = live.clone();
            for (name, desired) in desired {
                let schema = schema.field(name).unwrap_or_else(Schema::untyped);
                let value = merged.get(name).map(|live| overlay(live, desired, &schema));
                merged.insert(name.clone(), value.unwrap_or_else(|| desired.clone()));
            }
            Value::Object(merged)
        }
        (Value::Array(old), Value::Array(new)) => {
            lists(old, new, schema).unwrap_or_else(|| desired.clone())
        }
        _ => desired.clone(),
    }
}

/// Elements in the order of the definition, those of others behind them; none where the list is owned as a whole.
fn lists(old: &[Value], new: &[Value], schema: &Schema) -> Option<Value> {
    let whole = Value::Array(new.to_vec());
    let shape = match schema.typed(&whole) {
        Typed::List(shape) if shape.list_type != ListType::Atomic => shape,
        _ => return None,
    };
    let element = schema.element().unwrap_or_else(Schema::untyped);
    let (old_keys, new_keys) = (element_keys(old, shape), element_keys(new, shape));
    let wanted = new.iter().zip(&new_keys).map(|(desired, key)| {
        let position = old_keys
            .iter()
            .position(|other| other == key && key.is_ok());
        position.map_or_else(
            || desired.clone(),
            |at| overlay(&old[at], desired, &element),
        )
    });
    let others = old
        .iter()
        .zip(&old_keys)
        .filter(|(_, key)| !new_keys.contains(key));
    Some(wanted.chain(others.map(|(live, _)| live.clone())).collect())
}
