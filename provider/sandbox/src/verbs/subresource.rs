//! The subresources that only some kinds have: finalize, eviction, binding, token, log, proxy.

use serde_json::{Value, json};

use super::body;
use super::call::Call;
use super::token;
use super::write::{Tracking, update_with};
use crate::answer::Answer;
use crate::status::Refusal;
use crate::world::World;

pub(super) fn subresource(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let live = world
        .store
        .get(&call.resource.collection(), &call.object_name())
        .cloned();
    let live = live.ok_or_else(|| Refusal::not_found(call.subject()))?;
    match call.subresource() {
        Some("finalize") => finalize(world, call, &live),
        Some("eviction") => Ok(evict(world, call)),
        Some("binding") => bind(world, call, &live),
        Some("token") => token::token(call, &live),
        Some("log") => Ok(Answer::text(200, "")),
        _ => Err(Refusal::new(
            503,
            "ServiceUnavailable",
            format!("no endpoints available for service \"{}\"", call.name()),
        )),
    }
}

/// Replaces a Namespace with its finalizers; without any, a terminating one goes.
fn finalize(world: &mut World, call: &Call<'_>, live: &Value) -> Result<Answer, Refusal> {
    let object = body::object(call)?;
    let finalizers = object["spec"]["finalizers"]
        .as_array()
        .filter(|list| !list.is_empty())
        .cloned();
    let manager = call.manager();
    let written = update_with(
        world,
        call,
        live,
        object,
        &Tracking::Update(&manager),
        |namespace| match finalizers {
            Some(finalizers) => namespace["spec"]["finalizers"] = json!(finalizers),
            None => namespace["spec"] = json!({}),
        },
    )?;
    Ok(call.answer(200, written.object))
}

fn evict(world: &mut World, call: &Call<'_>) -> Answer {
    world
        .store
        .remove(&call.resource.collection(), &call.object_name());
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201,
    });
    Answer::json(201, status)
}

fn bind(world: &mut World, call: &Call<'_>, live: &Value) -> Result<Answer, Refusal> {
    let binding: Value = serde_json::from_slice(call.body)
        .map_err(|error| Refusal::bad_request(format!("error decoding binding: {error}")))?;
    let mut pod = live.clone();
    if pod["spec"]["nodeName"].is_string() {
        let why = format!("pod {} is already assigned to node", call.name());
        return Err(Refusal::conflict(call.subject(), &why));
    }
    pod["spec"]["nodeName"] = binding["target"]["name"].clone();
    world
        .store
        .put(&call.resource.collection(), &call.object_name(), pod);
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201,
    });
    Ok(Answer::json(201, status))
}
