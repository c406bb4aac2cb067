//! Whether roles and their bindings are legal, and what of them may change.

use super::super::at::At;
use super::super::cause::Causes;
use super::metadata::Scope;
use super::names::{check, dns_subdomain, path_segment};
use super::selector::{is_usable, label_selector};

const GROUP: &str = "rbac.authorization.k8s.io";

/// A Role or a `ClusterRole`.
pub(super) fn role(object: &At<'_>, scope: Scope, causes: &mut Causes) {
    for rule in object.field("rules").items() {
        policy_rule(&rule, scope, causes);
    }
    let aggregation = object.field("aggregationRule");
    if aggregation.is_absent() {
        return;
    }
    let selectors = aggregation.field("clusterRoleSelectors");
    if selectors.is_empty() {
        causes.required(
            &selectors,
            "at least one clusterRoleSelector required if aggregationRule is non-nil",
        );
    }
    for selector in selectors.items() {
        label_selector(&selector, causes);
        if !is_usable(&selector) {
            causes.invalid(&selector, "invalid label selector.");
        }
    }
}

fn policy_rule(rule: &At<'_>, scope: Scope, causes: &mut Causes) {
    if rule.field("verbs").is_empty() {
        causes.required(
            &rule.field("verbs"),
            "verbs must contain at least one value",
        );
    }
    let urls = rule.field("nonResourceURLs");
    if !urls.is_empty() {
        if scope == Scope::Namespaced {
            causes.invalid(&urls, "namespaced rules cannot apply to non-resource URLs");
        }
        if ["apiGroups", "resources", "resourceNames"]
            .iter()
            .any(|field| !rule.field(field).is_empty())
        {
            causes.invalid(
                &urls,
                "rules cannot apply to both regular resources and non-resource URLs",
            );
        }
        return;
    }
    if rule.field("apiGroups").is_empty() {
        causes.required(
            &rule.field("apiGroups"),
            "resource rules must supply at least one api group",
        );
    }
    if rule.field("resources").is_empty() {
        causes.required(
            &rule.field("resources"),
            "resource rules must supply at least one resource",
        );
    }
}

/// A `RoleBinding` or a `ClusterRoleBinding`.
pub(super) fn binding(object: &At<'_>, scope: Scope, causes: &mut Causes) {
    let role = object.field("roleRef");
    causes.one_of(&role.field("apiGroup"), &[GROUP]);
    let kinds: &[&str] = if scope == Scope::Namespaced {
        &["Role", "ClusterRole"]
    } else {
        &["ClusterRole"]
    };
    causes.one_of(&role.field("kind"), kinds);
    if role.field("name").is_empty() {
        causes.required(&role.field("name"), "");
    } else {
        check(&role.field("name"), path_segment, causes);
    }
    for who in object.field("subjects").items() {
        subject(&who, scope, causes);
    }
}

/// A binding keeps its role.
pub(super) fn binding_update(new: &At<'_>, old: &At<'_>, scope: Scope, causes: &mut Causes) {
    binding(new, scope, causes);
    if new.field("roleRef").value() != old.field("roleRef").value() {
        causes.invalid(&new.field("roleRef"), "cannot change roleRef");
    }
}

fn subject(at: &At<'_>, scope: Scope, causes: &mut Causes) {
    let (name, group) = (at.field("name"), at.field("apiGroup"));
    if name.is_empty() {
        causes.required(&name, "");
    }
    match at.field("kind").text() {
        "ServiceAccount" => {
            if !name.is_empty() {
                check(&name, dns_subdomain, causes);
            }
            if !group.is_empty() {
                causes.unsupported(&group, &[""]);
            }
            if scope == Scope::Cluster && at.field("namespace").is_empty() {
                causes.required(&at.field("namespace"), "");
            }
        }
        "User" | "Group" => causes.one_of(&group, &[GROUP]),
        _ => causes.unsupported(&at.field("kind"), &["ServiceAccount", "User", "Group"]),
    }
}
