//! Whether an object's metadata is legal, and what of it may change.

use serde_json::json;

use super::super::at::At;
use super::super::cause::Causes;
use super::names::{self, Rule, check, label_value, qualified_name};

const ANNOTATIONS_LIMIT: usize = 256 * 1024;

/// Whether a kind lives in namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// It has a namespace.
    Namespaced,
    /// It must not have one.
    Cluster,
}

/// Metadata of an object that is being created. `name` is the rule for names of the kind.
pub(crate) fn on_create(metadata: &At<'_>, scope: Scope, name: Rule, causes: &mut Causes) {
    let prefix = metadata.field("generateName");
    if !prefix.is_empty() {
        // The random suffix makes a trailing hyphen legal.
        let probe = prefix.text().trim_end_matches('-');
        let probe = if probe.len() < prefix.text().len() {
            format!("{probe}a")
        } else {
            probe.to_owned()
        };
        for message in name(&probe) {
            causes.invalid(&prefix, &message);
        }
    }
    if metadata.field("name").is_empty() {
        causes.required(&metadata.field("name"), "name or generateName is required");
    } else {
        check(&metadata.field("name"), name, causes);
    }
    let namespace = metadata.field("namespace");
    match (scope, namespace.is_empty()) {
        (Scope::Namespaced, true) => causes.required(&namespace, ""),
        (Scope::Namespaced, false) => check(&namespace, names::dns_label, causes),
        (Scope::Cluster, true) => {}
        (Scope::Cluster, false) => causes.forbidden(&namespace, "not allowed on this type"),
    }
    causes.non_negative(&metadata.field("generation"));
    always(metadata, causes);
    finalizers(&metadata.field("finalizers"), causes);
}

/// Finalizers without a domain must be ones that Kubernetes itself knows.
pub(crate) fn known_finalizers(metadata: &At<'_>, causes: &mut Causes) {
    for name in metadata.field("finalizers").items() {
        if !name.text().contains('/')
            && !matches!(name.text(), "kubernetes" | "orphan" | "foregroundDeletion")
        {
            causes.invalid(
                &name,
                "name is neither a standard finalizer name nor is it fully qualified",
            );
        }
    }
}

/// Metadata of an object that is being changed.
pub(crate) fn on_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    if old.field("deletionTimestamp").is_set() {
        let before = old.field("finalizers").texts();
        let added: Vec<_> = new
            .field("finalizers")
            .texts()
            .into_iter()
            .filter(|name| !before.contains(name))
            .collect();
        if !added.is_empty() {
            let message = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers {added:?}"
            );
            causes.forbidden(&new.field("finalizers"), &message);
        }
    }
    if new.field("generation").int_or_zero() < old.field("generation").int_or_zero() {
        causes.invalid(&new.field("generation"), "must not be decremented");
    }
    for field in [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        causes.immutable(&new.field(field), &old.field(field));
    }
    always(new, causes);
}

/// Labels of anything.
pub(crate) fn labels(at: &At<'_>, causes: &mut Causes) {
    for (key, value) in at.entries() {
        for message in qualified_name(key) {
            causes.invalid_as(at, &json!(key), &message);
        }
        for message in label_value(value.text()) {
            causes.invalid_as(at, value.value(), &message);
        }
    }
}

/// Annotations of anything.
pub(crate) fn annotations(at: &At<'_>, causes: &mut Causes) {
    let mut size = 0;
    for (key, value) in at.entries() {
        size += key.len() + value.text().len();
        for message in qualified_name(&key.to_lowercase()) {
            causes.invalid_as(at, &json!(key), &message);
        }
    }
    if size > ANNOTATIONS_LIMIT {
        causes.too_long(at, ANNOTATIONS_LIMIT);
    }
}

fn always(metadata: &At<'_>, causes: &mut Causes) {
    labels(&metadata.field("labels"), causes);
    annotations(&metadata.field("annotations"), causes);
    owners(&metadata.field("ownerReferences"), causes);
    managed_fields(&metadata.field("managedFields"), causes);
}

/// The causes carry the path of the list, not of its element: so does the API.
fn owners(at: &At<'_>, causes: &mut Causes) {
    let mut controller = None;
    for owner in at.items() {
        let here = |field: &str| owner.field(field).renamed(format!("{}.{field}", at.path()));
        if owner.field("apiVersion").is_empty() {
            causes.invalid(&here("apiVersion"), "version must not be empty");
        }
        for field in ["kind", "name", "uid"] {
            if owner.field(field).is_empty() {
                causes.invalid(&here(field), "must not be empty");
            }
        }
        if owner.field("kind").text() == "Event" && owner.field("apiVersion").text() == "v1" {
            causes.invalid_as(
                at,
                owner.value(),
                "/v1, Kind=Event is disallowed from being an owner",
            );
        }
        if owner.field("controller").is_true() {
            let this = format!(
                "{}/{}",
                owner.field("kind").text(),
                owner.field("name").text()
            );
            match &controller {
                None => controller = Some(this),
                Some(first) => causes.invalid(
                    at,
                    &format!("Only one reference can have Controller set to true. Found \"true\" in references for {first} and {this}"),
                ),
            }
        }
    }
}

fn finalizers(at: &At<'_>, causes: &mut Causes) {
    let names = at.texts();
    for name in &names {
        for message in qualified_name(name) {
            causes.invalid_as(at, &json!(name), &message);
        }
    }
    if names.contains(&"orphan") && names.contains(&"foregroundDeletion") {
        causes.invalid(
            at,
            "finalizer orphan and foregroundDeletion cannot be both set",
        );
    }
}

fn managed_fields(at: &At<'_>, causes: &mut Causes) {
    for entry in at.items() {
        if !matches!(entry.field("operation").text(), "Apply" | "Update") {
            causes.invalid(&entry.field("operation"), "must be `Apply` or `Update`");
        }
        if !matches!(entry.field("fieldsType").text(), "" | "FieldsV1") {
            causes.invalid(&entry.field("fieldsType"), "must be `FieldsV1`");
        }
        if entry.field("manager").text().len() > 128 {
            causes.too_long(&entry.field("manager"), 128);
        }
        if entry.field("subresource").text().len() > 256 {
            causes.too_long(&entry.field("subresource"), 256);
        }
    }
}
