//! Do the containers of a Pod get along?

use super::{Finding, Template, View, repeated};
use crate::graph::{
    rules,
    walk::{items, text},
};

/// Where a container's probes and hooks name a port.
const PORTS_NAMED: &[&str] = &[
    "livenessProbe/httpGet",
    "livenessProbe/tcpSocket",
    "readinessProbe/httpGet",
    "readinessProbe/tcpSocket",
    "startupProbe/httpGet",
    "startupProbe/tcpSocket",
    "lifecycle/postStart/httpGet",
    "lifecycle/preStop/httpGet",
];

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let pods = view.templates.iter();
    pods.flat_map(|pods| [same_names(pods), same_variables(pods), probed_ports(pods)].concat())
        .collect()
}

fn same_names(pods: &Template<'_>) -> Vec<Finding> {
    let containers = pods.containers();
    let names = containers
        .iter()
        .filter_map(|container| text(container.value, "name"));
    repeated(names)
        .into_iter()
        .map(|name| {
            let message = format!("{} has two containers named `{name}`", pods.id());
            pods.owner.finding(rules::DUPLICATE_CONTAINER, message)
        })
        .collect()
}

/// Server-side apply knows variables by their names, and refuses two of one name.
fn same_variables(pods: &Template<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for container in pods.containers() {
        let names = items(container.value, "env")
            .iter()
            .filter_map(|variable| text(variable, "name"));
        for name in repeated(names) {
            let message = format!(
                "`{}.env` of {} has two variables named `{name}`",
                container.path,
                pods.id()
            );
            findings.push(pods.owner.finding(rules::DUPLICATE_VARIABLE, message));
        }
    }
    findings
}

/// A probe may name a port of its own container only.
fn probed_ports(pods: &Template<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for container in pods.containers() {
        let declared = items(container.value, "ports");
        for place in PORTS_NAMED {
            let action = container.value.pointer(&format!("/{place}"));
            let Some(name) = action.and_then(|action| text(action, "port")) else {
                continue;
            };
            if declared.iter().any(|port| text(port, "name") == Some(name)) {
                continue;
            }
            let path = format!("{}.{}.port", container.path, place.replace('/', "."));
            let message = format!(
                "`{path}` of {} names the port `{name}`, which the container does not declare",
                pods.id()
            );
            let finding = pods.owner.finding(rules::UNDECLARED_PORT, message);
            findings.push(finding.hint(format!("add a container port named `{name}`")));
        }
    }
    findings
}
