//! When two values mean the same, and how the API server writes them.

use serde_json::{Map, Value};

use crate::order::values_equal;
use crate::quantity::Quantity;
use crate::schema::{Schema, Typed};

/// Whether two values mean the same: amounts count rather than their notation, and null is as good as absent.
pub fn same(left: &Value, right: &Value, schema: &Schema) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            covers(left, right, schema)
                && right
                    .iter()
                    .all(|(name, value)| value.is_null() || left.contains_key(name))
        }
        (Value::Array(left), Value::Array(right)) => {
            let schema = schema.element().unwrap_or_else(Schema::untyped);
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| same(left, right, &schema))
        }
        _ if schema.is_quantity() => {
            match (Quantity::from_json(left), Quantity::from_json(right)) {
                (Ok(left), Ok(right)) => left == right,
                _ => values_equal(left, right),
            }
        }
        _ => values_equal(left, right),
    }
}

fn covers(left: &Map<String, Value>, right: &Map<String, Value>, schema: &Schema) -> bool {
    left.iter().all(|(name, value)| {
        let schema = schema.field(name).unwrap_or_else(Schema::untyped);
        same(value, right.get(name).unwrap_or(&Value::Null), &schema)
    })
}

/// Writes every quantity in a value as the API server does. What is no quantity stays as it is.
pub fn canonicalize(value: &mut Value, schema: &Schema) {
    if schema.is_quantity() {
        if let Some(quantity) = (!value.is_null())
            .then(|| Quantity::from_json(value).ok())
            .flatten()
        {
            *value = Value::String(quantity.to_string());
        }
        return;
    }
    if matches!(schema.typed(value), Typed::Scalar(_)) {
        return;
    }
    match value {
        Value::Object(entries) => {
            for (name, entry) in entries {
                if let Some(schema) = schema.field(name) {
                    canonicalize(entry, &schema);
                }
            }
        }
        Value::Array(elements) => {
            if let Some(schema) = schema.element() {
                for element in elements {
                    canonicalize(element, &schema);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Facts;

    #[test]
    fn amounts_are_the_same_however_written_and_names_are_not() {
        let schema = Facts::builtin()
            .schema("apps", "v1", "Deployment")
            .expect("known");
        let object = |cpu: Value, image: &str| {
            json!({"spec": {"template": {"spec": {"containers": [
                {"name": "app", "image": image, "resources": {"limits": {"cpu": cpu}}},
            ]}}}})
        };
        assert!(same(
            &object(json!("0.5"), "a"),
            &object(json!("500m"), "a"),
            &schema
        ));
        assert!(same(
            &object(json!(1), "a"),
            &object(json!("1000m"), "a"),
            &schema
        ));
        assert!(!same(
            &object(json!("0.5"), "a"),
            &object(json!("0.4"), "a"),
            &schema
        ));
        assert!(!same(
            &object(json!("1"), "1"),
            &object(json!("1"), "1.0"),
            &schema
        ));
        assert!(same(
            &json!({"spec": {"replicas": null}}),
            &json!({"spec": {}}),
            &schema
        ));
        assert!(!same(
            &json!({"spec": {"replicas": 1}}),
            &json!({"spec": {}}),
            &schema
        ));
    }

    #[test]
    fn only_quantities_are_rewritten() {
        let schema = Facts::builtin()
            .schema("", "v1", "PersistentVolumeClaim")
            .expect("known");
        let mut claim = json!({
            "metadata": {"labels": {"storage": "1024Mi"}},
            "spec": {"resources": {"requests": {"storage": "1024Mi"}}},
        });
        canonicalize(&mut claim, &schema);
        assert_eq!(claim["spec"]["resources"]["requests"]["storage"], "1Gi");
        assert_eq!(claim["metadata"]["labels"]["storage"], "1024Mi");
    }
}
