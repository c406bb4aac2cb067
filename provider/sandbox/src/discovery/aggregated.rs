//! Discovery of all groups at once.

use serde_json::{Map, Value, json};

use crate::registry::{Registry, Resource, Subresource};

/// The media type of the answer.
pub(super) const MEDIA_TYPE: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Whether the first thing that the caller accepts is the aggregated document.
pub(super) fn is_wanted(accept: &str) -> bool {
    accept.split(',').any(|media_range| {
        let parameters: Vec<&str> = media_range.split(';').map(str::trim).collect();
        ["as=APIGroupDiscoveryList", "g=apidiscovery.k8s.io", "v=v2"]
            .iter()
            .all(|wanted| parameters.contains(wanted))
    })
}

/// The core group alone, or all others.
pub(super) fn document(registry: &Registry, core: bool) -> Value {
    let items: Vec<Value> = registry
        .groups()
        .iter()
        .filter(|group| group.is_empty() == core)
        .map(|group| group_body(registry, group))
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {}, "items": items,
    })
}

fn group_body(registry: &Registry, group: &str) -> Value {
    let versions: Vec<Value> = registry
        .versions(group)
        .iter()
        .map(|version| {
            let resources: Vec<Value> = registry
                .resources(version)
                .map(|resource| resource_body(resource))
                .collect();
            json!({ "version": version.version, "resources": resources, "freshness": "Current" })
        })
        .collect();
    let metadata = if group.is_empty() {
        json!({})
    } else {
        json!({ "name": group })
    };
    json!({ "metadata": metadata, "versions": versions })
}

fn resource_body(resource: &Resource) -> Value {
    // Built-in kinds leave group and version to the document around them.
    let (group, version) = if resource.custom().is_some() {
        (resource.group(), resource.group_version.version.as_str())
    } else {
        ("", "")
    };
    let mut body = Map::new();
    body.insert("resource".into(), json!(resource.plural));
    body.insert(
        "responseKind".into(),
        json!({ "group": group, "version": version, "kind": resource.kind }),
    );
    let scope = if resource.is_namespaced() {
        "Namespaced"
    } else {
        "Cluster"
    };
    body.insert("scope".into(), json!(scope));
    body.insert("singularResource".into(), json!(resource.singular));
    body.insert("verbs".into(), json!(resource.verbs));
    if !resource.short_names.is_empty() {
        body.insert("shortNames".into(), json!(resource.short_names));
    }
    if !resource.categories.is_empty() {
        body.insert("categories".into(), json!(resource.categories));
    }
    if !resource.subresources.is_empty() {
        let subresources = resource.subresources.iter();
        let subresources: Vec<Value> = subresources
            .map(|subresource| subresource_body(resource, subresource, group, version))
            .collect();
        body.insert("subresources".into(), json!(subresources));
    }
    Value::Object(body)
}

fn subresource_body(
    resource: &Resource,
    subresource: &Subresource,
    group: &str,
    version: &str,
) -> Value {
    let (group, version, kind) = match &subresource.kind {
        None => (group, version, resource.kind.as_str()),
        Some((group, version, kind)) => (group.as_str(), version.as_str(), kind.as_str()),
    };
    json!({
        "subresource": subresource.name, "verbs": subresource.verbs,
        "responseKind": { "group": group, "version": version, "kind": kind },
    })
}
