//! The schemas of what is served, as far as they are known.
//!
//! Enough for `kubectl explain` and for the validation of `kubectl apply`: properties with their types, list keys and
//! patch strategies, without descriptions.

use std::fmt::Write;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::registry::{Registry, Resource};
use crate::route::GroupVersion;

/// `/openapi/v3`: where the document of each group and version is.
pub(super) fn index(registry: &Registry) -> Value {
    let mut paths = Map::new();
    for group in registry.groups() {
        for version in registry.versions(group) {
            add(&mut paths, &path(&version), &document(registry, &version));
        }
        if !group.is_empty() {
            add(&mut paths, &format!("apis/{group}"), &json!(group));
        }
    }
    for root in ["api", "apis", "version"] {
        add(&mut paths, root, &json!(root));
    }
    json!({ "paths": paths })
}

fn add(paths: &mut Map<String, Value>, path: &str, content: &Value) {
    let digest = Sha256::digest(content.to_string().as_bytes());
    let mut hash = String::new();
    for byte in digest {
        // Writing to a text cannot fail.
        let _ = write!(hash, "{byte:02X}");
    }
    let url = format!("/openapi/v3/{path}?hash={hash}");
    paths.insert(path.to_owned(), json!({ "serverRelativeURL": url }));
}

fn path(version: &GroupVersion) -> String {
    match version.group.as_str() {
        "" => format!("api/{}", version.version),
        group => format!("apis/{group}/{}", version.version),
    }
}

/// One document by its path in the index.
pub(super) fn find(registry: &Registry, path: &str) -> Option<Value> {
    let version = match path.split('/').collect::<Vec<_>>().as_slice() {
        ["api", version] => GroupVersion::new("", version),
        ["apis", group, version] => GroupVersion::new(group, version),
        ["api" | "apis" | "version"] | ["apis", _] => {
            return Some(envelope(&Map::new(), &Map::new()));
        }
        _ => return None,
    };
    registry.resources(&version).next()?;
    Some(document(registry, &version))
}

fn document(registry: &Registry, version: &GroupVersion) -> Value {
    let (mut schemas, mut paths) = (Map::new(), Map::new());
    for resource in registry.resources(version) {
        match resource.custom() {
            Some(custom) => {
                let name = schema_name(resource);
                schemas.insert(name, with_kind(resource, custom.schema.clone()));
            }
            None => crate::schemas::add(version, &resource.kind, &mut schemas),
        }
        let (path, methods) = operations(resource);
        paths.insert(path, methods);
    }
    envelope(&schemas, &paths)
}

fn envelope(schemas: &Map<String, Value>, paths: &Map<String, Value>) -> Value {
    json!({
        "openapi": "3.0.0", "info": { "title": "Kubernetes", "version": "v1.36.0+sandbox" },
        "paths": paths, "components": { "schemas": schemas },
    })
}

/// `io.example.v1.Widget` for `Widget` of `example.io/v1`.
fn schema_name(resource: &Resource) -> String {
    let mut parts: Vec<&str> = resource.group().split('.').collect();
    parts.reverse();
    format!(
        "{}.{}.{}",
        parts.join("."),
        resource.group_version.version,
        resource.kind
    )
}

fn with_kind(resource: &Resource, mut schema: Value) -> Value {
    if !schema.is_object() {
        schema = json!({ "type": "object" });
    }
    if !schema["properties"].is_object() {
        schema["properties"] = json!({});
    }
    for key in ["apiVersion", "kind"] {
        schema["properties"][key] = json!({ "type": "string" });
    }
    schema["properties"]["metadata"] = json!({ "type": "object" });
    schema["x-kubernetes-group-version-kind"] = kinds(resource);
    schema
}

fn kinds(resource: &Resource) -> Value {
    json!([{
        "group": resource.group(), "version": resource.group_version.version, "kind": resource.kind,
    }])
}

/// What may be done to a resource, and that it can be tried as a dry run.
fn operations(resource: &Resource) -> (String, Value) {
    let root = match resource.group() {
        "" => format!("/api/{}", resource.group_version.version),
        group => format!("/apis/{group}/{}", resource.group_version.version),
    };
    let namespace = if resource.is_namespaced() {
        "/namespaces/{namespace}"
    } else {
        ""
    };
    let kind = json!({
        "group": resource.group(), "version": resource.group_version.version, "kind": resource.kind,
    });
    let parameters: Vec<Value> = ["dryRun", "fieldManager", "fieldValidation"]
        .into_iter()
        .map(|name| json!({ "name": name, "in": "query", "schema": { "type": "string" } }))
        .collect();
    let operation = |action: &str| {
        json!({
            "x-kubernetes-action": action, "x-kubernetes-group-version-kind": kind,
            "parameters": parameters, "responses": { "200": { "description": "OK" } },
        })
    };
    let methods = json!({
        "get": operation("get"), "put": operation("put"), "patch": operation("patch"), "delete": operation("delete"),
    });
    (
        format!("{root}{namespace}/{}/{{name}}", resource.plural),
        methods,
    )
}
