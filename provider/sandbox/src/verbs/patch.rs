//! PATCH in its four languages.

use std::sync::Arc;

use fields::Schema;
use serde_json::{Value, json};

use super::call::Call;
use super::owners;
use super::scale;
use super::write::{Tracking, insert, update};
use crate::answer::Answer;
use crate::merge::strategic::{self, StrategicError};
use crate::rules;
use crate::status::Refusal;
use crate::world::World;

/// How a patch says what it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// RFC 6902.
    Json,
    /// RFC 7386.
    Merge,
    /// Merge with Kubernetes' knowledge of lists.
    Strategic,
    /// Server-side apply.
    Apply,
}

impl Language {
    fn of(call: &Call<'_>) -> Result<Self, Refusal> {
        match call.media_type() {
            "application/json-patch+json" => Ok(Self::Json),
            "application/merge-patch+json" => Ok(Self::Merge),
            "application/strategic-merge-patch+json" if call.resource.custom().is_none() => {
                Ok(Self::Strategic)
            }
            "application/apply-patch+yaml" => Ok(Self::Apply),
            _ => Err(
                Refusal::new(415, "UnsupportedMediaType", "415: Unsupported Media Type")
                    .with_details(serde_json::Map::new()),
            ),
        }
    }
}

pub(super) fn patch(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let language = Language::of(call)?;
    let live = world
        .store
        .get(&call.resource.collection(), &call.object_name())
        .cloned();
    if call.subresource() == Some("scale") {
        return scale::patch(world, call, language, live);
    }
    if language == Language::Apply {
        return apply(world, call, live);
    }
    let live = live.ok_or_else(|| Refusal::not_found(call.subject()))?;
    let schema = owners::schema(world, call);
    let patched = patched(language, call, &live, &schema)?;
    let manager = call.manager();
    let written = update(world, call, &live, patched, &Tracking::Update(&manager))?;
    Ok(call.answer(200, written.object))
}

/// The object with a patch in one of the three older languages laid over it.
pub(super) fn patched(
    language: Language,
    call: &Call<'_>,
    live: &Value,
    schema: &Schema,
) -> Result<Value, Refusal> {
    let patch: Value = serde_json::from_slice(call.body)
        .map_err(|error| Refusal::bad_request(format!("error decoding patch: {error}")))?;
    let mut object = live.clone();
    match language {
        Language::Json => {
            let patch: json_patch::Patch = serde_json::from_value(patch)
                .map_err(|error| Refusal::bad_request(format!("error decoding patch: {error}")))?;
            json_patch::patch(&mut object, &patch).map_err(|error| {
                Refusal::new(
                    422,
                    "Invalid",
                    format!(
                        "the server rejected our request due to an error in our request: {error}"
                    ),
                )
                .with_details(serde_json::Map::new())
            })?;
        }
        Language::Strategic => {
            object = strategic::patch(live, &patch, schema).map_err(strategic_refusal)?;
        }
        Language::Merge | Language::Apply => {
            json_patch::merge(&mut object, &patch);
        }
    }
    if !object["metadata"].is_object() {
        return Err(Refusal::bad_request(
            "the patch leaves no object with metadata",
        ));
    }
    Ok(object)
}

fn strategic_refusal(error: StrategicError) -> Refusal {
    match error {
        StrategicError::NotAnObject
        | StrategicError::PrimitiveList
        | StrategicError::RetainKeys
        | StrategicError::ElementOrder => Refusal::bad_request(error.to_string()),
        StrategicError::ListOfLists => {
            Refusal::new(422, "Invalid", error.to_string()).with_details(serde_json::Map::new())
        }
        _ => Refusal::internal(error.to_string()),
    }
}

fn apply(world: &mut World, call: &Call<'_>, live: Option<Arc<Value>>) -> Result<Answer, Refusal> {
    let manager = call.query.get("fieldManager").ok_or_else(|| {
        Refusal::bad_request("PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch")
    })?;
    let mut configuration = rules::decode(call.body, true)?;
    if !configuration["metadata"].is_object() {
        return Err(Refusal::bad_request("name must be provided"));
    }
    if configuration["metadata"]["namespace"].is_null() && !call.namespace().is_empty() {
        configuration["metadata"]["namespace"] = json!(call.namespace());
    }
    let live = live.as_deref();
    let object = owners::apply(world, call, live, &configuration, manager)?;
    let Some(live) = live else {
        let uid = configuration["metadata"]["uid"]
            .as_str()
            .unwrap_or_default();
        if !uid.is_empty() {
            let why = format!(
                "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            );
            return Err(Refusal::conflict(call.subject(), &why));
        }
        let written = insert(world, call, object, &Tracking::Done)?;
        return Ok(call.answer(201, written.object));
    };
    let live = live.clone();
    let written = update(world, call, &live, object, &Tracking::Done)?;
    Ok(call.answer(200, written.object))
}
