//! What does the API server do with CRDs by itself: accept their names, serve them, clean up after them?

use bytes::Bytes;
use serde_json::{Value, json};

use crate::store::ObjectName;
use crate::verbs;
use crate::world::{World, definitions, now};

/// The finalizer that keeps a CRD until its objects are gone.
pub(crate) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";
const AGENT: &str = "kube-apiserver";

/// Does the next thing for each CRD.
pub(crate) fn settle(world: &mut World) {
    let all: Vec<Value> = world
        .store
        .list(&definitions(), None)
        .map(|(_, object)| Value::clone(object))
        .collect();
    for definition in &all {
        if definition["metadata"]["deletionTimestamp"].is_string() {
            clean_up(world, definition);
        } else {
            accept(world, definition, &all);
        }
    }
}

/// Accepts the names that a CRD asks for, unless another one has them.
fn accept(world: &mut World, definition: &Value, all: &[Value]) {
    let spec = &definition["spec"];
    let mut status = definition["status"]
        .as_object()
        .cloned()
        .map_or_else(|| json!({}), Value::Object);
    let taken = all.iter().find(|other| {
        other["metadata"]["uid"] != definition["metadata"]["uid"]
            && other["spec"]["group"] == spec["group"]
            && other["status"]["acceptedNames"]["kind"] == spec["names"]["kind"]
    });
    let is_new = !status["conditions"].is_array();
    if !is_new && status["acceptedNames"] == spec["names"] {
        return;
    }
    let mut conditions = vec![condition(
        "NamesAccepted",
        taken.is_none(),
        "NoConflicts",
        "no conflicts found",
    )];
    if taken.is_some() {
        let message = format!("{} is already in use", spec["names"]["kind"]);
        conditions = vec![
            condition("NamesAccepted", false, "KindConflict", &message),
            condition(
                "Established",
                false,
                "NotAccepted",
                "not all names are accepted",
            ),
        ];
    } else {
        status["acceptedNames"] = spec["names"].clone();
        let message = "the initial names have been accepted";
        conditions.push(condition(
            "Established",
            true,
            "InitialNamesAccepted",
            message,
        ));
    }
    if is_new || taken.is_some() {
        status["conditions"] = Value::Array(conditions);
    }
    if !status["acceptedNames"].is_object() {
        status["acceptedNames"] = json!({ "plural": "", "kind": "" });
    }
    if !status["storedVersions"].is_array() {
        let versions = spec["versions"].as_array().into_iter().flatten();
        let stored = versions.filter(|version| version["storage"] == json!(true));
        status["storedVersions"] = stored.map(|version| version["name"].clone()).collect();
    }
    let mut wanted = definition.clone();
    wanted["status"] = status;
    let name = definition["metadata"]["name"].as_str().unwrap_or_default();
    let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}/status");
    let request = http::Request::builder()
        .method("PUT")
        .uri(path)
        .header(http::header::USER_AGENT, AGENT)
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(Bytes::from(wanted.to_string()));
    if let Ok(request) = request
        && let Err(refusal) = verbs::within(world, &request)
    {
        tracing::debug!(%name, message = %refusal.message, "the names of a definition were not accepted");
    }
}

fn condition(kind: &str, is_true: bool, reason: &str, message: &str) -> Value {
    json!({
        "type": kind, "status": if is_true { "True" } else { "False" },
        "lastTransitionTime": now(), "reason": reason, "message": message,
    })
}

/// Removes the objects of a CRD that is going, and then the CRD.
fn clean_up(world: &mut World, definition: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let spec = &definition["spec"];
    let collection = crate::registry::Collection {
        group: text(&spec["group"]),
        plural: text(&spec["names"]["plural"]),
    };
    let objects: Vec<(ObjectName, Value)> = world
        .store
        .list(&collection, None)
        .map(|(name, object)| (name.clone(), Value::clone(object)))
        .collect();
    let mut left = false;
    for (name, mut object) in objects {
        let is_held = object["metadata"]["finalizers"]
            .as_array()
            .is_some_and(|list| !list.is_empty());
        left |= is_held;
        if !is_held {
            world.store.remove(&collection, &name);
        } else if !object["metadata"]["deletionTimestamp"].is_string() {
            object["metadata"]["deletionTimestamp"] = json!(now());
            object["metadata"]["deletionGracePeriodSeconds"] = json!(0);
            world.store.put(&collection, &name, object);
        }
    }
    if left {
        return;
    }
    let name = ObjectName::new(
        "",
        definition["metadata"]["name"].as_str().unwrap_or_default(),
    );
    let finalizers = definition["metadata"]["finalizers"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let kept: Vec<Value> = finalizers
        .into_iter()
        .filter(|finalizer| finalizer != CLEANUP)
        .collect();
    if kept.is_empty() {
        world.store.remove(&definitions(), &name);
    } else if definition["metadata"]["finalizers"] != json!(kept) {
        let mut definition = definition.clone();
        definition["metadata"]["finalizers"] = json!(kept);
        world.store.put(&definitions(), &name, definition);
    }
}
