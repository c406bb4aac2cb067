//! GET of one object.

use serde_json::{Value, json};

use super::call::Call;
use super::scale;
use crate::admission;
use crate::answer::Answer;
use crate::registry::Resource;
use crate::status::Refusal;
use crate::world::World;

pub(super) fn get(world: &World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let object = world
        .store
        .get(&call.resource.collection(), &call.object_name())
        .ok_or_else(|| Refusal::not_found(call.subject()))?;
    let object = match call.subresource() {
        Some("scale") => scale::of(&call.resource, object),
        _ => in_version(&call.resource, object),
    };
    Ok(call.answer(200, object))
}

/// An object as the asked version shows it.
pub(super) fn in_version(resource: &Resource, object: &Value) -> Value {
    let mut object = object.clone();
    object["apiVersion"] = json!(resource.api_version());
    object["kind"] = json!(resource.kind);
    admission::on_read(&mut object);
    object
}
