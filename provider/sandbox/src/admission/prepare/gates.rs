//! Which fields the server knows and drops, because their feature is off by default.

use serde_json::Value;

use super::super::edit::{child, items, lacks, remove, text};

/// Takes them away.
pub(super) fn drop_disabled(type_name: &str, object: &mut Value) {
    match type_name {
        "core.v1.Pod" => pod(child(object, "spec")),
        "apps.v1.Deployment"
        | "apps.v1.StatefulSet"
        | "apps.v1.DaemonSet"
        | "apps.v1.ReplicaSet"
        | "batch.v1.Job"
        | "core.v1.ReplicationController" => template(child(child(object, "spec"), "template")),
        "batch.v1.CronJob" => {
            let job = child(child(child(object, "spec"), "jobTemplate"), "spec");
            template(child(job, "template"));
        }
        "coordination.v1.Lease" if !lacks(object, "spec") => {
            for field in ["strategy", "preferredHolder"] {
                remove(child(object, "spec"), field);
            }
        }
        "core.v1.PersistentVolumeClaim" => {
            let spec = child(object, "spec");
            let elsewhere = spec
                .get("dataSourceRef")
                .is_some_and(|source| !text(source, "namespace").is_empty());
            if elsewhere {
                remove(spec, "dataSourceRef");
            }
        }
        "discovery.v1.EndpointSlice" => {
            for endpoint in items(object, "endpoints") {
                remove(endpoint, "deprecatedTopology");
            }
        }
        _ => {}
    }
}

fn template(template: &mut Value) {
    if !lacks(template, "spec") {
        pod(child(template, "spec"));
    }
}

fn pod(spec: &mut Value) {
    remove(spec, "schedulingGroup");
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for container in items(spec, list) {
            if let Some(lifecycle) = container.get_mut("lifecycle") {
                remove(lifecycle, "stopSignal");
            }
        }
    }
}
