//! Does each selector select what it is meant to?

use serde_json::Value;

use super::{Finding, View};
use crate::graph::{rules, selector, template::Template};

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pods in &view.templates {
        if is_controller(pods) {
            findings.extend(own_pods(pods));
            findings.extend(pods_of_others(view, pods));
        }
    }
    findings.extend(selecting_nothing(view));
    findings
}

/// The kinds that know their Pods by a selector; Jobs are given one of their own by the API server.
fn is_controller(pods: &Template<'_>) -> bool {
    pods.id().group == "apps"
}

fn own_pods(pods: &Template<'_>) -> Option<Finding> {
    let nothing = Value::Null;
    let selects = pods.owner.at(&["spec", "selector"]).unwrap_or(&nothing);
    let (message, hint) = if selector::is_empty(selects) {
        let message = format!("`spec.selector` of {} is empty", pods.id());
        (message, "select the labels of its Pods".to_owned())
    } else if !pods.is_selected(selects) {
        let message = format!("{} does not select its own Pods", pods.id());
        let labels = pods.path("metadata.labels");
        (
            message,
            format!("give `{labels}` all labels of `spec.selector`"),
        )
    } else {
        return None;
    };
    Some(
        pods.owner
            .finding(rules::SELECTOR_MISMATCH, message)
            .hint(hint),
    )
}

fn pods_of_others(view: &View<'_>, pods: &Template<'_>) -> Vec<Finding> {
    let Some(selects) = pods.owner.at(&["spec", "selector"]) else {
        return Vec::new();
    };
    if selector::is_empty(selects) {
        return Vec::new();
    }
    view.pods_in(Some(pods.namespace()))
        .filter(|other| other.id() != pods.id() && other.is_selected(selects))
        .map(|other| {
            let message = format!("{} selects the Pods of {} too", pods.id(), other.id());
            pods.owner
                .finding(rules::OVERLAPPING_SELECTORS, message)
                .hint("give the Pods of each workload a label that the others do not have")
        })
        .collect()
}

/// Where objects select Pods without making them.
const SELECTING: &[(&str, &str, &str)] = &[
    ("policy", "PodDisruptionBudget", "selector"),
    ("networking.k8s.io", "NetworkPolicy", "podSelector"),
];

fn selecting_nothing(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for resource in view.resources.values() {
        let place = SELECTING
            .iter()
            .find(|(group, kind, _)| resource.is(group, kind));
        let Some((_, _, field)) = place else {
            continue;
        };
        let Some(selects) = resource.at(&["spec", field]) else {
            continue;
        };
        let namespace = resource.id.namespace.as_deref();
        let mut pods = view.pods_in(namespace);
        let selected = selector::is_empty(selects) || pods.any(|pods| pods.is_selected(selects));
        if !selected && !view.may_have_others(namespace) {
            let message = format!(
                "`spec.{field}` of {} selects no Pods of this stack",
                resource.id
            );
            let finding = resource.finding(rules::SELECTS_NOTHING, message);
            findings.push(finding.hint("copy the labels of the Pods that it is about"));
        }
    }
    findings
}
