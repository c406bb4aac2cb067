//! Which resource, object or document does a path name?

use crate::query::decode;

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/api`: the versions of the core group.
    CoreVersions,
    /// `/apis`: all other groups.
    Groups,
    /// `/apis/GROUP`.
    Group(String),
    /// `/api/v1` or `/apis/GROUP/VERSION`.
    Resources(GroupVersion),
    /// `/version`.
    Version,
    /// `/healthz` and its relatives.
    Health,
    /// `/openapi/v2`.
    OpenApiV2,
    /// `/openapi/v3`.
    OpenApiIndex,
    /// `/openapi/v3/…`: one document, by its path in the index.
    OpenApi(String),
    /// A collection, an object or a subresource.
    Resource(Target),
    /// Nothing that is served.
    Nowhere,
}

/// A group and a version, as a path spells them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupVersion {
    /// The group, empty for core.
    pub(crate) group: String,
    /// The version, such as `v1`.
    pub(crate) version: String,
}

impl GroupVersion {
    pub(crate) fn new(group: &str, version: &str) -> Self {
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
        }
    }

    /// `v1` or `apps/v1`, as in `apiVersion`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

/// A collection (no name), an object or one of its subresources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) group_version: GroupVersion,
    pub(crate) plural: String,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
}

impl Route {
    pub(crate) fn parse(path: &str) -> Self {
        let trimmed = path.trim_end_matches('/');
        let segments: Vec<String> = trimmed.split('/').skip(1).map(decode).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["api"] => Self::CoreVersions,
            ["apis"] => Self::Groups,
            ["version"] => Self::Version,
            ["healthz" | "livez" | "readyz", ..] => Self::Health,
            ["openapi", "v2"] => Self::OpenApiV2,
            ["openapi", "v3"] => Self::OpenApiIndex,
            ["openapi", "v3", document @ ..] => Self::OpenApi(document.join("/")),
            ["apis", group] => Self::Group((*group).to_owned()),
            ["api", "v1"] => Self::Resources(GroupVersion::new("", "v1")),
            ["apis", group, version] => Self::Resources(GroupVersion::new(group, version)),
            ["api", version, rest @ ..] => target(GroupVersion::new("", version), rest),
            ["apis", group, version, rest @ ..] => target(GroupVersion::new(group, version), rest),
            _ => Self::Nowhere,
        }
    }
}

fn target(group_version: GroupVersion, rest: &[&str]) -> Route {
    // Below `namespaces/NAME` these are the namespace's own; everything else there is in it.
    let (namespace, rest) = match rest {
        ["namespaces", _, "status" | "finalize"] => (None, rest),
        ["namespaces", namespace, inner @ ..] if !inner.is_empty() => (Some(*namespace), inner),
        _ => (None, rest),
    };
    let joined = rest.join("/");
    let (plural, name, subresource) = match rest {
        [plural] => (*plural, None, None),
        [plural, name] => (*plural, Some(*name), None),
        [plural, name, subresource] => (*plural, Some(*name), Some(*subresource)),
        // No resource has a slash in its name: this one is not found, in a group that may well be.
        _ => (joined.as_str(), None, None),
    };
    Route::Resource(Target {
        group_version,
        plural: plural.to_owned(),
        namespace: namespace.map(str::to_owned),
        name: name.map(str::to_owned),
        subresource: subresource.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::{GroupVersion, Route, Target};

    #[test]
    fn paths_name_collections_objects_and_subresources() {
        let core = || GroupVersion::new("", "v1");
        let apps = || GroupVersion::new("apps", "v1");
        let cases = [
            ("/api/v1/pods", (core(), "pods", None, None, None)),
            (
                "/api/v1/namespaces/a",
                (core(), "namespaces", None, Some("a"), None),
            ),
            (
                "/api/v1/namespaces/a/finalize",
                (core(), "namespaces", None, Some("a"), Some("finalize")),
            ),
            (
                "/api/v1/namespaces/a/pods/",
                (core(), "pods", Some("a"), None, None),
            ),
            (
                "/apis/apps/v1/namespaces/a/deployments/w%65b/scale",
                (apps(), "deployments", Some("a"), Some("web"), Some("scale")),
            ),
        ];
        for (path, (group_version, plural, namespace, name, subresource)) in cases {
            let expected = Target {
                group_version,
                plural: plural.to_owned(),
                namespace: namespace.map(str::to_owned),
                name: name.map(str::to_owned),
                subresource: subresource.map(str::to_owned),
            };
            assert_eq!(Route::parse(path), Route::Resource(expected), "{path}");
        }
    }

    #[test]
    fn documents_and_nonsense_have_their_places() {
        assert_eq!(Route::parse("/api"), Route::CoreVersions);
        assert_eq!(Route::parse("/apis/"), Route::Groups);
        assert_eq!(
            Route::parse("/openapi/v3/apis/apps/v1"),
            Route::OpenApi("apis/apps/v1".into())
        );
        assert_eq!(Route::parse("/readyz/ping"), Route::Health);
        assert_eq!(Route::parse("/API/v1"), Route::Nowhere);
        assert_eq!(Route::parse(""), Route::Nowhere);
    }
}
