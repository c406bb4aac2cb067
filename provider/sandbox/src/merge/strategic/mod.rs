//! Strategic merge patch: lists of objects merge by key, and directives say what merging cannot.

mod list;

use fields::{Field, PatchStrategy, Schema};
use serde_json::{Map, Value};

/// Why a patch cannot be applied.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StrategicError {
    /// Something other than an object: 400.
    #[error("invalid JSON document")]
    NotAnObject,
    /// `$deleteFromPrimitiveList` without a list or a name: 400.
    #[error("invalid patch format of primitive list")]
    PrimitiveList,
    /// `$retainKeys` that is no list, or leaves out what the patch sets: 400.
    #[error("invalid patch format of retainKeys")]
    RetainKeys,
    /// `$setElementOrder` that is no list or has no name: 400.
    #[error("invalid patch format of setElementOrder list")]
    ElementOrder,
    /// A list in a list that is merged: 422.
    #[error("lists of lists are not supported")]
    ListOfLists,
    /// `$patch` with a word that is none: 500.
    #[error("unknown patch type: {0}")]
    UnknownDirective(String),
    /// An element without the field that identifies it: 500.
    #[error("map does not contain declared merge key: {0}")]
    NoMergeKey(String),
    /// A list of objects that nothing identifies: 500.
    #[error("cannot merge lists without merge key")]
    NoKeyDeclared,
    /// Elements of different types: 500.
    #[error("list element types are not identical")]
    MixedElements,
    /// Elements that the patch lists in another order than its `$setElementOrder`: 500.
    #[error("the order in the patch list does not match its $setElementOrder list")]
    OrderMismatch,
    /// A directive about something that is no list: 500.
    #[error("unable to find api field for the json field {0:?}")]
    UnknownField(String),
}

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList";
const ELEMENT_ORDER: &str = "$setElementOrder";

/// The object after a patch.
pub(crate) fn patch(
    original: &Value,
    patch: &Value,
    schema: &Schema,
) -> Result<Value, StrategicError> {
    match (original, patch) {
        (Value::Object(original), Value::Object(patch)) => {
            merge_map(original.clone(), patch.clone(), schema).map(Value::Object)
        }
        _ => Err(StrategicError::NotAnObject),
    }
}

fn merge_map(
    mut original: Map<String, Value>,
    mut patch: Map<String, Value>,
    schema: &Schema,
) -> Result<Map<String, Value>, StrategicError> {
    if let Some(directive) = patch.remove(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => Ok(patch),
            Some("delete") => Ok(Map::new()),
            _ => Err(StrategicError::UnknownDirective(directive.to_string())),
        };
    }
    retain_keys(&mut original, &mut patch)?;
    list::merge_in_order(&mut original, &mut patch, schema)?;
    for (key, value) in patch {
        let (key, list_mode) = match key.strip_prefix(DELETE_FROM_LIST) {
            Some(name) => (
                name.strip_prefix('/')
                    .ok_or(StrategicError::PrimitiveList)?
                    .to_owned(),
                list::Mode::Delete,
            ),
            None => (key, list::Mode::Merge),
        };
        merge_entry(&mut original, key, value, list_mode, schema)?;
    }
    Ok(original)
}

fn merge_entry(
    original: &mut Map<String, Value>,
    key: String,
    value: Value,
    list_mode: list::Mode,
    schema: &Schema,
) -> Result<(), StrategicError> {
    let merged = match (original.remove(&key), value) {
        (_, Value::Null) => None,
        (Some(Value::Object(before)), Value::Object(value)) => {
            let schema = schema.field(&key).unwrap_or_else(Schema::untyped);
            Some(Value::Object(merge_map(before, value, &schema)?))
        }
        (Some(Value::Array(before)), Value::Array(value)) => {
            let list = list::Facts::of(&key, schema);
            Some(Value::Array(list.merge(before, value, list_mode)?))
        }
        (before, _) if list_mode == list::Mode::Delete => before,
        (_, value) => new_value(value),
    };
    if let Some(merged) = merged {
        original.insert(key, merged);
    }
    Ok(())
}

/// What comes of a part of the patch where there was nothing before: no nulls, and nothing that a directive
/// would have merged.
fn new_value(value: Value) -> Option<Value> {
    match value {
        Value::Object(entries) if entries.contains_key(DIRECTIVE) => None,
        Value::Object(entries) => {
            let entries = entries.into_iter().filter(|(_, value)| !value.is_null());
            Some(Value::Object(
                entries
                    .filter_map(|(key, value)| Some((key, new_value(value)?)))
                    .collect(),
            ))
        }
        Value::Array(elements) => Some(elements.into_iter().filter_map(new_value).collect()),
        scalar => Some(scalar),
    }
}

fn retain_keys(
    original: &mut Map<String, Value>,
    patch: &mut Map<String, Value>,
) -> Result<(), StrategicError> {
    let Some(retained) = patch.remove(RETAIN_KEYS) else {
        return Ok(());
    };
    let retained = retained.as_array().ok_or(StrategicError::RetainKeys)?;
    let is_retained = |key: &str| retained.iter().any(|name| name == key);
    let is_directive =
        |key: &str| key.starts_with(DELETE_FROM_LIST) || key.starts_with(ELEMENT_ORDER);
    if patch
        .iter()
        .any(|(key, value)| !value.is_null() && !is_directive(key) && !is_retained(key))
    {
        return Err(StrategicError::RetainKeys);
    }
    original.retain(|key, _| is_retained(key));
    Ok(())
}

fn strategy(key: &str, schema: &Schema) -> PatchStrategy {
    schema
        .declared(key)
        .map(|field: &Field| field.patch.clone())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use fields::Facts;
    use serde_json::json;

    use super::*;

    fn patched(
        kind: (&str, &str),
        original: &Value,
        with: &Value,
    ) -> Result<Value, StrategicError> {
        patch(
            original,
            with,
            &Facts::builtin().schema_of(kind.0, kind.1).unwrap(),
        )
    }

    fn pod(spec: &Value) -> Value {
        json!({"spec": spec})
    }

    #[test]
    fn a_patch_merges_lists_by_key_and_obeys_its_directives() {
        let app = json!({"name": "app", "image": "a:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]});
        let side = json!({"name": "side", "image": "s:1"});
        let both = json!({"containers": [app, side], "tolerations": [{"key": "a"}]});
        let cases = [
            (
                json!({"containers": [{"name": "side", "image": "s:2"}]}),
                json!([app, {"name": "side", "image": "s:2"}]),
            ),
            (
                json!({"containers": [{"name": "new", "image": null, "tty": true}]}),
                json!([{"name": "new", "tty": true}, app, side]),
            ),
            (
                json!({"containers": [{"name": "app", "$patch": "delete"}]}),
                json!([side]),
            ),
            (
                json!({"containers": [{"$patch": "replace"}, {"name": "x"}]}),
                json!([{"name": "x"}]),
            ),
            (
                json!({"containers": [{"name": "app", "$patch": "replace"}]}),
                json!([]),
            ),
            (
                json!({"$setElementOrder/containers": [{"name": "side"}, {"name": "app"}]}),
                json!([side, app]),
            ),
            (
                json!({"containers": [{"name": "new"}], "$setElementOrder/containers": [{"name": "app"}, {"name": "new"}]}),
                json!([app, {"name": "new"}, side]),
            ),
            (
                json!({"containers": [{"name": "app", "$retainKeys": ["name", "env"], "env": [{"name": "B", "$patch": "delete"}]}]}),
                json!([{"name": "app", "env": [{"name": "A", "value": "1"}]}, side]),
            ),
            (json!({"containers": null}), Value::Null),
        ];
        for (with, expected) in cases {
            let result = patched(("v1", "Pod"), &pod(&both), &pod(&with)).unwrap();
            assert_eq!(result["spec"]["containers"], expected, "{with}");
            assert_eq!(result["spec"]["tolerations"], both["tolerations"]);
        }
        let result = patched(
            ("v1", "Pod"),
            &pod(&both),
            &pod(&json!({"tolerations": [{"key": "b"}]})),
        )
        .unwrap();
        assert_eq!(
            result["spec"]["tolerations"],
            json!([{"key": "b"}]),
            "an atomic list is replaced"
        );
    }

    #[test]
    fn scalars_in_lists_are_added_once_and_deleted_by_directive() {
        let object = json!({"metadata": {"finalizers": ["a", "b"]}, "data": {"x": "1"}});
        let cases = [
            (
                json!({"metadata": {"finalizers": ["c"]}}),
                json!(["c", "a", "b"]),
            ),
            (
                json!({"metadata": {"finalizers": ["b"]}}),
                json!(["a", "b"]),
            ),
            (
                json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}),
                json!(["b"]),
            ),
            (
                json!({"metadata": {"$setElementOrder/finalizers": ["b", "a"]}}),
                json!(["b", "a"]),
            ),
            (
                json!({"data": {"$patch": "replace", "y": "1"}}),
                json!(["a", "b"]),
            ),
        ];
        for (with, expected) in cases {
            let result = patched(("v1", "ConfigMap"), &object, &with).unwrap();
            assert_eq!(result["metadata"]["finalizers"], expected, "{with}");
        }
    }

    #[test]
    fn patches_that_cannot_be_read_are_refused() {
        let object = pod(&json!({"containers": [{"name": "app"}]}));
        let cases = [
            (json!([]), StrategicError::NotAnObject),
            (
                json!({"$patch": "other"}),
                StrategicError::UnknownDirective("\"other\"".to_owned()),
            ),
            (json!({"$retainKeys": 1}), StrategicError::RetainKeys),
            (
                json!({"$retainKeys": ["a"], "b": 1}),
                StrategicError::RetainKeys,
            ),
            (
                json!({"$deleteFromPrimitiveList": []}),
                StrategicError::PrimitiveList,
            ),
            (
                json!({"$setElementOrder": []}),
                StrategicError::ElementOrder,
            ),
            (
                pod(&json!({"containers": [{"image": "a"}]})),
                StrategicError::NoMergeKey("name".to_owned()),
            ),
            (
                pod(&json!({"containers": [1]})),
                StrategicError::MixedElements,
            ),
            (
                pod(&json!({"containers": [[]]})),
                StrategicError::MixedElements,
            ),
        ];
        for (with, expected) in cases {
            assert_eq!(
                patched(("v1", "Pod"), &object, &with),
                Err(expected),
                "{with}"
            );
        }
    }
}
