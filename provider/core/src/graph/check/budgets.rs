//! Can a node be drained?

use serde_json::Value;

use super::{Finding, View};
use crate::{
    graph::{rules, template::Template, walk::text},
    resource::Resource,
};

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let budgets = view.resources.values();
    budgets
        .filter(|resource| resource.is("policy", "PodDisruptionBudget"))
        .filter_map(|budget| blocked(view, budget))
        .collect()
}

fn blocked(view: &View<'_>, budget: &Resource) -> Option<Finding> {
    let spec = budget.object.get("spec")?;
    let replicas: Option<u64> = view
        .pods_in(budget.id.namespace.as_deref())
        .filter(|pods| {
            spec.get("selector")
                .is_some_and(|selector| pods.is_selected(selector))
        })
        .map(|pods| replicas(view, pods))
        .try_fold(0, |sum: u64, replicas| Some(sum.saturating_add(replicas?)));
    let (field, value) = ["maxUnavailable", "minAvailable"]
        .into_iter()
        .find_map(|field| Some((field, spec.get(field)?)))?;
    let blocks = match (field, value) {
        ("maxUnavailable", Value::String(share)) => share == "0%" || share == "0",
        ("maxUnavailable", number) => number.as_u64() == Some(0),
        (_, Value::String(share)) => share == "100%",
        (_, number) => match (number.as_u64(), replicas) {
            (Some(least), Some(replicas)) => replicas > 0 && least >= replicas,
            _ => false,
        },
    };
    let message = format!(
        "`spec.{field}` of {} is {value}, so none of its Pods may ever be moved and no node can be drained",
        budget.id
    );
    blocks.then(|| {
        budget
            .finding(rules::BLOCKED_DRAIN, message)
            .hint("say `maxUnavailable: 1`")
    })
}

/// How many Pods there will be at least: an autoscaled workload has no number of its own.
fn replicas(view: &View<'_>, pods: &Template<'_>) -> Option<u64> {
    let scaler = view.resources.values().find(|resource| {
        let target = resource.at(&["spec", "scaleTargetRef"]);
        resource.is("autoscaling", "HorizontalPodAutoscaler")
            && resource.id.namespace == pods.id().namespace
            && target.is_some_and(|target| {
                text(target, "kind") == Some(&pods.id().kind)
                    && text(target, "name") == Some(&pods.id().name)
            })
    });
    match scaler {
        Some(scaler) => {
            let least = scaler.at(&["spec", "minReplicas"]);
            Some(least.and_then(Value::as_u64).unwrap_or(1))
        }
        None => pods.replicas(),
    }
}
