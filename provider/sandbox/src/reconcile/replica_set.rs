//! `ReplicaSets`: as many Pods as are wanted.

use serde_json::{Value, json};

use super::actor::{Actor, PODS, REPLICA_SETS, is_going, name};
use super::conditions::{Condition, remove, set};
use super::failure::Failure;
use super::template::{Tally, is_alive, is_ready, pod, replicas, set_numbers, status};
use crate::random;

pub(super) fn keep_up(actor: &mut Actor<'_>) {
    for set in actor.list(REPLICA_SETS) {
        if !is_going(&set) {
            one(actor, &set);
        }
    }
}

fn one(actor: &mut Actor<'_>, replica_set: &Value) {
    let pods = actor.owned(PODS, replica_set);
    let mut alive: Vec<_> = pods.iter().filter(|pod| is_alive(pod)).cloned().collect();
    let wanted = usize::try_from(replicas(replica_set)).unwrap_or_default();
    let mut refused = None;
    for _ in alive.len()..wanted {
        if let Err(message) = create(actor, replica_set) {
            refused = Some(message);
            break;
        }
    }
    // What is not ready yet is missed the least.
    alive.sort_by_key(|pod| is_ready(pod));
    for pod in alive.iter().take(alive.len().saturating_sub(wanted)) {
        actor.delete(PODS, pod, &json!({ "propagationPolicy": "Background" }));
    }
    let pods = actor.owned(PODS, replica_set);
    let tally = Tally::of(pods.iter().map(AsRef::as_ref));
    write_status(actor, replica_set, tally, refused.as_deref());
}

fn create(actor: &mut Actor<'_>, replica_set: &Value) -> Result<(), String> {
    let pod = pod(
        replica_set,
        &format!("{}-{}", name(replica_set), random::suffix()),
    );
    let refusal = if Failure::of_workload(replica_set) == Some(Failure::FailedCreate) {
        Some(format!(
            "pods \"{}-\" is forbidden: refused on request",
            name(replica_set)
        ))
    } else {
        actor.create_pod(replica_set, &pod)
    };
    match refusal {
        None => Ok(()),
        Some(message) => {
            actor.warn(
                replica_set,
                "FailedCreate",
                &format!("Error creating: {message}"),
            );
            Err(message)
        }
    }
}

fn write_status(actor: &mut Actor<'_>, replica_set: &Value, tally: Tally, refused: Option<&str>) {
    let mut status = status(replica_set);
    status["replicas"] = json!(tally.all);
    status["observedGeneration"] = replica_set["metadata"]["generation"].clone();
    set_numbers(
        &mut status,
        &[
            ("fullyLabeledReplicas", tally.all),
            ("readyReplicas", tally.ready),
            ("availableReplicas", tally.ready),
        ],
    );
    match refused {
        Some(message) => {
            let failed = Condition {
                kind: "ReplicaFailure",
                is_true: true,
                reason: "FailedCreate",
                message,
            };
            set(&mut status, &failed, &actor.now, None);
        }
        None => remove(&mut status, "ReplicaFailure"),
    }
    actor.update_status(REPLICA_SETS, replica_set, status);
}
