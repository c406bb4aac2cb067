//! POST to a collection.

use serde_json::{Value, json};

use super::body;
use super::call::Call;
use super::write::{Tracking, insert};
use crate::answer::Answer;
use crate::status::Refusal;
use crate::world::World;

pub(super) fn create(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let mut object = body::object(call)?;
    place(call, &mut object)?;
    let version = object["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or_default();
    if !matches!(version, "" | "0") {
        return Err(Refusal::internal(
            "resourceVersion should not be set on objects to be created",
        ));
    }
    let manager = call.manager();
    let written = insert(world, call, object, &Tracking::Update(&manager))?;
    Ok(call.answer(201, written.object))
}

/// Puts an object into the namespace of the path, and refuses one that says another.
pub(super) fn place(call: &Call<'_>, object: &mut Value) -> Result<(), Refusal> {
    let namespace = call.namespace();
    match object["metadata"]["namespace"].as_str().unwrap_or_default() {
        "" if !namespace.is_empty() => object["metadata"]["namespace"] = json!(namespace),
        found if found != namespace => {
            return Err(Refusal::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        _ => {}
    }
    Ok(())
}
