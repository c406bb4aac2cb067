//! Which object is meant, and what is it called?

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kind::{GroupKind, Kind, KindScope, is_foreign};

/// Names one object of one cluster: group, kind, namespace and name.
///
/// The version is not part of it: `apps/v1beta1` and `apps/v1` show the same object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ResourceId {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind's name.
    pub kind: String,
    /// The namespace; none for kinds of the whole cluster.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub namespace: Option<String>,
    /// The object's name.
    pub name: String,
}

impl ResourceId {
    /// The id of an object of `kind`; `namespace` is dropped where the kind has none.
    pub fn new(kind: &Kind, namespace: &str, name: impl Into<String>) -> Self {
        Self {
            group: kind.group.clone(),
            kind: kind.kind.clone(),
            namespace: (kind.scope == KindScope::Namespaced).then(|| namespace.to_owned()),
            name: name.into(),
        }
    }

    /// Group and kind.
    pub fn group_kind(&self) -> GroupKind {
        GroupKind {
            group: self.group.clone(),
            kind: self.kind.clone(),
        }
    }

    /// Whether this is an object of that group and kind.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }
}

impl fmt::Display for ResourceId {
    /// `Deployment/shop/api`, `ClusterRole/otlp`, `Certificate.cert-manager.io/shop/web`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if is_foreign(&self.group) {
            write!(f, ".{}", self.group)?;
        }
        if let Some(namespace) = &self.namespace {
            write!(f, "/{namespace}")?;
        }
        write!(f, "/{}", self.name)
    }
}
