//! Are ports numbers that exist, and is each taken once?

use serde_json::Value;

use super::{Finding, Template, View, repeated};
use crate::{
    graph::{
        rules,
        walk::{find, items, join, text},
    },
    resource::Resource,
};

const OF_SERVICES: &[&str] = &["port", "targetPort", "nodePort"];
const OF_CONTAINERS: &[&str] = &["containerPort", "hostPort"];

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pods in &view.templates {
        for pattern in ["containers[].ports[]", "initContainers[].ports[]"] {
            for found in pods.find(pattern) {
                let numbers = numbers(pods.owner, &found.path, found.value, OF_CONTAINERS);
                findings.extend(numbers);
            }
        }
        findings.extend(taken_twice(pods));
    }
    for service in view
        .resources
        .values()
        .filter(|each| each.id.is("", "Service"))
    {
        for found in find(&service.object, "spec.ports[]") {
            findings.extend(numbers(service, &found.path, found.value, OF_SERVICES));
        }
        findings.extend(said_twice(service));
    }
    findings
}

fn numbers(resource: &Resource, path: &str, port: &Value, fields: &[&str]) -> Vec<Finding> {
    let illegal = |field: &&str| {
        let number = port.get(field)?.as_i64()?;
        // Zero is how some say that they want none of the node's ports.
        let none = number == 0 && matches!(*field, "nodePort" | "hostPort");
        if none || (1..=65535).contains(&number) {
            return None;
        }
        let path = join(path, field);
        let message = format!("`{path}` of {} is {number}, which is no port", resource.id);
        let finding = resource.finding(rules::ILLEGAL_PORT, message);
        Some(finding.hint("choose a number from 1 to 65535"))
    };
    fields.iter().filter_map(illegal).collect()
}

/// Containers of a Pod share its address, so neither a number nor a name can be taken twice.
fn taken_twice(pods: &Template<'_>) -> Vec<Finding> {
    let ports: Vec<&Value> = pods
        .running()
        .flat_map(|container| items(container.value, "ports"))
        .collect();
    let said = |what: String| {
        let message = format!("two container ports of {} have {what}", pods.id());
        pods.owner.finding(rules::DUPLICATE_PORT, message)
    };
    let names = ports.iter().filter_map(|port| text(port, "name"));
    let numbers = ports
        .iter()
        .filter_map(|port| number(port, "containerPort"));
    let names = repeated(names).into_iter().map(name_said);
    let numbers = repeated(numbers).into_iter().map(number_said);
    names.chain(numbers).map(said).collect()
}

fn said_twice(service: &Resource) -> Vec<Finding> {
    let spec = service.object.get("spec").unwrap_or(&Value::Null);
    let ports = items(spec, "ports");
    let said = |what: String| {
        let message = format!("two ports of {} have {what}", service.id);
        service.finding(rules::DUPLICATE_PORT, message)
    };
    let names = ports.iter().filter_map(|port| text(port, "name"));
    let numbers = ports.iter().filter_map(|port| number(port, "port"));
    let names = repeated(names).into_iter().map(name_said);
    let numbers = repeated(numbers).into_iter().map(number_said);
    names.chain(numbers).map(said).collect()
}

fn number<'a>(port: &'a Value, field: &str) -> Option<(u64, &'a str)> {
    let protocol = text(port, "protocol").unwrap_or("TCP");
    Some((port.get(field)?.as_u64()?, protocol))
}

fn name_said(name: &str) -> String {
    format!("the name `{name}`")
}

fn number_said((number, protocol): (u64, &str)) -> String {
    format!("the number {number} ({protocol})")
}
