//! Whether a Deployment, `ReplicaSet`, `StatefulSet` or `DaemonSet` is legal, and what of it may change.

use serde_json::Value;

use super::super::at::At;
use super::super::cause::{Cause, Causes, Reason};
use super::names::{check, dns_label};
use super::numbers::{amount, at_most_all, count_or_percent};
use super::pod::template;
use super::selector::{is_usable, label_selector, matches, selects_everything, selects_template};

/// What of a `StatefulSet`'s spec may change.
const FREE: [&str; 7] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];

/// A Deployment.
pub(super) fn deployment(object: &At<'_>, causes: &mut Causes) {
    let spec = object.field("spec");
    causes.non_negative(&spec.field("replicas"));
    selects_template(
        &spec.field("selector"),
        &spec.field("template"),
        "deployment",
        causes,
    );
    long_running(&spec.field("template"), "ReplicaSet", causes);
    deployment_strategy(&spec.field("strategy"), causes);
    for field in [
        "minReadySeconds",
        "revisionHistoryLimit",
        "progressDeadlineSeconds",
    ] {
        causes.non_negative(&spec.field(field));
    }
    let deadline = spec.field("progressDeadlineSeconds");
    if deadline
        .int()
        .is_some_and(|seconds| seconds <= spec.field("minReadySeconds").int_or_zero())
    {
        causes.invalid(&deadline, "must be greater than minReadySeconds");
    }
}

/// What a Deployment may not change.
pub(super) fn deployment_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    deployment(new, causes);
    causes.immutable(&new.at("spec.selector"), &old.at("spec.selector"));
}

fn deployment_strategy(at: &At<'_>, causes: &mut Causes) {
    let rolling = at.field("rollingUpdate");
    match at.field("type").text() {
        "Recreate" => {
            if rolling.is_set() {
                causes.forbidden(
                    &rolling,
                    "may not be specified when strategy `type` is 'Recreate'",
                );
            }
        }
        "RollingUpdate" if rolling.is_absent() => {
            causes.required(&rolling, "this should be defaulted and never be nil");
        }
        "RollingUpdate" => {
            let (unavailable, surge) = (rolling.field("maxUnavailable"), rolling.field("maxSurge"));
            count_or_percent(&unavailable, causes);
            count_or_percent(&surge, causes);
            if amount(&unavailable) == 0 && amount(&surge) == 0 {
                causes.invalid(&unavailable, "may not be 0 when `maxSurge` is 0");
            }
            at_most_all(&unavailable, causes);
        }
        _ => causes.unsupported(at, &["Recreate", "RollingUpdate"]),
    }
}

/// A `ReplicaSet`.
pub(super) fn replica_set(object: &At<'_>, causes: &mut Causes) {
    let spec = object.field("spec");
    causes.non_negative(&spec.field("replicas"));
    causes.non_negative(&spec.field("minReadySeconds"));
    selects_template(
        &spec.field("selector"),
        &spec.field("template"),
        "deployment",
        causes,
    );
    long_running(&spec.field("template"), "ReplicaSet", causes);
}

/// What a `ReplicaSet` may not change.
pub(super) fn replica_set_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    replica_set(new, causes);
    causes.immutable(&new.at("spec.selector"), &old.at("spec.selector"));
}

/// A `DaemonSet`.
pub(super) fn daemon_set(object: &At<'_>, causes: &mut Causes) {
    let spec = object.field("spec");
    let selector = spec.field("selector");
    label_selector(&selector, causes);
    let labels = spec.at("template.metadata.labels");
    if is_usable(&selector) && !matches(selector.value(), &labels) {
        causes.invalid(&labels, "`selector` does not match template `labels`");
    }
    if selects_everything(&selector) {
        causes.invalid(&selector, "empty selector is invalid for daemonset");
    }
    long_running(&spec.field("template"), "DaemonSet", causes);
    causes.non_negative(&spec.field("minReadySeconds"));
    daemon_strategy(&spec.field("updateStrategy"), causes);
    causes.non_negative(&spec.field("revisionHistoryLimit"));
}

/// What a `DaemonSet` may not change.
pub(super) fn daemon_set_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    causes.immutable(&new.at("spec.selector"), &old.at("spec.selector"));
    daemon_set(new, causes);
}

fn daemon_strategy(at: &At<'_>, causes: &mut Causes) {
    let rolling = at.field("rollingUpdate");
    match at.field("type").text() {
        "OnDelete" => {}
        "RollingUpdate" if rolling.is_absent() => causes.required(&rolling, ""),
        "RollingUpdate" => {
            let (unavailable, surge) = (rolling.field("maxUnavailable"), rolling.field("maxSurge"));
            for field in [&unavailable, &surge] {
                count_or_percent(field, causes);
            }
            for field in [&unavailable, &surge] {
                at_most_all(field, causes);
            }
            match (amount(&unavailable) != 0, amount(&surge) != 0) {
                (true, true) => {
                    causes.invalid(&surge, "may not be set when maxUnavailable is non-zero");
                }
                (false, false) => causes.required(&unavailable, "cannot be 0 when maxSurge is 0"),
                _ => {}
            }
        }
        _ => causes.unsupported(at, &["RollingUpdate", "OnDelete"]),
    }
}

/// A `StatefulSet` that is being created.
pub(super) fn stateful_set(object: &At<'_>, causes: &mut Causes) {
    let spec = object.field("spec");
    for claim in spec.field("volumeClaimTemplates").items() {
        super::storage::claim_template(&claim, causes);
    }
    if !spec.field("serviceName").is_empty() {
        check(&spec.field("serviceName"), dns_label, causes);
    }
    stateful_spec(&spec, causes);
}

/// What a `StatefulSet` may not change. A template that was broken before is not looked at again.
pub(super) fn stateful_set_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    stateful_spec(&new.field("spec"), causes);
    let rest = |at: &At<'_>| -> Value {
        let mut spec = at.field("spec").value().clone();
        if let Some(map) = spec.as_object_mut() {
            map.retain(|name, _| !FREE.contains(&name.as_str()));
        }
        spec
    };
    if rest(new) != rest(old) {
        causes.forbidden(
            &new.field("spec"),
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', \
             'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        );
    }
}

fn stateful_spec(spec: &At<'_>, causes: &mut Causes) {
    let management = spec.field("podManagementPolicy");
    if !matches!(management.text(), "OrderedReady" | "Parallel") {
        causes.invalid(&management, "must be 'OrderedReady' or 'Parallel'");
    }
    stateful_strategy(&spec.field("updateStrategy"), causes);
    for field in ["whenDeleted", "whenScaled"] {
        let policy = spec
            .field("persistentVolumeClaimRetentionPolicy")
            .field(field);
        if !matches!(policy.text(), "Retain" | "Delete") {
            causes.unsupported(&policy, &["Delete", "Retain"]);
        }
    }
    causes.non_negative(&spec.field("replicas"));
    causes.non_negative(&spec.field("minReadySeconds"));
    causes.non_negative(&spec.at("ordinals.start"));
    selects_template(
        &spec.field("selector"),
        &spec.field("template"),
        "statefulset",
        causes,
    );
    let with_claims = with_claimed_volumes(spec.value());
    let template = At::root(&with_claims).renamed(spec.field("template").path());
    long_running(&template, "StatefulSet", causes);
}

/// The template as its Pods will see it: each claim is a volume, and replaces one of the same name.
fn with_claimed_volumes(spec: &Value) -> Value {
    let mut template = spec.get("template").cloned().unwrap_or_default();
    let names: Vec<&str> = spec
        .get("volumeClaimTemplates")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|claim| claim.pointer("/metadata/name")?.as_str())
        .collect();
    if names.is_empty() || !template.get("spec").is_some_and(Value::is_object) {
        return template;
    }
    let own = template
        .pointer("/spec/volumes")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let claimed = names.iter().map(
        |name| serde_json::json!({ "name": name, "persistentVolumeClaim": { "claimName": name } }),
    );
    let kept = own
        .into_iter()
        .filter(|volume| !names.contains(&volume["name"].as_str().unwrap_or_default()));
    template["spec"]["volumes"] = claimed.chain(kept).collect();
    template
}

fn stateful_strategy(at: &At<'_>, causes: &mut Causes) {
    let rolling = at.field("rollingUpdate");
    match at.field("type").text() {
        "OnDelete" => {
            if rolling.is_set() {
                causes.invalid(&rolling, "only allowed for updateStrategy 'RollingUpdate'");
            }
        }
        "RollingUpdate" => {
            causes.non_negative(&rolling.field("partition"));
            let unavailable = rolling.field("maxUnavailable");
            if unavailable.is_set() {
                count_or_percent(&unavailable, causes);
                if amount(&unavailable) == 0 {
                    causes.invalid(&unavailable, "cannot be 0");
                }
                at_most_all(&unavailable, causes);
            }
        }
        _ => causes.invalid(at, "must be 'RollingUpdate' or 'OnDelete'"),
    }
}

/// A template whose Pods are meant to run for ever.
fn long_running(at: &At<'_>, kind: &str, causes: &mut Causes) {
    template(at, causes);
    let policy = at.at("spec.restartPolicy");
    if policy.text() != "Always" {
        causes.unsupported(&policy, &["Always"]);
    }
    let deadline = at.at("spec.activeDeadlineSeconds");
    if deadline.is_set() {
        causes.forbidden(
            &deadline,
            &format!("activeDeadlineSeconds in {kind} is not Supported"),
        );
    }
}

/// The status of a Deployment or `ReplicaSet`.
pub(super) fn replica_status(object: &At<'_>, causes: &mut Causes) {
    let status = object.field("status");
    for field in [
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "fullyLabeledReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
        "terminatingReplicas",
        "collisionCount",
    ] {
        causes.non_negative(&status.field(field));
    }
    // Each kind counts what the other does not.
    let counted = match object.field("kind").text() {
        "Deployment" => "updatedReplicas",
        _ => "fullyLabeledReplicas",
    };
    let counts = [counted, "readyReplicas", "availableReplicas"];
    none_exceeds(&status, &counts, "readyReplicas", causes);
}

/// The status of a `StatefulSet`.
pub(super) fn stateful_status(object: &At<'_>, causes: &mut Causes) {
    let status = object.field("status");
    for field in [
        "replicas",
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
        "observedGeneration",
        "collisionCount",
    ] {
        causes.non_negative(&status.field(field));
    }
    let counts = [
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
    ];
    none_exceeds(&status, &counts, "status.readyReplicas", causes);
}

/// No more Pods are counted than there are, and no more are available than are ready. The server calls the ready ones
/// by another name for each kind.
fn none_exceeds(status: &At<'_>, counts: &[&str], ready: &str, causes: &mut Causes) {
    let count = |field: &str| status.field(field).int_or_zero();
    for field in counts {
        if count(field) > count("replicas") {
            let detail = "cannot be greater than status.replicas";
            invalid_number(&status.field(field), detail, causes);
        }
    }
    if count("availableReplicas") > count("readyReplicas") {
        let detail = format!("cannot be greater than {ready}");
        invalid_number(&status.field("availableReplicas"), &detail, causes);
    }
}

/// The status of a `DaemonSet`.
pub(super) fn daemon_status(object: &At<'_>, causes: &mut Causes) {
    for (_, field) in object
        .field("status")
        .map()
        .into_iter()
        .flatten()
        .map(|(name, _)| (name, object.field("status").field(name)))
    {
        if field.int().is_some() {
            causes.non_negative(&field);
        }
    }
}

fn invalid_number(at: &At<'_>, detail: &str, causes: &mut Causes) {
    let Cause {
        reason,
        field,
        message,
    } = Cause {
        reason: Reason::Invalid,
        field: at.path().to_owned(),
        message: format!("Invalid value: {}: {detail}", at.int_or_zero()),
    };
    causes.push(reason, field, message);
}
