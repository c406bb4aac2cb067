//! PUT of an object.

use serde_json::{Value, json};

use super::body;
use super::call::Call;
use super::create::place;
use super::scale;
use super::write::{Tracking, insert, update};
use crate::answer::Answer;
use crate::registry::Trait;
use crate::status::{Cause, Refusal};
use crate::world::World;

pub(super) fn put(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    if call.subresource() == Some("scale") {
        return scale::put(world, call);
    }
    let mut object = body::object(call)?;
    place(call, &mut object)?;
    check_name(call, &object)?;
    let collection = call.resource.collection();
    let live = world.store.get(&collection, &call.object_name()).cloned();
    let manager = call.manager();
    let Some(live) = live else {
        return absent(world, call, object, &manager);
    };
    check_uid(call, &object, &live)?;
    let unversioned = object["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or_default()
        .is_empty();
    if unversioned && call.resource.has(Trait::PutNeedsVersion) {
        return Err(version_required(call));
    }
    let written = update(world, call, &live, object, &Tracking::Update(&manager))?;
    Ok(call.answer(200, written.object))
}

fn absent(
    world: &mut World,
    call: &Call<'_>,
    object: Value,
    manager: &str,
) -> Result<Answer, Refusal> {
    if call.subresource().is_some() || !call.resource.has(Trait::PutCreates) {
        return Err(Refusal::not_found(call.subject()));
    }
    check_uid(call, &object, &json!({ "metadata": { "uid": "" } }))?;
    let written = insert(world, call, object, &Tracking::Update(manager))?;
    Ok(call.answer(201, written.object))
}

fn check_name(call: &Call<'_>, object: &Value) -> Result<(), Refusal> {
    match object["metadata"]["name"].as_str().unwrap_or_default() {
        "" => Err(Refusal::bad_request(format!(
            "the name of the object ({} based on URL) was undeterminable: name must be provided",
            call.name()
        ))),
        name if name == call.name() => Ok(()),
        name => Err(Refusal::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            call.name()
        ))),
    }
}

/// A PUT with a uid is meant for the object of that uid, and for no other of its name.
fn check_uid(call: &Call<'_>, object: &Value, live: &Value) -> Result<(), Refusal> {
    let wanted = object["metadata"]["uid"].as_str().unwrap_or_default();
    let found = live["metadata"]["uid"].as_str().unwrap_or_default();
    if wanted.is_empty() || wanted == found {
        return Ok(());
    }
    let why =
        format!("Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}");
    Err(Refusal::conflict(call.subject(), &why))
}

fn version_required(call: &Call<'_>) -> Refusal {
    // Unlike other broken rules, this one names the plural.
    Refusal::invalid(
        call.subject(),
        vec![Cause {
            reason: "FieldValueInvalid".to_owned(),
            message: "Invalid value: 0: must be specified for an update".to_owned(),
            field: "metadata.resourceVersion".to_owned(),
        }],
    )
}
