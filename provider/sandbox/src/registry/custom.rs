//! What does a `CustomResourceDefinition` add to the kinds that are served?

use std::sync::Arc;

use serde_json::{Value, json};

use super::builtin::STATUS_VERBS;
use super::{CustomVersion, GroupVersion, Origin, Resource, ScalePaths, Scope, Subresource, Trait};

const CUSTOM_VERBS: [&str; 8] = [
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "create",
    "update",
    "watch",
];

/// The served versions of a CRD; none while its names are not accepted.
pub(crate) fn resources(definition: &Value) -> Vec<Resource> {
    if !is_established(definition) {
        return Vec::new();
    }
    let spec = &definition["spec"];
    let versions = spec["versions"].as_array().map_or(&[][..], Vec::as_slice);
    let storage = versions
        .iter()
        .find(|version| version["storage"] == json!(true))
        .and_then(|version| version["name"].as_str())
        .unwrap_or_default();
    versions
        .iter()
        .filter(|version| version["served"] == json!(true))
        .filter_map(|version| resource(definition, version, storage))
        .collect()
}

fn is_established(definition: &Value) -> bool {
    definition["status"]["conditions"]
        .as_array()
        .is_some_and(|conditions| {
            conditions.iter().any(|condition| {
                condition["type"] == json!("Established") && condition["status"] == json!("True")
            })
        })
}

fn resource(definition: &Value, version: &Value, storage: &str) -> Option<Resource> {
    let spec = &definition["spec"];
    let names = &definition["status"]["acceptedNames"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let texts = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(text)
            .collect()
    };
    let kind = text(&names["kind"])?;
    let scale = scale_paths(&version["subresources"]["scale"]);
    Some(Resource {
        group_version: GroupVersion::new(spec["group"].as_str()?, version["name"].as_str()?),
        list_kind: text(&names["listKind"]).unwrap_or_else(|| format!("{kind}List")),
        plural: text(&names["plural"])?,
        singular: text(&names["singular"]).unwrap_or_else(|| kind.to_lowercase()),
        kind,
        short_names: texts(&names["shortNames"]),
        categories: texts(&names["categories"]),
        scope: match spec["scope"].as_str() {
            Some("Cluster") => Scope::Cluster,
            _ => Scope::Namespaced,
        },
        // In the order in which the server lists them for custom resources.
        verbs: CUSTOM_VERBS.to_vec(),
        traits: vec![Trait::PutNeedsVersion],
        subresources: subresources(version, scale.as_ref()),
        storage_version: storage.to_owned(),
        origin: Origin::Custom(Arc::new(CustomVersion {
            definition: text(&definition["metadata"]["name"])?,
            schema: version["schema"]["openAPIV3Schema"].clone(),
            columns: version["additionalPrinterColumns"]
                .as_array()
                .cloned()
                .unwrap_or_default(),
            scale,
        })),
    })
}

fn scale_paths(scale: &Value) -> Option<ScalePaths> {
    let path = |key: &str| scale[key].as_str().map(|path| path.replace('.', "/"));
    Some(ScalePaths {
        spec_replicas: path("specReplicasPath")?,
        status_replicas: path("statusReplicasPath")?,
        label_selector: path("labelSelectorPath"),
    })
}

fn subresources(version: &Value, scale: Option<&ScalePaths>) -> Vec<Subresource> {
    let mut subresources = Vec::new();
    if version["subresources"]["status"].is_object() {
        subresources.push(Subresource {
            name: "status".to_owned(),
            kind: None,
            verbs: STATUS_VERBS.to_vec(),
        });
    }
    if scale.is_some() {
        subresources.push(Subresource {
            name: "scale".to_owned(),
            kind: Some(("autoscaling".into(), "v1".into(), "Scale".into())),
            verbs: STATUS_VERBS.to_vec(),
        });
    }
    subresources
}
