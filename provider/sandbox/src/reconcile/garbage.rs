//! What becomes of dependents whose owners go.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::actor::{Actor, is_going, text};

const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";

/// An object with the path it is written at.
struct Item {
    path: String,
    object: Arc<Value>,
}

pub(super) fn collect(actor: &mut Actor<'_>) {
    let items = items(actor);
    let uids: BTreeSet<String> = items
        .iter()
        .map(|item| text(&item.object["metadata"]["uid"]).to_owned())
        .collect();
    for item in &items {
        if is_going(&item.object) {
            finish(actor, item, &items);
        } else {
            let owners: Vec<&Value> = owners(&item.object).collect();
            if !owners.is_empty()
                && owners
                    .iter()
                    .all(|owner| !uids.contains(text(&owner["uid"])))
            {
                delete(actor, item, "Background");
            }
        }
    }
}

fn items(actor: &Actor<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    for resource in actor.world.registry.all() {
        if resource.group_version.version != resource.storage_version {
            continue;
        }
        let root = match resource.group() {
            "" => "/api".to_owned(),
            group => format!("/apis/{group}"),
        };
        let root = format!("{root}/{}", resource.group_version.version);
        for (name, object) in actor.world.store.list(&resource.collection(), None) {
            let namespace = match name.namespace.as_str() {
                "" => String::new(),
                namespace => format!("/namespaces/{namespace}"),
            };
            let path = format!("{root}{namespace}/{}/{}", resource.plural, name.name);
            items.push(Item {
                path,
                object: object.clone(),
            });
        }
    }
    items
}

fn owners(object: &Value) -> impl Iterator<Item = &Value> {
    object["metadata"]["ownerReferences"]
        .as_array()
        .into_iter()
        .flatten()
}

/// Does for an owner what its finalizers ask for, then takes them off.
fn finish(actor: &mut Actor<'_>, item: &Item, items: &[Item]) {
    let finalizers = item.object["metadata"]["finalizers"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let has = |wanted: &str| finalizers.iter().any(|finalizer| finalizer == wanted);
    let uid = &item.object["metadata"]["uid"];
    let dependents: Vec<&Item> = items
        .iter()
        .filter(|item| owners(&item.object).any(|owner| owner["uid"] == *uid))
        .collect();
    if has(ORPHAN) {
        for dependent in dependents {
            let kept: Vec<&Value> = owners(&dependent.object)
                .filter(|owner| owner["uid"] != *uid)
                .collect();
            patch(
                actor,
                &dependent.path,
                &json!({ "metadata": { "ownerReferences": kept } }),
            );
        }
        let kept: Vec<&Value> = finalizers
            .iter()
            .filter(|finalizer| *finalizer != ORPHAN)
            .collect();
        patch(
            actor,
            &item.path,
            &json!({ "metadata": { "finalizers": kept } }),
        );
    } else if has(FOREGROUND) {
        for dependent in dependents
            .iter()
            .filter(|dependent| !is_going(&dependent.object))
        {
            delete(actor, dependent, "Foreground");
        }
        if dependents.is_empty() {
            let kept: Vec<&Value> = finalizers
                .iter()
                .filter(|finalizer| *finalizer != FOREGROUND)
                .collect();
            patch(
                actor,
                &item.path,
                &json!({ "metadata": { "finalizers": kept } }),
            );
        }
    }
}

fn delete(actor: &mut Actor<'_>, item: &Item, propagation: &str) {
    let options = json!({
        "propagationPolicy": propagation, "preconditions": { "uid": item.object["metadata"]["uid"] },
    });
    actor.try_send("DELETE", &item.path, Some(&options));
}

fn patch(actor: &mut Actor<'_>, path: &str, change: &Value) {
    actor.try_send("PATCH", path, Some(change));
}
