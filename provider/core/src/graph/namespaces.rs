//! Which namespaces does a stack bring, and what may Pods do there?

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{builtin::is_system_namespace, edges::namespace_id};
use crate::{
    k8s_openapi::api::core::v1::Namespace,
    kind::{Kind, KindSource},
    lifecycle::Lifecycle,
    resource::Resource,
    scope::Existing,
    stack::{OwnNamespace, PodSecurity},
};

/// The label that makes the API server refuse Pods beyond a level; `audit` and `warn` have the same form.
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

/// The Namespaces that follow from where a stack describes things: not those that it adds itself, that exist
/// already or that belong to the cluster.
pub(super) fn derive(
    namespaces: &BTreeMap<String, OwnNamespace>,
    resources: &[Resource],
    existing: &Existing,
) -> Vec<Resource> {
    let added: BTreeSet<_> = resources.iter().map(|resource| &resource.id).collect();
    namespaces
        .iter()
        .filter(|(name, _)| !is_system_namespace(name))
        .filter(|(name, _)| {
            let id = namespace_id(name);
            !added.contains(&id) && !existing.contains_key(&id)
        })
        .map(|(name, own)| namespace(name, own))
        .collect()
}

/// The level that a Namespace of the stack enforces, if it enforces one.
pub(super) fn level(namespace: &Resource) -> Option<PodSecurity> {
    let label = namespace.at(&["metadata", "labels", ENFORCE])?.as_str()?;
    [
        PodSecurity::Restricted,
        PodSecurity::Baseline,
        PodSecurity::Privileged,
    ]
    .into_iter()
    .find(|level| level.as_str() == label)
}

fn namespace(name: &str, own: &OwnNamespace) -> Resource {
    let level = own.level.as_str();
    let labels = ["enforce", "audit", "warn"]
        .map(|mode| (format!("pod-security.kubernetes.io/{mode}"), level));
    let labels: BTreeMap<_, _> = labels.into_iter().collect();
    Resource {
        id: namespace_id(name),
        kind: Kind::of::<Namespace>(),
        known_by: KindSource::default(),
        object: json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": name, "labels": labels },
        }),
        lifecycle: Lifecycle::default(),
        recipes: BTreeMap::new(),
        certificate: None,
        borrowed: BTreeMap::new(),
        depends_on: BTreeSet::new(),
        origin: own.origin.clone(),
    }
}
