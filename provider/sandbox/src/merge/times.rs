//! A write that changes nothing but the times of its owners is no write.

use serde_json::Value;

/// Puts the times of before back where nothing else has changed, so that the object stays as it is.
pub(crate) fn keep_times(before: &Value, after: &mut Value) {
    let (old, new) = (managers(before), managers(after));
    if old.is_empty() || old.len() != new.len() || without_times(before) != without_times(after) {
        return;
    }
    let times: Vec<_> = old.iter().map(|entry| entry.get("time").cloned()).collect();
    let entries = after
        .pointer_mut("/metadata/managedFields")
        .and_then(Value::as_array_mut);
    for (entry, time) in entries.into_iter().flatten().zip(times) {
        let Some(entry) = entry.as_object_mut() else {
            continue;
        };
        match time {
            Some(time) => entry.insert("time".to_owned(), time),
            None => entry.remove("time"),
        };
    }
}

fn managers(object: &Value) -> &[Value] {
    object
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn without_times(object: &Value) -> Value {
    let mut object = object.clone();
    let entries = object
        .pointer_mut("/metadata/managedFields")
        .and_then(Value::as_array_mut);
    for entry in entries
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        entry.remove("time");
    }
    object
}
