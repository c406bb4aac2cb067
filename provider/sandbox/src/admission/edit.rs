//! Setting fields of a value where they are absent.

use serde_json::{Map, Value};

/// The map here; whatever else stood here gives way to an empty one.
pub(crate) fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().expect("it was made an object above")
}

/// The value below `name`, made null where absent.
pub(crate) fn child<'a>(value: &'a mut Value, name: &str) -> &'a mut Value {
    object(value).entry(name).or_insert(Value::Null)
}

/// Sets `name` where it is absent or null.
pub(crate) fn or_set(value: &mut Value, name: &str, default: impl Into<Value>) {
    let place = child(value, name);
    if place.is_null() {
        *place = default.into();
    }
}

/// Sets `name` where it is absent, or zero as Go sees it: the empty text and the number 0.
pub(crate) fn or_set_zero(value: &mut Value, name: &str, default: impl Into<Value>) {
    let place = child(value, name);
    let zero = match &*place {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) => false,
    };
    if zero {
        *place = default.into();
    }
}

/// Whether `name` is absent or null.
pub(crate) fn lacks(value: &Value, name: &str) -> bool {
    value.get(name).is_none_or(Value::is_null)
}

/// The text below `name`, empty where there is none.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The elements of the list below `name`.
pub(crate) fn items<'a>(value: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> {
    value
        .get_mut(name)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
}

/// Takes `name` away.
pub(crate) fn remove(value: &mut Value, name: &str) -> Option<Value> {
    value.as_object_mut().and_then(|map| map.remove(name))
}

/// Makes `name` of `value` what it is in `source`, absent included.
pub(crate) fn copy(value: &mut Value, source: &Value, name: &str) {
    match source.get(name) {
        Some(kept) => {
            object(value).insert(name.to_owned(), kept.clone());
        }
        None => {
            remove(value, name);
        }
    }
}
