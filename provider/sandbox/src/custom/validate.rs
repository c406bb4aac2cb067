//! Which rules of its schema does a custom resource break?

use serde_json::{Value, json};

use crate::admission::{Cause, Reason};
use crate::registry::Resource;

/// Everything that is wrong with an object. On an update, what was wrong before and did not change is let be.
pub(super) fn object(resource: &Resource, object: &Value, old: Option<&Value>) -> Vec<Cause> {
    let Some(custom) = resource.custom() else {
        return Vec::new();
    };
    let mut causes = Vec::new();
    check(&custom.schema, object, old, "", &mut causes);
    causes
}

fn check(schema: &Value, value: &Value, old: Option<&Value>, path: &str, causes: &mut Vec<Cause>) {
    if !schema.is_object() || (!path.is_empty() && old == Some(value)) {
        return;
    }
    if value.is_null() && schema["nullable"] == json!(true) {
        return;
    }
    if let Some(wanted) = wrong_type(schema, value) {
        let found = type_of(value);
        let message = format!(
            "Invalid value: \"{found}\": {path} in body must be of type {wanted}: \"{found}\""
        );
        add(causes, Reason::TypeInvalid, path, message);
    } else {
        match value {
            Value::Object(_) => fields(schema, value, old, path, causes),
            Value::Array(_) => items(schema, value, old, path, causes),
            Value::String(text) => check_text(schema, text, path, causes),
            Value::Number(_) => check_number(schema, value, path, causes),
            Value::Bool(_) | Value::Null => {}
        }
    }
    if let Some(supported) = schema["enum"].as_array()
        && !supported.contains(value)
    {
        let listed: Vec<String> = supported.iter().map(Value::to_string).collect();
        let message = format!(
            "Unsupported value: {value}: supported values: {}",
            listed.join(", ")
        );
        add(causes, Reason::NotSupported, path, message);
    }
}

fn add(causes: &mut Vec<Cause>, reason: Reason, path: &str, message: String) {
    causes.push(Cause {
        reason,
        field: path.to_owned(),
        message,
    });
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The type that a schema wants where the value has another.
fn wrong_type(schema: &Value, value: &Value) -> Option<String> {
    let found = type_of(value);
    if schema["x-kubernetes-int-or-string"] == json!(true) {
        return (!matches!(found, "integer" | "string")).then(|| "integer,string".to_owned());
    }
    let wanted = schema["type"].as_str()?;
    let whole = value.as_f64().is_some_and(|number| number.fract() == 0.0);
    let fits = wanted == found
        || (wanted == "number" && found == "integer")
        || (wanted == "integer" && found == "number" && whole);
    (!fits).then(|| wanted.to_owned())
}

fn fields(schema: &Value, value: &Value, old: Option<&Value>, path: &str, causes: &mut Vec<Cause>) {
    let place = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        }
    };
    for key in schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if value.get(key).is_none() {
            add(
                causes,
                Reason::Required,
                &place(key),
                "Required value".to_owned(),
            );
        }
    }
    let count = value.as_object().map_or(0, serde_json::Map::len);
    bound(
        schema,
        ("minProperties", "maxProperties"),
        count,
        "properties",
        path,
        causes,
    );
    for (key, inner) in value.as_object().into_iter().flatten() {
        // Every kind has these; the server checks them itself.
        if path.is_empty() && matches!(key.as_str(), "apiVersion" | "kind" | "metadata") {
            continue;
        }
        let schema = schema["properties"]
            .get(key)
            .unwrap_or(&schema["additionalProperties"]);
        check(
            schema,
            inner,
            old.and_then(|old| old.get(key)),
            &place(key),
            causes,
        );
    }
}

fn items(schema: &Value, value: &Value, old: Option<&Value>, path: &str, causes: &mut Vec<Cause>) {
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    bound(
        schema,
        ("minItems", "maxItems"),
        list.len(),
        "items",
        path,
        causes,
    );
    let keys: Vec<&str> = match schema["x-kubernetes-list-map-keys"].as_array() {
        Some(keys) => keys.iter().filter_map(Value::as_str).collect(),
        None => Vec::new(),
    };
    let is_map = schema["x-kubernetes-list-type"] == json!("map");
    let is_set = schema["x-kubernetes-list-type"] == json!("set");
    let identity = |item: &Value| -> Value {
        if is_map {
            keys.iter().map(|key| item[*key].clone()).collect()
        } else {
            item.clone()
        }
    };
    let known = old.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut seen: Vec<Value> = Vec::new();
    for (index, item) in list.iter().enumerate() {
        let here = format!("{path}[{index}]");
        let identity = identity(item);
        if (is_map || is_set) && seen.contains(&identity) {
            let shown = if is_map {
                keyed(&keys, item)
            } else {
                item.to_string()
            };
            add(
                causes,
                Reason::Duplicate,
                &here,
                format!("Duplicate value: {shown}"),
            );
        }
        seen.push(identity.clone());
        let before = if is_map {
            known
                .iter()
                .find(|old| keys.iter().all(|key| old[*key] == item[*key]))
        } else {
            known.get(index)
        };
        check(&schema["items"], item, before, &here, causes);
    }
}

fn keyed(keys: &[&str], item: &Value) -> String {
    let mut shown = serde_json::Map::new();
    for key in keys {
        shown.insert((*key).to_owned(), item[*key].clone());
    }
    Value::Object(shown).to_string()
}

fn bound(
    schema: &Value,
    (least, most): (&str, &str),
    count: usize,
    what: &str,
    path: &str,
    causes: &mut Vec<Cause>,
) {
    let limit = |key: &str| {
        schema[key]
            .as_u64()
            .and_then(|limit| usize::try_from(limit).ok())
    };
    if let Some(least) = limit(least).filter(|least| count < *least) {
        let message =
            format!("Invalid value: {count}: {path} in body should have at least {least} {what}");
        add(causes, Reason::Invalid, path, message);
    }
    if let Some(most) = limit(most).filter(|most| count > *most) {
        let message = format!("Too many: {count}: must have at most {most} {what}");
        add(causes, Reason::TooMany, path, message);
    }
}

fn check_text(schema: &Value, text: &str, path: &str, causes: &mut Vec<Cause>) {
    let length = text.chars().count() as u64;
    if let Some(most) = schema["maxLength"].as_u64().filter(|most| length > *most) {
        add(
            causes,
            Reason::TooLong,
            path,
            format!("Too long: may not be more than {most} bytes"),
        );
    }
    if let Some(least) = schema["minLength"].as_u64().filter(|least| length < *least) {
        let message = format!(
            "Invalid value: {text:?}: {path} in body should be at least {least} chars long"
        );
        add(causes, Reason::Invalid, path, message);
    }
    let Some(format) = schema["format"]
        .as_str()
        .filter(|format| !is_of_format(format, text))
    else {
        return;
    };
    let message =
        format!("Invalid value: {text:?}: {path} in body must be of type {format}: {text:?}");
    add(causes, Reason::TypeInvalid, path, message);
}

/// Formats that the server knows; others are not checked.
fn is_of_format(format: &str, text: &str) -> bool {
    match format {
        "date-time" => text.parse::<jiff::Timestamp>().is_ok(),
        "date" => text.parse::<jiff::civil::Date>().is_ok(),
        "ipv4" => text.parse::<std::net::Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<std::net::Ipv6Addr>().is_ok(),
        "uri" => text
            .parse::<http::Uri>()
            .is_ok_and(|uri| uri.scheme().is_some()),
        "byte" => {
            use base64::Engine;
            base64::engine::general_purpose::STANDARD
                .decode(text)
                .is_ok()
        }
        _ => true,
    }
}

fn check_number(schema: &Value, value: &Value, path: &str, causes: &mut Vec<Cause>) {
    let number = value.as_f64().unwrap_or_default();
    let mut broken = |rule: String| {
        let message = format!("Invalid value: {value}: {path} in body should be {rule}");
        add(causes, Reason::Invalid, path, message);
    };
    if let Some(least) = schema["minimum"].as_f64() {
        if schema["exclusiveMinimum"] == json!(true) && number <= least {
            broken(format!("greater than {least}"));
        } else if number < least {
            broken(format!("greater than or equal to {least}"));
        }
    }
    if let Some(most) = schema["maximum"].as_f64() {
        if schema["exclusiveMaximum"] == json!(true) && number >= most {
            broken(format!("less than {most}"));
        } else if number > most {
            broken(format!("less than or equal to {most}"));
        }
    }
    let step = schema["multipleOf"].as_f64().filter(|step| *step != 0.0);
    if let Some(step) = step.filter(|step| (number / step).fract() != 0.0) {
        broken(format!("a multiple of {step}"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check;

    #[test]
    fn each_broken_rule_is_a_cause_at_its_field() {
        let schema = json!({ "type": "object", "required": ["x"], "properties": {
            "size": { "type": "integer", "minimum": 1 },
            "mode": { "type": "string", "enum": ["a"] },
            "list": { "type": "array", "minItems": 1 },
            "keyed": {
                "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
                "items": { "type": "object", "properties": { "k": { "type": "string" } } },
            },
            "when": { "type": "string", "format": "date-time" },
            "ios": { "x-kubernetes-int-or-string": true },
        } });
        let object = json!({
            "size": 0, "mode": 3, "list": [], "keyed": [{ "k": "a" }, { "k": "a" }], "when": "nope", "ios": 5.5,
        });
        let mut causes = Vec::new();
        check(&schema, &object, None, "", &mut causes);
        let mut found: Vec<_> = causes
            .iter()
            .map(|cause| (cause.field.as_str(), cause.reason.as_str()))
            .collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ("ios", "FieldValueTypeInvalid"),
                ("keyed[1]", "FieldValueDuplicate"),
                ("list", "FieldValueInvalid"),
                ("mode", "FieldValueNotSupported"),
                ("mode", "FieldValueTypeInvalid"),
                ("size", "FieldValueInvalid"),
                ("when", "FieldValueTypeInvalid"),
                ("x", "FieldValueRequired"),
            ]
        );
    }
}
