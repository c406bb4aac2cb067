//! Which kinds does the server serve, and what may be done to each?

mod builtin;
mod custom;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::route::GroupVersion;

/// Whether objects of a kind live in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Namespaced,
    Cluster,
}

/// Where a resource comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Origin {
    /// Served by every API server.
    BuiltIn,
    /// Reviews and the like: answered, never stored.
    Virtual,
    /// Added by a `CustomResourceDefinition`.
    Custom(Arc<CustomVersion>),
}

/// What a CRD says about one of its versions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CustomVersion {
    /// The name of the CRD.
    pub(crate) definition: String,
    /// The `openAPIV3Schema`.
    pub(crate) schema: Value,
    /// Extra columns of its table.
    pub(crate) columns: Vec<Value>,
    /// The pointers of the scale subresource: spec, status and label selector.
    pub(crate) scale: Option<ScalePaths>,
}

/// Where a custom resource keeps what its scale subresource shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScalePaths {
    pub(crate) spec_replicas: String,
    pub(crate) status_replicas: String,
    pub(crate) label_selector: Option<String>,
}

/// A rule by which a resource departs from the ordinary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trait {
    /// PUT creates an absent object.
    PutCreates,
    /// PUT must name a resourceVersion.
    PutNeedsVersion,
    /// DELETE answers with the object.
    DeleteAnswersObject,
    /// Dependents are orphaned unless the request says otherwise.
    OrphansByDefault,
}

/// One entry below a resource, such as `status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subresource {
    pub(crate) name: String,
    /// Group, version and kind where they are not those of the resource.
    pub(crate) kind: Option<(String, String, String)>,
    pub(crate) verbs: Vec<&'static str>,
}

/// One served version of a kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Resource {
    pub(crate) group_version: GroupVersion,
    pub(crate) kind: String,
    pub(crate) list_kind: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) scope: Scope,
    pub(crate) verbs: Vec<&'static str>,
    pub(crate) traits: Vec<Trait>,
    pub(crate) subresources: Vec<Subresource>,
    /// The version in which objects are stored.
    pub(crate) storage_version: String,
    pub(crate) origin: Origin,
}

impl Resource {
    pub(crate) fn group(&self) -> &str {
        &self.group_version.group
    }

    pub(crate) fn api_version(&self) -> String {
        self.group_version.api_version()
    }

    /// The key under which all versions of the kind are stored.
    pub(crate) fn collection(&self) -> Collection {
        Collection {
            group: self.group().to_owned(),
            plural: self.plural.clone(),
        }
    }

    pub(crate) fn has(&self, what: Trait) -> bool {
        self.traits.contains(&what)
    }

    pub(crate) fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources
            .iter()
            .find(|subresource| subresource.name == name)
    }

    pub(crate) fn custom(&self) -> Option<&CustomVersion> {
        match &self.origin {
            Origin::Custom(custom) => Some(custom),
            Origin::BuiltIn | Origin::Virtual => None,
        }
    }

    pub(crate) fn is_namespaced(&self) -> bool {
        self.scope == Scope::Namespaced
    }
}

/// All objects of one kind, whatever version they are asked for in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Collection {
    pub(crate) group: String,
    pub(crate) plural: String,
}

impl Collection {
    pub(crate) fn new(group: &str, plural: &str) -> Self {
        Self {
            group: group.to_owned(),
            plural: plural.to_owned(),
        }
    }
}

/// Every kind that is served at the moment.
#[derive(Debug, Clone)]
pub(crate) struct Registry {
    by_path: BTreeMap<(GroupVersion, String), Arc<Resource>>,
    /// Discovery lists groups in this order.
    groups: Vec<String>,
}

impl Registry {
    /// The kinds of a fresh server.
    pub(crate) fn new() -> Self {
        let mut registry = Self {
            by_path: BTreeMap::new(),
            groups: Vec::new(),
        };
        for resource in builtin::resources() {
            registry.insert(resource);
        }
        registry
    }

    fn insert(&mut self, resource: Resource) {
        if !self.groups.iter().any(|group| group == resource.group()) {
            self.groups.push(resource.group().to_owned());
        }
        let path = (resource.group_version.clone(), resource.plural.clone());
        self.by_path.insert(path, Arc::new(resource));
    }

    /// Serves what the given CRDs define, and no other custom resources.
    pub(crate) fn set_custom<'a>(&mut self, definitions: impl Iterator<Item = &'a Value>) {
        self.by_path
            .retain(|_, resource| resource.custom().is_none());
        for resource in definitions.flat_map(custom::resources) {
            self.insert(resource);
        }
        let served = &self.by_path;
        self.groups
            .retain(|group| served.keys().any(|(version, _)| version.group == *group));
    }

    pub(crate) fn get(&self, version: &GroupVersion, plural: &str) -> Option<&Arc<Resource>> {
        self.by_path.get(&(version.clone(), plural.to_owned()))
    }

    /// The resource of a kind, in the version in which its objects are stored.
    pub(crate) fn stored(&self, group: &str, kind: &str) -> Option<&Arc<Resource>> {
        self.by_path.values().find(|resource| {
            resource.group() == group
                && resource.kind == kind
                && resource.group_version.version == resource.storage_version
        })
    }

    /// Everything served in one version, by plural.
    pub(crate) fn resources(&self, version: &GroupVersion) -> impl Iterator<Item = &Arc<Resource>> {
        let version = version.clone();
        self.by_path
            .values()
            .filter(move |resource| resource.group_version == version)
    }

    /// Every resource in every version.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.by_path.values()
    }

    /// The groups in the order of discovery; the core group is the empty one.
    pub(crate) fn groups(&self) -> &[String] {
        &self.groups
    }

    /// Whether anything of a group is served.
    pub(crate) fn serves_group(&self, group: &str) -> bool {
        self.groups.iter().any(|served| served == group)
    }

    /// The versions of a group, the preferred one first.
    pub(crate) fn versions(&self, group: &str) -> Vec<GroupVersion> {
        let mut versions: Vec<GroupVersion> = Vec::new();
        for (version, _) in self
            .by_path
            .keys()
            .filter(|(version, _)| version.group == group)
        {
            if !versions.contains(version) {
                versions.push(version.clone());
            }
        }
        versions.sort_by_key(|version| std::cmp::Reverse(priority(&version.version)));
        versions
    }
}

/// Orders versions as Kubernetes does: `v2` before `v1` before `v1beta2` before `v1alpha1`.
fn priority(version: &str) -> (u8, u64, u64) {
    let digits = |text: &str| text.parse::<u64>().ok();
    let Some(rest) = version.strip_prefix('v') else {
        return (0, 0, 0);
    };
    for (stage, word) in [(2, "beta"), (1, "alpha")] {
        if let Some((major, minor)) = rest.split_once(word) {
            return match (digits(major), digits(minor)) {
                (Some(major), Some(minor)) => (stage, major, minor),
                _ => (0, 0, 0),
            };
        }
    }
    digits(rest).map_or((0, 0, 0), |major| (3, major, 0))
}

#[cfg(test)]
mod tests {
    use super::{Registry, priority};

    #[test]
    fn stable_versions_come_before_beta_and_alpha() {
        let mut versions = vec!["v1alpha1", "v1", "v2beta1", "v2", "nonsense", "v1beta3"];
        versions.sort_by_key(|version| std::cmp::Reverse(priority(version)));
        assert_eq!(
            versions,
            ["v2", "v1", "v2beta1", "v1beta3", "v1alpha1", "nonsense"]
        );
    }

    #[test]
    fn autoscaling_prefers_its_second_version() {
        let versions = Registry::new().versions("autoscaling");
        let names: Vec<_> = versions
            .iter()
            .map(|version| version.version.as_str())
            .collect();
        assert_eq!(names, ["v2", "v1"]);
    }
}
