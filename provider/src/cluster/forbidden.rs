//! Which permission is missing, and which Role would give it?

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// One thing that the caller may not do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission {
    /// The namespace; none for the whole cluster.
    pub namespace: Option<String>,
    /// The API group; empty for the core group.
    pub group: String,
    /// The resource's name in URLs, with its subresource: `deployments`, `pods/log`.
    pub resource: String,
    /// The verb as RBAC spells it.
    pub verb: String,
}

/// Everything that the caller may not do and would have to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forbidden {
    /// Who the server thinks the caller is; empty where it did not say.
    pub user: String,
    /// What is missing.
    pub permissions: BTreeSet<Permission>,
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` on `{}`", self.verb, self.resource)?;
        if !self.group.is_empty() {
            write!(f, " of `{}`", self.group)?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " in namespace `{namespace}`"),
            None => write!(f, " in the whole cluster"),
        }
    }
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.user.as_str() {
            "" => write!(f, "missing permission:")?,
            user => write!(f, "user `{user}` lacks permission:")?,
        }
        for (index, permission) in self.permissions.iter().enumerate() {
            write!(f, "{} {permission}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl std::error::Error for Forbidden {}

impl Forbidden {
    /// Reads the sentence with which RBAC refuses; none when something else than RBAC refused.
    ///
    /// `… is forbidden: User "u" cannot patch resource "deployments" in API group "apps" in the namespace "shop"`
    pub(crate) fn read(message: &str) -> Option<Self> {
        let rest = &message[message.find("User \"")? + 6..];
        let (user, rest) = rest.split_once("\" cannot ")?;
        let (verb, rest) = rest.split_once(" resource \"")?;
        let (resource, rest) = rest.split_once("\" in API group \"")?;
        let (group, rest) = rest.split_once('"')?;
        let namespace = rest
            .split_once("in the namespace \"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(namespace, _)| namespace.to_owned());
        let permission = Permission {
            namespace,
            group: group.to_owned(),
            resource: resource.to_owned(),
            verb: verb.to_owned(),
        };
        Some(Self {
            user: user.to_owned(),
            permissions: BTreeSet::from([permission]),
        })
    }

    /// Adds what another refusal named.
    pub(crate) fn extend(&mut self, other: Forbidden) {
        let Forbidden { user, permissions } = other;
        if self.user.is_empty() {
            self.user = user;
        }
        self.permissions.extend(permissions);
    }

    /// The Roles and `ClusterRoles`, as YAML, that would allow what is missing.
    pub fn roles(&self) -> String {
        let mut scopes: BTreeMap<Option<&str>, Rules<'_>> = BTreeMap::new();
        for permission in &self.permissions {
            let rules = scopes.entry(permission.namespace.as_deref()).or_default();
            let verbs = rules
                .entry((&permission.group, &permission.resource))
                .or_default();
            verbs.insert(&permission.verb);
        }
        let documents: Vec<_> = scopes
            .into_iter()
            .map(|(namespace, rules)| role(namespace, &rules))
            .collect();
        documents.join("---\n")
    }
}

/// Verbs by API group and resource.
type Rules<'a> = BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>;

fn role(namespace: Option<&str>, rules: &Rules<'_>) -> String {
    let (kind, place) = match namespace {
        Some(namespace) => ("Role", format!("\n  namespace: {namespace}")),
        None => ("ClusterRole", String::new()),
    };
    let head = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata:\n  name: stacks{place}\nrules:\n"
    );
    let rules = rules.iter().map(|((group, resource), verbs)| {
        let verbs = verbs
            .iter()
            .map(|verb| format!("\"{verb}\""))
            .collect::<Vec<_>>()
            .join(", ");
        format!(
            "  - apiGroups: [\"{group}\"]\n    resources: [\"{resource}\"]\n    verbs: [{verbs}]\n"
        )
    });
    head + &rules.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMESPACED: &str = "deployments.apps \"api\" is forbidden: User \"ci\" cannot patch resource \
        \"deployments\" in API group \"apps\" in the namespace \"shop\"";
    const CLUSTER: &str = "clusterroles.rbac.authorization.k8s.io is forbidden: User \"ci\" cannot list resource \
        \"clusterroles\" in API group \"rbac.authorization.k8s.io\" at the cluster scope";

    #[test]
    fn the_roles_that_are_missing_are_written_as_yaml() {
        let mut forbidden = Forbidden::read(NAMESPACED).unwrap();
        forbidden.extend(Forbidden::read(&NAMESPACED.replace("patch", "create")).unwrap());
        forbidden.extend(Forbidden::read(CLUSTER).unwrap());
        insta::assert_snapshot!(forbidden.roles(), @r#"
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: stacks
        rules:
          - apiGroups: ["rbac.authorization.k8s.io"]
            resources: ["clusterroles"]
            verbs: ["list"]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          name: stacks
          namespace: shop
        rules:
          - apiGroups: ["apps"]
            resources: ["deployments"]
            verbs: ["create", "patch"]
        "#);
    }

    #[test]
    fn a_refusal_by_admission_is_not_a_missing_permission() {
        let message =
            "pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\": privileged";
        assert_eq!(Forbidden::read(message), None);
    }
}
