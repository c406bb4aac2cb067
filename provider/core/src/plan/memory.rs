//! What did this stack apply last time?
//!
//! Without it nobody can tell "new in the code" from "taken by someone" from "removed". The inventory keeps it in
//! the cluster, beside the stack; this is the same as a value.

use std::collections::{BTreeMap, BTreeSet};

use fields::{FieldPath, Schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{diff, digest::Digest, normal, schema::Schemas};
use crate::{graph::Graph, id::ResourceId, kind::Kind, lifecycle::Lifecycle};

/// What a stack applied last time: the exact ids, and for each object its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Each object that the stack made or adopted and has not yet deleted.
    pub objects: BTreeMap<ResourceId, Remembered>,
    /// The claims of StatefulSets that went, with their uids: they hold data, so nobody prunes them, and they go only when
    /// somebody asks for it.
    pub volumes: BTreeMap<ResourceId, String>,
}

/// What was applied to one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// Where the API serves it.
    pub kind: Kind,
    /// The uid it had; none while it is only intended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// What was to happen to it.
    pub lifecycle: Lifecycle,
    /// Whether it was there before the stack, which found only what it wanted: then it is let go, not deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
    /// Each leaf that was applied, with a digest of its value: keyed, so that secrets cannot be guessed from it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub leaves: BTreeMap<FieldPath, Digest>,
    /// What a run was about to apply that may have ended before it could say whether it did.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pending: BTreeMap<FieldPath, Digest>,
}

/// A memory as it is written: JSON has no keys but strings.
#[derive(Serialize, Deserialize)]
struct Written {
    objects: Vec<Entry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    volumes: Vec<Volume>,
}

/// One as it was written before volumes were remembered, or since.
#[derive(Deserialize)]
#[serde(untagged)]
enum AnyWritten {
    Objects(Vec<Entry>),
    All(Written),
}

/// One object as it is written.
#[derive(Serialize, Deserialize)]
struct Entry {
    id: ResourceId,
    #[serde(flatten)]
    remembered: Remembered,
}

/// One volume as it is written.
#[derive(Serialize, Deserialize)]
struct Volume {
    id: ResourceId,
    uid: String,
}

impl Remembered {
    /// Whether we applied this path, or may have.
    pub(crate) fn holds(&self, path: &FieldPath) -> bool {
        self.leaves.contains_key(path) || self.pending.contains_key(path)
    }
}

impl Memory {
    /// What applying all of a graph would be remembered as, with uids unknown.
    pub fn of(graph: &Graph, key: &[u8]) -> Self {
        Self::with(graph, &Schemas::of(graph), key)
    }

    /// The same where more definitions of custom resources are known than the graph has.
    pub(crate) fn with(graph: &Graph, schemas: &Schemas, key: &[u8]) -> Self {
        let objects = graph.resources().map(|resource| {
            let schema = schemas.get(&resource.kind);
            let remembered = Remembered {
                kind: resource.kind.clone(),
                uid: None,
                lifecycle: resource.lifecycle,
                adopted: false,
                leaves: leaves(&resource.object, &schema, key),
                pending: BTreeMap::new(),
            };
            (resource.id.clone(), remembered)
        });
        Self {
            objects: objects.collect(),
            volumes: BTreeMap::new(),
        }
    }

    /// Whether nothing is left of the stack.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.volumes.is_empty()
    }

    /// What must be written before anything is touched: everything that was ours, and everything that is
    /// about to be. What is intended is pending until [`Memory::after`] says that it happened.
    #[must_use]
    pub fn union(&self, intended: &Self) -> Self {
        let mut objects = self.objects.clone();
        for (id, new) in &intended.objects {
            let old = objects.entry(id.clone()).or_insert_with(|| Remembered {
                leaves: BTreeMap::new(),
                pending: BTreeMap::new(),
                ..new.clone()
            });
            let moved = new
                .leaves
                .iter()
                .filter(|(path, digest)| old.leaves.get(path) != Some(digest));
            let moved: Vec<_> = moved
                .map(|(path, digest)| (path.clone(), digest.clone()))
                .collect();
            old.pending.extend(moved);
        }
        let mut volumes = self.volumes.clone();
        volumes.extend(intended.volumes.clone());
        Self { objects, volumes }
    }

    /// What must be written once a run is over, given what was written before it: `applied` are the objects that
    /// now are as intended, with their uids; `gone` are those that were deleted, or are no longer ours.
    ///
    /// Everything else stays as it was before, so that the next run neither forgets nor invents.
    #[must_use]
    pub fn after(
        &self,
        intended: &Self,
        applied: &BTreeMap<ResourceId, Option<String>>,
        gone: &BTreeSet<ResourceId>,
    ) -> Self {
        let mut objects = self.objects.clone();
        objects.retain(|id, _| !gone.contains(id));
        for (id, uid) in applied {
            if let Some(new) = intended.objects.get(id) {
                let uid = uid.clone().or_else(|| self.objects.get(id)?.uid.clone());
                objects.insert(id.clone(), Remembered { uid, ..new.clone() });
            }
        }
        let mut volumes = self.volumes.clone();
        volumes.retain(|id, _| !gone.contains(id));
        Self { objects, volumes }
    }
}

impl Serialize for Memory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let objects = self.objects.iter().map(|(id, remembered)| Entry {
            id: id.clone(),
            remembered: remembered.clone(),
        });
        let volumes = self.volumes.iter().map(|(id, uid)| Volume {
            id: id.clone(),
            uid: uid.clone(),
        });
        let written = Written {
            objects: objects.collect(),
            volumes: volumes.collect(),
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Memory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { objects, volumes } = match AnyWritten::deserialize(deserializer)? {
            AnyWritten::All(written) => written,
            AnyWritten::Objects(objects) => Written {
                objects,
                volumes: Vec::new(),
            },
        };
        let objects = objects.into_iter();
        let volumes = volumes.into_iter();
        Ok(Self {
            objects: objects.map(|entry| (entry.id, entry.remembered)).collect(),
            volumes: volumes.map(|volume| (volume.id, volume.uid)).collect(),
        })
    }
}

/// The leaves of an object as it is applied, each with the digest of its value.
pub(crate) fn leaves(object: &Value, schema: &Schema, key: &[u8]) -> BTreeMap<FieldPath, Digest> {
    let object = normal::comparable(object, schema);
    diff::leaves(&object, schema)
        .into_iter()
        .map(|(path, value)| {
            let digest = Digest::of(key, &path, value);
            (path, digest)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_memory_is_read_as_it_is_written_and_as_it_was() {
        let id = json!({ "group": "", "kind": "Secret", "namespace": "shop", "name": "a" });
        let kind = json!({ "group": "", "version": "v1", "kind": "Secret", "plural": "secrets", "scope": "namespaced" });
        let entry = json!({ "id": id, "kind": kind, "lifecycle": "managed" });
        let before: Memory = serde_json::from_value(json!([entry])).unwrap();
        assert_eq!((before.objects.len(), before.volumes.len()), (1, 0));
        let volume = serde_json::from_value::<ResourceId>(id).unwrap();
        let with = Memory {
            volumes: BTreeMap::from([(volume, "u".to_owned())]),
            ..before
        };
        let read: Memory = serde_json::from_str(&json!(with).to_string()).unwrap();
        assert_eq!(read, with);
    }
}
