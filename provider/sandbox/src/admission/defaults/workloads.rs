//! What the API fills in for workloads and for what scales and guards them.

use serde_json::{Value, json};

use super::super::edit::{child, copy, lacks, or_set, or_set_zero, text};

/// A Deployment.
pub(super) fn deployment(object: &mut Value) {
    let spec = child(object, "spec");
    or_set(spec, "replicas", 1);
    let strategy = child(spec, "strategy");
    or_set_zero(strategy, "type", "RollingUpdate");
    if text(strategy, "type") == "RollingUpdate" {
        let rolling = child(strategy, "rollingUpdate");
        or_set(rolling, "maxUnavailable", "25%");
        or_set(rolling, "maxSurge", "25%");
    }
    or_set(spec, "revisionHistoryLimit", 10);
    or_set(spec, "progressDeadlineSeconds", 600);
}

/// A `DaemonSet`. The generation of its template lives on as an annotation, which nobody may choose.
pub(super) fn daemon_set(object: &mut Value) {
    or_set(
        child(child(object, "metadata"), "annotations"),
        "deprecated.daemonset.template.generation",
        "0",
    );
    let spec = child(object, "spec");
    let strategy = child(spec, "updateStrategy");
    or_set_zero(strategy, "type", "RollingUpdate");
    if text(strategy, "type") == "RollingUpdate" {
        let rolling = child(strategy, "rollingUpdate");
        or_set(rolling, "maxUnavailable", 1);
        or_set(rolling, "maxSurge", 0);
    }
    or_set(spec, "revisionHistoryLimit", 10);
}

/// A `StatefulSet`.
pub(super) fn stateful_set(object: &mut Value) {
    let spec = child(object, "spec");
    or_set_zero(spec, "podManagementPolicy", "OrderedReady");
    let strategy = child(spec, "updateStrategy");
    if text(strategy, "type").is_empty() {
        or_set_zero(strategy, "type", "RollingUpdate");
        or_set(strategy, "rollingUpdate", json!({}));
    }
    if text(strategy, "type") == "RollingUpdate" && !lacks(strategy, "rollingUpdate") {
        let rolling = child(strategy, "rollingUpdate");
        or_set(rolling, "partition", 0);
    }
    let retention = child(spec, "persistentVolumeClaimRetentionPolicy");
    or_set_zero(retention, "whenDeleted", "Retain");
    or_set_zero(retention, "whenScaled", "Retain");
    or_set(spec, "replicas", 1);
    or_set(spec, "revisionHistoryLimit", 10);
    // Claims in the list are written out with their own kind, whatever was sent.
    for claim in super::super::edit::items(spec, "volumeClaimTemplates") {
        or_set_zero(claim, "apiVersion", "v1");
        or_set_zero(claim, "kind", "PersistentVolumeClaim");
    }
}

/// A `ReplicaSet`.
pub(super) fn replica_set(object: &mut Value) {
    or_set(child(object, "spec"), "replicas", 1);
}

/// A Job without labels has those of its template.
pub(in super::super) fn job_labels(object: &mut Value) {
    let template_labels = object.pointer("/spec/template/metadata/labels").cloned();
    if let Some(labels) = template_labels
        && object
            .pointer("/metadata/labels")
            .is_none_or(|own| own.as_object().is_some_and(serde_json::Map::is_empty))
    {
        super::super::edit::object(child(object, "metadata")).insert("labels".into(), labels);
    }
}

/// A Job.
pub(super) fn job(object: &mut Value) {
    job_labels(object);
    let spec = child(object, "spec");
    if lacks(spec, "completions") && lacks(spec, "parallelism") {
        or_set(spec, "completions", 1);
    }
    or_set(spec, "parallelism", 1);
    let per_index = !lacks(spec, "backoffLimitPerIndex");
    or_set(spec, "backoffLimit", if per_index { i32::MAX } else { 6 });
    or_set(spec, "completionMode", "NonIndexed");
    or_set(spec, "suspend", false);
    let with_policy = !lacks(spec, "podFailurePolicy");
    or_set(
        spec,
        "podReplacementPolicy",
        if with_policy {
            "Failed"
        } else {
            "TerminatingOrFailed"
        },
    );
    or_set(spec, "manualSelector", false);
}

/// A `CronJob`.
pub(super) fn cron_job(object: &mut Value) {
    let spec = child(object, "spec");
    or_set_zero(spec, "concurrencyPolicy", "Allow");
    or_set(spec, "suspend", false);
    or_set(spec, "successfulJobsHistoryLimit", 3);
    or_set(spec, "failedJobsHistoryLimit", 1);
}

/// A condition pattern of a Job's failure policy.
pub(super) fn pod_condition_pattern(pattern: &mut Value) {
    or_set_zero(pattern, "status", "True");
}

/// An autoscaler.
pub(super) fn autoscaler(object: &mut Value) {
    let spec = child(object, "spec");
    or_set(spec, "minReplicas", 1);
    or_set_zero(
        spec,
        "metrics",
        json!([{ "type": "Resource", "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 80 } } }]),
    );
    if lacks(spec, "behavior") {
        return;
    }
    let behavior = child(spec, "behavior");
    scaling(
        child(behavior, "scaleUp"),
        &json!({
            "stabilizationWindowSeconds": 0,
            "selectPolicy": "Max",
            "policies": [
                { "type": "Pods", "value": 4, "periodSeconds": 15 },
                { "type": "Percent", "value": 100, "periodSeconds": 15 },
            ],
        }),
    );
    scaling(
        child(behavior, "scaleDown"),
        &json!({ "selectPolicy": "Max", "policies": [{ "type": "Percent", "value": 100, "periodSeconds": 15 }] }),
    );
}

fn scaling(rules: &mut Value, defaults: &Value) {
    for name in ["stabilizationWindowSeconds", "selectPolicy", "policies"] {
        if lacks(rules, name) {
            copy(rules, defaults, name);
        }
    }
}
