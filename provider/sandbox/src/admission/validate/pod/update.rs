//! What of a running Pod may change.

use serde_json::Value;

use super::super::super::at::At;
use super::super::super::cause::Causes;
use super::super::super::edit::{child, copy, items, remove};

const FREE: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,\
     `spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),\
     `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// A Pod that is being changed.
pub(in super::super) fn pod_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    let (spec, before) = (new.field("spec"), old.field("spec"));
    for list in ["containers", "initContainers"] {
        if spec.field(list).len() != before.field(list).len() {
            return causes.forbidden(
                &spec.field(list),
                "pod updates may not add or remove containers",
            );
        }
        for container in spec
            .field(list)
            .items()
            .iter()
            .filter(|container| container.field("image").is_empty())
        {
            causes.required(&container.field("image"), "");
        }
    }
    deadline(
        &spec.field("activeDeadlineSeconds"),
        &before.field("activeDeadlineSeconds"),
        causes,
    );
    let gates = spec.field("schedulingGates").items();
    let known = before.field("schedulingGates");
    if gates
        .iter()
        .any(|gate| !known.items().iter().any(|old| old.value() == gate.value()))
    {
        causes.forbidden(&spec.field("schedulingGates"), "only deletion is allowed");
    }
    added_tolerations(
        &spec.field("tolerations"),
        &before.field("tolerations"),
        causes,
    );
    if like_before(&spec, &before) != *before.value() {
        causes.forbidden(&spec, FREE);
    }
}

/// The new spec, with everything that may change put back.
fn like_before(spec: &At<'_>, before: &At<'_>) -> Value {
    let mut same = spec.value().clone();
    for list in ["containers", "initContainers"] {
        for (container, old) in items(&mut same, list).zip(before.field(list).items()) {
            copy(container, old.value(), "image");
        }
    }
    for field in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] {
        copy(&mut same, before.value(), field);
    }
    let grace = (
        spec.field("terminationGracePeriodSeconds").int(),
        before.field("terminationGracePeriodSeconds").int_or_zero(),
    );
    if matches!(grace, (Some(1), old) if old < 0) {
        copy(&mut same, before.value(), "terminationGracePeriodSeconds");
    }
    // A Pod that is held back by gates may still narrow where it runs.
    if !before.field("schedulingGates").is_empty() {
        for field in ["nodeSelector", "affinity"] {
            if before.field(field).is_absent() {
                remove(&mut same, field);
            }
        }
    }
    if child(&mut same, "tolerations").is_null() {
        remove(&mut same, "tolerations");
    }
    same
}

fn deadline(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    match (new.int(), old.int()) {
        (Some(seconds), _) if seconds < 0 => {
            causes.invalid(new, "must be greater than or equal to 0");
        }
        (Some(seconds), Some(before)) if seconds > before => {
            causes.invalid(new, "must be less than or equal to previous value");
        }
        (None, Some(_)) => {
            causes.invalid(new, "must not update from a positive integer to nil value");
        }
        _ => {}
    }
}

fn added_tolerations(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    let timeless = |at: &At<'_>| {
        let mut value = at.value().clone();
        remove(&mut value, "tolerationSeconds");
        value
    };
    let kept = |toleration: &At<'_>| {
        new.items()
            .iter()
            .any(|found| timeless(found) == timeless(toleration))
    };
    if !old.items().iter().all(kept) {
        causes.forbidden(
            new,
            "existing toleration can not be modified except its tolerationSeconds",
        );
    }
}
