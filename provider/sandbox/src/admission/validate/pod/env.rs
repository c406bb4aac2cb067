//! Whether environment variables are legal, and where their values may come from.

use serde_json::json;

use super::super::super::at::At;
use super::super::super::cause::Causes;
use super::super::names::{
    Rule, check, config_key, dns_label, dns_subdomain, env_name, qualified_name,
};
use super::super::paths::without_backsteps;

const FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
const FILE_FIELDS: [&str; 5] = [
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];
const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

/// Where a reference to a field of the Pod stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Into {
    Variable,
    File,
}

/// Single variables.
pub(super) fn variables(at: &At<'_>, causes: &mut Causes) {
    for variable in at.items() {
        if variable.field("name").is_empty() {
            causes.required(&variable.field("name"), "");
        } else {
            check(&variable.field("name"), env_name, causes);
        }
        if variable.field("valueFrom").is_set() {
            value_from(&variable, causes);
        }
    }
}

/// Whole ConfigMaps and Secrets.
pub(super) fn sources(at: &At<'_>, causes: &mut Causes) {
    for source in at.items() {
        if !source.field("prefix").is_empty() {
            check(&source.field("prefix"), env_name, causes);
        }
        let set: Vec<At<'_>> = ["configMapRef", "secretRef"]
            .iter()
            .map(|name| source.field(name))
            .filter(At::is_set)
            .collect();
        for reference in &set {
            if reference.field("name").is_empty() {
                causes.required(&reference.field("name"), "");
            } else {
                check(&reference.field("name"), dns_subdomain, causes);
            }
        }
        match set.len() {
            0 => causes.invalid_as(
                at,
                &json!(""),
                "must specify one of: `configMapRef` or `secretRef`",
            ),
            1 => {}
            _ => causes.invalid_as(
                at,
                &json!(""),
                "may not have more than one field specified at a time",
            ),
        }
    }
}

fn value_from(variable: &At<'_>, causes: &mut Causes) {
    let at = variable.field("valueFrom");
    let names = [
        "fieldRef",
        "resourceFieldRef",
        "configMapKeyRef",
        "secretKeyRef",
        "fileKeyRef",
    ];
    let set: Vec<&str> = names
        .into_iter()
        .filter(|name| at.field(name).is_set())
        .collect();
    for name in &set {
        let source = at.field(name);
        match *name {
            "fieldRef" => field_ref(&source, Into::Variable, causes),
            "resourceFieldRef" => resource_ref(&source, Into::Variable, causes),
            "configMapKeyRef" | "secretKeyRef" => key_ref(&source, causes),
            _ => file_ref(&source, causes),
        }
    }
    let nothing = json!("");
    if set.is_empty() {
        let detail = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
        causes.invalid_as(&at, &nothing, detail);
    } else if !variable.field("value").is_empty() {
        causes.invalid_as(
            &at,
            &nothing,
            "may not be specified when `value` is not empty",
        );
    } else if set.len() > 1 {
        causes.invalid_as(
            &at,
            &nothing,
            "may not have more than one field specified at a time",
        );
    }
}

fn key_ref(at: &At<'_>, causes: &mut Causes) {
    check(&at.field("name"), dns_subdomain, causes);
    if at.field("key").is_empty() {
        causes.required(&at.field("key"), "");
    } else {
        check(&at.field("key"), config_key, causes);
    }
}

fn file_ref(at: &At<'_>, causes: &mut Causes) {
    let rules: [(&str, Rule); 3] = [
        ("key", env_name),
        ("volumeName", dns_label),
        ("path", without_backsteps),
    ];
    for (field, rule) in rules {
        if at.field(field).is_empty() {
            causes.required(&at.field(field), "");
        } else {
            check(&at.field(field), rule, causes);
        }
    }
}

/// A reference to a field of the Pod.
pub(super) fn field_ref(at: &At<'_>, into: Into, causes: &mut Causes) {
    let path = at.field("fieldPath");
    if path.is_empty() {
        return causes.required(&path, "");
    }
    if at.field("apiVersion").text() != "v1" {
        return causes.invalid(&path, "error converting fieldPath: unsupported pod version");
    }
    if let Some((name, key)) = path
        .text()
        .strip_suffix("']")
        .and_then(|start| start.split_once("['"))
    {
        let broken = match name {
            "metadata.annotations" => qualified_name(&key.to_lowercase()),
            "metadata.labels" => qualified_name(key),
            _ => {
                return causes.invalid(
                    &path,
                    "error converting fieldPath: field label does not support subscript",
                );
            }
        };
        for message in broken {
            causes.invalid_as(at, &json!(key), &message);
        }
        return;
    }
    let convertible = FIELDS.contains(&path.text())
        || FILE_FIELDS.contains(&path.text())
        || OTHER_FIELDS.contains(&path.text());
    let allowed: &[&str] = if into == Into::Variable {
        &FIELDS
    } else {
        &FILE_FIELDS
    };
    if !convertible {
        causes.invalid(
            &path,
            &format!(
                "error converting fieldPath: field label not supported: {}",
                path.text()
            ),
        );
    } else if !allowed.contains(&path.text()) {
        causes.unsupported(&path, allowed);
    }
}

/// Fields that can be named but not referred to everywhere.
const OTHER_FIELDS: [&str; 4] = [
    "spec.host",
    "spec.restartPolicy",
    "spec.schedulerName",
    "status.phase",
];

/// A reference to a request or limit of a container.
pub(super) fn resource_ref(at: &At<'_>, into: Into, causes: &mut Causes) {
    let resource = at.field("resource");
    if into == Into::File && at.field("containerName").is_empty() {
        causes.required(&at.field("containerName"), "");
    } else if resource.is_empty() {
        causes.required(&resource, "");
    } else if !RESOURCES.contains(&resource.text())
        && !["limits.hugepages-", "requests.hugepages-"]
            .iter()
            .any(|start| resource.text().starts_with(start))
    {
        causes.unsupported(&resource, &RESOURCES);
    }
    let supported: &[&str] = match resource.text().split_once('.') {
        Some(("limits" | "requests", "cpu")) => &["0", "1m", "1"],
        Some(("limits" | "requests", _)) => &[
            "0", "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei",
        ],
        _ => return,
    };
    let divisor = at.field("divisor");
    if divisor.is_set() && !supported.contains(&divisor.text()) {
        causes.invalid(
            &divisor,
            "only divisor's values are supported that name one unit",
        );
    }
}
