//! What the API fills in for access rules, webhooks, admission policies, priorities, limits and definitions.

use serde_json::{Map, Value, json};

use super::super::edit::{child, lacks, object, or_set, or_set_zero, text};

const RBAC: &str = "rbac.authorization.k8s.io";

/// A binding of a role.
pub(super) fn binding(binding: &mut Value) {
    or_set_zero(child(binding, "roleRef"), "apiGroup", RBAC);
}

/// A subject of a binding.
pub(super) fn subject(subject: &mut Value) {
    if matches!(text(subject, "kind"), "User" | "Group") {
        or_set_zero(subject, "apiGroup", RBAC);
    }
}

/// A webhook that validates.
pub(super) fn validating_webhook(webhook: &mut Value) {
    or_set(webhook, "failurePolicy", "Fail");
    match_resources(webhook);
    or_set(webhook, "timeoutSeconds", 10);
}

/// A webhook that mutates.
pub(super) fn mutating_webhook(webhook: &mut Value) {
    validating_webhook(webhook);
    or_set(webhook, "reinvocationPolicy", "Never");
}

/// What an admission policy or a webhook looks at.
pub(super) fn match_resources(rules: &mut Value) {
    or_set(rules, "matchPolicy", "Equivalent");
    or_set(rules, "namespaceSelector", json!({}));
    or_set(rules, "objectSelector", json!({}));
}

/// A rule over resources.
pub(super) fn resource_rule(rule: &mut Value) {
    or_set(rule, "scope", "*");
}

/// A Service that answers for a webhook.
pub(super) fn service_reference(reference: &mut Value) {
    or_set(reference, "port", 443);
}

/// The spec of an admission policy.
pub(super) fn admission_policy_spec(spec: &mut Value) {
    or_set(spec, "failurePolicy", "Fail");
}

/// A class of priorities.
pub(super) fn priority_class(class: &mut Value) {
    or_set(class, "preemptionPolicy", "PreemptLowerPriority");
}

/// One limit of a `LimitRange`: what is missing of default and request follows from the others.
pub(super) fn limit(item: &mut Value) {
    if text(item, "type") != "Container" {
        return;
    }
    fill(item, "default", "max");
    fill(item, "defaultRequest", "default");
    fill(item, "defaultRequest", "min");
}

fn fill(item: &mut Value, name: &str, source: &str) {
    let amounts: Map<String, Value> = item
        .get(source)
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    for (resource, amount) in amounts {
        object(child(item, name)).entry(resource).or_insert(amount);
    }
}

/// A Secret.
pub(super) fn secret(secret: &mut Value) {
    or_set_zero(secret, "type", "Opaque");
}

/// A Namespace carries its own name as a label.
pub(super) fn namespace(namespace: &mut Value) {
    let name = namespace
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    if !name.is_empty() {
        let labels = object(child(child(namespace, "metadata"), "labels"));
        labels.insert("kubernetes.io/metadata.name".into(), json!(name));
    }
    super::or_phase(namespace, "Active");
}

/// A definition of custom resources.
pub(super) fn definition(definition: &mut Value) {
    let spec = child(definition, "spec");
    let names = child(spec, "names");
    let kind = text(names, "kind").to_owned();
    if !kind.is_empty() {
        or_set_zero(names, "singular", kind.to_lowercase());
        or_set_zero(names, "listKind", format!("{kind}List"));
    }
    if lacks(spec, "conversion") {
        or_set(spec, "conversion", json!({ "strategy": "None" }));
    }
    let stored = spec
        .get("versions")
        .and_then(Value::as_array)
        .and_then(|versions| {
            versions
                .iter()
                .find(|version| version.get("storage") == Some(&Value::Bool(true)))
        })
        .map(|version| text(version, "name").to_owned());
    if let Some(name) = stored {
        or_set_zero(child(definition, "status"), "storedVersions", json!([name]));
    }
}
