//! Whether a definition of custom resources is legal, and what of it may change.

mod schema;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::at::At;
use super::super::cause::{Causes, Reason};
use super::names::{dns_1035_label, dns_subdomain};

const APPROVAL: &str = "api-approved.kubernetes.io";

/// The rules for a definition's name: its own content decides.
pub(super) fn name(object: &At<'_>, causes: &mut Causes) {
    let name = object.at("metadata.name");
    let wanted = format!(
        "{}.{}",
        object.at("spec.names.plural").text(),
        object.at("spec.group").text()
    );
    if !name.is_empty() && name.text() != wanted {
        causes.invalid(&name, "must be spec.names.plural+\".\"+spec.group");
    }
}

/// A definition.
pub(super) fn definition(object: &At<'_>, causes: &mut Causes) {
    let spec = object.field("spec");
    group(&spec.field("group"), causes);
    if spec.field("scope").is_empty() {
        causes.required(&spec.field("scope"), "");
    } else {
        causes.one_of(&spec.field("scope"), &["Cluster", "Namespaced"]);
    }
    versions(&spec, causes);
    names(&spec.field("names"), causes);
    conversion(&spec.field("conversion"), causes);
    stored_versions(object, causes);
    approval(object, causes);
}

/// What a definition may not change: once it is established, what makes its objects findable.
pub(super) fn definition_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    definition(new, causes);
    let conditions = old.at("status.conditions").items();
    let established = conditions.iter().any(|found| {
        found.field("type").text() == "Established" && found.field("status").text() == "True"
    });
    let fixed: &[&str] = if established {
        &["scope", "names.kind", "group", "names.plural"]
    } else {
        &["group", "names.plural"]
    };
    for path in fixed {
        causes.immutable(&new.at("spec").at(path), &old.at("spec").at(path));
    }
}

fn joined(at: &At<'_>, broken: &[String], causes: &mut Causes) {
    if !broken.is_empty() {
        causes.invalid(at, &broken.join(","));
    }
}

fn group(at: &At<'_>, causes: &mut Causes) {
    let broken = dns_subdomain(at.text());
    if at.is_empty() {
        causes.required(at, "");
    } else if !broken.is_empty() {
        joined(at, &broken, causes);
    } else if !at.text().contains('.') {
        causes.invalid(at, "should be a domain with at least one dot");
    }
}

fn versions(spec: &At<'_>, causes: &mut Causes) {
    let versions = spec.field("versions");
    let listed = versions.items();
    let mut seen = BTreeSet::new();
    let schemas: BTreeSet<String> = listed
        .iter()
        .map(|version| version.field("schema").value().to_string())
        .collect();
    for version in &listed {
        joined(
            &version.field("name"),
            &dns_1035_label(version.field("name").text()),
            causes,
        );
        let schema = version.at("schema.openAPIV3Schema");
        if schema.is_absent() {
            causes.required(&schema, "");
        } else if schemas.len() > 1 {
            schema::root(&schema, causes);
        }
        subresources(&version.field("subresources"), causes);
        for column in version.field("additionalPrinterColumns").items() {
            printer_column(&column, causes);
        }
    }
    // What all versions share, the API keeps and reports once, at its place of old.
    if let (1, Some(first)) = (schemas.len(), listed.first()) {
        let schema = first.at("schema.openAPIV3Schema");
        if schema.is_set() {
            schema::root(&schema.renamed("spec.validation.openAPIV3Schema"), causes);
        }
    }
    if listed
        .iter()
        .any(|version| !seen.insert(version.field("name").text()))
    {
        causes.invalid(&versions, "must contain unique version names");
    }
    if listed
        .iter()
        .filter(|version| version.field("storage").is_true())
        .count()
        != 1
    {
        causes.invalid(
            &versions,
            "must have exactly one version marked as storage version",
        );
    }
}

fn subresources(at: &At<'_>, causes: &mut Causes) {
    let scale = at.field("scale");
    if scale.is_absent() {
        return;
    }
    for (field, below) in [
        ("specReplicasPath", ".spec."),
        ("statusReplicasPath", ".status."),
    ] {
        let path = scale.field(field);
        if path.is_empty() {
            causes.required(&path, "");
        } else if !path.text().starts_with(below) {
            causes.invalid(
                &path,
                &format!(
                    "should be a json path under {}",
                    below.trim_end_matches('.')
                ),
            );
        }
    }
    let selector = scale.field("labelSelectorPath");
    if !selector.is_empty()
        && !selector.text().starts_with(".spec.")
        && !selector.text().starts_with(".status.")
    {
        causes.invalid(
            &selector,
            "should be a json path under either .spec or .status",
        );
    }
}

fn printer_column(at: &At<'_>, causes: &mut Causes) {
    if at.field("name").is_empty() {
        causes.required(&at.field("name"), "");
    }
    let kind = at.field("type");
    if kind.is_empty() {
        causes.required(&kind, "must be one of boolean,date,integer,number,string");
    } else if !matches!(
        kind.text(),
        "boolean" | "date" | "integer" | "number" | "string"
    ) {
        causes.invalid(&kind, "must be one of boolean,date,integer,number,string");
    }
    let format = at.field("format");
    let formats = [
        "int32",
        "int64",
        "float",
        "double",
        "byte",
        "date",
        "date-time",
        "password",
    ];
    if !format.is_empty() && !formats.contains(&format.text()) {
        causes.invalid(
            &format,
            "must be one of byte,date,date-time,double,float,int32,int64,password",
        );
    }
    let path = at
        .field("jsonPath")
        .renamed(format!("{}.JSONPath", at.path()));
    if path.is_empty() {
        causes.required(&path, "");
    } else if !path.text().starts_with('.') {
        causes.invalid(&path, "must be a simple json path starting with .");
    }
}

fn names(at: &At<'_>, causes: &mut Causes) {
    for field in ["plural", "singular", "kind", "listKind"] {
        if at.field(field).is_empty() {
            causes.required(&at.field(field), "");
        } else {
            let text = at.field(field).text();
            let lower = if field.ends_with("ind") {
                text.to_lowercase()
            } else {
                text.to_owned()
            };
            joined(&at.field(field), &dns_1035_label(&lower), causes);
        }
    }
    for field in ["shortNames", "categories"] {
        for name in at.field(field).items() {
            joined(&name, &dns_1035_label(name.text()), causes);
        }
    }
    if !at.field("kind").is_empty() && at.field("kind").text() == at.field("listKind").text() {
        causes.invalid(
            &at.field("listKind"),
            "kind and listKind may not be the same",
        );
    }
}

fn conversion(at: &At<'_>, causes: &mut Causes) {
    let (strategy, webhook) = (at.field("strategy"), at.field("webhook"));
    if at.is_absent() {
        return;
    }
    causes.one_of(&strategy, &["None", "Webhook"]);
    if strategy.text() == "Webhook" {
        let client = webhook
            .field("clientConfig")
            .renamed(format!("{}.webhookClientConfig", at.path()));
        if client.field("url").is_set() == client.field("service").is_set() {
            causes.required(&client, "required when strategy is set to Webhook");
        }
        let versions = webhook
            .field("conversionReviewVersions")
            .renamed(format!("{}.conversionReviewVersions", at.path()));
        if versions.is_empty() {
            causes.required(&versions, "");
        }
    } else if webhook.is_set() {
        causes.forbidden(
            &webhook.renamed(format!("{}.webhookClientConfig", at.path())),
            "should not be set when strategy is not set to Webhook",
        );
    }
}

fn stored_versions(object: &At<'_>, causes: &mut Causes) {
    let stored = object.at("status.storedVersions");
    if stored.is_empty() {
        return causes.invalid_as(
            &stored,
            &Value::Null,
            "must have at least one stored version",
        );
    }
    let versions = object.at("spec.versions").items();
    for version in versions
        .iter()
        .filter(|version| version.field("storage").is_true())
    {
        let name = version.field("name").text();
        if !stored.texts().contains(&name) {
            causes.invalid(&stored, &format!("must have the storage version {name}"));
        }
    }
    for name in stored.items() {
        if !versions
            .iter()
            .any(|version| version.field("name").text() == name.text())
        {
            causes.invalid_as(
                &name,
                &json!(name.text()),
                "missing from spec.versions; it was previously a storage version",
            );
        }
    }
}

/// Groups of the Kubernetes community need its word.
fn approval(object: &At<'_>, causes: &mut Causes) {
    let group = object.at("spec.group").text();
    let protected = ["k8s.io", "kubernetes.io"]
        .iter()
        .any(|domain| group == *domain || group.ends_with(&format!(".{domain}")));
    if !protected {
        return;
    }
    let word = object.at("metadata.annotations").key(APPROVAL);
    if word.is_empty() {
        let detail = "protected groups must have approval annotation \"api-approved.kubernetes.io\", see https://github.com/kubernetes/enhancements/pull/1111";
        causes.push(
            Reason::Required,
            word.path(),
            format!("Required value: {detail}"),
        );
    } else if !word.text().starts_with("unapproved") && !word.text().contains("://") {
        causes.invalid(&word, "protected groups must have approval annotation with either a URL or a reason starting with \"unapproved\"");
    }
}
