//! What lives in a namespace or a definition that may go, and which volumes stay behind a workload?
//!
//! Asked only where something is to go, so that an ordinary plan costs nothing of this.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{join_all, try_join_all};
use provider_core::{
    Kind, KindScope, ResourceId, applyset,
    k8s_openapi::api::core::v1::PersistentVolumeClaim,
    plan::{Observation, Observed},
};
use serde_json::Value;

use super::{Sought, id_of};
use crate::{
    cluster::{CallError, Cluster, Failure, Patience, discovery::Served},
    error::ObserveError,
    inventory::Place,
};

impl Cluster {
    /// Fills in, for everything that may go, what else would go with it.
    pub(super) async fn look_inside(
        &self,
        sought: &Sought<'_>,
        observation: &mut Observation,
    ) -> Result<(), ObserveError> {
        let Sought {
            place,
            manager: _,
            resources,
            leaving,
        } = sought;
        let is_there = |id: &&ResourceId| {
            observation
                .objects
                .get(*id)
                .is_some_and(|observed| observed.live.is_some())
        };
        let going: Vec<&ResourceId> = leaving.keys().filter(is_there).collect();
        let namespaces: Vec<&ResourceId> = going
            .iter()
            .copied()
            .filter(|id| id.is("", "Namespace"))
            .collect();
        let definitions: Vec<&ResourceId> = going
            .iter()
            .copied()
            .filter(|id| id.is("apiextensions.k8s.io", "CustomResourceDefinition"))
            .collect();
        let known = |id: &ResourceId| {
            leaving.contains_key(id) || resources.iter().any(|resource| resource.id == *id)
        };
        if !namespaces.is_empty() {
            let kinds = self.discover().await.map_err(ObserveError::Read)?;
            let found = join_all(
                namespaces
                    .iter()
                    .map(|id| self.inhabitants(place, &id.name, &kinds)),
            )
            .await;
            for (id, found) in namespaces.into_iter().zip(found) {
                let guests = found.into_iter().filter(|guest| !known(guest));
                observation.guests.insert(id.clone(), guests.collect());
            }
        }
        for id in definitions {
            let live = observation.objects[id].live.clone().unwrap_or_default();
            let guests = self
                .instances(&live)
                .await
                .into_iter()
                .filter(|guest| !known(guest));
            observation.guests.insert(id.clone(), guests.collect());
        }
        self.claims(leaving, observation)
            .await
            .map_err(ObserveError::Read)
    }

    /// Everything in a namespace but what Kubernetes puts there by itself.
    async fn inhabitants(
        &self,
        place: &Place,
        namespace: &str,
        kinds: &[Served],
    ) -> BTreeSet<ResourceId> {
        let listable = kinds.iter().filter(|served| {
            served.kind.scope == KindScope::Namespaced
                && served.verbs.iter().any(|verb| verb == "list")
                && !is_by_product(&served.kind)
        });
        let found = join_all(listable.map(|served| async move {
            match self
                .list(&served.kind, Some(namespace), None, Patience::READING)
                .await
            {
                Ok(listed) => listed
                    .items
                    .iter()
                    .filter(|item| !is_furniture(place, item))
                    .map(|item| id_of(&served.kind, item))
                    .collect(),
                Err(CallError {
                    failure: Failure::NotServed | Failure::Absent,
                    ..
                }) => Vec::new(),
                // What cannot be looked at may be there: the namespace stays.
                Err(_) => vec![ResourceId::new(&served.kind, namespace, "*")],
            }
        }));
        found.await.into_iter().flatten().collect()
    }

    /// The objects of a definition.
    async fn instances(&self, definition: &Value) -> BTreeSet<ResourceId> {
        let text = |pointer: &str| {
            definition
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let versions = definition
            .pointer("/spec/versions")
            .and_then(Value::as_array);
        let stored = versions
            .into_iter()
            .flatten()
            .find(|version| version["served"] == true);
        let kind = Kind {
            group: text("/spec/group"),
            version: stored
                .and_then(|version| version["name"].as_str())
                .unwrap_or_default()
                .to_owned(),
            kind: text("/spec/names/kind"),
            plural: text("/spec/names/plural"),
            scope: if text("/spec/scope") == "Cluster" {
                KindScope::Cluster
            } else {
                KindScope::Namespaced
            },
        };
        match self.list(&kind, None, None, Patience::READING).await {
            Ok(listed) => listed.items.iter().map(|item| id_of(&kind, item)).collect(),
            Err(CallError {
                failure: Failure::NotServed | Failure::Absent,
                ..
            }) => BTreeSet::new(),
            Err(_) => BTreeSet::from([ResourceId::new(&kind, "*", "*")]),
        }
    }

    /// The volumes that earlier runs have left behind.
    pub(super) async fn left_behind(
        &self,
        observation: &mut Observation,
    ) -> Result<(), ObserveError> {
        let kind = Kind::of::<PersistentVolumeClaim>();
        let remembered = observation
            .memory
            .iter()
            .flat_map(|memory| memory.volumes.keys());
        let unseen = remembered.filter(|id| !observation.objects.contains_key(id));
        let unseen: Vec<ResourceId> = unseen.cloned().collect();
        let looks = unseen
            .iter()
            .map(|id| self.get(&kind, id, Patience::READING));
        for (id, found) in unseen.iter().zip(join_all(looks).await) {
            let live = found.map_err(ObserveError::Read)?;
            let observed = Observed {
                live,
                ..Observed::default()
            };
            observation.objects.insert(id.clone(), observed);
        }
        Ok(())
    }

    /// The claims that StatefulSets made, which outlive them.
    async fn claims(
        &self,
        leaving: &BTreeMap<ResourceId, Kind>,
        observation: &mut Observation,
    ) -> Result<(), CallError> {
        let sets = leaving.keys().filter(|id| id.is("apps", "StatefulSet"));
        let sets: Vec<(ResourceId, Value)> = sets
            .filter_map(|id| Some((id.clone(), observation.objects.get(id)?.live.clone()?)))
            .filter(|(_, live)| live.pointer("/spec/volumeClaimTemplates/0").is_some())
            .collect();
        let namespaces: BTreeSet<String> = sets
            .iter()
            .filter_map(|(id, _)| id.namespace.clone())
            .collect();
        let kind = Kind::of::<PersistentVolumeClaim>();
        let lists = try_join_all(
            namespaces
                .iter()
                .map(|namespace| self.list(&kind, Some(namespace), None, Patience::READING)),
        )
        .await?;
        let found: Vec<Value> = lists.into_iter().flat_map(|listed| listed.items).collect();
        for (id, live) in sets {
            let mine = found.iter().filter(|claim| {
                id_of(&kind, claim).namespace == id.namespace && is_claim_of(claim, &live)
            });
            let mut claims = BTreeSet::new();
            for claim in mine {
                let claim_id = id_of(&kind, claim);
                let observed = Observed {
                    live: Some(claim.clone()),
                    ..Observed::default()
                };
                observation
                    .objects
                    .entry(claim_id.clone())
                    .or_insert(observed);
                claims.insert(claim_id);
            }
            observation.volumes.insert(id, claims);
        }
        Ok(())
    }
}

/// `<template>-<set>-<ordinal>`
fn is_claim_of(claim: &Value, set: &Value) -> bool {
    let name = claim["metadata"]["name"].as_str().unwrap_or_default();
    let owner = set["metadata"]["name"].as_str().unwrap_or_default();
    let templates = set
        .pointer("/spec/volumeClaimTemplates")
        .and_then(Value::as_array);
    templates
        .into_iter()
        .flatten()
        .filter_map(|template| template["metadata"]["name"].as_str())
        .any(|template| {
            let ordinal = name
                .strip_prefix(template)
                .and_then(|rest| rest.strip_prefix('-'));
            let ordinal = ordinal
                .and_then(|rest| rest.strip_prefix(owner))
                .and_then(|rest| rest.strip_prefix('-'));
            ordinal.is_some_and(|ordinal| {
                !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit())
            })
        })
}

/// Kinds whose objects only mirror others.
fn is_by_product(kind: &Kind) -> bool {
    matches!(
        (kind.group.as_str(), kind.kind.as_str()),
        ("" | "events.k8s.io", "Event")
            | ("", "Endpoints")
            | ("discovery.k8s.io", "EndpointSlice")
            | ("metrics.k8s.io", _)
    )
}

/// What Kubernetes, or this stack, puts into every namespace.
fn is_furniture(place: &Place, object: &Value) -> bool {
    let text = |pointer: &str| {
        object
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (kind, name) = (text("/kind"), text("/metadata/name"));
    let parent = applyset::parent_name(&place.stack);
    let owned = object.pointer("/metadata/ownerReferences/0").is_some();
    let ours = text("/metadata/namespace") == place.namespace
        && match kind {
            "Lease" => name == parent,
            "Secret" => text("/type") == crate::inventory::TYPE && name.starts_with(&parent),
            _ => false,
        };
    owned
        || ours
        || matches!(
            (kind, name),
            ("ServiceAccount", "default") | ("ConfigMap", "kube-root-ca.crt")
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn claims_are_known_by_their_names() {
        let set = json!({"metadata": {"name": "db"}, "spec": {"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}});
        for (name, expected) in [
            ("data-db-0", true),
            ("data-db-12", true),
            ("data-db-x", false),
            ("data-dbx-0", false),
            ("logs-db-0", false),
        ] {
            assert_eq!(
                is_claim_of(&json!({"metadata": {"name": name}}), &set),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn what_kubernetes_puts_into_every_namespace_does_not_count() {
        let place = Place {
            stack: "shop".into(),
            namespace: "shop".into(),
        };
        let object = |kind: &str, name: &str| json!({"kind": kind, "metadata": {"name": name, "namespace": "shop"}});
        assert!(is_furniture(&place, &object("ServiceAccount", "default")));
        assert!(is_furniture(
            &place,
            &object("ConfigMap", "kube-root-ca.crt")
        ));
        assert!(is_furniture(&place, &object("Lease", "stacks-shop")));
        assert!(
            !is_furniture(&place, &object("Secret", "stacks-shop")),
            "only if it is an inventory"
        );
        assert!(!is_furniture(&place, &object("ConfigMap", "settings")));
        let mut pod = object("Pod", "api-0");
        pod["metadata"]["ownerReferences"] = json!([{"kind": "StatefulSet"}]);
        assert!(is_furniture(&place, &pod));
    }
}
