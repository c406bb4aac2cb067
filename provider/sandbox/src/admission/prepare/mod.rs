//! What the API sets itself before it looks whether an object is legal: generation, status, and what each kind adds.

mod gates;
mod generation;
mod kinds;

pub(crate) use generation::{changes_generation, starts_generation};

use serde_json::{Map, Value, json};

use super::edit::{child, copy, object, remove};
use super::same::aligned;

/// Which part of an object a request writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All but the status, where the kind has one to itself.
    Main,
    /// The status.
    Status,
}

/// An object that is about to be created.
pub(super) fn create(type_name: &str, new: &mut Value) {
    if owns_status(type_name) {
        remove(new, "status");
    }
    if starts_generation(type_name) {
        object(child(new, "metadata")).insert("generation".to_owned(), json!(1));
    }
    gates::drop_disabled(type_name, new);
    kinds::create(type_name, new);
}

/// An object that is about to be changed.
pub(super) fn update(type_name: &str, new: &mut Value, old: &Value, part: Part) {
    keep_metadata(new, old);
    match part {
        Part::Main => {
            if owns_status(type_name) {
                copy(new, old, "status");
            }
            gates::drop_disabled(type_name, new);
            kinds::update(type_name, new, old);
            if changes_generation(type_name, &aligned(type_name, new, old), old) {
                let generation = old
                    .pointer("/metadata/generation")
                    .and_then(Value::as_i64)
                    .unwrap_or_default();
                object(child(new, "metadata"))
                    .insert("generation".to_owned(), json!(generation + 1));
            }
        }
        Part::Status => status(type_name, new, old),
    }
}

/// What the server holds of the metadata, a request cannot clear.
fn keep_metadata(new: &mut Value, old: &Value) {
    let Some(before) = old.get("metadata") else {
        return;
    };
    let metadata = child(new, "metadata");
    copy(metadata, before, "generation");
    for field in ["creationTimestamp", "deletionTimestamp"] {
        if before.get(field).is_some_and(|value| !value.is_null()) {
            copy(metadata, before, field);
        }
    }
    for field in ["uid", "deletionGracePeriodSeconds"] {
        if metadata
            .get(field)
            .is_none_or(|value| value.is_null() || value == "")
        {
            copy(metadata, before, field);
        }
    }
}

/// A write to the status changes nothing else of the spec; of some kinds not even the metadata.
fn status(type_name: &str, new: &mut Value, old: &Value) {
    let wanted = new.get("status").cloned();
    let metadata = new.get("metadata").cloned().unwrap_or_default();
    let kept = old.as_object().cloned().unwrap_or_default();
    let mut merged: Map<String, Value> = kept;
    match wanted {
        Some(status) => merged.insert("status".to_owned(), status),
        None => merged.remove("status"),
    };
    let metadata = match metadata_on_status(type_name) {
        OnStatus::Written => metadata,
        OnStatus::WithoutLabels => without(&metadata, old, &["labels"]),
        OnStatus::WithoutOwners => without(&metadata, old, &["ownerReferences"]),
        OnStatus::Kept => without(
            &metadata,
            old,
            &[
                "labels",
                "annotations",
                "finalizers",
                "ownerReferences",
                "generateName",
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
            ],
        ),
    };
    merged.insert("metadata".to_owned(), metadata);
    *new = Value::Object(merged);
}

fn without(metadata: &Value, old: &Value, fields: &[&str]) -> Value {
    let mut metadata = metadata.clone();
    let nothing = Value::Null;
    let before = old.get("metadata").unwrap_or(&nothing);
    for field in fields {
        copy(&mut metadata, before, field);
    }
    metadata
}

/// What a write to the status does to the metadata.
enum OnStatus {
    Written,
    WithoutLabels,
    WithoutOwners,
    Kept,
}

fn metadata_on_status(type_name: &str) -> OnStatus {
    match type_name {
        "apps.v1.Deployment" => OnStatus::WithoutLabels,
        "core.v1.Pod" => OnStatus::WithoutOwners,
        "admissionregistration.v1.ValidatingAdmissionPolicy"
        | "apiextensions.v1.CustomResourceDefinition"
        | "apiregistration.v1.APIService"
        | "storage.v1.VolumeAttachment"
        | "networking.v1.ServiceCIDR"
        | "" => OnStatus::Kept,
        _ => OnStatus::Written,
    }
}

/// Whether the kind's status is written through a subresource of its own. The empty name stands for custom resources,
/// whose definition decides and whose caller asks it.
pub(crate) fn owns_status(type_name: &str) -> bool {
    matches!(
        type_name,
        "apps.v1.Deployment"
            | "apps.v1.StatefulSet"
            | "apps.v1.DaemonSet"
            | "apps.v1.ReplicaSet"
            | "batch.v1.Job"
            | "batch.v1.CronJob"
            | "core.v1.Pod"
            | "core.v1.Service"
            | "core.v1.Namespace"
            | "core.v1.Node"
            | "core.v1.PersistentVolume"
            | "core.v1.PersistentVolumeClaim"
            | "core.v1.ReplicationController"
            | "core.v1.ResourceQuota"
            | "networking.v1.Ingress"
            | "policy.v1.PodDisruptionBudget"
            | "autoscaling.v1.HorizontalPodAutoscaler"
            | "autoscaling.v2.HorizontalPodAutoscaler"
            | "admissionregistration.v1.ValidatingAdmissionPolicy"
            | "apiextensions.v1.CustomResourceDefinition"
            | "apiregistration.v1.APIService"
            | "certificates.v1.CertificateSigningRequest"
            | "flowcontrol.v1.FlowSchema"
            | "flowcontrol.v1.PriorityLevelConfiguration"
            | "storage.v1.VolumeAttachment"
    )
}
