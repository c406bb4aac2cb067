//! What do cells of several kinds have in common?

use serde_json::{Value, json};

/// The number at a pointer, zero where there is none.
pub(super) fn number(pointer: &'static str) -> impl Fn(&Value) -> Value {
    move |object| {
        json!(
            object
                .pointer(pointer)
                .and_then(Value::as_i64)
                .unwrap_or_default()
        )
    }
}

/// The text at a pointer, or another where there is none.
pub(super) fn text_or(pointer: &'static str, otherwise: &'static str) -> impl Fn(&Value) -> Value {
    move |object| match object.pointer(pointer) {
        Some(Value::String(text)) if !text.is_empty() => json!(text),
        Some(Value::Number(number)) => json!(number.to_string()),
        Some(Value::Bool(value)) => json!(value.to_string()),
        _ => json!(otherwise),
    }
}

/// How many entries some maps and lists have together.
pub(super) fn count(pointers: &'static [&'static str]) -> impl Fn(&Value) -> Value {
    move |object| {
        let size = |pointer: &&str| match object.pointer(pointer) {
            Some(Value::Object(map)) => map.len(),
            Some(Value::Array(list)) => list.len(),
            _ => 0,
        };
        json!(pointers.iter().map(size).sum::<usize>())
    }
}

/// One field of each element of a list, joined with commas.
pub(super) fn each(list: &Value, field: &str) -> String {
    let elements = list.as_array().into_iter().flatten();
    elements
        .filter_map(|element| element[field].as_str())
        .collect::<Vec<_>>()
        .join(",")
}

/// One field of each container of a Pod or a template at a pointer.
pub(super) fn containers(pointer: &'static str, field: &'static str) -> impl Fn(&Value) -> Value {
    move |object| json!(each(object.pointer(pointer).unwrap_or(&Value::Null), field))
}

/// A selector as `kubectl` shows it.
pub(super) fn selector(pointer: &'static str) -> impl Fn(&Value) -> Value {
    move |object| {
        json!(selector_text(
            object.pointer(pointer).unwrap_or(&Value::Null)
        ))
    }
}

pub(super) fn selector_text(selector: &Value) -> String {
    let is_structured =
        selector.get("matchLabels").is_some() || selector.get("matchExpressions").is_some();
    let labels = if is_structured {
        &selector["matchLabels"]
    } else {
        selector
    };
    let mut terms: Vec<String> = labels
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)))
        .collect();
    for expression in selector["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let key = expression["key"].as_str().unwrap_or_default();
        let values = expression["values"].as_array().into_iter().flatten();
        let values: Vec<&str> = values.filter_map(Value::as_str).collect();
        terms.push(match expression["operator"].as_str() {
            Some("In") => format!("{key} in ({})", values.join(",")),
            Some("NotIn") => format!("{key} notin ({})", values.join(",")),
            Some("DoesNotExist") => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    if terms.is_empty() {
        "<none>".to_owned()
    } else {
        terms.join(",")
    }
}

/// Access modes in the letters of `kubectl`.
pub(super) fn access_modes(modes: &Value) -> String {
    let short = |mode: &Value| match mode.as_str() {
        Some("ReadWriteOnce") => Some("RWO"),
        Some("ReadOnlyMany") => Some("ROX"),
        Some("ReadWriteMany") => Some("RWX"),
        Some("ReadWriteOncePod") => Some("RWOP"),
        _ => None,
    };
    modes
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(short)
        .collect::<Vec<_>>()
        .join(",")
}
