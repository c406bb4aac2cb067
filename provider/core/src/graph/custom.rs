//! What is known of kinds that no Rust type describes?

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    builtin::{is_builtin_group, is_cluster_kind},
    walk::text,
};
use crate::{
    id::ResourceId,
    kind::{Kind, KindScope, KindSource},
    resource::Resource,
};

/// Corrects what is usual by what is known, and says from where.
pub(crate) fn kind_of(usual: Kind, resources: &[Resource]) -> (Kind, KindSource) {
    if let Some(kind) = defined(&usual, resources) {
        return (kind, KindSource::Definition);
    }
    if !is_builtin_group(&usual.group) {
        return (usual, KindSource::Convention);
    }
    let scope = if is_cluster_kind(&usual.group, &usual.kind) {
        KindScope::Cluster
    } else {
        KindScope::Namespaced
    };
    (Kind { scope, ..usual }, KindSource::Builtin)
}

/// A definition may stand after the first object of its kind; once all is written, it is the one that counts.
pub(super) fn learn(resources: &mut [Resource]) {
    let mut renamed: BTreeMap<ResourceId, ResourceId> = BTreeMap::new();
    for index in 0..resources.len() {
        if resources[index].known_by != KindSource::Convention {
            continue;
        }
        let Some(kind) = defined(&resources[index].kind, resources) else {
            continue;
        };
        let resource = &mut resources[index];
        let old = resource.id.clone();
        if kind.scope == KindScope::Cluster {
            resource.id.namespace = None;
            if let Some(metadata) = resource.object["metadata"].as_object_mut() {
                metadata.remove("namespace");
            }
        }
        resource.kind = kind;
        resource.known_by = KindSource::Definition;
        renamed.insert(old, resource.id.clone());
    }
    for resource in resources {
        let depends_on = std::mem::take(&mut resource.depends_on);
        resource.depends_on = depends_on
            .into_iter()
            .map(|id| renamed.get(&id).cloned().unwrap_or(id))
            .collect();
    }
}

/// The kind as a definition of the stack has it.
fn defined(usual: &Kind, resources: &[Resource]) -> Option<Kind> {
    resources
        .iter()
        .filter(|resource| resource.is("apiextensions.k8s.io", "CustomResourceDefinition"))
        .filter_map(|resource| resource.object.get("spec"))
        .find(|spec| {
            text(spec, "group") == Some(&usual.group)
                && spec.pointer("/names/kind").and_then(Value::as_str) == Some(&usual.kind)
        })
        .map(|spec| {
            let plural = spec.pointer("/names/plural").and_then(Value::as_str);
            Kind {
                plural: plural.unwrap_or(&usual.plural).to_owned(),
                scope: match text(spec, "scope") {
                    Some("Cluster") => KindScope::Cluster,
                    _ => KindScope::Namespaced,
                },
                ..usual.clone()
            }
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use KindScope::{Cluster, Namespaced};

    use crate::{
        Graph, Kind, KindScope, KindSource, Scope, Untyped,
        graph::tests::{broken, graph, object},
        k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    };

    fn untyped(api_version: &str, kind: &str) -> Untyped {
        Untyped(object(json!({
            "apiVersion": api_version, "kind": kind,
            "metadata": { "name": "it" },
            "spec": { "any": ["thing"] },
        })))
    }

    fn definition() -> CustomResourceDefinition {
        object(json!({
            "metadata": { "name": "gateways.example.com" },
            "spec": {
                "group": "example.com", "scope": "Cluster",
                "names": { "kind": "Gate", "plural": "gateways" },
                "versions": [],
            },
        }))
    }

    fn known(graph: &Graph, kind: &str) -> (String, String, KindScope, KindSource) {
        let resource = graph
            .resources()
            .find(|resource| resource.id.kind == kind)
            .unwrap();
        let id = resource.id.to_string();
        let Kind { plural, scope, .. } = resource.kind.clone();
        (id, plural, scope, resource.known_by)
    }

    #[test]
    fn untyped_objects_are_added_as_others_are() {
        let graph = graph(|stack| {
            stack.add(untyped("networking.k8s.io/v1", "IngressClass"));
            stack.add(untyped("v1", "ConfigMap"));
            stack.add(untyped("monitoring.coreos.com/v1", "PodMonitor"));
        })
        .unwrap();
        for (kind, id, plural, scope, source) in [
            (
                "IngressClass",
                "IngressClass/it",
                "ingressclasses",
                Cluster,
                KindSource::Builtin,
            ),
            (
                "ConfigMap",
                "ConfigMap/shop/it",
                "configmaps",
                Namespaced,
                KindSource::Builtin,
            ),
            (
                "PodMonitor",
                "PodMonitor.monitoring.coreos.com/shop/it",
                "podmonitors",
                Namespaced,
                KindSource::Convention,
            ),
        ] {
            let expected = (id.to_owned(), plural.to_owned(), scope, source);
            assert_eq!(known(&graph, kind), expected);
        }
    }

    #[test]
    fn a_definition_counts_wherever_it_stands() {
        let before = |stack: &mut Scope<'_>| {
            stack.add(definition());
            stack.add(untyped("example.com/v1", "Gate"));
        };
        let after = |stack: &mut Scope<'_>| {
            let gate = stack.add(untyped("example.com/v1", "Gate"));
            let config = stack.add(untyped("v1", "ConfigMap"));
            stack.depends_on(&config, &gate);
            stack.add(definition());
        };
        for graph in [graph(before).unwrap(), graph(after).unwrap()] {
            assert_eq!(
                known(&graph, "Gate"),
                (
                    "Gate.example.com/it".to_owned(),
                    "gateways".to_owned(),
                    KindScope::Cluster,
                    KindSource::Definition
                )
            );
            let why: Vec<_> = graph
                .edges()
                .iter()
                .filter(|edge| edge.from.kind == "Gate")
                .map(|edge| edge.to.kind.as_str())
                .collect();
            assert_eq!(why, ["CustomResourceDefinition"]);
        }
    }

    #[test]
    fn an_object_must_say_what_it_is() {
        let mut nameless = untyped("v1", "ConfigMap");
        nameless.0.types = None;
        let found = broken(move |stack| drop(stack.add(nameless.clone())));
        assert_eq!(found, ["untyped-object"]);
    }
}
