//! Which kinds Kubernetes has, and the schema of each.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use crate::schema::{Schema, TypeFacts, Types, types_of};

/// The published facts of one Kubernetes version.
#[derive(Debug)]
pub struct Facts {
    server: String,
    kinds: BTreeMap<KindId, String>,
    types: Arc<Types>,
}

/// A kind in one of its versions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindId {
    /// The API group; empty for the core.
    pub group: String,
    /// The version within the group.
    pub version: String,
    /// The kind.
    pub kind: String,
}

#[derive(Deserialize)]
struct Document {
    server: String,
    kinds: BTreeMap<String, String>,
    schemas: BTreeMap<String, TypeFacts>,
}

impl Facts {
    /// The facts of Kubernetes 1.36, read off a running API server.
    pub fn builtin() -> &'static Self {
        static FACTS: LazyLock<Facts> = LazyLock::new(|| {
            let document = serde_json::from_str(Facts::source());
            Facts::read(
                document.expect("the facts in this package are well-formed, its tests read them"),
            )
        });
        &FACTS
    }

    /// The published document itself, as JSON.
    pub fn source() -> &'static str {
        include_str!("../data/schema-facts-1.36.json")
    }

    fn read(document: Document) -> Self {
        let kinds = document.kinds.into_iter();
        let kinds = kinds
            .filter_map(|(id, name)| Some((KindId::read(&id)?, name)))
            .collect();
        Self {
            server: document.server,
            kinds,
            types: types_of(&document.schemas),
        }
    }

    /// The version of the server that the facts are of, like `v1.36.3`.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The schema of a kind.
    pub fn schema(&self, group: &str, version: &str, kind: &str) -> Option<Schema> {
        let name = self.kinds.get(&KindId::new(group, version, kind))?;
        self.type_named(name)
    }

    /// The schema of a kind by its `apiVersion`.
    pub fn schema_of(&self, api_version: &str, kind: &str) -> Option<Schema> {
        let id = KindId::of(api_version, kind);
        self.schema(&id.group, &id.version, &id.kind)
    }

    /// The schema of a type by its name in the `OpenAPI` document.
    pub fn type_named(&self, name: &str) -> Option<Schema> {
        Schema::named(self.types.clone(), name)
    }

    pub(crate) fn types(&self) -> Arc<Types> {
        self.types.clone()
    }

    /// The name that a kind has in the `OpenAPI` document.
    pub fn type_name(&self, id: &KindId) -> Option<&str> {
        self.kinds.get(id).map(String::as_str)
    }

    /// Whether a kind is known.
    pub fn knows(&self, group: &str, version: &str, kind: &str) -> bool {
        self.kinds.contains_key(&KindId::new(group, version, kind))
    }

    /// Every kind, lists included.
    pub fn kinds(&self) -> impl Iterator<Item = &KindId> {
        self.kinds.keys()
    }
}

impl KindId {
    /// The kind of this group and version.
    pub fn new(
        group: impl Into<String>,
        version: impl Into<String>,
        kind: impl Into<String>,
    ) -> Self {
        Self {
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
        }
    }

    /// The kind with this `apiVersion`.
    pub fn of(api_version: &str, kind: impl Into<String>) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self::new(group, version, kind)
    }

    /// Group and version as objects write them.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (api_version, kind) = text.rsplit_once('/')?;
        Some(Self::of(api_version, kind))
    }
}

impl fmt::Display for KindId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.api_version(), self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_schema_with_identity_and_metadata() {
        let facts = Facts::builtin();
        assert_eq!(facts.server(), "v1.36.3");
        assert!(facts.kinds().count() > 100);
        for id in facts
            .kinds()
            .filter(|id| id.kind != "APIVersions" && id.kind != "APIGroup")
        {
            let schema = facts
                .schema(&id.group, &id.version, &id.kind)
                .expect("a kind has a type");
            assert!(schema.declared("kind").is_some(), "{id}");
        }
    }

    #[test]
    fn kinds_are_found_by_group_and_version() {
        let facts = Facts::builtin();
        assert!(facts.knows("apps", "v1", "Deployment"));
        assert!(!facts.knows("apps", "v1beta1", "Deployment"));
        assert!(facts.schema_of("v1", "ConfigMap").is_some());
        assert!(facts.schema_of("apps/v1", "ConfigMap").is_none());
    }
}
