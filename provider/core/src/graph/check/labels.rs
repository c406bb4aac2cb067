//! Are labels and annotations what the API accepts?

use serde_json::Value;

use super::{Finding, View};
use crate::{
    graph::{rules, walk::find},
    name::{LabelValue, NameError, check_label_key},
    resource::Resource,
};

/// What a map of text holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Labels,
    Annotations,
}

const MAPS: &[(&str, Holds)] = &[
    ("metadata.labels", Holds::Labels),
    ("metadata.annotations", Holds::Annotations),
    ("spec.template.metadata.labels", Holds::Labels),
    ("spec.template.metadata.annotations", Holds::Annotations),
    (
        "spec.jobTemplate.spec.template.metadata.labels",
        Holds::Labels,
    ),
    (
        "spec.jobTemplate.spec.template.metadata.annotations",
        Holds::Annotations,
    ),
    ("spec.selector.matchLabels", Holds::Labels),
    ("spec.podSelector.matchLabels", Holds::Labels),
    ("spec.template.spec.nodeSelector", Holds::Labels),
];

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    view.resources.values().flat_map(of_object).collect()
}

fn of_object(resource: &Resource) -> Vec<Finding> {
    let mut findings = Vec::new();
    // What stands below `spec` of a custom resource is its own affair.
    let ours = crate::graph::builtin::is_builtin_group(&resource.id.group);
    let maps = MAPS
        .iter()
        .filter(|(pattern, _)| ours || pattern.starts_with("metadata"));
    for (pattern, holds) in maps {
        for found in find(&resource.object, pattern) {
            findings.extend(of_map(resource, &found.path, found.value, *holds));
        }
    }
    if resource.id.is("", "Service") {
        let selector = find(&resource.object, "spec.selector");
        for found in selector {
            findings.extend(of_map(resource, &found.path, found.value, Holds::Labels));
        }
    }
    findings
}

fn of_map(resource: &Resource, path: &str, map: &Value, holds: Holds) -> Vec<Finding> {
    let illegal = |error: NameError| {
        let message = format!("`{path}` of {}: {error}", resource.id);
        resource.finding(rules::ILLEGAL_LABEL, message)
    };
    let mut findings = Vec::new();
    for (key, value) in map.as_object().into_iter().flatten() {
        findings.extend(check_label_key(key).err().map(illegal));
        if let (Holds::Labels, Some(text)) = (holds, value.as_str()) {
            findings.extend(LabelValue::new(text).err().map(illegal));
        }
    }
    findings
}
