//! DELETE of one object, or of all that a selector chooses.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::body;
use super::call::{Call, DryRun};
use super::list::{self, Selection};
use super::options;
use super::read::in_version;
use super::write::has_finalizers;
use crate::answer::Answer;
use crate::definitions::CLEANUP;
use crate::registry::Trait;
use crate::status::{Refusal, Subject};
use crate::store::ObjectName;
use crate::world::World;

const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";

/// What the body and the query say.
struct Options {
    grace: Option<i64>,
    uid: Option<String>,
    version: Option<String>,
    propagation: Option<Propagation>,
    dry_run: DryRun,
}

/// What becomes of dependents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Propagation {
    Orphan,
    Background,
    Foreground,
}

impl Options {
    fn of(call: &Call<'_>) -> Result<Self, Refusal> {
        let body = read_body(call)?;
        let text = |key: &str| {
            body[key]
                .as_str()
                .or(call.query.get(key))
                .map(str::to_owned)
        };
        let orphans = body["orphanDependents"].as_bool();
        let propagation = match (text("propagationPolicy").as_deref(), orphans) {
            (None | Some(""), None) => None,
            (None | Some(""), Some(true)) | (Some("Orphan"), None) => Some(Propagation::Orphan),
            (None | Some(""), Some(false)) | (Some("Background"), None) => {
                Some(Propagation::Background)
            }
            (Some(policy), Some(_)) => {
                let message = format!(
                    "Invalid value: {policy:?}: orphanDependents and deletionPropagation cannot be both set"
                );
                return Err(options::one(
                    call,
                    "propagationPolicy",
                    "FieldValueInvalid",
                    message,
                ));
            }
            (Some("Foreground"), None) => Some(Propagation::Foreground),
            (Some(other), None) => {
                let message = format!(
                    "Unsupported value: {other:?}: supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\""
                );
                return Err(options::one(
                    call,
                    "propagationPolicy",
                    "FieldValueNotSupported",
                    message,
                ));
            }
        };
        let precondition = |key: &str| {
            let wanted = body["preconditions"][key].as_str();
            wanted
                .filter(|wanted| !wanted.is_empty())
                .map(str::to_owned)
        };
        let dry_run = match body["dryRun"].as_array() {
            Some(values) => options::dry_run(
                call,
                &values.iter().filter_map(Value::as_str).collect::<Vec<_>>(),
            )?,
            None => call.dry_run()?,
        };
        Ok(Self {
            grace: body["gracePeriodSeconds"]
                .as_i64()
                .or_else(|| call.query.number("gracePeriodSeconds")),
            uid: precondition("uid"),
            version: precondition("resourceVersion"),
            propagation,
            dry_run,
        })
    }
}

fn read_body(call: &Call<'_>) -> Result<Value, Refusal> {
    if call.body.is_empty() {
        return Ok(json!({}));
    }
    let body = match call.media_type() {
        "application/json" | "" => serde_json::from_slice(call.body).map_err(|error| {
            Refusal::bad_request(format!(
                "couldn't get version/kind; json parse error: {error}"
            ))
        })?,
        "application/yaml" => {
            body::parse_yaml(call.body)
                .map_err(Refusal::bad_request)?
                .value
        }
        other => return Err(Refusal::unsupported_media_type(other)),
    };
    match body["kind"].as_str() {
        None | Some("" | "DeleteOptions") => Ok(body),
        Some(kind) => Err(Refusal::bad_request(format!(
            "no kind \"{kind}\" is registered for DELETE: only DeleteOptions is"
        ))),
    }
}

/// What a deletion came to.
enum Deleted {
    /// It is gone; this was its last state.
    Gone(Value),
    /// Something holds it back.
    Terminating(Value),
}

pub(super) fn delete(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let options = Options::of(call)?;
    let name = call.object_name();
    let live = world.store.get(&call.resource.collection(), &name).cloned();
    let live = live.ok_or_else(|| Refusal::not_found(call.subject()))?;
    let deleted = delete_one(world, call, &name, &live, &options)?;
    let answer = match deleted {
        Deleted::Gone(last) if !call.resource.has(Trait::DeleteAnswersObject) => {
            success(call, &last)
        }
        Deleted::Gone(object) | Deleted::Terminating(object) => {
            call.answer(200, in_version(&call.resource, &object))
        }
    };
    Ok(answer.warn(orphan_warning(call, &options)))
}

fn orphan_warning(call: &Call<'_>, options: &Options) -> Vec<String> {
    if call.resource.kind == "Job" && options.propagation.is_none() {
        vec![
            "child pods are preserved by default when jobs are deleted; set \
             propagationPolicy=Background to remove them or set propagationPolicy=Orphan to \
             suppress this warning"
                .to_owned(),
        ]
    } else {
        Vec::new()
    }
}

fn success(call: &Call<'_>, last: &Value) -> Answer {
    let mut details = Map::new();
    details.insert("name".into(), last["metadata"]["name"].clone());
    if !call.resource.group().is_empty() {
        details.insert("group".into(), json!(call.resource.group()));
    }
    details.insert("kind".into(), json!(call.resource.plural));
    details.insert("uid".into(), last["metadata"]["uid"].clone());
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details,
    });
    call.answer(200, status)
}

pub(super) fn delete_collection(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let options = Options::of(call)?;
    let selection = Selection::of(call)?;
    let collection = call.resource.collection();
    let chosen: Vec<(ObjectName, Arc<Value>)> = world
        .store
        .list(&collection, None)
        .filter(|(name, object)| selection.matches(name, object))
        .map(|(name, object)| (name.clone(), object.clone()))
        .collect();
    for (name, live) in &chosen {
        delete_one(world, call, name, live, &options)?;
    }
    let items: Vec<Value> = chosen
        .iter()
        .map(|(_, object)| list::item(&call.resource, object))
        .collect();
    let mut metadata = Map::new();
    metadata.insert(
        "resourceVersion".into(),
        json!(world.store.revision().to_string()),
    );
    if call.resource.custom().is_some() {
        metadata.insert("continue".into(), json!(""));
    }
    Ok(call.answer_list(list::body(&call.resource, &metadata, &items)))
}

fn delete_one(
    world: &mut World,
    call: &Call<'_>,
    name: &ObjectName,
    live: &Value,
    options: &Options,
) -> Result<Deleted, Refusal> {
    check_preconditions(call, live, options)?;
    let grace = grace(call, live, options);
    let mut object = live.clone();
    if cleans_up_itself(call) {
        add_cleanup(&mut object);
    } else if call.resource.kind != "Namespace" {
        set_finalizers(call, &mut object, options.propagation);
    }
    let collection = call.resource.collection();
    if !has_finalizers(&object) && grace == 0 {
        let gone = match options.dry_run {
            DryRun::All => object,
            DryRun::No => world.store.remove(&collection, name).unwrap_or(object),
        };
        let gone = if call.resource.kind == "Pod" {
            ended(gone)
        } else {
            gone
        };
        return Ok(Deleted::Gone(gone));
    }
    // Whatever is written is written as it is shown.
    crate::admission::on_read(&mut object);
    mark(call, &mut object, grace);
    if object == *live || options.dry_run == DryRun::All {
        return Ok(Deleted::Terminating(object));
    }
    Ok(Deleted::Terminating(Value::clone(&world.store.put(
        &collection,
        name,
        object,
    ))))
}

/// A Pod that goes at once is shown as one whose grace is over.
fn ended(mut pod: Value) -> Value {
    let metadata = &mut pod["metadata"];
    metadata["deletionTimestamp"] = json!(crate::world::now());
    metadata["deletionGracePeriodSeconds"] = json!(0);
    if let Some(generation) = metadata["generation"].as_i64() {
        metadata["generation"] = json!(generation + 1);
    }
    pod
}

/// CRDs are kept until their objects are gone.
fn cleans_up_itself(call: &Call<'_>) -> bool {
    call.resource.kind == "CustomResourceDefinition"
}

fn add_cleanup(object: &mut Value) {
    let mut finalizers = object["metadata"]["finalizers"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    if !finalizers.iter().any(|finalizer| finalizer == CLEANUP) {
        finalizers.push(json!(CLEANUP));
    }
    object["metadata"]["finalizers"] = Value::Array(finalizers);
}

/// Notes that an object is going, which happens once; a shorter grace still counts.
fn mark(call: &Call<'_>, object: &mut Value, grace: i64) {
    let is_own = call.resource.kind == "Namespace" || cleans_up_itself(call);
    let metadata = &mut object["metadata"];
    let before = metadata["deletionGracePeriodSeconds"].as_i64();
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(grace);
    let end = json!(end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    if !metadata["deletionTimestamp"].is_string() {
        metadata["deletionTimestamp"] = end;
        // These two kinds are deleted by rules of their own.
        if !is_own {
            metadata["deletionGracePeriodSeconds"] = json!(grace);
            if let Some(generation) = metadata["generation"].as_i64().filter(|number| *number > 0) {
                metadata["generation"] = json!(generation + 1);
            }
        }
    } else if before.is_some_and(|before| grace < before) {
        metadata["deletionTimestamp"] = end;
        metadata["deletionGracePeriodSeconds"] = json!(grace);
    }
    if call.resource.kind == "Namespace" {
        object["status"]["phase"] = json!("Terminating");
    }
}

/// How long an object may take to end: only Pods on a node take any time.
fn grace(call: &Call<'_>, live: &Value, options: &Options) -> i64 {
    let is_scheduled = live["spec"]["nodeName"]
        .as_str()
        .is_some_and(|node| !node.is_empty());
    let is_done = matches!(
        live["status"]["phase"].as_str(),
        Some("Succeeded" | "Failed")
    );
    if call.resource.kind != "Pod" || !is_scheduled || is_done {
        return 0;
    }
    let wanted = options
        .grace
        .or_else(|| live["spec"]["terminationGracePeriodSeconds"].as_i64());
    wanted.unwrap_or(30).max(0)
}

/// Propagation is kept as a finalizer, which the garbage collector removes when it is done.
fn set_finalizers(call: &Call<'_>, object: &mut Value, propagation: Option<Propagation>) {
    let listed = object["metadata"]["finalizers"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let had = |finalizer: &str| listed.iter().any(|listed| listed == finalizer);
    let (orphan, foreground) = match propagation {
        Some(Propagation::Orphan) => (true, false),
        Some(Propagation::Foreground) => (false, true),
        Some(Propagation::Background) => (false, false),
        None if had(ORPHAN) || had(FOREGROUND) => (had(ORPHAN), had(FOREGROUND)),
        None => (call.resource.has(Trait::OrphansByDefault), false),
    };
    let mut finalizers: Vec<Value> = listed
        .into_iter()
        .filter(|finalizer| *finalizer != ORPHAN && *finalizer != FOREGROUND)
        .collect();
    finalizers.extend(orphan.then(|| json!(ORPHAN)));
    finalizers.extend(foreground.then(|| json!(FOREGROUND)));
    if finalizers.is_empty() {
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("finalizers");
        }
    } else {
        object["metadata"]["finalizers"] = Value::Array(finalizers);
    }
}

fn check_preconditions(call: &Call<'_>, live: &Value, options: &Options) -> Result<(), Refusal> {
    let name = live["metadata"]["name"].as_str().unwrap_or_default();
    let checks = [
        ("UID", "uid", &options.uid, "deleted and then recreated"),
        (
            "ResourceVersion",
            "resourceVersion",
            &options.version,
            "modified",
        ),
    ];
    for (title, field, wanted, happened) in checks {
        let found = live["metadata"][field].as_str().unwrap_or_default();
        if let Some(wanted) = wanted
            && wanted != found
        {
            let why = format!(
                "the {title} in the precondition ({wanted}) does not match the {title} in record ({found}). \
                 The object might have been {happened}"
            );
            // Unlike the other conflicts, this one names the kind.
            let about = Subject {
                group: call.resource.group(),
                kind: &call.resource.kind,
                name,
            };
            return Err(Refusal::conflict(about, &why));
        }
    }
    Ok(())
}
