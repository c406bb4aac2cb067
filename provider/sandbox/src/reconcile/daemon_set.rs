//! DaemonSets: one Pod on the one node.

use serde_json::{Value, json};

use super::actor::{Actor, DAEMON_SETS, PODS, is_going, name, text};
use super::failure::Failure;
use super::namespace::NODE_LABELS;
use super::template::{hash, is_alive, is_ready, pod, set_numbers, status};
use crate::random;

const HASH: &str = "controller-revision-hash";

pub(super) fn keep_up(actor: &mut Actor<'_>) {
    for set in actor.list(DAEMON_SETS) {
        if !is_going(&set) {
            one(actor, &set);
        }
    }
}

fn one(actor: &mut Actor<'_>, set: &Value) {
    let hash = hash(&set["spec"]["template"]);
    let wanted = usize::from(fits(set));
    let pods: Vec<_> = actor
        .owned(PODS, set)
        .into_iter()
        .filter(|pod| is_alive(pod))
        .collect();
    let on_delete = text(&set["spec"]["updateStrategy"]["type"]) == "OnDelete";
    for (index, pod) in pods.iter().enumerate() {
        let is_old = text(&pod["metadata"]["labels"][HASH]) != hash;
        if index >= wanted || (is_old && !on_delete) {
            actor.delete(PODS, pod, &json!({}));
        }
    }
    if pods.len() < wanted {
        create(actor, set, &hash);
    }
    write_status(actor, set, wanted, &hash);
}

/// Whether the node has the labels that the Pods select.
fn fits(set: &Value) -> bool {
    let selector = set["spec"]["template"]["spec"]["nodeSelector"].as_object();
    selector.into_iter().flatten().all(|(key, value)| {
        NODE_LABELS
            .iter()
            .any(|(label, has)| label == key && value == has)
    })
}

fn create(actor: &mut Actor<'_>, set: &Value, hash: &str) {
    let mut pod = pod(set, &format!("{}-{}", name(set), random::suffix()));
    pod["metadata"]["labels"][HASH] = json!(hash);
    let refusal = if Failure::of_workload(set) == Some(Failure::FailedCreate) {
        Some("pods are forbidden: refused on request".to_owned())
    } else {
        actor.create_pod(set, &pod)
    };
    if let Some(message) = refusal {
        actor.warn(set, "FailedCreate", &format!("Error creating: {message}"));
    }
}

fn write_status(actor: &mut Actor<'_>, set: &Value, wanted: usize, hash: &str) {
    let pods: Vec<_> = actor
        .owned(PODS, set)
        .into_iter()
        .filter(|pod| is_alive(pod))
        .collect();
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let ready = number(pods.iter().filter(|pod| is_ready(pod)).count());
    let updated = pods
        .iter()
        .filter(|pod| text(&pod["metadata"]["labels"][HASH]) == hash)
        .count();
    let wanted = number(wanted);
    let mut status = status(set);
    status["observedGeneration"] = set["metadata"]["generation"].clone();
    status["currentNumberScheduled"] = json!(number(pods.len()).min(wanted));
    status["desiredNumberScheduled"] = json!(wanted);
    status["numberMisscheduled"] = json!(0);
    status["numberReady"] = json!(ready);
    set_numbers(
        &mut status,
        &[
            ("updatedNumberScheduled", number(updated)),
            ("numberAvailable", ready),
            ("numberUnavailable", (wanted - ready).max(0)),
        ],
    );
    actor.update_status(DAEMON_SETS, set, status);
}
