//! Which kinds does the API serve, and where?
//!
//! Kinds that a definition knows cost nothing. Only where it does not know one, or where a namespace is to be
//! looked through, is the server asked: twice, or where it is old, once for each group and version.

use provider_core::{Kind, KindScope};
use serde_json::Value;

use crate::cluster::{
    Cluster,
    call::Call,
    failure::{CallError, Failure},
    retry::Patience,
};

const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

/// A kind that the API serves, with what can be done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) kind: Kind,
    pub(crate) verbs: Vec<String>,
}

impl Cluster {
    /// Every kind that the API serves, each in its preferred version.
    pub(crate) async fn discover(&self) -> Result<Vec<Served>, CallError> {
        let mut all = Vec::new();
        for path in ["/api", "/apis"] {
            let call = Call::path(path).accept(AGGREGATED);
            let answer = self.send(&call, Patience::READING).await?.body;
            if text(&answer, "/kind") == "APIGroupDiscoveryList" {
                all.extend(aggregated(&answer));
            } else {
                for version in versions(path, &answer) {
                    all.extend(self.discover_version(&version).await?);
                }
            }
        }
        Ok(all)
    }

    async fn discover_version(&self, version: &str) -> Result<Vec<Served>, CallError> {
        let path = if version.contains('/') {
            format!("/apis/{version}")
        } else {
            format!("/api/{version}")
        };
        match self.send(&Call::path(&path), Patience::READING).await {
            Ok(answer) => Ok(listed(version, &answer.body)),
            // An aggregated API whose server is down hides its own kinds and no others.
            Err(CallError {
                failure: Failure::Busy { .. } | Failure::NotServed | Failure::Absent,
                ..
            }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn array<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn served(
    group: &str,
    version: &str,
    kind: &str,
    plural: &str,
    namespaced: bool,
    verbs: &Value,
) -> Option<Served> {
    // `pods/log` and its like are no kinds.
    if kind.is_empty() || plural.is_empty() || plural.contains('/') {
        return None;
    }
    let verbs = verbs
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned);
    let scope = if namespaced {
        KindScope::Namespaced
    } else {
        KindScope::Cluster
    };
    let (group, version, kind, plural) = (
        group.to_owned(),
        version.to_owned(),
        kind.to_owned(),
        plural.to_owned(),
    );
    Some(Served {
        kind: Kind {
            group,
            version,
            kind,
            plural,
            scope,
        },
        verbs: verbs.collect(),
    })
}

/// The kinds of an aggregated answer. The first version of a group is the preferred one, but may lack kinds.
fn aggregated(answer: &Value) -> Vec<Served> {
    let mut all: Vec<Served> = Vec::new();
    for item in array(answer, "/items") {
        let group = text(item, "/metadata/name");
        for version in array(item, "/versions") {
            for resource in array(version, "/resources") {
                let found = served(
                    group,
                    text(version, "/version"),
                    text(resource, "/responseKind/kind"),
                    text(resource, "/resource"),
                    text(resource, "/scope") == "Namespaced",
                    &resource["verbs"],
                );
                add(&mut all, found);
            }
        }
    }
    all
}

/// The versions to ask for, one by one, the preferred one of each group first.
fn versions(path: &str, answer: &Value) -> Vec<String> {
    if path == "/api" {
        return array(answer, "/versions")
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
    }
    let groups = array(answer, "/groups");
    let each = groups.flat_map(|group| {
        array(group, "/versions").map(|version| text(version, "/groupVersion").to_owned())
    });
    each.collect()
}

fn listed(version: &str, answer: &Value) -> Vec<Served> {
    let (group, short) = version.split_once('/').unwrap_or(("", version));
    let mut all = Vec::new();
    for resource in array(answer, "/resources") {
        let namespaced = resource["namespaced"].as_bool().unwrap_or(false);
        let found = served(
            group,
            short,
            text(resource, "/kind"),
            text(resource, "/name"),
            namespaced,
            &resource["verbs"],
        );
        add(&mut all, found);
    }
    all
}

fn add(all: &mut Vec<Served>, found: Option<Served>) {
    let Some(found) = found else { return };
    let known = |other: &Served| other.kind.group_kind() == found.kind.group_kind();
    if !all.iter().any(known) {
        all.push(found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_forms_of_discovery_say_the_same() {
        let verbs = json!(["get", "list"]);
        let new = json!({"items": [{"metadata": {"name": "apps"}, "versions": [{"version": "v1", "resources": [
            {"resource": "deployments", "responseKind": {"kind": "Deployment"}, "scope": "Namespaced", "verbs": verbs},
        ]}]}]});
        let old = json!({"resources": [
            {"name": "deployments", "kind": "Deployment", "namespaced": true, "verbs": verbs},
            {"name": "deployments/status", "kind": "Deployment", "namespaced": true, "verbs": verbs},
        ]});
        assert_eq!(aggregated(&new), listed("apps/v1", &old));
        assert_eq!(
            aggregated(&new)[0].kind.path(Some("shop")),
            "/apis/apps/v1/namespaces/shop/deployments"
        );
    }

    #[test]
    fn a_kind_is_taken_in_its_preferred_version() {
        let resource = |kind: &str| json!({"resource": "x", "responseKind": {"kind": kind}, "scope": "Cluster", "verbs": []});
        let answer = json!({"items": [{"metadata": {"name": "g.io"}, "versions": [
            {"version": "v1", "resources": [resource("A")]},
            {"version": "v1beta1", "resources": [resource("A"), resource("B")]},
        ]}]});
        let kinds: Vec<_> = aggregated(&answer)
            .into_iter()
            .map(|served| (served.kind.kind, served.kind.version))
            .collect();
        assert_eq!(
            kinds,
            [
                ("A".to_owned(), "v1".to_owned()),
                ("B".to_owned(), "v1beta1".to_owned())
            ]
        );
    }
}
