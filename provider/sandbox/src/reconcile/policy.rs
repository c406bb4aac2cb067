//! What disruption budgets and autoscalers say about their workloads.

use serde_json::{Value, json};

use super::actor::{
    Actor, BUDGETS, DEPLOYMENTS, PODS, REPLICA_SETS, SCALERS, STATEFUL_SETS, is_going, namespace,
    text,
};
use super::conditions::{Condition, set};
use super::template::{Tally, replicas, status};
use crate::selector::LabelSelector;

pub(super) fn budgets(actor: &mut Actor<'_>) {
    for budget in actor.list(BUDGETS) {
        if !is_going(&budget) {
            budget_status(actor, &budget);
        }
    }
}

fn budget_status(actor: &mut Actor<'_>, budget: &Value) {
    let selector = LabelSelector::of_object(&budget["spec"]["selector"]);
    let pods: Vec<_> = actor
        .list_in(PODS, namespace(budget))
        .into_iter()
        .filter(|pod| budget["spec"]["selector"].is_object() && selector.matches(pod))
        .collect();
    let tally = Tally::of(pods.iter().map(AsRef::as_ref));
    let desired = match (
        &budget["spec"]["minAvailable"],
        &budget["spec"]["maxUnavailable"],
    ) {
        (Value::Null, Value::Null) => 0,
        (Value::Null, unavailable) => (tally.all - share(unavailable, tally.all)).max(0),
        (available, _) => share(available, tally.all),
    };
    let allowed = if tally.all == 0 {
        0
    } else {
        (tally.ready - desired).max(0)
    };
    let mut status = status(budget);
    status["observedGeneration"] = budget["metadata"]["generation"].clone();
    status["expectedPods"] = json!(tally.all);
    status["currentHealthy"] = json!(tally.ready);
    status["desiredHealthy"] = json!(desired);
    status["disruptionsAllowed"] = json!(allowed);
    let (is_true, reason) = if allowed > 0 {
        (true, "SufficientPods")
    } else {
        (false, "InsufficientPods")
    };
    let condition = Condition {
        kind: "DisruptionAllowed",
        is_true,
        reason,
        message: "",
    };
    set(&mut status, &condition, &actor.now, None);
    for condition in status["conditions"].as_array_mut().into_iter().flatten() {
        condition["observedGeneration"] = budget["metadata"]["generation"].clone();
        if !condition["message"].is_string() {
            condition["message"] = json!("");
        }
    }
    actor.update_status(BUDGETS, budget, status);
}

/// A number of Pods, or a share of them rounded up.
fn share(value: &Value, whole: i64) -> i64 {
    value.as_i64().unwrap_or_else(|| {
        let percent: i64 = text(value)
            .trim_end_matches('%')
            .parse()
            .unwrap_or_default();
        (whole * percent + 99) / 100
    })
}

/// Nothing here measures load: an autoscaler sees its target and says that it has no metrics.
pub(super) fn scalers(actor: &mut Actor<'_>) {
    for scaler in actor.list(SCALERS) {
        if is_going(&scaler) {
            continue;
        }
        let target = &scaler["spec"]["scaleTargetRef"];
        let kind = match text(&target["kind"]) {
            "Deployment" => DEPLOYMENTS,
            "StatefulSet" => STATEFUL_SETS,
            "ReplicaSet" => REPLICA_SETS,
            _ => continue,
        };
        let found = actor.get(kind, namespace(&scaler), text(&target["name"]));
        let mut status = status(&scaler);
        let (is_true, reason, message) = if let Some(workload) = &found {
            status["currentReplicas"] = json!(replicas(workload));
            status["desiredReplicas"] = json!(replicas(workload));
            (
                true,
                "SucceededGetScale",
                "the HPA controller was able to get the target's current scale",
            )
        } else {
            status["desiredReplicas"] = json!(0);
            (
                false,
                "FailedGetScale",
                "the HPA controller was unable to get the target's current scale",
            )
        };
        let able = Condition {
            kind: "AbleToScale",
            is_true,
            reason,
            message,
        };
        set(&mut status, &able, &actor.now, None);
        if found.is_some() {
            let active = Condition {
                kind: "ScalingActive",
                is_true: false,
                reason: "FailedGetResourceMetric",
                message: "the sandbox measures nothing",
            };
            set(&mut status, &active, &actor.now, None);
        }
        actor.update_status(SCALERS, &scaler, status);
    }
}
