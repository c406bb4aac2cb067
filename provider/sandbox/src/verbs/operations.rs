//! What do the operations of a JSON patch do to an object?

use json_patch::{AddOperation, Patch, PatchOperation};
use serde_json::{Map, Value};

use crate::status::Refusal;

/// Carries out a JSON patch, all of it or nothing.
pub(super) fn apply(object: &mut Value, patch: Value) -> Result<(), Refusal> {
    let Value::Array(operations) = patch else {
        return Err(Refusal::bad_request(
            "error decoding patch: json: cannot unmarshal into Go value of type []handlers.jsonPatchOp",
        ));
    };
    if operations.iter().any(|operation| !operation.is_object()) {
        return Err(Refusal::bad_request(
            "error decoding patch: json: cannot unmarshal into Go value of type handlers.jsonPatchOp",
        ));
    }
    let mut changed = object.clone();
    for operation in operations {
        let operation = serde_json::from_value(operation).map_err(|error| refused(&error))?;
        let operation = as_the_server_reads_it(operation, &changed);
        json_patch::patch(&mut changed, &Patch(vec![operation]))
            .map_err(|error| refused(&error))?;
    }
    *object = changed;
    Ok(())
}

/// The API server lets a patch replace what is not there, as long as there is a place for it.
fn as_the_server_reads_it(operation: PatchOperation, object: &Value) -> PatchOperation {
    match operation {
        PatchOperation::Replace(replace) if object.pointer(replace.path.as_str()).is_none() => {
            let parent = replace
                .path
                .as_str()
                .rsplit_once('/')
                .map_or("", |(parent, _)| parent);
            match object.pointer(parent) {
                Some(Value::Object(_)) => PatchOperation::Add(AddOperation {
                    path: replace.path,
                    value: replace.value,
                }),
                _ => PatchOperation::Replace(replace),
            }
        }
        other => other,
    }
}

fn refused(error: &dyn std::error::Error) -> Refusal {
    let message =
        format!("the server rejected our request due to an error in our request: {error}");
    Refusal::new(422, "Invalid", message).with_details(Map::new())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_is_carried_out_whole_or_not_at_all() {
        let cases = [
            (
                json!([{"op": "replace", "path": "/a/new", "value": 1}]),
                Ok(json!({"a": {"b": 1, "new": 1}})),
            ),
            (
                json!([{"op": "replace", "path": "/x/new", "value": 1}]),
                Err(422),
            ),
            (
                json!([{"op": "remove", "path": "/a/b"}, {"op": "remove", "path": "/a/x"}]),
                Err(422),
            ),
            (json!([{"op": "dance", "path": "/a"}]), Err(422)),
            (json!([1]), Err(400)),
            (json!({"op": "remove"}), Err(400)),
        ];
        for (patch, expected) in cases {
            let mut object = json!({"a": {"b": 1}});
            let result = apply(&mut object, patch.clone());
            assert_eq!(
                result.map(|()| object).map_err(|refusal| refusal.code),
                expected,
                "{patch}"
            );
        }
    }
}
