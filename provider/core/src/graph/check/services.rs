//! Does a Service lead to Pods that listen?

use serde_json::Value;

use super::{Finding, View};
use crate::{
    graph::{
        ports::{target, undeclared_port},
        rules,
        template::Template,
        walk::{find, text},
    },
    resource::Resource,
};

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let services = view.resources.values();
    services
        .filter(|resource| resource.id.is("", "Service"))
        .flat_map(|service| of_service(view, service))
        .collect()
}

fn of_service(view: &View<'_>, service: &Resource) -> Vec<Finding> {
    // Without a selector, someone else says where a Service leads.
    let Some(selector) = service.at(&["spec", "selector"]) else {
        return Vec::new();
    };
    if selector.as_object().is_none_or(serde_json::Map::is_empty) {
        return Vec::new();
    }
    let namespace = service.id.namespace.as_deref();
    let pods: Vec<_> = view
        .pods_in(namespace)
        .filter(|pods| pods.carries(Some(selector)))
        .collect();
    if !pods.is_empty() {
        return undeclared(service, &pods);
    }
    if view.may_have_others(namespace) {
        return Vec::new();
    }
    let message = format!(
        "`spec.selector` of {} selects no Pods of this stack",
        service.id
    );
    let finding = service.finding(rules::SELECTS_NOTHING, message);
    vec![finding.hint("put it in front of its Pods with `scope.expose`")]
}

fn undeclared(service: &Resource, pods: &[&Template<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for found in find(&service.object, "spec.ports[]") {
        if pods.iter().any(|pods| target(found.value, pods).is_some()) {
            continue;
        }
        let wanted = found
            .value
            .get("targetPort")
            .or_else(|| found.value.get("port"));
        if let ([pods], Some(Value::String(name))) = (pods, wanted)
            && pods.port_named(name).is_none()
        {
            findings.push(undeclared_port(pods.id(), name).at(&service.origin));
            continue;
        }
        let wanted = match wanted {
            Some(Value::String(name)) => format!("`{name}`"),
            Some(number) => number.to_string(),
            None => continue,
        };
        let protocol = text(found.value, "protocol").unwrap_or("TCP");
        let names: Vec<_> = pods.iter().map(|pods| pods.id().to_string()).collect();
        let message = format!(
            "`{}` of {} leads to the port {wanted} ({protocol}), which {} does not declare",
            found.path,
            service.id,
            names.join(" or ")
        );
        let finding = service.finding(rules::UNDECLARED_PORT, message);
        findings.push(finding.hint("declare it among the ports of a container"));
    }
    findings
}
