//! StatefulSets: numbered Pods with claims of their own, one after another or all at once.

use std::sync::Arc;

use serde_json::{Value, json};

use super::actor::{
    Actor, CLAIMS, PODS, REVISIONS, STATEFUL_SETS, is_going, name, namespace, owner_reference, text,
};
use super::failure::Failure;
use super::template::{hash, is_ready, pod, replicas, set_numbers, status};

const REVISION: &str = "controller-revision-hash";
const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
const POD_INDEX: &str = "apps.kubernetes.io/pod-index";

pub(super) fn keep_up(actor: &mut Actor<'_>) {
    for set in actor.list(STATEFUL_SETS) {
        if !is_going(&set) {
            one(actor, &set);
        }
    }
}

fn one(actor: &mut Actor<'_>, set: &Value) {
    let update = revision(actor, set);
    let first = set["spec"]["ordinals"]["start"]
        .as_i64()
        .unwrap_or_default();
    let last = first + replicas(set);
    let parallel = text(&set["spec"]["podManagementPolicy"]) == "Parallel";
    for ordinal in first..last {
        make_claims(actor, set, ordinal);
        let current = find(actor, set, ordinal);
        if current.is_none() {
            create(actor, set, ordinal, &update);
        }
        // One after another: the next one waits until this one is ready.
        if !parallel && !current.is_some_and(|pod| is_ready(&pod)) {
            break;
        }
    }
    shrink(actor, set, first, last, parallel);
    roll(actor, set, first, last, &update);
    write_status(actor, set, &update);
}

fn pod_name(set: &Value, ordinal: i64) -> String {
    format!("{}-{ordinal}", name(set))
}

fn find(actor: &Actor<'_>, set: &Value, ordinal: i64) -> Option<Arc<Value>> {
    actor.get(PODS, namespace(set), &pod_name(set, ordinal))
}

/// The name of the template as it is now, kept as a `ControllerRevision`.
fn revision(actor: &mut Actor<'_>, set: &Value) -> String {
    let template = &set["spec"]["template"];
    let revision = format!("{}-{}", name(set), hash(template));
    if actor.get(REVISIONS, namespace(set), &revision).is_none() {
        let number = actor
            .owned(REVISIONS, set)
            .iter()
            .filter_map(|old| old["revision"].as_i64())
            .max()
            .unwrap_or_default()
            + 1;
        let object = json!({
            "apiVersion": "apps/v1", "kind": "ControllerRevision",
            "metadata": {
                "name": revision, "labels": template["metadata"]["labels"],
                "ownerReferences": owner_reference(set),
            },
            "data": { "spec": { "template": template } }, "revision": number,
        });
        if let Err(refusal) = actor.create(REVISIONS, namespace(set), &object) {
            tracing::debug!(message = %refusal.message, "a revision was refused");
        }
    }
    revision
}

fn make_claims(actor: &mut Actor<'_>, set: &Value, ordinal: i64) {
    for template in set["spec"]["volumeClaimTemplates"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let claim_name = format!("{}-{}", name(template), pod_name(set, ordinal));
        if actor.get(CLAIMS, namespace(set), &claim_name).is_some() {
            continue;
        }
        let mut claim = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": { "name": claim_name }, "spec": template["spec"],
        });
        claim["metadata"]["labels"] = set["spec"]["selector"]["matchLabels"].clone();
        if let Some(annotations) = template["metadata"].get("annotations") {
            claim["metadata"]["annotations"] = annotations.clone();
        }
        if let Err(refusal) = actor.create(CLAIMS, namespace(set), &claim) {
            actor.warn(set, "FailedCreate", &refusal.message);
        }
    }
}

fn create(actor: &mut Actor<'_>, set: &Value, ordinal: i64, revision: &str) {
    let pod_name = pod_name(set, ordinal);
    let mut pod = pod(set, &pod_name);
    for (label, value) in [
        (REVISION, revision.to_owned()),
        (POD_NAME, pod_name.clone()),
        (POD_INDEX, ordinal.to_string()),
    ] {
        pod["metadata"]["labels"][label] = json!(value);
    }
    pod["spec"]["hostname"] = json!(pod_name);
    if set["spec"]["serviceName"].is_string() {
        pod["spec"]["subdomain"] = set["spec"]["serviceName"].clone();
    }
    let mut volumes = pod["spec"]["volumes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    for template in set["spec"]["volumeClaimTemplates"]
        .as_array()
        .into_iter()
        .flatten()
    {
        volumes.retain(|volume| volume["name"] != template["metadata"]["name"]);
        let claim = format!("{}-{pod_name}", name(template));
        volumes.push(json!({
            "name": name(template), "persistentVolumeClaim": { "claimName": claim },
        }));
    }
    if !volumes.is_empty() {
        pod["spec"]["volumes"] = Value::Array(volumes);
    }
    let refusal = if Failure::of_workload(set) == Some(Failure::FailedCreate) {
        Some(format!(
            "pods \"{pod_name}\" is forbidden: refused on request"
        ))
    } else {
        actor
            .create(PODS, namespace(set), &pod)
            .err()
            .map(|refusal| refusal.message)
    };
    if let Some(message) = refusal {
        let told = format!(
            "create Pod {pod_name} in StatefulSet {} failed error: {message}",
            name(set)
        );
        actor.warn(set, "FailedCreate", &told);
    }
}

/// Pods beyond the wanted number go, the highest first.
fn shrink(actor: &mut Actor<'_>, set: &Value, first: i64, last: i64, parallel: bool) {
    let mut surplus: Vec<_> = actor
        .owned(PODS, set)
        .into_iter()
        .filter_map(|pod| Some((ordinal(set, &pod)?, pod)))
        .filter(|(ordinal, _)| !(first..last).contains(ordinal))
        .collect();
    surplus.sort_by_key(|(ordinal, _)| -ordinal);
    for (_, pod) in surplus {
        if !is_going(&pod) {
            actor.delete(PODS, &pod, &json!({}));
        }
        if !parallel {
            break;
        }
    }
}

fn ordinal(set: &Value, pod: &Value) -> Option<i64> {
    name(pod)
        .strip_prefix(name(set))?
        .strip_prefix('-')?
        .parse()
        .ok()
}

/// Pods of an older template are replaced, the highest first, each when those above it are ready.
fn roll(actor: &mut Actor<'_>, set: &Value, first: i64, last: i64, revision: &str) {
    let strategy = &set["spec"]["updateStrategy"];
    if text(&strategy["type"]) == "OnDelete" {
        return;
    }
    let partition = strategy["rollingUpdate"]["partition"]
        .as_i64()
        .unwrap_or_default();
    for ordinal in (first.max(partition)..last).rev() {
        let Some(pod) = find(actor, set, ordinal) else {
            return;
        };
        if text(&pod["metadata"]["labels"][REVISION]) != revision {
            if !is_going(&pod) {
                actor.delete(PODS, &pod, &json!({}));
            }
            return;
        }
        if !is_ready(&pod) {
            return;
        }
    }
}

fn write_status(actor: &mut Actor<'_>, set: &Value, update: &str) {
    let pods: Vec<_> = actor
        .owned(PODS, set)
        .into_iter()
        .filter(|pod| !is_going(pod))
        .collect();
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let all = number(pods.len());
    let ready = number(pods.iter().filter(|pod| is_ready(pod)).count());
    let is_updated = |pod: &&Arc<Value>| text(&pod["metadata"]["labels"][REVISION]) == update;
    let updated = number(pods.iter().filter(is_updated).count());
    let mut status = status(set);
    let before = status["currentRevision"]
        .as_str()
        .unwrap_or(update)
        .to_owned();
    // The update is the current revision once every Pod has it.
    let is_done = updated == all && all == replicas(set) && ready == all;
    let current = if is_done { update.to_owned() } else { before };
    let of_current = pods
        .iter()
        .filter(|pod| text(&pod["metadata"]["labels"][REVISION]) == current);
    let of_current = number(of_current.count());
    status["observedGeneration"] = set["metadata"]["generation"].clone();
    status["replicas"] = json!(all);
    status["availableReplicas"] = json!(ready);
    status["collisionCount"] = json!(0);
    status["currentRevision"] = json!(current);
    status["updateRevision"] = json!(update);
    set_numbers(
        &mut status,
        &[
            ("readyReplicas", ready),
            ("currentReplicas", of_current),
            ("updatedReplicas", updated),
        ],
    );
    actor.update_status(STATEFUL_SETS, set, status);
}
