//! How does an object ask to fail?

use serde_json::Value;

use super::actor::{Actor, DAEMON_SETS, JOBS, Kind, REPLICA_SETS, STATEFUL_SETS, namespace, text};

/// The annotation with which a workload, a Pod template or a Pod asks to keep failing. Its value is one of
/// `ImagePullBackOff`, `CrashLoopBackOff`, `CreateContainerConfigError`, `Unschedulable` and `FailedCreate`.
/// Without the annotation, or with another value, nothing fails; taking it away heals.
pub const FAIL: &str = "sandbox.otelier.dev/fail";

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    ImagePullBackOff,
    CrashLoopBackOff,
    CreateContainerConfigError,
    Unschedulable,
    /// The Pods are not even created.
    FailedCreate,
}

impl Failure {
    /// What an object itself asks for.
    pub(super) fn of(object: &Value) -> Option<Self> {
        match text(&object["metadata"]["annotations"][FAIL]) {
            "ImagePullBackOff" => Some(Self::ImagePullBackOff),
            "CrashLoopBackOff" => Some(Self::CrashLoopBackOff),
            "CreateContainerConfigError" => Some(Self::CreateContainerConfigError),
            "Unschedulable" => Some(Self::Unschedulable),
            "FailedCreate" => Some(Self::FailedCreate),
            _ => None,
        }
    }

    /// What a Pod or its controller asks for. A ReplicaSet carries the annotations of its Deployment.
    pub(super) fn of_pod(actor: &Actor<'_>, pod: &Value) -> Option<Self> {
        Self::of(pod).or_else(|| {
            let owners = pod["metadata"]["ownerReferences"]
                .as_array()
                .into_iter()
                .flatten();
            owners.into_iter().find_map(|owner| {
                let kind = controller_kind(text(&owner["kind"]))?;
                Self::of(&*actor.get(kind, namespace(pod), text(&owner["name"]))?)
            })
        })
    }

    /// What a workload or its template asks for.
    pub(super) fn of_workload(workload: &Value) -> Option<Self> {
        Self::of(workload).or_else(|| Self::of(&workload["spec"]["template"]))
    }
}

fn controller_kind(kind: &str) -> Option<Kind> {
    match kind {
        "ReplicaSet" => Some(REPLICA_SETS),
        "StatefulSet" => Some(STATEFUL_SETS),
        "DaemonSet" => Some(DAEMON_SETS),
        "Job" => Some(JOBS),
        _ => None,
    }
}
