//! What every cluster and every namespace has, and how a namespace ends.

use serde_json::{Value, json};

use super::actor::{
    ACCOUNTS, Actor, CLASSES, CONFIG_MAPS, Kind, NAMESPACES, NODES, is_going, name,
};
use crate::registry::Trait;

/// The name of the one node.
pub(super) const NODE: &str = "sandbox";
/// The labels of the one node.
pub(super) const NODE_LABELS: [(&str, &str); 3] = [
    ("kubernetes.io/hostname", NODE),
    ("kubernetes.io/os", "linux"),
    ("kubernetes.io/arch", "amd64"),
];

/// Makes the node and the storage class of a new cluster.
pub(super) fn found(actor: &mut Actor<'_>) {
    if actor.get(NODES, "", NODE).is_some() {
        return;
    }
    let labels: serde_json::Map<String, Value> = NODE_LABELS
        .iter()
        .map(|(key, value)| ((*key).to_owned(), json!(value)))
        .collect();
    let node = json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": NODE, "labels": labels } });
    if let Ok(node) = actor.create(NODES, "", &node) {
        let room = json!({ "cpu": "64", "memory": "256Gi", "pods": "1000" });
        let status = json!({
            "capacity": room, "allocatable": room,
            "conditions": [{
                "type": "Ready", "status": "True", "reason": "KubeletReady",
                "message": "the sandbox pretends to run Pods",
                "lastHeartbeatTime": actor.now, "lastTransitionTime": actor.now,
            }],
            "addresses": [{ "type": "InternalIP", "address": "127.0.0.1" }],
        });
        actor.update_status(NODES, &node, status);
    }
    let class = json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": {
            "name": "standard", "annotations": { "storageclass.kubernetes.io/is-default-class": "true" },
        },
        "provisioner": "sandbox.otelier.dev/volumes", "allowVolumeExpansion": true,
    });
    if actor.list(CLASSES).is_empty()
        && let Err(refusal) = actor.create(CLASSES, "", &class)
    {
        tracing::debug!(message = %refusal.message, "the default storage class was refused");
    }
}

/// Gives each namespace its default ServiceAccount and the certificate that every Pod mounts.
pub(super) fn accounts(actor: &mut Actor<'_>) {
    for namespace in actor.list(NAMESPACES) {
        if is_going(&namespace) {
            continue;
        }
        let account = json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "default" },
        });
        ensure(actor, ACCOUNTS, name(&namespace), &account);
        let certificate = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "kube-root-ca.crt" },
            "data": { "ca.crt": "the sandbox has no certificate" },
        });
        ensure(actor, CONFIG_MAPS, name(&namespace), &certificate);
    }
}

fn ensure(actor: &mut Actor<'_>, kind: Kind, namespace: &str, object: &Value) {
    if actor.get(kind, namespace, name(object)).is_none()
        && let Err(refusal) = actor.create(kind, namespace, object)
    {
        tracing::debug!(message = %refusal.message, "what every namespace has was refused");
    }
}

/// Empties namespaces that are going, and lets the empty ones go.
pub(super) fn endings(actor: &mut Actor<'_>) {
    for namespace in actor.list(NAMESPACES) {
        if is_going(&namespace) && empty(actor, name(&namespace)) {
            let mut namespace = Value::clone(&namespace);
            namespace["spec"]["finalizers"] = json!([]);
            let path = format!("/api/v1/namespaces/{}/finalize", name(&namespace));
            actor.try_send("PUT", &path, Some(&namespace));
        }
    }
}

/// Deletes what is in a namespace; whether nothing is left.
fn empty(actor: &mut Actor<'_>, namespace: &str) -> bool {
    let paths: Vec<(String, bool)> = actor
        .world
        .registry
        .all()
        .filter(|resource| resource.is_namespaced() && resource.verbs.contains(&"delete"))
        .filter(|resource| resource.group_version.version == resource.storage_version)
        .flat_map(|resource| {
            let objects = actor
                .world
                .store
                .list(&resource.collection(), Some(namespace));
            let root = match resource.group() {
                "" => "/api".to_owned(),
                group => format!("/apis/{group}"),
            };
            let root = format!(
                "{root}/{}/namespaces/{namespace}/{}",
                resource.group_version.version, resource.plural
            );
            let graceful = resource.has(Trait::DeleteAnswersObject);
            let paths = objects.map(|(name, object)| {
                (
                    format!("{root}/{}", name.name),
                    is_going(object) && !graceful,
                )
            });
            paths.collect::<Vec<_>>()
        })
        .collect();
    for (path, is_going) in &paths {
        if !is_going {
            let options = json!({ "propagationPolicy": "Background" });
            actor.try_send("DELETE", path, Some(&options));
        }
    }
    paths.is_empty()
}
