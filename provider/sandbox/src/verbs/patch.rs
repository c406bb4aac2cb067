//! PATCH in its four languages.

use std::sync::Arc;

use fields::Schema;
use serde_json::Value;

use super::body::{self, FieldValidation};
use super::call::Call;
use super::create::place;
use super::operations;
use super::owners;
use super::read::in_version;
use super::scale;
use super::write::{Tracking, insert, update};
use crate::admission::{self, Numbers};
use crate::answer::Answer;
use crate::merge::strategic::{self, StrategicError};
use crate::status::{Cause, Refusal, Subject};
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
            _ if call.resource.custom().is_some() => Err(Refusal::new(
                415,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: \
                 application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
            )),
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
    FieldValidation::of(call)?;
    if language == Language::Apply {
        return apply(world, call, live);
    }
    let live = live.ok_or_else(|| Refusal::not_found(call.subject()))?;
    let live = in_version(&call.resource, &live);
    let schema = owners::schema(world, call);
    let patched = patched(language, call, &live, &schema)?;
    let mut object = checked(language, call, &patched)?;
    place(call, &mut object)?;
    let manager = call.manager();
    let written = update(world, call, &live, object, &Tracking::Update(&manager))?;
    Ok(call.answer(200, written.object))
}

/// What a patch has made of an object, read as its kind.
fn checked(language: Language, call: &Call<'_>, patched: &Value) -> Result<Value, Refusal> {
    let invalid = |problem: &str| {
        Refusal::invalid(
            Subject {
                group: "",
                kind: "",
                name: "",
            },
            vec![Cause {
                reason: "FieldValueInvalid".to_owned(),
                message: format!("Invalid value: {:?}: {problem}", patched.to_string()),
                field: "patch".to_owned(),
            }],
        )
    };
    let numbers = match language {
        Language::Strategic => Numbers::Wrapping,
        Language::Json | Language::Merge | Language::Apply => Numbers::Checked,
    };
    let decoded = body::decode(call, patched, numbers).map_err(|problem| invalid(&problem))?;
    match FieldValidation::of(call)? {
        FieldValidation::Strict if !decoded.unknown.is_empty() => {
            return Err(invalid(&admission::strict(&decoded.unknown)));
        }
        FieldValidation::Warn => call.warn(decoded.unknown),
        FieldValidation::Strict | FieldValidation::Ignore => {}
    }
    Ok(decoded.object)
}

/// The object with a patch in one of the three older languages laid over it.
pub(super) fn patched(
    language: Language,
    call: &Call<'_>,
    live: &Value,
    schema: &Schema,
) -> Result<Value, Refusal> {
    let undecodable =
        |error: serde_json::Error| Refusal::bad_request(format!("error decoding patch: {error}"));
    let patch: Value = serde_json::from_slice(call.body).map_err(undecodable)?;
    let mut object = live.clone();
    match language {
        Language::Json => {
            operations::apply(&mut object, patch)?;
        }
        Language::Strategic => {
            object = strategic::patch(live, &patch, schema).map_err(strategic_refusal)?;
        }
        Language::Merge | Language::Apply => match patch {
            Value::Object(_) => json_patch::merge(&mut object, &patch),
            Value::Null => return Err(Refusal::bad_request("Invalid JSON Patch")),
            _ => {
                return Err(Refusal::bad_request(
                    "error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}",
                ));
            }
        },
    }
    if !object.is_object() {
        return Err(Refusal::bad_request("the patch leaves no object"));
    }
    Ok(object)
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
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
    let manager = call.manager();
    let configuration = read_configuration(call)?;
    let object = owners::apply(world, call, live.as_deref(), &configuration, &manager)?;
    let decoded = body::decode(call, &object, Numbers::Wrapping).map_err(Refusal::internal)?;
    let mut object = decoded.object;
    place(call, &mut object)?;
    if let Some(live) = live {
        let written = update(world, call, &live, object, &Tracking::Done)?;
        return Ok(call.answer(200, written.object));
    }
    if call.subresource().is_some() {
        return Err(Refusal::not_found(call.subject()));
    }
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
    Ok(call.answer(201, written.object))
}

/// Reads what is applied: YAML, of which JSON is a part.
pub(super) fn read_configuration(call: &Call<'_>) -> Result<Value, Refusal> {
    let parsed = body::parse_yaml(call.body).map_err(Refusal::bad_request)?;
    if !parsed.duplicates.is_empty() {
        match FieldValidation::of(call)? {
            FieldValidation::Ignore => {}
            FieldValidation::Warn => call.warn(parsed.duplicates),
            FieldValidation::Strict => {
                let problems = parsed.duplicates.join("\n  ");
                return Err(Refusal::bad_request(format!(
                    "error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  {problems}"
                )));
            }
        }
    }
    let configuration = parsed.value;
    match configuration["metadata"]["name"]
        .as_str()
        .unwrap_or_default()
    {
        "" => Err(Refusal::bad_request("name must be provided")),
        name if name != call.name() => Err(Refusal::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            call.name()
        ))),
        _ => Ok(configuration),
    }
}
