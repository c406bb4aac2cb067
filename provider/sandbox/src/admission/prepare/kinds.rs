//! What the API sets itself, kind by kind.

use serde_json::{Map, Value, json};

use super::super::edit::{child, copy, lacks, object, or_set, remove, text};

const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// On creation.
pub(super) fn create(type_name: &str, new: &mut Value) {
    match type_name {
        "batch.v1.Job" => job(new),
        "core.v1.Namespace" => namespace(new),
        "core.v1.PersistentVolumeClaim" => data_sources(new, &Value::Null),
        "core.v1.PersistentVolume" => volume(new),
        "core.v1.Pod" => pod(new),
        "apps.v1.DaemonSet" => template_generation(new, 1),
        "core.v1.ServiceAccount" => account(new),
        "apiextensions.v1.CustomResourceDefinition" => stored_versions(new),
        _ => {}
    }
}

/// On change.
pub(super) fn update(type_name: &str, new: &mut Value, old: &Value) {
    match type_name {
        "core.v1.Namespace" => {
            // Only `/finalize` may change these.
            let finalizers = old.pointer("/spec/finalizers").cloned();
            match finalizers {
                Some(finalizers) => {
                    object(child(new, "spec")).insert("finalizers".to_owned(), finalizers);
                }
                None => {
                    remove(child(new, "spec"), "finalizers");
                }
            }
        }
        "core.v1.PersistentVolumeClaim" => data_sources(new, old),
        "core.v1.Secret" if text(new, "type").is_empty() => copy(new, old, "type"),
        "core.v1.ServiceAccount" => account(new),
        "apiextensions.v1.CustomResourceDefinition" => added_version(new),
        "apps.v1.DaemonSet" => daemon_set(new, old),
        _ => {}
    }
}

/// A Job's selector and the labels of its Pods carry its uid, unless the user wants to choose them.
fn job(job: &mut Value) {
    let uid = job.pointer("/metadata/uid").cloned().unwrap_or_default();
    let name = job.pointer("/metadata/name").cloned().unwrap_or_default();
    let spec = child(job, "spec");
    if spec.get("manualSelector") == Some(&Value::Bool(true)) {
        return;
    }
    let labels = child(child(child(spec, "template"), "metadata"), "labels");
    for (key, value) in [
        ("job-name", &name),
        ("batch.kubernetes.io/job-name", &name),
        ("controller-uid", &uid),
        ("batch.kubernetes.io/controller-uid", &uid),
    ] {
        or_set(labels, key, value.clone());
    }
    or_set(
        child(child(spec, "selector"), "matchLabels"),
        "batch.kubernetes.io/controller-uid",
        uid,
    );
}

fn namespace(namespace: &mut Value) {
    object(child(namespace, "status")).insert("phase".to_owned(), json!("Active"));
    let finalizers = child(child(namespace, "spec"), "finalizers");
    if !finalizers.is_array() {
        *finalizers = json!([]);
    }
    if let Value::Array(list) = finalizers
        && !list.iter().any(|finalizer| finalizer == "kubernetes")
    {
        list.push(json!("kubernetes"));
    }
}

/// A claim's two ways to name its source are kept alike.
fn data_sources(claim: &mut Value, old: &Value) {
    let kept = old
        .pointer("/spec/dataSource")
        .is_some_and(|value| !value.is_null());
    let spec = child(claim, "spec");
    let local = spec
        .pointer("/dataSourceRef/namespace")
        .is_none_or(|value| value.is_null() || value == "");
    // Only two kinds are accepted by the older field; others are dropped silently.
    let accepted = |source: &Value| {
        matches!(
            (
                source
                    .get("apiGroup")
                    .and_then(Value::as_str)
                    .unwrap_or_default(),
                text(source, "kind")
            ),
            ("", "PersistentVolumeClaim") | ("snapshot.storage.k8s.io", "VolumeSnapshot")
        )
    };
    if !lacks(spec, "dataSource")
        && lacks(spec, "dataSourceRef")
        && !kept
        && !accepted(&spec["dataSource"])
    {
        remove(spec, "dataSource");
    }
    if !lacks(spec, "dataSource") && lacks(spec, "dataSourceRef") {
        let source = spec["dataSource"].clone();
        or_set(spec, "dataSourceRef", source);
    } else if local && lacks(spec, "dataSource") && !lacks(spec, "dataSourceRef") {
        let mut source = spec["dataSourceRef"].clone();
        remove(&mut source, "namespace");
        or_set(spec, "dataSource", source);
    }
}

fn pod(pod: &mut Value) {
    let class = service_class(pod.get("spec").unwrap_or(&Value::Null));
    *child(pod, "status") = json!({ "phase": "Pending", "qosClass": class });
}

/// How well a Pod is protected, by what its containers ask for and are held to.
fn service_class(spec: &Value) -> &'static str {
    let lists = ["containers", "initContainers"]
        .into_iter()
        .filter_map(|list| spec.get(list)?.as_array());
    let containers: Vec<&Value> = lists.flatten().collect();
    let amounts = |container: &Value, list: &str| -> Map<String, Value> {
        let found = container
            .pointer(&format!("/resources/{list}"))
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        found
            .into_iter()
            .filter(|(name, amount)| matches!(name.as_str(), "cpu" | "memory") && amount != "0")
            .collect()
    };
    if containers.iter().all(|container| {
        amounts(container, "requests").is_empty() && amounts(container, "limits").is_empty()
    }) {
        return "BestEffort";
    }
    let guaranteed = containers.iter().all(|container| {
        let limits = amounts(container, "limits");
        limits.len() == 2 && amounts(container, "requests") == limits
    });
    if guaranteed {
        "Guaranteed"
    } else {
        "Burstable"
    }
}

/// The old generation of a `DaemonSet`'s template lives on as an annotation.
fn template_generation(set: &mut Value, generation: i64) {
    let annotations = object(child(child(set, "metadata"), "annotations"));
    annotations.insert(
        TEMPLATE_GENERATION.to_owned(),
        json!(generation.to_string()),
    );
}

fn daemon_set(new: &mut Value, old: &Value) {
    let note = old
        .pointer("/metadata/annotations")
        .and_then(|notes| notes.get(TEMPLATE_GENERATION));
    let before = note
        .and_then(Value::as_str)
        .and_then(|text| text.parse::<i64>().ok())
        .unwrap_or_default();
    let changed = new.pointer("/spec/template") != old.pointer("/spec/template");
    template_generation(new, if changed { before + 1 } else { before });
}

/// References to secrets keep only their name.
fn account(account: &mut Value) {
    for secret in super::super::edit::items(account, "secrets") {
        let name = secret.get("name").cloned();
        *secret = name.map_or_else(|| json!({}), |name| json!({ "name": name }));
    }
}

/// The version that objects are stored in is remembered.
fn stored_versions(definition: &mut Value) {
    let versions = definition
        .pointer("/spec/versions")
        .and_then(Value::as_array);
    let storage = versions
        .into_iter()
        .flatten()
        .find(|version| version.get("storage") == Some(&Value::Bool(true)));
    let name = storage.and_then(|version| version.get("name")).cloned();
    if let Some(name) = name {
        or_set(child(definition, "status"), "storedVersions", json!([name]));
    }
}

/// A new storage version joins those that were before.
fn added_version(definition: &mut Value) {
    let versions = definition
        .pointer("/spec/versions")
        .and_then(Value::as_array);
    let storage = versions
        .into_iter()
        .flatten()
        .find(|version| version.get("storage") == Some(&Value::Bool(true)));
    let Some(name) = storage.and_then(|version| version.get("name")).cloned() else {
        return;
    };
    if let Value::Array(stored) = child(child(definition, "status"), "storedVersions")
        && !stored.contains(&name)
    {
        stored.push(name);
    }
}

/// A volume waits from its first moment on.
fn volume(volume: &mut Value) {
    let since = volume
        .pointer("/metadata/creationTimestamp")
        .cloned()
        .unwrap_or_default();
    *child(volume, "status") = json!({ "phase": "Pending", "lastPhaseTransitionTime": since });
}
