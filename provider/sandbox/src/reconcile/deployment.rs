//! Deployments: one `ReplicaSet` for each template, rolled over within the bounds of the strategy.

use std::sync::Arc;

use serde_json::{Value, json};

use super::actor::{
    Actor, DEPLOYMENTS, REPLICA_SETS, is_going, name, namespace, owner_reference, text,
};
use super::conditions::{self, Condition, set};
use super::template::{hash, replicas, set_numbers, status};

const HASH: &str = "pod-template-hash";
const REVISION: &str = "deployment.kubernetes.io/revision";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub(super) fn roll_out(actor: &mut Actor<'_>) {
    for deployment in actor.list(DEPLOYMENTS) {
        if !is_going(&deployment) {
            one(actor, &deployment);
        }
    }
}

fn one(actor: &mut Actor<'_>, deployment: &Value) {
    let sets = actor.owned(REPLICA_SETS, deployment);
    let hash = hash(&deployment["spec"]["template"]);
    let (mut current, old): (Vec<_>, Vec<_>) = sets
        .into_iter()
        .partition(|set| text(&set["metadata"]["labels"][HASH]) == hash);
    let is_paused = deployment["spec"]["paused"] == json!(true);
    let current = match current.pop() {
        Some(set) => Some(set),
        None if is_paused => None,
        None => create(actor, deployment, &hash, &old),
    };
    if let Some(current) = &current {
        let annotated = annotate(actor, deployment, current);
        if !is_paused {
            scale(actor, deployment, &annotated, &old);
        }
        forget_old(actor, deployment, &old);
    }
    write_status(actor, deployment, current.as_deref(), &old);
}

fn create(
    actor: &mut Actor<'_>,
    deployment: &Value,
    hash: &str,
    old: &[Arc<Value>],
) -> Option<Arc<Value>> {
    let mut template = deployment["spec"]["template"].clone();
    template["metadata"]["labels"][HASH] = json!(hash);
    let mut selector = deployment["spec"]["selector"].clone();
    selector["matchLabels"][HASH] = json!(hash);
    let revision = old
        .iter()
        .map(|set| revision(set))
        .max()
        .unwrap_or_default()
        + 1;
    let mut annotations = annotations(deployment);
    annotations[REVISION] = json!(revision.to_string());
    let set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", name(deployment)), "labels": template["metadata"]["labels"],
            "annotations": annotations, "ownerReferences": owner_reference(deployment),
        },
        "spec": { "replicas": 0, "selector": selector, "template": template },
    });
    let created = actor
        .create(REPLICA_SETS, namespace(deployment), &set)
        .ok()?;
    let mut deployment = deployment.clone();
    if !deployment["metadata"]["annotations"].is_object() {
        deployment["metadata"]["annotations"] = json!({});
    }
    deployment["metadata"]["annotations"][REVISION] = json!(revision.to_string());
    actor.update(DEPLOYMENTS, &deployment);
    Some(Arc::new(created))
}

fn revision(set: &Value) -> u64 {
    text(&set["metadata"]["annotations"][REVISION])
        .parse()
        .unwrap_or_default()
}

/// The annotations that a ReplicaSet takes over from its Deployment.
fn annotations(deployment: &Value) -> Value {
    let mut annotations = deployment["metadata"]["annotations"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    annotations.remove(LAST_APPLIED);
    annotations.remove(REVISION);
    Value::Object(annotations)
}

fn annotate(actor: &mut Actor<'_>, deployment: &Value, set: &Arc<Value>) -> Arc<Value> {
    let mut wanted = annotations(deployment);
    if let Some(revision) = set["metadata"]["annotations"].get(REVISION) {
        wanted[REVISION] = revision.clone();
    }
    if wanted == set["metadata"]["annotations"] {
        return set.clone();
    }
    let mut set = Value::clone(set);
    set["metadata"]["annotations"] = wanted;
    actor.update(REPLICA_SETS, &set);
    actor
        .get(REPLICA_SETS, namespace(&set), name(&set))
        .unwrap_or_else(|| Arc::new(set))
}

/// Grows the current ReplicaSet and shrinks the others as far as the strategy allows now.
fn scale(actor: &mut Actor<'_>, deployment: &Value, current: &Value, old: &[Arc<Value>]) {
    let wanted = replicas(deployment);
    let old_total: i64 = old.iter().map(|set| replicas(set)).sum();
    if text(&deployment["spec"]["strategy"]["type"]) == "Recreate" {
        let running: i64 = old
            .iter()
            .map(|set| set["status"]["replicas"].as_i64().unwrap_or_default())
            .sum();
        for set in old {
            resize(actor, set, 0);
        }
        let size = if running == 0 { wanted } else { 0 };
        return resize(actor, current, size);
    }
    let rolling = &deployment["spec"]["strategy"]["rollingUpdate"];
    let surge = bound(&rolling["maxSurge"], wanted, Rounding::Up);
    let mut unavailable = bound(&rolling["maxUnavailable"], wanted, Rounding::Down);
    if surge == 0 && unavailable == 0 {
        unavailable = 1;
    }
    let has = replicas(current);
    let room = (wanted + surge - old_total - has).max(0);
    resize(
        actor,
        current,
        if has > wanted {
            wanted
        } else {
            (has + room).min(wanted)
        },
    );
    let ready = |set: &Value| set["status"]["readyReplicas"].as_i64().unwrap_or_default();
    let available: i64 = ready(current) + old.iter().map(|set| ready(set)).sum::<i64>();
    let mut spare = (available - (wanted - unavailable)).max(0);
    for set in old {
        let size = replicas(set);
        // Pods that are not ready may go in any case: nobody misses them.
        let idle = (size - ready(set)).max(0);
        let less = size.min(spare + idle);
        spare -= (less - idle).max(0);
        resize(actor, set, size - less);
    }
}

fn resize(actor: &mut Actor<'_>, set: &Value, size: i64) {
    if replicas(set) != size {
        let mut set = set.clone();
        set["spec"]["replicas"] = json!(size);
        actor.update(REPLICA_SETS, &set);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rounding {
    Up,
    Down,
}

/// A number, or a share of `whole`.
fn bound(value: &Value, whole: i64, rounding: Rounding) -> i64 {
    if let Some(number) = value.as_i64() {
        return number;
    }
    let percent: i64 = text(value).trim_end_matches('%').parse().unwrap_or(25);
    match rounding {
        Rounding::Up => (whole * percent + 99) / 100,
        Rounding::Down => whole * percent / 100,
    }
}

/// Empty `ReplicaSets` beyond the history that is wanted go.
fn forget_old(actor: &mut Actor<'_>, deployment: &Value, old: &[Arc<Value>]) {
    let limit = deployment["spec"]["revisionHistoryLimit"]
        .as_u64()
        .unwrap_or(10);
    let mut empty: Vec<_> = old
        .iter()
        .filter(|set| {
            replicas(set) == 0 && set["status"]["replicas"].as_i64().unwrap_or_default() == 0
        })
        .collect();
    empty.sort_by_key(|set| revision(set));
    let surplus = empty
        .len()
        .saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
    for set in empty.into_iter().take(surplus) {
        actor.delete(
            REPLICA_SETS,
            set,
            &json!({ "propagationPolicy": "Background" }),
        );
    }
}

fn write_status(
    actor: &mut Actor<'_>,
    deployment: &Value,
    current: Option<&Value>,
    old: &[Arc<Value>],
) {
    let Some(deployment) = actor.get(DEPLOYMENTS, namespace(deployment), name(deployment)) else {
        return;
    };
    let current = current.and_then(|set| actor.get(REPLICA_SETS, namespace(set), name(set)));
    let old: Vec<_> = old
        .iter()
        .filter_map(|set| actor.get(REPLICA_SETS, namespace(set), name(set)))
        .collect();
    let count = |set: &Value, field: &str| set["status"][field].as_i64().unwrap_or_default();
    let sum = |field: &str| {
        current
            .iter()
            .chain(&old)
            .map(|set| count(set, field))
            .sum::<i64>()
    };
    let wanted = replicas(&deployment);
    let updated = current.as_ref().map_or(0, |set| count(set, "replicas"));
    let (all, ready, available) = (
        sum("replicas"),
        sum("readyReplicas"),
        sum("availableReplicas"),
    );
    let mut status = status(&deployment);
    status["observedGeneration"] = deployment["metadata"]["generation"].clone();
    set_numbers(
        &mut status,
        &[
            ("replicas", all),
            ("updatedReplicas", updated),
            ("readyReplicas", ready),
            ("availableReplicas", available),
            ("unavailableReplicas", (wanted.max(all) - available).max(0)),
        ],
    );
    let condition = availability(&deployment, wanted, available);
    set(&mut status, &condition, &actor.now, Some("lastUpdateTime"));
    let is_complete = updated == wanted && all == wanted && available == wanted;
    let current_available = current
        .as_ref()
        .map_or(0, |set| count(set, "availableReplicas"));
    let before = &deployment["status"];
    let moved = before["updatedReplicas"].as_i64().unwrap_or_default() != updated
        || before["availableReplicas"].as_i64().unwrap_or_default() != available
        || before["observedGeneration"] != status["observedGeneration"];
    if let Some(current) = &current {
        progress(
            actor,
            &deployment,
            current,
            &mut status,
            is_complete,
            moved || current_available == wanted,
        );
    }
    failure(actor, current.iter().chain(&old), &mut status);
    actor.update_status(DEPLOYMENTS, &deployment, status);
}

/// Whether as many Pods are available as must be while others are exchanged.
fn availability(deployment: &Value, wanted: i64, available: i64) -> Condition<'static> {
    let most_unavailable = &deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"];
    let unavailable = bound(most_unavailable, wanted, Rounding::Down);
    let is_true = available >= wanted - unavailable;
    let (reason, message) = if is_true {
        (
            "MinimumReplicasAvailable",
            "Deployment has minimum availability.",
        )
    } else {
        (
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        )
    };
    Condition {
        kind: "Available",
        is_true,
        reason,
        message,
    }
}

/// Whether the rollout goes on, is done, or has taken too long.
fn progress(
    actor: &Actor<'_>,
    deployment: &Value,
    current: &Value,
    status: &mut Value,
    is_complete: bool,
    moved: bool,
) {
    let set_name = name(current);
    let since = status["conditions"].as_array().into_iter().flatten();
    let since = since
        .into_iter()
        .find(|condition| condition["type"] == "Progressing")
        .cloned();
    let limit = deployment["spec"]["progressDeadlineSeconds"]
        .as_i64()
        .unwrap_or(600);
    let age = since.as_ref().and_then(|condition| {
        let then: jiff::Timestamp = text(&condition["lastUpdateTime"]).parse().ok()?;
        Some(jiff::Timestamp::now().as_second() - then.as_second())
    });
    let is_late = !is_complete && !moved && age.is_some_and(|age| age >= limit);
    let was_late = since.is_some_and(|condition| condition["reason"] == "ProgressDeadlineExceeded");
    let (is_true, reason, message) = if is_complete {
        (
            true,
            "NewReplicaSetAvailable",
            format!("ReplicaSet \"{set_name}\" has successfully progressed."),
        )
    } else if is_late || (was_late && !moved) {
        (
            false,
            "ProgressDeadlineExceeded",
            format!("ReplicaSet \"{set_name}\" has timed out progressing."),
        )
    } else {
        (
            true,
            "ReplicaSetUpdated",
            format!("ReplicaSet \"{set_name}\" is progressing."),
        )
    };
    let condition = Condition {
        kind: "Progressing",
        is_true,
        reason,
        message: &message,
    };
    set(status, &condition, &actor.now, Some("lastUpdateTime"));
}

/// A ReplicaSet that cannot create Pods says why through its Deployment.
fn failure<'a>(actor: &Actor<'_>, sets: impl Iterator<Item = &'a Arc<Value>>, status: &mut Value) {
    let failed = sets
        .flat_map(|set| {
            set["status"]["conditions"]
                .as_array()
                .cloned()
                .unwrap_or_default()
        })
        .find(|condition| condition["type"] == "ReplicaFailure" && condition["status"] == "True");
    match failed {
        None => conditions::remove(status, "ReplicaFailure"),
        Some(failed) => {
            let condition = Condition {
                kind: "ReplicaFailure",
                is_true: true,
                reason: text(&failed["reason"]),
                message: text(&failed["message"]),
            };
            set(status, &condition, &actor.now, Some("lastUpdateTime"));
        }
    }
}
