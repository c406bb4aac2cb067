//! What does a definition want of one object?

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    borrowed::Borrowed,
    certificate::Certificate,
    id::ResourceId,
    kind::{Kind, KindSource},
    lifecycle::Lifecycle,
    origin::Origin,
    secret::Recipe,
};

/// One desired object, with all that the engine must know about it.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Which object it is.
    pub id: ResourceId,
    /// Its kind, and where the API serves it.
    pub kind: Kind,
    /// How the kind came to be known: what only convention says, discovery must confirm.
    pub known_by: KindSource,
    /// The object exactly as it is applied: `apiVersion`, `kind`, `metadata`, and only what the definition says.
    pub object: Value,
    /// What may happen to it later.
    pub lifecycle: Lifecycle,
    /// Values that are made when the object is created: the key in a Secret's `data`, and how to make it.
    pub recipes: BTreeMap<String, Recipe>,
    /// The certificate that its data holds, of a Secret that is made for one.
    pub certificate: Option<Certificate>,
    /// Values that stand in other objects: where they go, as a JSON pointer, and where they come from.
    pub borrowed: BTreeMap<String, Borrowed>,
    /// What must be ready before it, said by hand; the rest is found by reading `object`.
    pub depends_on: BTreeSet<ResourceId>,
    /// The line that asked for it.
    pub origin: Origin,
}

impl Resource {
    /// The value at a path of plain field names, such as `["spec", "template"]`.
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter()
            .try_fold(&self.object, |value, key| value.get(key))
    }

    /// The keys of its data that are only filled when it is applied.
    pub fn keys_to_come(&self) -> impl Iterator<Item = &str> {
        let generated = self.recipes.keys().map(String::as_str);
        let certified = self.certificate.iter();
        let certified = certified.flat_map(|certificate| certificate.first_keys().iter().copied());
        let borrowed = self.borrowed.keys();
        let borrowed = borrowed.filter_map(|pointer| pointer.strip_prefix("/data/"));
        generated.chain(certified).chain(borrowed)
    }

    /// Whether this is an object of that group and kind.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.id.is(group, kind)
    }
}
