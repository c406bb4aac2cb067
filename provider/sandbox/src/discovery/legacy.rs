//! Discovery one group and version at a time.

use serde_json::{Map, Value, json};

use crate::registry::{Registry, Resource, Subresource};
use crate::route::GroupVersion;

pub(super) fn core_versions() -> Value {
    json!({
        "kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1" }],
    })
}

pub(super) fn groups(registry: &Registry) -> Value {
    let groups: Vec<Value> = registry
        .groups()
        .iter()
        .filter(|group| !group.is_empty())
        .map(|group| group_body(registry, group))
        .collect();
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
}

pub(super) fn group(registry: &Registry, group: &str) -> Option<Value> {
    registry
        .groups()
        .iter()
        .any(|served| served == group && !group.is_empty())
        .then(|| {
            let mut body = group_body(registry, group);
            body["kind"] = json!("APIGroup");
            body["apiVersion"] = json!("v1");
            body
        })
}

fn group_body(registry: &Registry, group: &str) -> Value {
    let versions: Vec<Value> = registry
        .versions(group)
        .iter()
        .map(|version| json!({ "groupVersion": version.api_version(), "version": version.version }))
        .collect();
    json!({ "name": group, "versions": versions, "preferredVersion": versions.first() })
}

pub(super) fn resources(registry: &Registry, version: &GroupVersion) -> Option<Value> {
    let mut resources: Vec<&Resource> = registry.resources(version).map(AsRef::as_ref).collect();
    if resources.is_empty() {
        return None;
    }
    resources.sort_by(|one, other| one.plural.cmp(&other.plural));
    let entries: Vec<Value> = resources
        .into_iter()
        .flat_map(|resource| {
            let own = std::iter::once(resource_body(resource));
            own.chain(
                resource
                    .subresources
                    .iter()
                    .map(|sub| subresource_body(resource, sub)),
            )
        })
        .collect();
    let mut body = json!({
        "kind": "APIResourceList", "groupVersion": version.api_version(), "resources": entries,
    });
    // The core group's document is older than its `apiVersion`.
    if !version.group.is_empty() {
        body["apiVersion"] = json!("v1");
    }
    Some(body)
}

fn resource_body(resource: &Resource) -> Value {
    let mut body = Map::new();
    body.insert("name".into(), json!(resource.plural));
    body.insert("singularName".into(), json!(resource.singular));
    body.insert("namespaced".into(), json!(resource.is_namespaced()));
    body.insert("kind".into(), json!(resource.kind));
    body.insert("verbs".into(), json!(resource.verbs));
    if !resource.short_names.is_empty() {
        body.insert("shortNames".into(), json!(resource.short_names));
    }
    if !resource.categories.is_empty() {
        body.insert("categories".into(), json!(resource.categories));
    }
    if resource.verbs.contains(&"list") {
        body.insert("storageVersionHash".into(), json!(storage_hash(resource)));
    }
    Value::Object(body)
}

/// Opaque; equal for all versions of a kind, as clients that migrate storage expect.
fn storage_hash(resource: &Resource) -> String {
    use base64::Engine;
    use sha2::{Digest, Sha256};
    let text = format!(
        "{}/{}/{}",
        resource.group(),
        resource.storage_version,
        resource.kind
    );
    base64::engine::general_purpose::STANDARD.encode(&Sha256::digest(text.as_bytes())[..8])
}

fn subresource_body(resource: &Resource, subresource: &Subresource) -> Value {
    let mut body = Map::new();
    body.insert(
        "name".into(),
        json!(format!("{}/{}", resource.plural, subresource.name)),
    );
    body.insert("singularName".into(), json!(""));
    body.insert("namespaced".into(), json!(resource.is_namespaced()));
    let kind = match &subresource.kind {
        None => &resource.kind,
        Some((group, version, kind)) => {
            if !version.is_empty() {
                body.insert("group".into(), json!(group));
                body.insert("version".into(), json!(version));
            }
            kind
        }
    };
    body.insert("kind".into(), json!(kind));
    body.insert("verbs".into(), json!(subresource.verbs));
    Value::Object(body)
}
