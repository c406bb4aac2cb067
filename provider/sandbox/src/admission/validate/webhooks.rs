//! Whether webhooks and admission policies are legal.

use std::collections::BTreeSet;

use super::super::at::At;
use super::super::cause::Causes;
use super::names::{check, dns_1035_label, dns_label, dns_subdomain, qualified_name};
use super::numbers::port_number;
use super::selector::label_selector;

const VERSIONS: [&str; 2] = ["v1", "v1beta1"];

/// What a webhook may do to objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Webhook {
    Mutating,
    Validating,
}

/// A configuration of webhooks.
pub(super) fn configuration(object: &At<'_>, kind: Webhook, causes: &mut Causes) {
    let mut names = BTreeSet::new();
    for hook in object.field("webhooks").items() {
        webhook(&hook, kind, causes);
        review_versions(&hook.field("admissionReviewVersions"), causes);
        let name = hook.field("name");
        if !name.is_empty() && !names.insert(name.text()) {
            causes.duplicate(&name);
        }
    }
}

fn webhook(hook: &At<'_>, kind: Webhook, causes: &mut Causes) {
    qualified_domain(&hook.field("name"), causes);
    for rule in hook.field("rules").items() {
        rule_with_operations(&rule, causes);
    }
    causes.one_of(&hook.field("failurePolicy"), &["Fail", "Ignore"]);
    causes.one_of(&hook.field("matchPolicy"), &["Equivalent", "Exact"]);
    let effects = hook.field("sideEffects");
    if effects.is_absent() {
        causes.required(&effects, "must specify one of None, NoneOnDryRun");
    } else {
        causes.one_of(&effects, &["None", "NoneOnDryRun"]);
    }
    let timeout = hook.field("timeoutSeconds");
    if timeout
        .int()
        .is_some_and(|seconds| !(1..=30).contains(&seconds))
    {
        causes.invalid(
            &timeout,
            "the timeout value must be between 1 and 30 seconds",
        );
    }
    label_selector(&hook.field("namespaceSelector"), causes);
    label_selector(&hook.field("objectSelector"), causes);
    if kind == Webhook::Mutating {
        causes.one_of(&hook.field("reinvocationPolicy"), &["IfNeeded", "Never"]);
    }
    client(&hook.field("clientConfig"), causes);
    conditions(&hook.field("matchConditions"), causes);
}

fn client(at: &At<'_>, causes: &mut Causes) {
    let (url, service) = (at.field("url"), at.field("service"));
    match (url.is_set(), service.is_set()) {
        (true, false) => {
            let rest = url.text().strip_prefix("https://");
            if rest.is_none() {
                causes.invalid(&url, "'https' is the only allowed URL scheme");
            }
            if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
                causes.invalid(&url, "host must be specified");
            }
            for (mark, what) in [
                ('@', "user information is not permitted in the URL"),
                ('#', "fragments are not permitted in the URL"),
                ('?', "query parameters are not permitted in the URL"),
            ] {
                if url.text().contains(mark) {
                    causes.invalid(&url, what);
                }
            }
        }
        (false, true) => {
            // The API reports each of the two at the place of the other.
            for (field, other) in [("name", "namespace"), ("namespace", "name")] {
                if service.field(field).is_empty() {
                    causes.required(
                        &service.field(other),
                        &format!("service {field} is required"),
                    );
                }
            }
            port_number(&service.field("port"), causes);
            let path = service.field("path");
            if !path.is_empty() && !path.text().starts_with('/') {
                causes.invalid(&path, "must start with a '/'");
            }
        }
        _ => causes.required(at, "exactly one of url or service is required"),
    }
}

fn review_versions(at: &At<'_>, causes: &mut Causes) {
    let versions = at.texts();
    if versions.is_empty() {
        return causes.required(at, "must specify one of v1, v1beta1");
    }
    let mut seen = BTreeSet::new();
    for version in at.items() {
        if seen.insert(version.text()) {
            check(&version, dns_1035_label, causes);
        } else {
            causes.invalid(&version, "duplicate version");
        }
    }
    if !versions.iter().any(|version| VERSIONS.contains(version)) {
        causes.invalid(at, "must include at least one of v1, v1beta1");
    }
}

fn rule_with_operations(at: &At<'_>, causes: &mut Causes) {
    let operations = at.field("operations");
    if operations.is_empty() {
        causes.required(&operations, "");
    }
    if operations.len() > 1 && operations.texts().contains(&"*") {
        causes.invalid(
            &operations,
            "if '*' is present, must not specify other operations",
        );
    }
    for operation in operations.items() {
        causes.one_of(&operation, &["*", "CONNECT", "CREATE", "DELETE", "UPDATE"]);
    }
    for (field, what) in [("apiGroups", "API groups"), ("apiVersions", "API versions")] {
        let list = at.field(field);
        if list.is_empty() {
            causes.required(&list, "");
        }
        if list.len() > 1 && list.texts().contains(&"*") {
            causes.invalid(
                &list,
                &format!("if '*' is present, must not specify other {what}"),
            );
        }
    }
    for version in at
        .field("apiVersions")
        .items()
        .iter()
        .filter(|version| version.is_empty())
    {
        causes.required(version, "");
    }
    resources(&at.field("resources"), causes);
    if at.field("scope").is_set() {
        causes.one_of(&at.field("scope"), &["*", "Cluster", "Namespaced"]);
    }
}

fn resources(at: &At<'_>, causes: &mut Causes) {
    let names = at.texts();
    if names.is_empty() {
        causes.required(at, "");
    }
    for resource in at.items().iter().filter(|resource| resource.is_empty()) {
        causes.required(resource, "");
    }
    if names.len() > 1 && names.contains(&"*/*") {
        causes.invalid(at, "if '*/*' is present, must not specify other resources");
    }
    if names.contains(&"*") && names.iter().any(|name| *name != "*" && !name.contains('/')) {
        causes.invalid(
            at,
            "if '*' is present, must not specify other resources without subresources",
        );
    }
}

fn conditions(at: &At<'_>, causes: &mut Causes) {
    let mut names = BTreeSet::new();
    for condition in at.items() {
        let (name, expression) = (condition.field("name"), condition.field("expression"));
        if expression.text().trim().is_empty() {
            causes.required(&expression, "");
        }
        if name.is_empty() {
            causes.required(&name, "");
        } else {
            check(&name, qualified_name, causes);
            if !names.insert(name.text()) {
                causes.duplicate(&name);
            }
        }
    }
    if at.len() > 64 {
        causes.too_many(at, at.len(), 64);
    }
}

/// At least three labels joined with dots.
fn qualified_domain(at: &At<'_>, causes: &mut Causes) {
    if at.is_empty() {
        return causes.required(at, "");
    }
    check(at, dns_subdomain, causes);
    if at.text().split('.').count() < 3 && dns_subdomain(at.text()).is_empty() {
        causes.invalid(
            at,
            "should be a domain with at least three segments separated by dots",
        );
    }
}

/// A `ValidatingAdmissionPolicy`.
pub(super) fn policy(object: &At<'_>, causes: &mut Causes) {
    let spec = object.field("spec");
    causes.one_of(&spec.field("failurePolicy"), &["Fail", "Ignore"]);
    let kind = spec.field("paramKind");
    if kind.is_set() {
        for field in ["apiVersion", "kind"] {
            if kind.field(field).is_empty() {
                causes.required(&kind.field(field), "");
            }
        }
    }
    let constraints = spec.field("matchConstraints");
    if constraints.is_absent() {
        causes.required(&constraints, "");
    } else {
        match_resources(&constraints, causes);
        if constraints.field("resourceRules").is_empty() {
            causes.required(&constraints.field("resourceRules"), "");
        }
    }
    if spec.field("validations").is_empty() && spec.field("auditAnnotations").is_empty() {
        for field in ["validations", "auditAnnotations"] {
            causes.required(
                &spec.field(field),
                "validations or auditAnnotations must contain at least one item",
            );
        }
    }
    for validation in spec.field("validations").items() {
        if validation.field("expression").text().trim().is_empty() {
            causes.required(
                &validation.field("expression"),
                "expression is not specified",
            );
        }
        if validation.field("reason").is_set() {
            causes.one_of(
                &validation.field("reason"),
                &[
                    "Forbidden",
                    "Invalid",
                    "RequestEntityTooLarge",
                    "Unauthorized",
                ],
            );
        }
    }
    conditions(&spec.field("matchConditions"), causes);
}

fn match_resources(at: &At<'_>, causes: &mut Causes) {
    label_selector(&at.field("namespaceSelector"), causes);
    label_selector(&at.field("objectSelector"), causes);
    for list in ["resourceRules", "excludeResourceRules"] {
        for rule in at.field(list).items() {
            rule_with_operations(&rule, causes);
        }
    }
    if at.field("matchPolicy").is_set() {
        causes.one_of(&at.field("matchPolicy"), &["Equivalent", "Exact"]);
    }
}

/// A `ValidatingAdmissionPolicyBinding`.
pub(super) fn policy_binding(object: &At<'_>, causes: &mut Causes) {
    let spec = object.field("spec");
    if spec.field("policyName").is_empty() {
        causes.required(&spec.field("policyName"), "");
    } else {
        check(&spec.field("policyName"), dns_subdomain, causes);
    }
    let actions = spec.field("validationActions");
    if actions.is_empty() {
        causes.required(&actions, "");
    }
    let mut seen = BTreeSet::new();
    for action in actions.items() {
        causes.one_of(&action, &["Audit", "Deny", "Warn"]);
        if !seen.insert(action.text()) {
            causes.duplicate(&action);
        }
    }
    if seen.contains("Deny") && seen.contains("Warn") {
        causes.invalid(&actions, "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)");
    }
    let parameters = spec.field("paramRef");
    if parameters.is_set() {
        if !parameters.field("name").is_empty() {
            check(&parameters.field("name"), dns_label, causes);
        }
        if parameters.field("parameterNotFoundAction").is_absent() {
            causes.required(&parameters.field("parameterNotFoundAction"), "");
        }
    }
    match_resources(&spec.field("matchResources"), causes);
}
