//! Whether the schema of a custom resource is structural: every value has a type, and every list a meaning.

use serde_json::Value;

use super::super::super::at::At;
use super::super::super::cause::{Causes, Reason};

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];
const UNSUPPORTED: [&str; 6] = [
    "id",
    "additionalItems",
    "patternProperties",
    "definitions",
    "dependencies",
    "$ref",
];

/// Where a schema stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Field,
    Item,
}

/// The schema of a version.
pub(super) fn root(at: &At<'_>, causes: &mut Causes) {
    let before = causes.len();
    standard(at, causes);
    if causes.len() > before {
        return;
    }
    structural(at, Place::Root, causes);
    if causes.len() == before {
        defaults(at, causes);
    }
}

/// The schemas right below this one, with their paths.
fn children<'a>(at: &At<'a>) -> Vec<(At<'a>, Place)> {
    let mut below: Vec<(At<'a>, Place)> = at
        .field("properties")
        .entries()
        .into_iter()
        .map(|(_, schema)| (schema, Place::Field))
        .collect();
    if at.field("items").value().is_object() {
        below.push((at.field("items"), Place::Item));
    }
    if at.field("additionalProperties").value().is_object() {
        below.push((at.field("additionalProperties"), Place::Field));
    }
    below
}

fn standard(at: &At<'_>, causes: &mut Causes) {
    let kind = at.field("type");
    if kind.text() == "null" {
        causes.forbidden(
            &kind,
            "type cannot be set to null, use nullable as an alternative",
        );
    } else if !kind.is_empty() && !TYPES.contains(&kind.text()) {
        causes.unsupported(&kind, &TYPES);
    }
    for field in UNSUPPORTED {
        if !at.field(field).is_empty() {
            causes.forbidden(&at.field(field), &format!("{field} is not supported"));
        }
    }
    if at.field("uniqueItems").is_true() {
        causes.forbidden(
            &at.field("uniqueItems"),
            "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
        );
    }
    if !at.field("properties").is_empty()
        && at.field("additionalProperties").is_set()
        && !at.field("additionalProperties").value().is_boolean()
    {
        causes.forbidden(
            &at.field("additionalProperties"),
            "additionalProperties and properties are mutual exclusive",
        );
    }
    if at.field("items").value().is_array() {
        causes.forbidden(
            &at.field("items"),
            "items must be a schema object and not an array",
        );
    }
    extensions(at, causes);
    for (schema, _) in children(at) {
        standard(&schema, causes);
    }
}

fn extensions(at: &At<'_>, causes: &mut Causes) {
    let preserve = at.field("x-kubernetes-preserve-unknown-fields");
    if preserve.value() == &Value::Bool(false) {
        causes.invalid(&preserve, "must be true or undefined");
    }
    typed(
        at,
        "x-kubernetes-map-type",
        "object",
        &["atomic", "granular"],
        causes,
    );
    typed(
        at,
        "x-kubernetes-list-type",
        "array",
        &["atomic", "set", "map"],
        causes,
    );
    let (list, keys) = (
        at.field("x-kubernetes-list-type"),
        at.field("x-kubernetes-list-map-keys"),
    );
    if !keys.is_empty() && list.text() != "map" {
        if list.is_absent() {
            causes.required(
                &list,
                "must be map if x-kubernetes-list-map-keys is non-empty",
            );
        } else {
            causes.invalid(
                &list,
                "must be map if x-kubernetes-list-map-keys is non-empty",
            );
        }
    }
    if list.text() == "map" {
        map_keys(at, &keys, causes);
    }
    for rule in at.field("x-kubernetes-validations").items() {
        if rule.field("rule").text().trim().is_empty() {
            causes.required(&rule.field("rule"), "rule is not specified");
        } else if let Some(problem) = unfinished(rule.field("rule").text()) {
            causes.invalid_as(
                &rule.field("rule"),
                rule.value(),
                &format!("compilation failed: {problem}"),
            );
        }
    }
}

/// What shows without knowing the language that an expression breaks off: open brackets or texts, a last operator.
fn unfinished(rule: &str) -> Option<&'static str> {
    let (mut open, mut quote, mut escaped) = (Vec::new(), None, false);
    for c in rule.chars() {
        if let Some(mark) = quote {
            if !escaped && c == mark {
                quote = None;
            }
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '"' | '\'' => quote = Some(c),
            '(' | '[' | '{' => open.push(c),
            ')' | ']' | '}' => {
                let partner = match c {
                    ')' => '(',
                    ']' => '[',
                    _ => '{',
                };
                if open.pop() != Some(partner) {
                    return Some("a bracket closes that was not opened");
                }
            }
            _ => {}
        }
    }
    let last = rule.trim_end().chars().next_back().unwrap_or_default();
    if quote.is_some() {
        Some("a text does not end")
    } else if !open.is_empty() {
        Some("a bracket is not closed")
    } else if "+-*/%<>=!&|?:,.".contains(last) {
        Some("something must follow the last operator")
    } else {
        None
    }
}

/// An extension that only one type may have.
fn typed(at: &At<'_>, extension: &str, wanted: &str, supported: &[&str], causes: &mut Causes) {
    let (found, kind) = (at.field(extension), at.field("type"));
    if found.is_absent() {
        return;
    }
    let detail = format!("must be {wanted} if {extension} is specified");
    if kind.is_empty() {
        causes.required(&kind, &detail);
    } else if kind.text() != wanted {
        causes.invalid(&kind, &detail);
    }
    causes.one_of(&found, supported);
}

fn map_keys(at: &At<'_>, keys: &At<'_>, causes: &mut Causes) {
    if keys.is_empty() {
        causes.required(keys, "must not be empty if x-kubernetes-list-type is map");
    }
    let items = at.field("items");
    if items.is_absent() {
        return causes.required(
            &items,
            "must have a schema if x-kubernetes-list-type is map",
        );
    }
    if items.field("type").text() != "object" {
        causes.invalid(
            &items.field("type"),
            "must be object if parent array's x-kubernetes-list-type is map",
        );
    }
    let mut seen = Vec::new();
    for key in keys.texts() {
        let property = items.field("properties").key(key);
        if property.is_absent() {
            causes.invalid(keys, "entries must all be names of item properties");
        } else if matches!(property.field("type").text(), "array" | "object") {
            causes.invalid(
                &property.field("type"),
                "must be a scalar type if parent array's x-kubernetes-list-type is map",
            );
        } else if property.field("default").is_absent()
            && !items.field("required").texts().contains(&key)
        {
            let place = format!("{}[{key}].default", items.field("properties").path());
            causes.push(Reason::Required, place, "Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property");
        }
        if seen.contains(&key) {
            causes.invalid(keys, "must not contain duplicate entries");
        }
        seen.push(key);
    }
}

fn structural(at: &At<'_>, place: Place, causes: &mut Causes) {
    let kind = at.field("type");
    if kind.text() == "array" && at.field("items").is_absent() {
        causes.required(&at.field("items"), "must be specified");
    }
    for (schema, place) in children(at) {
        structural(&schema, place, causes);
    }
    let flag = |name: &str| at.field(name).is_true();
    let (either, open) = (
        flag("x-kubernetes-int-or-string"),
        flag("x-kubernetes-preserve-unknown-fields"),
    );
    if place == Place::Root && at.field("additionalProperties").is_set() {
        causes.forbidden(
            &at.field("additionalProperties"),
            "must not be used at the root",
        );
    }
    if either && open {
        causes.invalid(
            &at.field("x-kubernetes-preserve-unknown-fields"),
            "must be false if x-kubernetes-int-or-string is true",
        );
    }
    if kind.is_empty() && !either && !open {
        causes.required(
            &kind,
            match place {
                Place::Root => "must not be empty at the root",
                Place::Item => "must not be empty for specified array items",
                Place::Field => "must not be empty for specified object fields",
            },
        );
    }
    if place == Place::Root && !kind.is_empty() && kind.text() != "object" {
        causes.invalid(&kind, "must be object at the root");
    }
    if flag("x-kubernetes-embedded-resource") && !open && at.field("properties").is_empty() {
        causes.required(&at.field("properties"), "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields");
    }
    for junctor in ["allOf", "anyOf", "oneOf"] {
        for nested in at.field(junctor).items() {
            // The one exception: saying in two ways that a value may be a number or a text.
            if !either {
                value_only(&nested, causes);
            }
        }
    }
    if at.field("not").is_set() {
        value_only(&at.field("not"), causes);
    }
}

/// Below a junctor a schema may only restrict values, not describe the structure.
fn value_only(at: &At<'_>, causes: &mut Causes) {
    for field in ["type", "default", "title", "description"] {
        if !at.field(field).is_empty() {
            causes.forbidden(&at.field(field), "must be empty to be structural");
        }
    }
    for field in [
        "nullable",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-embedded-resource",
        "x-kubernetes-int-or-string",
    ] {
        if at.field(field).is_true() {
            causes.forbidden(&at.field(field), "must be false to be structural");
        }
    }
    if at.field("additionalProperties").is_set() {
        causes.forbidden(
            &at.field("additionalProperties"),
            "must be undefined to be structural",
        );
    }
    for (schema, _) in children(at) {
        value_only(&schema, causes);
    }
    for junctor in ["allOf", "anyOf", "oneOf"] {
        for nested in at.field(junctor).items() {
            value_only(&nested, causes);
        }
    }
}

/// Defaults must be values of their own schema.
fn defaults(at: &At<'_>, causes: &mut Causes) {
    let default = at.field("default");
    if default.is_set() {
        of_type(&default, at, causes);
    }
    for (schema, _) in children(at) {
        defaults(&schema, causes);
    }
}

fn of_type(value: &At<'_>, schema: &At<'_>, causes: &mut Causes) {
    let (wanted, found) = (schema.field("type").text(), kind_of(value.value()));
    let fits = match wanted {
        "" => true,
        "number" => matches!(found, "number" | "integer"),
        other => other == found,
    };
    if !fits {
        let message =
            format!("Invalid value: \"{found}\": in body must be of type {wanted}: \"{found}\"");
        return causes.push(Reason::TypeInvalid, value.path(), message);
    }
    for (name, below) in schema.field("properties").entries() {
        if value.field(name).is_set() {
            of_type(&value.field(name), &below, causes);
        }
    }
    for item in value.items().iter().filter(|_| value.value().is_array()) {
        of_type(item, &schema.field("items"), causes);
    }
    let choices = schema.field("enum");
    if choices.is_set()
        && !choices
            .items()
            .iter()
            .any(|choice| choice.value() == value.value())
    {
        causes.push(
            Reason::NotSupported,
            value.path(),
            format!("Unsupported value: {}", value.value()),
        );
    }
}

fn kind_of(value: &Value) -> &'static str {
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
