//! Is everything called what the API accepts?

use super::{Finding, Template, View};
use crate::{
    graph::{
        rules,
        walk::{Found, items, join, text},
    },
    name::{
        NameError, PortName, check_data_key, check_label, check_path_segment, check_service_name,
        check_subdomain,
    },
    resource::Resource,
};

type Check = fn(&str) -> Result<(), NameError>;

/// Where Pods name things, and how. Mounts, probes and Services refer to these names.
const IN_PODS: &[(&str, Check)] = &[
    ("containers[]", check_label),
    ("initContainers[]", check_label),
    ("ephemeralContainers[]", check_label),
    ("volumes[]", check_label),
    ("containers[].ports[]", check_port_name),
    ("initContainers[].ports[]", check_port_name),
];

/// How many characters of a name are left where a controller appends to it and makes a label of it.
const SHORTER: &[(&str, usize)] = &[("CronJob", 52), ("Job", 63), ("StatefulSet", 52)];

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let objects = view.resources.values().flat_map(of_object);
    let pods = view.templates.iter().flat_map(of_pods);
    objects.chain(pods).collect()
}

fn of_object(resource: &Resource) -> Vec<Finding> {
    let id = &resource.id;
    let check = match (id.group.as_str(), id.kind.as_str()) {
        ("", "Service") => check_service_name,
        ("", "Namespace") => check_label,
        ("rbac.authorization.k8s.io", _) | (_, "ClusterTrustBundle" | "IPAddress") => {
            check_path_segment
        }
        _ => check_subdomain,
    };
    let mut findings: Vec<_> = check(&id.name)
        .err()
        .map(|error| illegal(resource, "metadata.name", &error))
        .into_iter()
        .collect();
    let most = SHORTER.iter().find(|(kind, _)| *kind == id.kind);
    if let Some((_, most)) = most.filter(|(_, most)| id.name.len() > *most) {
        let message = format!(
            "`metadata.name` of {id}: a {} may have {most} characters, because its Pods carry the name in a label",
            id.kind
        );
        findings.push(resource.finding(rules::ILLEGAL_NAME, message));
    }
    findings.extend(keys(resource));
    if id.is("", "Service") {
        let spec = resource.object.get("spec");
        for (index, port) in spec
            .map_or(&[][..], |spec| items(spec, "ports"))
            .iter()
            .enumerate()
        {
            let name = text(port, "name").map(check_label);
            if let Some(Err(error)) = name {
                let path = format!("spec.ports[{index}].name");
                findings.push(illegal(resource, &path, &error));
            }
        }
    }
    findings
}

fn keys(resource: &Resource) -> Vec<Finding> {
    let holds_data = resource.id.is("", "ConfigMap") || resource.id.is("", "Secret");
    let fields = if holds_data {
        &["data", "binaryData"][..]
    } else {
        &[]
    };
    let mut findings = Vec::new();
    for field in fields {
        let map = resource.object.get(field).and_then(|map| map.as_object());
        let to_come = resource.keys_to_come().filter(|_| *field == "data");
        let known = map.into_iter().flat_map(|map| map.keys());
        for key in known.map(String::as_str).chain(to_come) {
            if let Err(error) = check_data_key(key) {
                findings.push(illegal(resource, field, &error));
            }
        }
    }
    findings
}

fn of_pods(pods: &Template<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (pattern, check) in IN_PODS {
        for Found { path, value } in pods.find(pattern) {
            let Some(name) = text(value, "name") else {
                continue;
            };
            if let Err(error) = check(name) {
                findings.push(illegal(pods.owner, &join(&path, "name"), &error));
            }
        }
    }
    findings
}

fn check_port_name(name: &str) -> Result<(), NameError> {
    PortName::new(name).map(|_| ())
}

fn illegal(resource: &Resource, path: &str, error: &NameError) -> Finding {
    let message = format!("`{path}` of {}: {error}", resource.id);
    resource.finding(rules::ILLEGAL_NAME, message)
}
