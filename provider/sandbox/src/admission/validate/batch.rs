//! Whether Jobs and `CronJobs` are legal, and what of them may change.

use serde_json::{Value, json};

use super::super::at::At;
use super::super::cause::Causes;
use super::names::{dns_label, dns_subdomain};
use super::pod::template;
use super::selector::{is_usable, label_selector, matches};

const INDEXED: &str = "Indexed";
const MOST_INDEXED: i64 = 100_000;

/// A Job that is being created.
pub(super) fn job(object: &At<'_>, causes: &mut Causes) {
    generated_selector(object, causes);
    job_with_selector(&object.field("spec"), causes);
    let completions = object.at("spec.completions").int_or_zero();
    if object.at("spec.completionMode").text() == INDEXED && completions > 0 {
        let name = object.at("metadata.name");
        let last = format!("{}-{}", name.text(), completions - 1);
        if !dns_label(&last).is_empty() {
            causes.invalid(
                &name,
                &format!("will not able to create pod with invalid DNS label: {last}"),
            );
        }
    }
}

/// What a Job may not change. The API checks the new one as if it were created, too, and reports what it finds twice.
pub(super) fn job_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    job(new, causes);
    let (spec, before) = (new.field("spec"), old.field("spec"));
    job_with_selector(&spec, causes);
    let completions = spec.field("completions");
    if spec.field("completionMode").text() != INDEXED {
        causes.immutable(&completions, &before.field("completions"));
    } else if completions.value() != before.field("completions").value()
        && completions.is_set()
        && completions.value() != spec.field("parallelism").value()
    {
        causes.invalid(
            &completions,
            "can only be modified in tandem with spec.parallelism",
        );
    }
    causes.immutable(&spec.field("selector"), &before.field("selector"));
    job_template_update(new, old, causes);
    for field in [
        "completionMode",
        "podFailurePolicy",
        "backoffLimitPerIndex",
        "managedBy",
        "successPolicy",
    ] {
        causes.immutable(&spec.field(field), &before.field(field));
    }
}

/// A suspended Job without running Pods lets its template change in what decides where and with how much it runs.
fn job_template_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    let suspended = old.at("spec.suspend").is_true();
    let (after, mut before) = (
        new.at("spec.template"),
        old.at("spec.template").value().clone(),
    );
    if suspended && old.at("status.active").int_or_zero() == 0 {
        for (owner, fields) in [
            ("metadata", &["annotations", "labels"][..]),
            (
                "spec",
                &["nodeSelector", "tolerations", "schedulingGates"][..],
            ),
        ] {
            for field in fields {
                super::super::edit::copy(
                    super::super::edit::child(&mut before, owner),
                    after.field(owner).value(),
                    field,
                );
            }
        }
        free_node_affinity(&after, &mut before);
        for list in ["containers", "initContainers"] {
            free_resources(&after.field("spec").field(list), &mut before, list);
        }
        if after.value() != &before {
            causes.invalid(
                &after.field("spec"),
                "only scheduling fields and resources may change while the Job is suspended",
            );
        }
    } else if after.value() != &before {
        causes.invalid(&after, "field is immutable");
    }
}

fn free_node_affinity(after: &At<'_>, before: &mut Value) {
    let wanted = after.at("spec.affinity.nodeAffinity").value().clone();
    let others = before
        .pointer("/spec/affinity")
        .and_then(Value::as_object)
        .is_some_and(|map| map.keys().any(|key| key != "nodeAffinity"));
    let spec = super::super::edit::child(before, "spec");
    if wanted.is_null() && !others {
        super::super::edit::copy(spec, after.field("spec").value(), "affinity");
        return;
    }
    let affinity = super::super::edit::object(super::super::edit::child(spec, "affinity"));
    if wanted.is_null() {
        affinity.remove("nodeAffinity");
    } else {
        affinity.insert("nodeAffinity".to_owned(), wanted);
    }
}

fn free_resources(after: &At<'_>, before: &mut Value, list: &str) {
    let Some(Value::Array(containers)) = before.pointer_mut(&format!("/spec/{list}")) else {
        return;
    };
    for (container, wanted) in containers.iter_mut().zip(after.items()) {
        super::super::edit::copy(container, wanted.value(), "resources");
    }
}

fn job_with_selector(spec: &At<'_>, causes: &mut Causes) {
    job_spec(spec, causes);
    let selector = spec.field("selector");
    if selector.is_absent() {
        causes.required(&selector, "");
    } else {
        label_selector(&selector, causes);
    }
    let labels = spec.at("template.metadata.labels");
    if is_usable(&selector)
        && !super::selector::selects_everything(&selector)
        && !matches(selector.value(), &labels)
    {
        causes.invalid(&labels, "`selector` does not match template `labels`");
    }
}

pub(super) fn job_spec(spec: &At<'_>, causes: &mut Causes) {
    let counts = [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ];
    for field in counts {
        causes.non_negative(&spec.field(field));
    }
    if spec.field("maxFailedIndexes").is_set() && spec.field("backoffLimitPerIndex").is_absent() {
        causes.required(
            &spec.field("backoffLimitPerIndex"),
            "when maxFailedIndexes is specified",
        );
    }
    managed_by(&spec.field("managedBy"), causes);
    completion_mode(spec, causes);
    let policy = spec.field("podFailurePolicy");
    let replacement = spec.field("podReplacementPolicy");
    if replacement.is_set() {
        let supported: &[&str] = if policy.is_set() {
            &["Failed"]
        } else {
            &["Failed", "TerminatingOrFailed"]
        };
        causes.one_of(&replacement, supported);
    }
    template(&spec.field("template"), causes);
    let restart = spec.at("template.spec.restartPolicy");
    match restart.text() {
        "" | "Always" => causes.required(&restart, "valid values: \"OnFailure\", \"Never\""),
        "Never" => {}
        "OnFailure" => {
            if policy.is_set() {
                causes.invalid(
                    &restart,
                    "only \"Never\" is supported when podFailurePolicy is specified",
                );
            }
        }
        _ => causes.unsupported(&restart, &["OnFailure", "Never"]),
    }
}

fn managed_by(at: &At<'_>, causes: &mut Causes) {
    if at.is_absent() {
        return;
    }
    match at.text().split_once('/') {
        _ if at.text().is_empty() => causes.required(at, ""),
        Some((host, path)) if !host.is_empty() && !path.is_empty() => {
            for message in dns_subdomain(host) {
                causes.invalid_as(at, &json!(host), &message);
            }
        }
        _ => causes.invalid(
            at,
            "must be a domain-prefixed path (such as \"acme.io/foo\")",
        ),
    }
    if at.text().len() > 63 {
        causes.too_long(at, 63);
    }
}

fn completion_mode(spec: &At<'_>, causes: &mut Causes) {
    let mode = spec.field("completionMode");
    if mode.is_set() && !matches!(mode.text(), "NonIndexed" | INDEXED) {
        causes.unsupported(&mode, &["NonIndexed", INDEXED]);
    }
    let (completions, failed, parallelism) = (
        spec.field("completions"),
        spec.field("maxFailedIndexes"),
        spec.field("parallelism"),
    );
    if mode.text() == INDEXED {
        if completions.is_absent() {
            causes.required(&completions, "when completion mode is Indexed");
        }
        if parallelism.int_or_zero() > MOST_INDEXED {
            causes.invalid(
                &parallelism,
                "must be less than or equal to 100000 when completion mode is Indexed",
            );
        }
        if completions.is_set() && failed.int_or_zero() > completions.int_or_zero() {
            causes.invalid(&failed, "must be less than or equal to completions");
        }
        if failed.int_or_zero() > MOST_INDEXED {
            causes.invalid(&failed, "must be less than or equal to 100000");
        }
        return;
    }
    for field in ["backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"] {
        if spec.field(field).is_set() {
            causes.invalid(&spec.field(field), "requires indexed completion mode");
        }
    }
}

/// A selector that the API made must still be the one that it made.
fn generated_selector(object: &At<'_>, causes: &mut Causes) {
    if object.at("spec.manualSelector").is_true() || object.at("spec.selector").is_absent() {
        return;
    }
    let (uid, name) = (
        object.at("metadata.uid").text(),
        object.at("metadata.name").text(),
    );
    let expected = json!({
        "controller-uid": uid,
        "job-name": name,
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
    });
    let labels = object.at("spec.template.metadata.labels");
    for (key, value) in expected.as_object().into_iter().flatten() {
        let found = labels.key(key);
        if found.is_absent() {
            causes.required(
                &found,
                &format!("must be '{}'", value.as_str().unwrap_or_default()),
            );
        } else if found.value() != value {
            causes.invalid(
                &found,
                &format!("must be '{}'", value.as_str().unwrap_or_default()),
            );
        }
    }
    let selector = object.at("spec.selector");
    if is_usable(&selector) && !matches(selector.value(), &At::root(&expected)) {
        causes.invalid(&selector, "`selector` not auto-generated");
    }
}
