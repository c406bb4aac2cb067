//! Who owns the replicas, seen from `/scale` and from the object that is scaled.

use std::collections::BTreeMap;

use fields::{FieldPath, FieldSet};
use serde_json::Value;

use super::managers::{Managers, Owned};

const SCALE_VERSION: &str = "autoscaling/v1";

/// Where each version of the scaled kind has its replicas; none where a version cannot be scaled.
pub(crate) type ReplicasPaths = BTreeMap<String, Option<FieldPath>>;

/// Writes who owns the replicas of an object into its `Scale`.
pub(crate) fn to_scale(parent: &Value, scale: &mut Value, paths: &ReplicasPaths) {
    let managers = Managers::of(parent)
        .unwrap_or_default()
        .0
        .into_iter()
        .filter_map(|(manager, owned)| {
            let path = paths.get(&owned.api_version)?.as_ref()?;
            let fields = FieldSet::from_iter([in_scale()]);
            let in_scale = Owned {
                api_version: SCALE_VERSION.to_owned(),
                fields,
                time: owned.time,
            };
            owned.fields.contains(path).then_some((manager, in_scale))
        });
    Managers(managers.collect()).write(scale);
}

/// Writes who owns the replicas after a write to the `Scale` back into the object, in its version.
pub(crate) fn from_scale(
    scale: &Value,
    parent: &mut Value,
    api_version: &str,
    paths: &ReplicasPaths,
) {
    let mut of_scale = Managers::of(scale).unwrap_or_default().0;
    let of_parent = Managers::of(parent).unwrap_or_default().0;
    let mut managers = Managers::default();
    for (manager, owned) in of_parent {
        // What is written in a version that is not known falls away.
        let Some(path) = paths.get(&owned.api_version) else {
            continue;
        };
        let taken = match path {
            Some(path) if owned.fields.contains(path) && of_scale.remove(&manager).is_none() => {
                Some(path.clone())
            }
            _ => None,
        };
        let fields = owned.fields.difference(&taken.into_iter().collect());
        if !fields.is_empty() {
            managers.0.insert(manager, Owned { fields, ..owned });
        }
    }
    let path = paths.get(api_version).cloned().flatten();
    for (manager, owned) in of_scale {
        if let Some(path) = path.clone().filter(|_| owned.fields.contains(&in_scale())) {
            let fields = FieldSet::from_iter([path]);
            // The API server looks the time up among the entries of the object, which has none for a newcomer.
            managers.0.insert(
                manager,
                Owned {
                    api_version: api_version.to_owned(),
                    fields,
                    time: None,
                },
            );
        }
    }
    managers.write(parent);
}

fn in_scale() -> FieldPath {
    FieldPath::of(["spec", "replicas"])
}
