//! Which keys have to be set over a configuration so that it becomes another?

use serde_json::{Map, Value};

/// What `after` says that `before` does not: maps key by key, everything else whole. Nothing where they are equal.
pub(super) fn diff(before: &Value, after: &Value) -> Option<Value> {
    if before == after {
        return None;
    }
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        return Some(after.clone());
    };
    let changed = after.iter().filter_map(|(key, value)| {
        let change = match before.get(key) {
            Some(old) => diff(old, value)?,
            None => value.clone(),
        };
        Some((key.clone(), change))
    });
    Some(Value::Object(changed.collect::<Map<_, _>>()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_said() {
        for (before, after, expected) in [
            (json!({"a": 1}), json!({"a": 1}), None),
            (
                json!({"a": {"b": 1, "c": [1, 2]}, "d": "x"}),
                json!({"a": {"b": 1, "c": [2]}, "d": "x"}),
                Some(json!({"a": {"c": [2]}})),
            ),
            (
                json!({"a": {}}),
                json!({"a": {"new": {"deep": 1}}}),
                Some(json!({"a": {"new": {"deep": 1}}})),
            ),
        ] {
            assert_eq!(diff(&before, &after), expected);
        }
    }
}
