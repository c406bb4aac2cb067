//! An applied configuration laid over an object: what it says, and what it leaves alone.

use std::collections::VecDeque;

use fields::{ListShape, ListType, MapType, PathElement, Schema, Typed};
use serde_json::{Map, Value};

use super::parts::{elements, entries, entry, keyed, names, with_key};

/// Lays a configuration over an object. Nothing is removed by this.
pub(super) fn combine(live: &Value, configuration: &Value, schema: &Schema) -> Value {
    merge(Some(live), Some(configuration), schema).unwrap_or(Value::Null)
}

/// None where nothing is left to write.
fn merge(live: Option<&Value>, applied: Option<&Value>, schema: &Schema) -> Option<Value> {
    let whole = applied.or(live)?;
    match schema.typed(whole) {
        Typed::Scalar(_) => Some(whole.clone()),
        Typed::List(list) => {
            let (live, applied) = (elements(live), elements(applied));
            if list.list_type == ListType::Atomic || (live.is_empty() && applied.is_empty()) {
                return Some(whole.clone());
            }
            let merged = merge_list(live, applied, list, schema);
            (!merged.is_empty()).then_some(Value::Array(merged))
        }
        Typed::Map(_) => {
            let (live, applied) = (entries(live), entries(applied));
            let nothing = live.is_none_or(Map::is_empty) && applied.is_none_or(Map::is_empty);
            if schema.map_type() == MapType::Atomic || nothing {
                return Some(whole.clone());
            }
            let merged: Map<_, _> = names(live, applied)
                .filter_map(|name| {
                    let schema = schema.field(name).unwrap_or_else(Schema::untyped);
                    Some((
                        name.clone(),
                        merge(entry(live, name), entry(applied, name), &schema)?,
                    ))
                })
                .collect();
            (!merged.is_empty()).then_some(Value::Object(merged))
        }
    }
}

/// The elements of both lists. What is applied comes in its own order; what only the object has keeps its
/// place behind the element that it followed.
fn merge_list(live: &[Value], applied: &[Value], list: &ListShape, schema: &Schema) -> Vec<Value> {
    let schema = schema.element().unwrap_or_else(Schema::untyped);
    let (live, applied) = (keyed(live, list), keyed(applied, list));
    let is_in = |elements: &[(PathElement, &Value)], key: &PathElement| {
        elements.iter().any(|(other, _)| other == key)
    };
    let together = |key: &PathElement, element: &Value| match with_key(&live, key).as_slice() {
        [same] => merge(Some(same), Some(element), &schema),
        // Elements that share a key are not merged with what is applied: it replaces them.
        _ => merge(None, Some(element), &schema),
    };
    // The elements of both, in the order in which they are due.
    let mut shared: VecDeque<_> = applied
        .iter()
        .map(|(key, _)| key)
        .filter(|key| is_in(&live, key))
        .collect();
    let mut merged = Vec::new();
    let mut taken = Vec::new();
    let (mut at_live, mut at_applied) = (0, 0);
    while at_live < live.len() || at_applied < applied.len() {
        let (here, there) = (live.get(at_live), applied.get(at_applied));
        if let Some((key, element)) = here {
            if !is_in(&applied, key) {
                merged.extend(merge(Some(element), None, &schema));
                at_live += 1;
                continue;
            }
            let meets = there.is_some_and(|(due, _)| due == key);
            if !meets && there.is_some() && shared.front().is_some_and(|due| *due != key) {
                // Its turn comes later, with the applied list.
                at_live += 1;
                continue;
            }
            if meets || taken.contains(&key) {
                at_live += 1;
            }
        }
        if let Some((key, element)) = there {
            merged.extend(together(key, element));
            taken.push(key);
            at_applied += 1;
            if shared.front() == Some(&key) {
                shared.pop_front();
            }
        }
    }
    merged
}
