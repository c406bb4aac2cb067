//! Which rule is for which kind?

use super::look::Condition;
use super::{Look, Readiness};

mod api;
mod batch;
mod custom;
mod network;
mod storage;
mod workloads;

pub(super) fn readiness(object: Look<'_>) -> Readiness {
    let gone_soon =
        object.text("/kind") == "Namespace" && object.text("/status/phase") == "Terminating";
    if gone_soon || object.has("/metadata/deletionTimestamp") {
        return terminating(object);
    }
    // Conditions describe the generation that the controller has seen, which right after an apply is the
    // previous one. Without this, every rollout would look finished at once.
    let generation = object.count("/metadata/generation");
    if object
        .number("/status/observedGeneration")
        .is_some_and(|observed| observed < generation)
    {
        return Readiness::progressing("the controller has not seen the change yet");
    }
    let group = object.group();
    match (group, object.text("/kind")) {
        ("apps", "Deployment") => workloads::deployment(object),
        ("apps", "StatefulSet") => workloads::stateful_set(object),
        ("apps", "DaemonSet") => workloads::daemon_set(object),
        ("apps", "ReplicaSet") | ("", "ReplicationController") => workloads::replica_set(object),
        ("", "Pod") => workloads::pod(object),
        ("batch", "Job") => batch::job(object),
        ("", "PersistentVolumeClaim") => storage::claim(object),
        ("", "PersistentVolume") => storage::volume(object),
        ("", "Service") => network::service(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => api::definition(object),
        ("apiregistration.k8s.io", "APIService") => api::service(object),
        ("autoscaling", "HorizontalPodAutoscaler") => api::autoscaler(object),
        // They are what they are as soon as they exist; an Ingress controller need not write any status.
        _ if is_builtin(group) => Readiness::Ready,
        _ => custom::resource(object),
    }
}

/// Whether a custom resource has no status at all.
pub(super) fn is_silent(object: Look<'_>) -> bool {
    !is_builtin(object.group()) && custom::is_silent(object)
}

/// Groups of Kubernetes itself. The projects beside it have one more label in their names (Gateway API), or an
/// `x-` (Cluster API).
fn is_builtin(group: &str) -> bool {
    match group.strip_suffix(".k8s.io") {
        Some("rbac.authorization" | "flowcontrol.apiserver" | "internal.apiserver") => true,
        Some(rest) => !rest.contains('.'),
        None => !group.contains('.'),
    }
}

fn terminating(object: Look<'_>) -> Readiness {
    let finalizers = object.finalizers();
    // A namespace says in words what is left in it.
    let left = ["NamespaceFinalizersRemaining", "NamespaceContentRemaining"]
        .into_iter()
        .filter_map(|type_| object.condition(type_))
        .find(Condition::is_true);
    Readiness::Terminating(match left {
        Some(left) => format!("it is being deleted: {}", left.message),
        None if finalizers.is_empty() => "it is being deleted".into(),
        None => format!(
            "it is being deleted and waits for {}",
            finalizers.join(", ")
        ),
    })
}

/// `2 of 3 replicas are available`
fn few(have: i64, want: i64, what: &str) -> Readiness {
    Readiness::progressing(format!("{have} of {want} {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_comes_first_is_the_same_for_all_kinds() {
        let cases = [
            (
                json!({"apiVersion": "v1", "kind": "ConfigMap"}),
                Readiness::Ready,
            ),
            (
                json!({"apiVersion": "v1", "kind": "Namespace", "status": {"phase": "Active"}}),
                Readiness::Ready,
            ),
            (
                json!({"apiVersion": "v1", "kind": "Namespace", "status": {"phase": "Terminating"}}),
                Readiness::Terminating("it is being deleted".into()),
            ),
            (
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"deletionTimestamp": "t", "finalizers": ["a/b"]}}),
                Readiness::Terminating("it is being deleted and waits for a/b".into()),
            ),
            (
                json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"generation": 2},
                    "status": {"observedGeneration": 1}}),
                Readiness::progressing("the controller has not seen the change yet"),
            ),
            (
                json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"}),
                Readiness::Ready,
            ),
            (
                json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "status": {"loadBalancer": {}}}),
                Readiness::Ready,
            ),
        ];
        for (object, expected) in cases {
            assert_eq!(Readiness::of(&object), expected, "{object}");
        }
    }

    #[test]
    fn groups_of_kubernetes_are_told_from_those_beside_it() {
        for group in [
            "",
            "apps",
            "batch",
            "networking.k8s.io",
            "rbac.authorization.k8s.io",
        ] {
            assert!(is_builtin(group), "{group}");
        }
        for group in [
            "gateway.networking.k8s.io",
            "cert-manager.io",
            "cluster.x-k8s.io",
        ] {
            assert!(!is_builtin(group), "{group}");
        }
    }
}
