//! The subresources that only some kinds have: finalize, eviction, binding, token, log, proxy.

use serde_json::{Value, json};

use super::body;
use super::call::Call;
use super::write::{Tracking, update_with};
use crate::answer::Answer;
use crate::random;
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
        Some("token") => token(call),
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

/// A token that opens nothing, in the shape of one that does.
fn token(call: &Call<'_>) -> Result<Answer, Refusal> {
    let mut request: Value = if call.body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(call.body).map_err(|error| {
            Refusal::bad_request(format!("error decoding token request: {error}"))
        })?
    };
    let seconds = request["spec"]["expirationSeconds"]
        .as_i64()
        .unwrap_or(3_600);
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
    request["apiVersion"] = json!("authentication.k8s.io/v1");
    request["kind"] = json!("TokenRequest");
    request["spec"]["expirationSeconds"] = json!(seconds);
    request["metadata"] = json!({
        "name": call.name(), "namespace": call.namespace(), "creationTimestamp": crate::world::now(),
    });
    request["status"] = json!({
        "token": format!("sandbox.{}", random::uuid()),
        "expirationTimestamp": end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    });
    Ok(Answer::json(201, request))
}
