//! What the table finds in objects of each kind.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Need, Reference, references};
use crate::{
    id::ResourceId,
    kind::{Kind, KindScope, KindSource},
    lifecycle::Lifecycle,
    origin::Origin,
    resource::Resource,
};

fn resource(group: &str, kind: &str, namespace: Option<&str>, object: Value) -> Resource {
    Resource {
        id: ResourceId {
            group: group.into(),
            kind: kind.into(),
            namespace: namespace.map(str::to_owned),
            name: "it".into(),
        },
        kind: Kind {
            group: group.into(),
            version: "v1".into(),
            kind: kind.into(),
            plural: "its".into(),
            scope: KindScope::Namespaced,
        },
        known_by: KindSource::Type,
        object,
        lifecycle: Lifecycle::default(),
        recipes: BTreeMap::new(),
        certificate: None,
        borrowed: BTreeMap::new(),
        depends_on: BTreeSet::new(),
        origin: Origin::at(std::panic::Location::caller()),
    }
}

fn in_pods(spec: &Value) -> Vec<Reference> {
    let object = json!({ "spec": { "template": { "spec": spec } } });
    references(&resource("apps", "Deployment", Some("shop"), object))
}

fn shown(references: &[Reference]) -> Vec<String> {
    references
        .iter()
        .map(|reference| {
            let optional = match reference.need {
                Need::Required => "",
                Need::Optional => "?",
            };
            format!(
                "{} -> {}{optional} {:?}",
                reference.path, reference.to, reference.keys
            )
        })
        .collect()
}

#[test]
fn pods_refer_to_what_they_mount_and_read() {
    let spec = json!({
        "serviceAccountName": "api",
        "imagePullSecrets": [{ "name": "registry" }],
        "volumes": [
            { "name": "config", "configMap": { "name": "settings", "items": [{ "key": "a.yaml", "path": "a" }] } },
            { "name": "certs", "secret": { "secretName": "tls", "optional": true } },
            { "name": "data", "persistentVolumeClaim": { "claimName": "data" } },
            { "name": "all", "projected": { "sources": [{ "secret": { "name": "more" } }] } },
        ],
        "containers": [{
            "name": "api",
            "env": [{ "name": "PASSWORD", "valueFrom": { "secretKeyRef": { "name": "login", "key": "password" } } }],
            "envFrom": [{ "configMapRef": { "name": "env" } }],
        }],
    });
    assert_eq!(
        shown(&in_pods(&spec)),
        [
            r#"spec.template.spec.volumes[config].configMap.name -> ConfigMap/shop/settings ["a.yaml"]"#,
            r"spec.template.spec.volumes[certs].secret.secretName -> Secret/shop/tls? []",
            r"spec.template.spec.volumes[all].projected.sources[0].secret.name -> Secret/shop/more []",
            r"spec.template.spec.volumes[data].persistentVolumeClaim.claimName -> PersistentVolumeClaim/shop/data []",
            r#"spec.template.spec.containers[api].env[PASSWORD].valueFrom.secretKeyRef.name -> Secret/shop/login ["password"]"#,
            r"spec.template.spec.containers[api].envFrom[0].configMapRef.name -> ConfigMap/shop/env []",
            r"spec.template.spec.imagePullSecrets[registry].name -> Secret/shop/registry []",
            r"spec.template.spec.serviceAccountName -> ServiceAccount/shop/api []",
        ]
    );
}

#[test]
fn other_kinds_refer_by_their_own_fields() {
    let rbac = "rbac.authorization.k8s.io";
    for (resource, expected) in [
        (
            resource(
                rbac,
                "ClusterRoleBinding",
                None,
                json!({
                    "roleRef": { "apiGroup": rbac, "kind": "ClusterRole", "name": "reader" },
                    "subjects": [
                        { "kind": "ServiceAccount", "name": "api", "namespace": "shop" },
                        { "kind": "User", "apiGroup": rbac, "name": "eve" },
                    ],
                }),
            ),
            vec![
                "roleRef.name -> ClusterRole/reader []",
                "subjects[api].name -> ServiceAccount/shop/api []",
            ],
        ),
        (
            resource(
                "autoscaling",
                "HorizontalPodAutoscaler",
                Some("shop"),
                json!({ "spec": { "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "api" } } }),
            ),
            vec!["spec.scaleTargetRef.name -> Deployment/shop/api []"],
        ),
        (
            resource(
                "",
                "PersistentVolume",
                None,
                json!({ "spec": { "storageClassName": "", "claimRef": { "namespace": "shop", "name": "data" } } }),
            ),
            vec!["spec.claimRef.name -> PersistentVolumeClaim/shop/data? []"],
        ),
        (
            resource(
                "example.com",
                "Thing",
                Some("shop"),
                json!({ "metadata": { "ownerReferences": [{ "apiVersion": "v1", "kind": "ConfigMap", "name": "owner" }] } }),
            ),
            vec!["metadata.ownerReferences[owner].name -> ConfigMap/shop/owner []"],
        ),
        (
            resource(
                "networking.k8s.io",
                "Ingress",
                Some("shop"),
                json!({ "spec": {
                    "ingressClassName": "nginx",
                    "tls": [{ "secretName": "tls" }],
                    "rules": [{ "http": { "paths": [{ "backend": { "service": { "name": "api" } } }] } }],
                } }),
            ),
            vec![
                "spec.ingressClassName -> IngressClass/nginx []",
                "spec.rules[0].http.paths[0].backend.service.name -> Service/shop/api []",
                "spec.tls[0].secretName -> Secret/shop/tls []",
            ],
        ),
    ] {
        assert_eq!(shown(&references(&resource)), expected, "{}", resource.id);
    }
}
