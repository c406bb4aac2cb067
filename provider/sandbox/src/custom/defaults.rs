//! What does a CRD's schema fill in, and which nulls does it take for nothing?

use serde_json::{Value, json};

/// Fills in the defaults of a schema, parents before their children.
pub(crate) fn default(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
                let Some(default) = inner.get("default") else {
                    continue;
                };
                // A null stands for nothing where null is no value.
                let is_absent = match fields.get(key) {
                    None => true,
                    Some(found) => found.is_null() && inner["nullable"] != json!(true),
                };
                if is_absent {
                    fields.insert(key.clone(), default.clone());
                }
            }
            for (key, found) in fields.iter_mut() {
                match schema["properties"].get(key) {
                    Some(inner) => default(inner, found),
                    None => default(&schema["additionalProperties"], found),
                }
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| default(&schema["items"], item)),
        _ => {}
    }
}

/// Leaves out the nulls of a body that are no values. An applied null stays, and is refused.
pub(crate) fn drop_nulls(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, found| !found.is_null() || holds_null(schema, key));
            for (key, found) in fields.iter_mut() {
                let declared = schema["properties"].get(key);
                drop_nulls(declared.unwrap_or(&schema["additionalProperties"]), found);
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| drop_nulls(&schema["items"], item)),
        _ => {}
    }
}

/// Whether null is a value of a field rather than a way to leave it out.
fn holds_null(schema: &Value, key: &str) -> bool {
    let declared = schema["properties"].get(key);
    match declared.unwrap_or(&schema["additionalProperties"]) {
        Value::Object(inner) => inner.get("nullable") == Some(&json!(true)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn a_null_that_is_no_value_is_left_out() {
        let schema = json!({
            "properties": { "a": {}, "b": { "nullable": true }, "m": { "additionalProperties": {} } },
        });
        let mut object = json!({ "a": null, "b": null, "unknown": null, "m": { "x": null } });
        super::drop_nulls(&schema, &mut object);
        assert_eq!(object, json!({ "b": null, "unknown": null, "m": {} }));
    }

    #[test]
    fn defaults_go_all_the_way_down() {
        let schema = json!({ "properties": { "spec": { "default": {}, "properties": {
            "size": { "default": 3 }, "mode": { "default": "a", "nullable": true },
        } } } });
        let mut object = json!({ "spec": { "mode": null } });
        super::default(&schema, &mut object);
        assert_eq!(object, json!({ "spec": { "mode": null, "size": 3 } }));
        let mut empty = json!({});
        super::default(&schema, &mut empty);
        assert_eq!(empty, json!({ "spec": { "mode": "a", "size": 3 } }));
    }
}
