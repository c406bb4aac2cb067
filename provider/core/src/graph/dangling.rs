//! Which names lead nowhere?

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Finding,
    builtin::{is_cluster_kind, is_everywhere},
    edges::{Resources, namespace_id},
    reference::{Need, Reference},
    rules,
};
use crate::{id::ResourceId, resource::Resource, scope::Existing};

/// Whether an object is in the cluster though it is not in the stack: every cluster has it, or the definition says so.
pub(super) fn exists(existing: &Existing, id: &ResourceId) -> bool {
    is_everywhere(id) || existing.contains_key(id) || existing.contains_key(&without_namespace(id))
}

/// The same object if its kind turns out to have no namespaces.
pub(super) fn without_namespace(id: &ResourceId) -> ResourceId {
    ResourceId {
        namespace: None,
        ..id.clone()
    }
}

/// A reference to what is neither in the stack nor in the cluster.
pub(super) fn dangling(resources: &Resources, from: &Resource, reference: &Reference) -> Finding {
    let Reference { path, to, .. } = reference;
    let elsewhere = resources
        .keys()
        .find(|id| id.name == to.name && id.kind == to.kind && id.group == to.group);
    let (kind, name) = (&to.kind, &to.name);
    let in_own_namespace = to.namespace.is_none() || to.namespace == from.id.namespace;
    let (rule, also, hint) = match elsewhere {
        // Nothing beside the name could say another namespace, so there is no way to mean the other one.
        Some(other) if in_own_namespace => {
            let hint = format!("a {kind} is of use here only in the same namespace");
            (
                rules::OTHER_NAMESPACE,
                format!("but only {other} is in this stack"),
                hint,
            )
        }
        Some(other) => {
            let hint = format!("say the namespace of {other}, if it is meant");
            (rules::DANGLING_REFERENCE, NOT_HERE.to_owned(), hint)
        }
        None => {
            let place = to.namespace.as_deref().filter(|_| !in_own_namespace);
            let call = match place {
                None => format!("existing::<{kind}>(\"{name}\")"),
                Some(place) => format!("existing_in::<{kind}>(\"{place}\", \"{name}\")"),
            };
            let hint = format!("add the {kind}, or say `scope.{call}` if it is there already");
            (rules::DANGLING_REFERENCE, NOT_HERE.to_owned(), hint)
        }
    };
    let message = format!("{} refers to {to} in `{path}`, {also}", from.id);
    from.finding(rule, message).hint(hint)
}

const NOT_HERE: &str = "which is not in this stack";

/// The keys that are used of a ConfigMap or Secret of the stack and that it does not have.
pub(super) fn missing_keys(from: &Resource, reference: &Reference, to: &Resource) -> Vec<Finding> {
    // The server fills in the token of a Secret of this type.
    let filled_in = to.object.get("type").and_then(Value::as_str)
        == Some("kubernetes.io/service-account-token");
    if reference.need == Need::Optional || filled_in {
        return Vec::new();
    }
    let keys = keys(to);
    let missing = |key: &&String| !keys.contains(key.as_str());
    let finding = |key: &String| {
        let message = format!(
            "{} uses the key `{key}` of {} in `{}`, which has no such key",
            from.id, to.id, reference.path
        );
        let known: Vec<_> = keys.iter().copied().collect();
        Finding::new(rules::MISSING_KEY, message)
            .on(&from.id)
            .hint(format!("it has: {}", known.join(", ")))
            .at(&from.origin)
    };
    reference.keys.iter().filter(missing).map(finding).collect()
}

/// The keys that a ConfigMap or a Secret will have, those that are made later included.
fn keys(resource: &Resource) -> BTreeSet<&str> {
    ["data", "binaryData", "stringData"]
        .iter()
        .filter_map(|field| resource.object.get(field)?.as_object())
        .flat_map(|map| map.keys())
        .map(String::as_str)
        .chain(resource.keys_to_come())
        .collect()
}

/// Objects in namespaces that are neither part of the stack nor known to exist.
pub(super) fn homeless(resources: &Resources, existing: &Existing) -> Vec<Finding> {
    resources
        .values()
        .filter(|resource| !is_cluster_kind(&resource.id.group, &resource.id.kind))
        .filter_map(|resource| {
            let namespace = resource.id.namespace.as_deref()?;
            let id = namespace_id(namespace);
            let known = resources.contains_key(&id) || exists(existing, &id);
            let message = format!("{} is in the namespace `{namespace}`, which is not in this stack", resource.id);
            let hint = format!(
                "describe it with `scope.within(\"{namespace}\", …)`, or say `scope.existing::<Namespace>(\"{namespace}\")` if it is there already"
            );
            (!known).then(|| {
                Finding::new(rules::UNKNOWN_NAMESPACE, message)
                    .on(&resource.id)
                    .hint(hint)
                    .at(&resource.origin)
            })
        })
        .collect()
}
