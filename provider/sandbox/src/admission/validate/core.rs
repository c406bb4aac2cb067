//! Whether ConfigMaps, Secrets, Namespaces, accounts, quotas and limits are legal, and what of them may change.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::at::At;
use super::super::cause::{Causes, Reason};
use super::names::{config_key, qualified_name};
use super::resources::{amount, quantity, resource_name};

const MEGABYTE: usize = 1024 * 1024;
const SCOPES: [&str; 7] = [
    "BestEffort",
    "CrossNamespacePodAffinity",
    "NotBestEffort",
    "NotTerminating",
    "PriorityClass",
    "Terminating",
    "VolumeAttributesClass",
];
const FROZEN: &str = "field is immutable when `immutable` is set";

/// A `ConfigMap`.
pub(super) fn config_map(object: &At<'_>, causes: &mut Causes) {
    let (data, binary) = (object.field("data"), object.field("binaryData"));
    let mut size = 0;
    for (key, value) in data.entries() {
        key_rules(key, &value, causes);
        if binary.key(key).is_set() {
            causes.invalid_as(
                &value,
                &json!(key),
                "duplicate of key present in binaryData",
            );
        }
        size += value.text().len();
    }
    for (key, value) in binary.entries() {
        key_rules(key, &value, causes);
        size += decoded_len(&value);
    }
    if size > MEGABYTE {
        // The API has no path for the object as a whole.
        causes.push(
            Reason::TooLong,
            "[]",
            format!("Too long: may not be more than {MEGABYTE} bytes"),
        );
    }
}

/// What a `ConfigMap` may not change.
pub(super) fn config_map_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    frozen(new, old, &["data", "binaryData"], causes);
    config_map(new, causes);
}

/// A Secret.
pub(super) fn secret(object: &At<'_>, causes: &mut Causes) {
    let data = object.field("data");
    let mut size = 0;
    for (key, value) in data.entries() {
        key_rules(key, &value, causes);
        size += decoded_len(&value);
    }
    if size > MEGABYTE {
        causes.too_long(&data, MEGABYTE);
    }
    match object.field("type").text() {
        "kubernetes.io/service-account-token" => {
            let account = object
                .at("metadata")
                .field("annotations")
                .key("kubernetes.io/service-account.name");
            if account.is_empty() {
                causes.required(&account, "");
            }
        }
        "kubernetes.io/dockercfg" => docker(&data.key(".dockercfg"), causes),
        "kubernetes.io/dockerconfigjson" => docker(&data.key(".dockerconfigjson"), causes),
        "kubernetes.io/basic-auth"
            if data.key("username").is_absent() && data.key("password").is_absent() =>
        {
            causes.required(&data.key("username"), "");
            causes.required(&data.key("password"), "");
        }
        "kubernetes.io/ssh-auth" if data.key("ssh-privatekey").is_empty() => {
            causes.required(&data.key("ssh-privatekey"), "");
        }
        "kubernetes.io/tls" => {
            for key in ["tls.crt", "tls.key"] {
                if data.key(key).is_absent() {
                    causes.required(&data.key(key), "");
                }
            }
        }
        _ => {}
    }
}

/// What a Secret may not change.
pub(super) fn secret_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    causes.immutable(&new.field("type"), &old.field("type"));
    frozen(new, old, &["data"], causes);
    secret(new, causes);
}

fn key_rules(key: &str, value: &At<'_>, causes: &mut Causes) {
    for message in config_key(key) {
        causes.invalid_as(value, &json!(key), &message);
    }
}

fn frozen(new: &At<'_>, old: &At<'_>, fields: &[&str], causes: &mut Causes) {
    if !old.field("immutable").is_true() {
        return;
    }
    if !new.field("immutable").is_true() {
        causes.forbidden(&new.field("immutable"), FROZEN);
    }
    for field in fields {
        if new.field(field).value() != old.field(field).value() {
            causes.forbidden(&new.field(field), FROZEN);
        }
    }
}

fn docker(at: &At<'_>, causes: &mut Causes) {
    if at.is_absent() {
        return causes.required(at, "");
    }
    let parsed = STANDARD
        .decode(at.text())
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    if !parsed.is_some_and(|value| value.is_object() || value.is_null()) {
        causes.invalid_as(at, &json!("<secret contents redacted>"), "no JSON object");
    }
}

fn decoded_len(at: &At<'_>) -> usize {
    let text = at.text();
    text.len() / 4 * 3
        - text
            .bytes()
            .rev()
            .take_while(|byte| *byte == b'=')
            .count()
            .min(text.len() / 4 * 3)
}

/// A Namespace: the finalizers of its spec are names, too.
pub(super) fn namespace(object: &At<'_>, causes: &mut Causes) {
    let list = object.at("spec.finalizers");
    for name in list.items() {
        for message in qualified_name(name.text()) {
            causes.invalid_as(&list, name.value(), &message);
        }
        if !name.text().contains('/')
            && !matches!(name.text(), "kubernetes" | "orphan" | "foregroundDeletion")
        {
            causes.invalid_as(
                &list,
                name.value(),
                "name is neither a standard finalizer name nor is it fully qualified",
            );
        }
    }
}

/// A quota.
pub(super) fn quota(object: &At<'_>, causes: &mut Causes) {
    let spec = object.field("spec");
    for (name, most) in spec.field("hard").entries() {
        resource_name(name, &most, causes);
        if amount(&most).is_some_and(|most| most.is_negative()) {
            causes.invalid(&most, "must be greater than or equal to 0");
        } else {
            quantity(name, &most, causes);
        }
    }
    scope_selector(&spec.at("scopeSelector.matchExpressions"), causes);
    let scopes = spec.field("scopes");
    for scope in scopes.items() {
        if !SCOPES.contains(&scope.text()) {
            causes.invalid_as(&scopes, scope.value(), "unsupported scope");
        }
    }
    let named = scopes.texts();
    for (left, right) in [
        ("BestEffort", "NotBestEffort"),
        ("Terminating", "NotTerminating"),
    ] {
        if named.contains(&left) && named.contains(&right) {
            causes.invalid(&scopes, "conflicting scopes");
        }
    }
}

/// The API leaves the index out of these paths.
fn scope_selector(list: &At<'_>, causes: &mut Causes) {
    for expression in list.items() {
        let here = |field: &str| {
            expression
                .field(field)
                .renamed(format!("{}.{field}", list.path()))
        };
        let (scope, operator, values) = (here("scopeName"), here("operator"), here("values"));
        if !SCOPES.contains(&scope.text()) {
            causes.invalid(&scope, "unsupported scope");
        }
        match operator.text() {
            "In" | "NotIn" => {
                if values.is_empty() {
                    causes.required(&values, "must be at least one scope value when `operator` is 'In' or 'NotIn' for scope selector");
                }
            }
            "Exists" | "DoesNotExist" => {
                if !values.is_empty() {
                    causes.invalid(&values, "must be no scope value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
                }
            }
            _ => causes.invalid(&operator, "not a valid selector operator"),
        }
    }
}

/// What a quota may not change.
pub(super) fn quota_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    quota(new, causes);
    let sorted = |at: &At<'_>| {
        let mut scopes: Vec<String> = at
            .at("spec.scopes")
            .texts()
            .into_iter()
            .map(str::to_owned)
            .collect();
        scopes.sort();
        scopes
    };
    if sorted(new) != sorted(old) {
        causes.invalid(&new.at("spec.scopes"), "field is immutable");
    }
}

/// Limits of a namespace.
pub(super) fn limit_range(object: &At<'_>, causes: &mut Causes) {
    let mut kinds = Vec::new();
    for limit in object.at("spec.limits").items() {
        let kind = limit.field("type");
        for message in qualified_name(kind.text()) {
            causes.invalid(&kind, &message);
        }
        let standard = matches!(kind.text(), "Pod" | "Container" | "PersistentVolumeClaim");
        if !standard && !kind.text().contains('/') && qualified_name(kind.text()).is_empty() {
            causes.invalid(&kind, "must be a standard limit type or fully qualified");
        }
        for (name, ratio) in limit.field("maxLimitRequestRatio").entries() {
            let one = "1".parse().ok();
            if amount(&ratio).is_some_and(|ratio| Some(ratio) < one) {
                causes.invalid(&ratio, &format!("ratio of {name} is less than 1"));
            }
        }
        if kinds.contains(&kind.text()) {
            causes.duplicate(&kind);
        }
        kinds.push(kind.text());
        for list in [
            "max",
            "min",
            "default",
            "defaultRequest",
            "maxLimitRequestRatio",
        ] {
            for (name, value) in limit.field(list).entries() {
                resource_name(name, &value, causes);
            }
        }
        if kind.text() == "Pod" {
            for list in ["default", "defaultRequest"] {
                if !limit.field(list).is_empty() {
                    causes.forbidden(
                        &limit.field(list),
                        "may not be specified when `type` is 'Pod'",
                    );
                }
            }
        }
        if kind.text() == "PersistentVolumeClaim"
            && limit.at("min").key("storage").is_absent()
            && limit.at("max").key("storage").is_absent()
        {
            causes.required(
                &limit.field("limits"),
                "either minimum or maximum storage value is required, but neither was provided",
            );
        }
        ordered(&limit, causes);
    }
}

/// Minimum, default request, default and maximum must not cross.
fn ordered(limit: &At<'_>, causes: &mut Causes) {
    let lists = [
        ("min", "max", "min"),
        ("min", "defaultRequest", "defaultRequest"),
        ("defaultRequest", "max", "defaultRequest"),
        ("defaultRequest", "default", "defaultRequest"),
        ("min", "default", "default"),
        ("default", "max", "default"),
    ];
    for (low, high, blamed) in lists {
        for (name, value) in limit.field(low).entries() {
            let (Some(least), Some(most)) = (amount(&value), amount(&limit.field(high).key(name)))
            else {
                continue;
            };
            if least > most {
                causes.invalid(
                    &limit.field(blamed).key(name),
                    &format!("{low} value {least} is greater than {high} value {most}"),
                );
            }
        }
    }
}
