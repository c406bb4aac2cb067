//! The `scale` subresource: one number of a workload, as an object of its own.

use std::sync::Arc;

use serde_json::{Value, json};

use super::call::Call;
use super::owners::{self, ScaleWrite};
use super::patch::{Language, patched, read_configuration};
use super::write::{Tracking, update};
use crate::answer::Answer;
use crate::registry::{Resource, ScalePaths};
use crate::status::{Cause, Refusal, Subject};
use crate::world::World;

/// Where a kind keeps its numbers.
fn paths(resource: &Resource) -> ScalePaths {
    resource
        .custom()
        .and_then(|custom| custom.scale.clone())
        .unwrap_or_else(|| ScalePaths {
            spec_replicas: "/spec/replicas".to_owned(),
            status_replicas: "/status/replicas".to_owned(),
            label_selector: None,
        })
}

/// The `Scale` of an object.
pub(super) fn of(resource: &Resource, object: &Value) -> Value {
    let paths = paths(resource);
    let number = |path: &str| {
        object
            .pointer(path)
            .and_then(Value::as_i64)
            .unwrap_or_default()
    };
    let mut metadata = serde_json::Map::new();
    for field in [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
    ] {
        if let Some(value) = object["metadata"].get(field) {
            metadata.insert(field.to_owned(), value.clone());
        }
    }
    let mut spec = json!({});
    if number(&paths.spec_replicas) != 0 {
        spec["replicas"] = json!(number(&paths.spec_replicas));
    }
    let mut status = json!({ "replicas": number(&paths.status_replicas) });
    let selector = match (resource.custom(), &paths.label_selector) {
        (Some(_), None) => None,
        (Some(_), Some(path)) => object
            .pointer(path)
            .and_then(Value::as_str)
            .map(str::to_owned),
        (None, _) => Some(selector_text(&object["spec"]["selector"])),
    };
    if let Some(selector) = selector.filter(|selector| !selector.is_empty()) {
        status["selector"] = json!(selector);
    }
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": metadata, "spec": spec, "status": status,
    })
}

/// A selector as a query spells it.
fn selector_text(selector: &Value) -> String {
    let labels = selector.get("matchLabels").unwrap_or(selector);
    let mut terms: Vec<String> = labels
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| value.as_str().map(|value| format!("{key}={value}")))
        .collect();
    for expression in selector["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let key = expression["key"].as_str().unwrap_or_default();
        let values = expression["values"].as_array().into_iter().flatten();
        let mut values: Vec<&str> = values.filter_map(Value::as_str).collect();
        values.sort_unstable();
        terms.push(match expression["operator"].as_str() {
            Some("In") => format!("{key} in ({})", values.join(",")),
            Some("NotIn") => format!("{key} notin ({})", values.join(",")),
            Some("DoesNotExist") => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    terms.sort();
    terms.join(",")
}

pub(super) fn put(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let scale: Value = serde_json::from_slice(call.body).map_err(|error| {
        Refusal::bad_request(format!(
            "couldn't get version/kind; json parse error: {error}"
        ))
    })?;
    let live = world
        .store
        .get(&call.resource.collection(), &call.object_name())
        .cloned();
    let live = live.ok_or_else(|| Refusal::not_found(call.subject()))?;
    change(world, call, &live, &ScaleWrite::Update(&typed(scale)))
}

pub(super) fn patch(
    world: &mut World,
    call: &Call<'_>,
    language: Language,
    live: Option<Arc<Value>>,
) -> Result<Answer, Refusal> {
    let live = live.ok_or_else(|| Refusal::not_found(call.subject()))?;
    let before = of(&call.resource, &live);
    if language == Language::Apply {
        let configuration = read_configuration(call)?;
        return change(world, call, &live, &ScaleWrite::Apply(&configuration));
    }
    let schema = fields::Facts::builtin().schema_of("autoscaling/v1", "Scale");
    let schema = schema.unwrap_or_else(fields::Schema::untyped);
    let scale = patched(language, call, &before, &schema)?;
    change(world, call, &live, &ScaleWrite::Update(&typed(scale)))
}

fn change(
    world: &mut World,
    call: &Call<'_>,
    live: &Value,
    write: &ScaleWrite<'_>,
) -> Result<Answer, Refusal> {
    let path = paths(&call.resource).spec_replicas;
    let before = of(&call.resource, live);
    check_uid(call, live, write)?;
    let (scale, mut object) = owners::scale(call, live, &before, write, &path)?;
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or_default();
    check_replicas(call, replicas)?;
    set(&mut object, &path, json!(replicas));
    object["metadata"]["resourceVersion"] = scale["metadata"]["resourceVersion"].clone();
    let written = update(world, call, live, object, &Tracking::Done)?;
    Ok(call.answer(200, of(&call.resource, &written.object)))
}

/// A `Scale` as its kind writes it: no replicas are left out.
fn typed(mut scale: Value) -> Value {
    if scale["spec"]["replicas"] == json!(0)
        && let Some(spec) = scale["spec"].as_object_mut()
    {
        spec.remove("replicas");
    }
    scale
}

/// A `Scale` with a uid is meant for the object of that uid.
fn check_uid(call: &Call<'_>, live: &Value, write: &ScaleWrite<'_>) -> Result<(), Refusal> {
    let (ScaleWrite::Apply(scale) | ScaleWrite::Update(scale)) = write;
    let wanted = scale["metadata"]["uid"].as_str().unwrap_or_default();
    let found = live["metadata"]["uid"].as_str().unwrap_or_default();
    if wanted.is_empty() || wanted == found {
        return Ok(());
    }
    let why =
        format!("Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}");
    let kind = format!("{}/scale", call.resource.plural);
    Err(Refusal::conflict(
        Subject {
            kind: &kind,
            ..call.subject()
        },
        &why,
    ))
}

fn check_replicas(call: &Call<'_>, replicas: i64) -> Result<(), Refusal> {
    if replicas >= 0 {
        return Ok(());
    }
    let about = Subject {
        group: "autoscaling",
        kind: "Scale",
        name: call.name(),
    };
    let cause = Cause {
        reason: "FieldValueInvalid".to_owned(),
        message: format!("Invalid value: {replicas}: must be greater than or equal to 0"),
        field: "spec.replicas".to_owned(),
    };
    Err(Refusal::invalid(about, vec![cause]))
}

/// Sets a value at a pointer, making the objects on the way.
fn set(object: &mut Value, pointer: &str, value: Value) {
    let mut place = object;
    for segment in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[segment];
    }
    *place = value;
}
