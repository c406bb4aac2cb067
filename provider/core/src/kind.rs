//! What type of object is this, and where does the API serve it?

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kube_core::{ApiResource, ClusterResourceScope, NamespaceResourceScope, Resource};

/// The type of an object, with what a client must know to address it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Kind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The version that the definition speaks.
    pub version: String,
    /// The kind's name, as in `kind: Deployment`.
    pub kind: String,
    /// The resource name in URLs, as in `deployments`.
    pub plural: String,
    /// Whether its objects live in namespaces.
    pub scope: KindScope,
}

/// Whether the objects of a kind live in namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KindScope {
    /// Each object lives in one namespace.
    Namespaced,
    /// One set of objects for the whole cluster.
    Cluster,
}

/// How the engine came to know where a kind is served, and so how far to trust it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum KindSource {
    /// A Rust type says it, or the definition does.
    #[default]
    Type,
    /// A custom resource's definition in the same stack says it.
    Definition,
    /// It is a kind of Kubernetes itself.
    Builtin,
    /// Only custom says it: a plural in `s`, and objects in namespaces. Discovery must confirm it.
    Convention,
}

/// Types of `k8s-openapi` and `#[derive(CustomResource)]` say their scope as a type; this says it as a value.
pub trait KnownScope {
    /// The same, as a value.
    const SCOPE: KindScope;
}

impl KnownScope for NamespaceResourceScope {
    const SCOPE: KindScope = KindScope::Namespaced;
}

impl KnownScope for ClusterResourceScope {
    const SCOPE: KindScope = KindScope::Cluster;
}

impl Kind {
    /// The kind of a type that knows it at compile time.
    pub fn of<K>() -> Self
    where
        K: Resource<DynamicType = ()>,
        K::Scope: KnownScope,
    {
        Self {
            group: K::group(&()).into_owned(),
            version: K::version(&()).into_owned(),
            kind: K::kind(&()).into_owned(),
            plural: K::plural(&()).into_owned(),
            scope: K::Scope::SCOPE,
        }
    }

    /// `v1`, or `apps/v1`: what an object writes as its `apiVersion`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Group and kind, the two parts that identify it: `Deployment`, `Certificate.cert-manager.io`.
    pub fn group_kind(&self) -> GroupKind {
        GroupKind {
            group: self.group.clone(),
            kind: self.kind.clone(),
        }
    }

    /// The same in the words of `kube`.
    pub fn api_resource(&self) -> ApiResource {
        ApiResource {
            group: self.group.clone(),
            version: self.version.clone(),
            api_version: self.api_version(),
            kind: self.kind.clone(),
            plural: self.plural.clone(),
        }
    }

    /// The path of the collection: in one namespace, or everywhere.
    pub fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() {
            "/api"
        } else {
            "/apis"
        };
        let api = self.api_version();
        match namespace {
            Some(namespace) if self.scope == KindScope::Namespaced => {
                format!("{root}/{api}/namespaces/{namespace}/{}", self.plural)
            }
            _ => format!("{root}/{api}/{}", self.plural),
        }
    }
}

/// What identifies a kind: versions of one kind are one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupKind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind's name.
    pub kind: String,
}

impl fmt::Display for GroupKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if is_foreign(&self.group) {
            write!(f, ".{}", self.group)
        } else {
            Ok(())
        }
    }
}

/// Kinds of Kubernetes itself are known by their bare names; others say whose they are.
pub(crate) fn is_foreign(group: &str) -> bool {
    group.contains('.') && !group.ends_with(".k8s.io")
}
