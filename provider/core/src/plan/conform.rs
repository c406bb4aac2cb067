//! Does an object fit the schema of its kind?
//!
//! Asked only of custom resources whose definition arrives in the same plan, because then no server can be asked
//! yet. Types, unknown and missing fields and enumerations are checked; rules in CEL are left to the server.

use fields::{FieldPath, MapShape, PathElement, Scalar, Schema, Typed};
use serde_json::{Map, Value};

/// How many misfits are told of one object.
const TOLD: usize = 20;

/// Everything that does not fit, each with its path. Values are not repeated: they may be secret.
pub(crate) fn misfits(object: &Value, schema: &Schema) -> Vec<String> {
    let mut found = Vec::new();
    check(object, schema, &FieldPath::root(), &mut found);
    found.truncate(TOLD);
    found
}

fn check(value: &Value, schema: &Schema, path: &FieldPath, found: &mut Vec<String>) {
    let mut tell = |problem: &str| found.push(format!("{}: {problem}", path.short()));
    match (schema.typed(value), value) {
        (_, Value::Null) => {}
        (Typed::Scalar(scalar), value) if !is_a(value, scalar) => tell(expected(scalar)),
        (Typed::Scalar(_), _) => {}
        (Typed::Map(shape), Value::Object(fields)) => {
            check_fields(fields, shape, schema, path, found);
        }
        (Typed::List(_), Value::Array(elements)) => {
            let schema = schema.element().unwrap_or_else(Schema::untyped);
            for (index, element) in elements.iter().enumerate() {
                check(
                    element,
                    &schema,
                    &path.join(PathElement::Index(index)),
                    found,
                );
            }
        }
        (Typed::Map(_), _) => tell("expected an object"),
        (Typed::List(_), _) => tell("expected a list"),
    }
}

fn check_fields(
    fields: &Map<String, Value>,
    shape: &MapShape,
    schema: &Schema,
    path: &FieldPath,
    found: &mut Vec<String>,
) {
    for (name, value) in fields {
        let at = path.field(name);
        match schema.field(name) {
            None => found.push(format!("{}: unknown field", at.short())),
            Some(schema) => check(value, &schema, &at, found),
        }
        let allowed = shape
            .fields
            .get(name)
            .map_or(&[][..], |field| &field.allowed);
        if !allowed.is_empty() && !value.is_null() && !allowed.contains(value) {
            let allowed: Vec<_> = allowed.iter().map(ToString::to_string).collect();
            found.push(format!(
                "{}: expected one of {}",
                at.short(),
                allowed.join(", ")
            ));
        }
    }
    let missing = shape.fields.iter().filter(|(name, field)| {
        field.required && field.default.is_none() && !fields.contains_key(*name)
    });
    found.extend(missing.map(|(name, _)| format!("{}: required", path.field(name).short())));
}

fn is_a(value: &Value, scalar: Scalar) -> bool {
    match scalar {
        Scalar::String | Scalar::Bytes | Scalar::DateTime => value.is_string(),
        Scalar::Integer(_) => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        Scalar::Number => value.is_number(),
        Scalar::Boolean => value.is_boolean(),
        Scalar::Quantity | Scalar::IntOrString => value.is_string() || value.is_number(),
        Scalar::Any => true,
    }
}

fn expected(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::String | Scalar::Bytes | Scalar::DateTime => "expected a text",
        Scalar::Integer(_) => "expected a whole number",
        Scalar::Number => "expected a number",
        Scalar::Boolean => "expected true or false",
        Scalar::Quantity => "expected an amount",
        Scalar::IntOrString => "expected a number or a text",
        Scalar::Any => "unexpected",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_names_and_enumerations_are_checked_and_defaults_fill_what_is_missing() {
        let schema = Schema::from_definition(&json!({"type": "object", "properties": {"spec": {
            "type": "object",
            "required": ["size", "color", "mode"],
            "properties": {
                "size": {"type": "integer"},
                "color": {"type": "string", "enum": ["red", "blue"]},
                "mode": {"type": "string", "default": "fast"},
                "on": {"type": "boolean", "nullable": true},
                "list": {"type": "array", "items": {"type": "string"}},
                "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            },
        }}}))
        .unwrap();
        let misfits = |spec: Value| {
            misfits(
                &json!({"apiVersion": "x.io/v1", "kind": "Shop", "metadata": {"name": "a"}, "spec": spec}),
                &schema,
            )
        };
        let good = json!({"size": 1, "color": "red", "on": null, "list": ["a"], "any": {"x": [1]}});
        assert_eq!(misfits(good), [""; 0]);
        assert_eq!(
            misfits(json!({"size": "1", "color": "green", "list": [1], "colour": 1})),
            [
                "spec.color: expected one of \"red\", \"blue\"",
                "spec.colour: unknown field",
                "spec.list[0]: expected a text",
                "spec.size: expected a whole number",
            ]
        );
        assert_eq!(
            misfits(json!({})),
            ["spec.color: required", "spec.size: required"]
        );
    }
}
