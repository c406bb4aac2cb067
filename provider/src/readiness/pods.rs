//! Which Pods will not become ready by themselves, and what shows it?
//!
//! Only Pods of the revision that is rolled out count: those of the one before may crash as they like.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::Look;

/// What does not heal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doom {
    Image,
    Configuration,
    Crashing,
    Unschedulable,
    /// Nothing that could not still heal; time was up.
    Unready,
}

/// A Pod that will not become ready by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Doomed {
    pub(crate) doom: Doom,
    /// The container; empty where it is about the whole Pod.
    pub(crate) container: String,
    /// What shows it, in a line.
    pub(crate) what: String,
    /// Whether it had an instance before this one, whose last words say why.
    pub(crate) restarted: bool,
}

impl Doomed {
    /// A Pod that was not ready when time was up.
    pub(crate) fn unready(pod: &Value, reason: &str) -> Self {
        let mut containers = Look(pod).array("/status/containerStatuses");
        let culprit = containers.find(|container| !container.is_true("/ready"));
        Self {
            doom: Doom::Unready,
            container: culprit
                .map_or_else(String::new, |container| container.text("/name").to_owned()),
            what: reason.to_owned(),
            restarted: culprit.is_some_and(|container| container.count("/restartCount") > 0),
        }
    }
}

/// How long to look on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) crashes: u32,
    pub(crate) unschedulable: Duration,
}

/// Whether, and why, a Pod will not become ready by itself.
pub(crate) fn doom(pod: &Value, patience: Patience, now: Timestamp) -> Option<Doomed> {
    let pod = Look(pod);
    if pod.has("/metadata/deletionTimestamp") {
        return None;
    }
    let mut containers = pod
        .array("/status/initContainerStatuses")
        .chain(pod.array("/status/containerStatuses"));
    containers
        .find_map(|container| container_doom(container, patience))
        .or_else(|| unschedulable(pod, patience, now))
}

fn container_doom(container: Look<'_>, patience: Patience) -> Option<Doomed> {
    let (reason, message) = (
        container.text("/state/waiting/reason"),
        container.text("/state/waiting/message"),
    );
    let restarts = container.count("/restartCount");
    let doomed = |doom, what| {
        let container = container.text("/name").to_owned();
        Some(Doomed {
            doom,
            container,
            what,
            restarted: restarts > 0,
        })
    };
    match reason {
        "InvalidImageName" => doomed(Doom::Image, format!("{reason}: {message}")),
        "ErrImagePull" | "ImagePullBackOff" | "ErrImageNeverPull" if never_found(message) => {
            doomed(Doom::Image, format!("{reason}: {message}"))
        }
        // The kubelet may not have seen a fresh ConfigMap yet.
        "CreateContainerConfigError" if !message.contains("failed to sync") => {
            doomed(Doom::Configuration, format!("{reason}: {message}"))
        }
        "CreateContainerError" | "RunContainerError" if restarts >= i64::from(patience.crashes) => {
            doomed(Doom::Configuration, format!("{reason}: {message}"))
        }
        "CrashLoopBackOff" if restarts >= i64::from(patience.crashes) => doomed(
            Doom::Crashing,
            format!("it crashes: {}, {restarts} restarts", last_exit(container)),
        ),
        _ => None,
    }
}

/// Registries that are down come back; images that do not exist do not.
fn never_found(message: &str) -> bool {
    const WORDS: [&str; 6] = [
        "not found",
        "NotFound",
        "manifest unknown",
        "does not exist",
        "pull access denied",
        "is not present with pull policy of Never",
    ];
    WORDS.iter().any(|words| message.contains(words))
}

fn last_exit(container: Look<'_>) -> String {
    let (code, reason) = (
        container.number("/lastState/terminated/exitCode"),
        container.text("/lastState/terminated/reason"),
    );
    match (code, reason) {
        (Some(code), "" | "Error") => format!("exit code {code}"),
        (Some(code), reason) => format!("exit code {code} ({reason})"),
        (None, _) => "exit code unknown".into(),
    }
}

fn unschedulable(pod: Look<'_>, patience: Patience, now: Timestamp) -> Option<Doomed> {
    let scheduled = pod
        .condition("PodScheduled")
        .filter(|scheduled| scheduled.status == "False" && scheduled.reason == "Unschedulable")?;
    let since: Timestamp = pod.text("/metadata/creationTimestamp").parse().ok()?;
    let waited = Duration::try_from(now.duration_since(since)).unwrap_or_default();
    (waited >= patience.unschedulable).then(|| Doomed {
        doom: Doom::Unschedulable,
        container: String::new(),
        what: format!("no node takes it: {}", scheduled.message),
        restarted: false,
    })
}

/// Whether a Pod belongs to the revision of its workload that is rolled out now. `sets` are the `ReplicaSets` of
/// the namespace; they stand between a Deployment and its Pods.
pub(crate) fn is_of_new_revision<'a>(
    workload: &Value,
    pod: &Value,
    mut sets: impl Iterator<Item = &'a Value>,
) -> bool {
    const REVISION: &str = "deployment.kubernetes.io/revision";
    let (workload, pod) = (Look(workload), Look(pod));
    let uid = workload.text("/metadata/uid");
    match workload.text("/kind") {
        "Deployment" => sets.any(|set| {
            let set = Look(set);
            set.text("/metadata/uid") == pod.owner()
                && set.owner() == uid
                && set.annotation(REVISION) == workload.annotation(REVISION)
        }),
        "StatefulSet" => {
            let revision = workload.text("/status/updateRevision");
            pod.owner() == uid
                && (revision.is_empty() || pod.label("controller-revision-hash") == revision)
        }
        "DaemonSet" => {
            let generation = workload.annotation("deprecated.daemonset.template.generation");
            pod.owner() == uid
                && (generation.is_empty() || pod.label("pod-template-generation") == generation)
        }
        _ => pod.owner() == uid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PATIENCE: Patience = Patience {
        crashes: 3,
        unschedulable: Duration::from_mins(1),
    };

    fn doom_of(status: &Value) -> Option<Doom> {
        let pod =
            json!({"metadata": {"creationTimestamp": "2026-11-22T12:00:00Z"}, "status": status});
        doom(&pod, PATIENCE, "2026-11-22T12:02:00Z".parse().unwrap()).map(|doomed| doomed.doom)
    }

    #[test]
    fn states_that_do_not_heal_are_told_from_those_that_do() {
        let waiting = |reason: &str, message: &str, restarts: i32| json!({"containerStatuses": [{"name": "c", "restartCount": restarts, "state": {"waiting": {"reason": reason, "message": message}}}]});
        let cases = [
            (
                waiting(
                    "ErrImagePull",
                    "rpc error: code = NotFound desc = not found",
                    0,
                ),
                Some(Doom::Image),
            ),
            (waiting("ErrImagePull", "i/o timeout", 0), None),
            (
                waiting("InvalidImageName", "couldn't parse", 0),
                Some(Doom::Image),
            ),
            (
                waiting("CreateContainerConfigError", "secret \"x\" not found", 0),
                Some(Doom::Configuration),
            ),
            (
                waiting(
                    "CreateContainerConfigError",
                    "failed to sync configmap cache",
                    0,
                ),
                None,
            ),
            (waiting("CrashLoopBackOff", "back-off", 2), None),
            (
                waiting("CrashLoopBackOff", "back-off", 3),
                Some(Doom::Crashing),
            ),
            (waiting("ContainerCreating", "", 0), None),
            (
                json!({"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]}),
                Some(Doom::Unschedulable),
            ),
            (
                json!({"conditions": [{"type": "PodScheduled", "status": "True"}]}),
                None,
            ),
        ];
        for (status, expected) in cases {
            assert_eq!(doom_of(&status), expected, "{status}");
        }
    }

    #[test]
    fn pods_of_the_revision_before_do_not_count() {
        let revision = |number: &str| json!({"deployment.kubernetes.io/revision": number});
        let owned = |uid: &str, by: &str| json!({"uid": uid, "ownerReferences": [{"controller": true, "uid": by}]});
        let deployment =
            json!({"kind": "Deployment", "metadata": {"uid": "d", "annotations": revision("2")}});
        let set = |uid: &str, number: &str| {
            let mut metadata = owned(uid, "d");
            metadata["annotations"] = revision(number);
            json!({"metadata": metadata})
        };
        let sets = [set("old", "1"), set("new", "2")];
        let pod = |by: &str| json!({"metadata": owned("p", by)});
        assert!(is_of_new_revision(&deployment, &pod("new"), sets.iter()));
        assert!(!is_of_new_revision(&deployment, &pod("old"), sets.iter()));
        let stateful = json!({"kind": "StatefulSet", "metadata": {"uid": "s"}, "status": {"updateRevision": "r2"}});
        let mut pod = json!({"metadata": owned("p", "s")});
        pod["metadata"]["labels"] = json!({"controller-revision-hash": "r1"});
        assert!(!is_of_new_revision(&stateful, &pod, [].iter()));
        pod["metadata"]["labels"] = json!({"controller-revision-hash": "r2"});
        assert!(is_of_new_revision(&stateful, &pod, [].iter()));
    }
}
