//! Claims are bound to volumes that appear for them.

use serde_json::{Value, json};

use super::actor::{Actor, CLAIMS, CLASSES, PODS, VOLUMES, is_going, name, namespace, text};
use super::template::is_alive;

const PROTECTION: &str = "kubernetes.io/pvc-protection";

pub(super) fn bind(actor: &mut Actor<'_>) {
    for claim in actor.list(CLAIMS) {
        if is_going(&claim) {
            release(actor, &claim);
        } else if text(&claim["status"]["phase"]) != "Bound" {
            provision(actor, &claim);
        }
    }
    reclaim(actor);
}

/// A claim that is going is kept as long as a Pod uses it.
fn release(actor: &mut Actor<'_>, claim: &Value) {
    let used = actor.list_in(PODS, namespace(claim)).iter().any(|pod| {
        let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
        is_alive(pod)
            && volumes.into_iter().any(|volume| {
                volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
            })
    });
    let listed = claim["metadata"]["finalizers"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    if used || !listed.iter().any(|finalizer| finalizer == PROTECTION) {
        return;
    }
    let kept: Vec<_> = listed
        .into_iter()
        .filter(|finalizer| finalizer != PROTECTION)
        .collect();
    let mut claim = claim.clone();
    claim["metadata"]["finalizers"] = json!(kept);
    actor.update(CLAIMS, &claim);
}

fn provision(actor: &mut Actor<'_>, claim: &Value) {
    let class = text(&claim["spec"]["storageClassName"]);
    // A class that is not there provisions nothing; the claim waits for it, as it does anywhere.
    let Some(class) = actor.get(CLASSES, "", class) else {
        return;
    };
    let volume_name = format!("pvc-{}", text(&claim["metadata"]["uid"]));
    let capacity = &claim["spec"]["resources"]["requests"]["storage"];
    let volume = json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": volume_name },
        "spec": {
            "capacity": { "storage": capacity }, "accessModes": claim["spec"]["accessModes"],
            "storageClassName": name(&class),
            "persistentVolumeReclaimPolicy": class["reclaimPolicy"].as_str().unwrap_or("Delete"),
            "volumeMode": claim["spec"]["volumeMode"],
            "hostPath": { "path": format!("/var/lib/sandbox/{volume_name}"), "type": "" },
            "claimRef": {
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": name(claim),
                "namespace": namespace(claim), "uid": claim["metadata"]["uid"],
            },
        },
    });
    if actor.get(VOLUMES, "", &volume_name).is_none() && actor.create(VOLUMES, "", &volume).is_err()
    {
        return;
    }
    if let Some(volume) = actor.get(VOLUMES, "", &volume_name) {
        actor.update_status(VOLUMES, &volume, json!({ "phase": "Bound" }));
    }
    let mut bound = claim.clone();
    bound["spec"]["volumeName"] = json!(volume_name);
    actor.update(CLAIMS, &bound);
    if let Some(bound) = actor.get(CLAIMS, namespace(claim), name(claim)) {
        let status = json!({
            "phase": "Bound", "accessModes": claim["spec"]["accessModes"], "capacity": { "storage": capacity },
        });
        actor.update_status(CLAIMS, &bound, status);
    }
}

/// Volumes whose claim has gone are deleted or kept as their policy says.
fn reclaim(actor: &mut Actor<'_>) {
    for volume in actor.list(VOLUMES) {
        let reference = &volume["spec"]["claimRef"];
        if !reference["uid"].is_string() || is_going(&volume) {
            continue;
        }
        let claim = actor.get(
            CLAIMS,
            text(&reference["namespace"]),
            text(&reference["name"]),
        );
        if claim.is_some_and(|claim| claim["metadata"]["uid"] == reference["uid"]) {
            continue;
        }
        if text(&volume["spec"]["persistentVolumeReclaimPolicy"]) == "Delete" {
            actor.delete(VOLUMES, &volume, &json!({}));
        } else if text(&volume["status"]["phase"]) != "Released" {
            actor.update_status(VOLUMES, &volume, json!({ "phase": "Released" }));
        }
    }
}
