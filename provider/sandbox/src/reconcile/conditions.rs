//! How do conditions change without moving their times for nothing?

use serde_json::{Value, json};

/// A condition as it should be.
pub(super) struct Condition<'a> {
    pub(super) kind: &'a str,
    pub(super) is_true: bool,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
}

/// Puts a condition into a status. Its transition time moves with its status only, its update time, where the
/// kind has one, with any change.
pub(super) fn set(
    status: &mut Value,
    condition: &Condition<'_>,
    now: &str,
    update_time: Option<&str>,
) {
    let conditions = &mut status["conditions"];
    if !conditions.is_array() {
        *conditions = json!([]);
    }
    let Some(list) = conditions.as_array_mut() else {
        return;
    };
    let value = if condition.is_true { "True" } else { "False" };
    let position = list.iter().position(|old| old["type"] == condition.kind);
    let old = position
        .map(|position| list[position].clone())
        .unwrap_or_default();
    let is_same = old["status"] == value
        && old["reason"].as_str().unwrap_or_default() == condition.reason
        && old["message"].as_str().unwrap_or_default() == condition.message;
    if is_same {
        return;
    }
    let transition = match old["lastTransitionTime"]
        .as_str()
        .filter(|_| old["status"] == value)
    {
        Some(time) => time.to_owned(),
        None => now.to_owned(),
    };
    let mut new =
        json!({ "type": condition.kind, "status": value, "lastTransitionTime": transition });
    for (field, text) in [("reason", condition.reason), ("message", condition.message)] {
        if !text.is_empty() {
            new[field] = json!(text);
        }
    }
    if let Some(field) = update_time {
        new[field] = json!(now);
    }
    match position {
        Some(position) => list[position] = new,
        None => list.push(new),
    }
}

/// Takes a condition away.
pub(super) fn remove(status: &mut Value, kind: &str) {
    if let Some(list) = status["conditions"].as_array_mut() {
        list.retain(|condition| condition["type"] != kind);
        if list.is_empty()
            && let Some(status) = status.as_object_mut()
        {
            status.remove("conditions");
        }
    }
}

/// Whether a condition is true.
pub(super) fn holds(object: &Value, kind: &str) -> bool {
    let conditions = object["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten();
    conditions
        .into_iter()
        .any(|condition| condition["type"] == kind && condition["status"] == "True")
}
