//! When do workloads do what they are for?

use super::super::look::Condition;
use super::{Look, Readiness, few};

/// Controllers that always say which generation they have seen must have seen one.
fn unseen(object: Look<'_>) -> bool {
    !object.has("/status/observedGeneration") && object.has("/metadata/generation")
}

fn not_seen() -> Readiness {
    Readiness::progressing("the controller has not seen it yet")
}

fn desired(object: Look<'_>) -> i64 {
    object.number("/spec/replicas").unwrap_or(1)
}

/// Pods that cannot even be created: by quota, by admission.
fn creation_failure(object: Look<'_>) -> Option<Readiness> {
    let failure = object
        .condition("ReplicaFailure")
        .filter(Condition::is_true)?;
    Some(Readiness::failed(format!(
        "its Pods cannot be created: {}",
        failure.words()
    )))
}

pub(super) fn deployment(object: Look<'_>) -> Readiness {
    // Whoever says that a rollout pauses does not wait for its end.
    if object.is_true("/spec/paused") {
        return Readiness::Ready;
    }
    if unseen(object) {
        return not_seen();
    }
    if let Some(failure) = creation_failure(object) {
        return failure;
    }
    if let Some(late) = object
        .condition("Progressing")
        .filter(|progress| progress.reason == "ProgressDeadlineExceeded")
    {
        return Readiness::failed(late.words());
    }
    let want = desired(object);
    let updated = object.count("/status/updatedReplicas");
    if updated < want {
        return few(updated, want, "replicas are updated");
    }
    let old = object.count("/status/replicas") - updated;
    if old > 0 {
        return Readiness::progressing(format!("old replicas that are still there: {old}"));
    }
    let available = object.count("/status/availableReplicas");
    if available < want {
        return few(available, want, "replicas are available");
    }
    Readiness::Ready
}

pub(super) fn stateful_set(object: Look<'_>) -> Readiness {
    if unseen(object) {
        return not_seen();
    }
    let want = desired(object);
    if object.text("/spec/updateStrategy/type") != "OnDelete" {
        let kept_back = object
            .number("/spec/updateStrategy/rollingUpdate/partition")
            .unwrap_or(0);
        let to_update = (want - kept_back).max(0);
        let updated = object.count("/status/updatedReplicas");
        // When a rollout is over, the controller counts its replicas as current.
        let over = object.has("/status/updateRevision")
            && object.text("/status/currentRevision") == object.text("/status/updateRevision")
            && object.count("/status/currentReplicas") >= to_update;
        if updated < to_update && !over {
            return few(updated, to_update, "replicas are updated");
        }
    }
    let ready = object.count("/status/readyReplicas");
    if ready < want {
        return few(ready, want, "replicas are ready");
    }
    if let Some(available) = object
        .number("/status/availableReplicas")
        .filter(|available| *available < want)
    {
        return few(available, want, "replicas are available");
    }
    let too_many = object.count("/status/replicas") - want;
    if too_many > 0 {
        return Readiness::progressing(format!("replicas too many: {too_many}"));
    }
    Readiness::Ready
}

pub(super) fn daemon_set(object: Look<'_>) -> Readiness {
    if unseen(object) {
        return not_seen();
    }
    let want = object.count("/status/desiredNumberScheduled");
    let updated = object.count("/status/updatedNumberScheduled");
    if object.text("/spec/updateStrategy/type") != "OnDelete" && updated < want {
        return few(updated, want, "nodes are updated");
    }
    let available = object.count("/status/numberAvailable");
    if available < want {
        return few(available, want, "nodes have it available");
    }
    Readiness::Ready
}

pub(super) fn replica_set(object: Look<'_>) -> Readiness {
    if unseen(object) {
        return not_seen();
    }
    if let Some(failure) = creation_failure(object) {
        return failure;
    }
    let (available, want) = (object.count("/status/availableReplicas"), desired(object));
    if available < want {
        few(available, want, "replicas are available")
    } else {
        Readiness::Ready
    }
}

pub(super) fn pod(object: Look<'_>) -> Readiness {
    match object.text("/status/phase") {
        "Succeeded" => Readiness::Ready,
        "Failed" => {
            let words = [
                object.text("/status/reason"),
                object.text("/status/message"),
            ];
            let words = words
                .into_iter()
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
                .join(": ");
            Readiness::failed(if words.is_empty() {
                "it has failed".into()
            } else {
                words
            })
        }
        _ if object
            .condition("Ready")
            .is_some_and(|condition| condition.is_true()) =>
        {
            Readiness::Ready
        }
        phase => {
            let waiting = object
                .array("/status/containerStatuses")
                .find(|container| container.has("/state/waiting/reason"))
                .map(|container| {
                    format!(
                        "{} waits: {}",
                        container.text("/name"),
                        container.text("/state/waiting/reason")
                    )
                });
            let unready = object
                .condition("Ready")
                .map(|ready| ready.words())
                .filter(|words| !words.is_empty());
            Readiness::progressing(waiting.or(unready).unwrap_or_else(|| phase.to_lowercase()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(kind: &str, version: &str, cases: &[(Value, &str)]) {
        for (rest, expected) in cases {
            let mut object =
                json!({"apiVersion": version, "kind": kind, "metadata": {"generation": 2}});
            object
                .as_object_mut()
                .unwrap()
                .extend(rest.as_object().unwrap().clone());
            let shown = match Readiness::of(&object) {
                Readiness::Ready => "ready".to_owned(),
                Readiness::Failed(reason) => format!("failed: {reason}"),
                other => other.reason().to_owned(),
            };
            assert_eq!(shown, *expected, "{object}");
        }
    }

    fn seen(mut status: Value) -> Value {
        status["observedGeneration"] = json!(2);
        status
    }

    #[test]
    fn a_deployment_is_ready_when_all_its_new_replicas_are_available_and_no_old_one_is_left() {
        let of = |status: Value| json!({"spec": {"replicas": 3}, "status": status});
        let condition = |type_: &str, status: &str, reason: &str| {
            seen(
                json!({"conditions": [{"type": type_, "status": status, "reason": reason, "message": "m"}]}),
            )
        };
        check(
            "Deployment",
            "apps/v1",
            &[
                (json!({}), "the controller has not seen it yet"),
                (
                    of(json!({"observedGeneration": 1, "updatedReplicas": 3})),
                    "the controller has not seen the change yet",
                ),
                (
                    of(seen(
                        json!({"updatedReplicas": 1, "replicas": 3, "availableReplicas": 3}),
                    )),
                    "1 of 3 replicas are updated",
                ),
                (
                    of(seen(
                        json!({"updatedReplicas": 3, "replicas": 4, "availableReplicas": 3}),
                    )),
                    "old replicas that are still there: 1",
                ),
                (
                    of(seen(
                        json!({"updatedReplicas": 3, "replicas": 3, "availableReplicas": 2}),
                    )),
                    "2 of 3 replicas are available",
                ),
                (
                    of(seen(
                        json!({"updatedReplicas": 3, "replicas": 3, "availableReplicas": 3}),
                    )),
                    "ready",
                ),
                (
                    of(condition(
                        "Progressing",
                        "False",
                        "ProgressDeadlineExceeded",
                    )),
                    "failed: ProgressDeadlineExceeded: m",
                ),
                (
                    of(condition("ReplicaFailure", "True", "FailedCreate")),
                    "failed: its Pods cannot be created: FailedCreate: m",
                ),
                (json!({"spec": {"paused": true}}), "ready"),
                (
                    json!({"spec": {"replicas": 0}, "status": {"observedGeneration": 2}}),
                    "ready",
                ),
            ],
        );
    }

    #[test]
    fn a_stateful_set_minds_its_partition_and_its_strategy() {
        let of = |strategy: Value, status: Value| json!({"spec": {"replicas": 3, "updateStrategy": strategy}, "status": seen(status)});
        let rolling = |status: Value| of(json!({}), status);
        check(
            "StatefulSet",
            "apps/v1",
            &[
                (
                    rolling(
                        json!({"updatedReplicas": 2, "readyReplicas": 3, "currentRevision": "a", "updateRevision": "b"}),
                    ),
                    "2 of 3 replicas are updated",
                ),
                (
                    of(
                        json!({"rollingUpdate": {"partition": 2}}),
                        json!({"updatedReplicas": 1, "readyReplicas": 3}),
                    ),
                    "ready",
                ),
                (
                    of(json!({"type": "OnDelete"}), json!({"readyReplicas": 3})),
                    "ready",
                ),
                (
                    of(json!({"type": "OnDelete"}), json!({"readyReplicas": 1})),
                    "1 of 3 replicas are ready",
                ),
                (
                    rolling(
                        json!({"updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 2}),
                    ),
                    "2 of 3 replicas are available",
                ),
                (
                    rolling(json!({"updatedReplicas": 3, "readyReplicas": 4, "replicas": 4})),
                    "replicas too many: 1",
                ),
            ],
        );
    }

    #[test]
    fn a_daemon_set_without_nodes_is_ready() {
        let of = |status: Value| json!({"status": seen(status)});
        check(
            "DaemonSet",
            "apps/v1",
            &[
                (of(json!({})), "ready"),
                (
                    of(json!({"desiredNumberScheduled": 3, "updatedNumberScheduled": 2})),
                    "2 of 3 nodes are updated",
                ),
                (
                    of(
                        json!({"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 2}),
                    ),
                    "2 of 3 nodes have it available",
                ),
            ],
        );
    }

    #[test]
    fn a_pod_is_ready_when_it_says_so_or_has_done_its_work() {
        let of = |status: Value| json!({ "status": status });
        let waiting = json!([{"name": "c", "state": {"waiting": {"reason": "ContainerCreating"}}}]);
        check(
            "Pod",
            "v1",
            &[
                (of(json!({"phase": "Succeeded"})), "ready"),
                (
                    of(json!({"phase": "Failed", "reason": "Evicted", "message": "memory"})),
                    "failed: Evicted: memory",
                ),
                (
                    of(
                        json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}),
                    ),
                    "ready",
                ),
                (
                    of(json!({"phase": "Pending", "containerStatuses": waiting})),
                    "c waits: ContainerCreating",
                ),
            ],
        );
    }
}
