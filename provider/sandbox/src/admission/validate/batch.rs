//! Whether Jobs and CronJobs are legal, and what of them may change.

use serde_json::{Value, json};

use super::super::at::At;
use super::super::cause::{Causes, Reason};
use super::cron;
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

/// What a Job may not change.
pub(super) fn job_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
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
            free_resources(
                &after.field("spec").field(list),
                before.pointer_mut(&format!("/spec/{list}")),
            );
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

fn free_resources(after: &At<'_>, before: Option<&mut Value>) {
    let Some(Value::Array(containers)) = before else {
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

fn job_spec(spec: &At<'_>, causes: &mut Causes) {
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

/// The status of a Job.
pub(super) fn job_status(object: &At<'_>, causes: &mut Causes) {
    let status = object.field("status");
    for field in ["active", "succeeded", "failed", "ready", "terminating"] {
        causes.non_negative(&status.field(field));
    }
    let holds = |kind: &str| {
        let conditions = status.field("conditions").items();
        conditions.iter().any(|condition| {
            condition.field("type").text() == kind && condition.field("status").text() == "True"
        })
    };
    let (complete, failed, met, target) = (
        holds("Complete"),
        holds("Failed"),
        holds("SuccessCriteriaMet"),
        holds("FailureTarget"),
    );
    let contradictions = [
        (
            complete && failed,
            "cannot set Complete=True and Failed=true conditions",
        ),
        (
            complete && target,
            "cannot set Complete=True and FailureTarget=true conditions",
        ),
        (
            failed && !target,
            "cannot set Failed=True condition without the FailureTarget=true condition",
        ),
        (
            complete && !met,
            "cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
        ),
        (
            met && failed,
            "cannot set SuccessCriteriaMet=True and Failed=true conditions",
        ),
        (
            met && target,
            "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions",
        ),
    ];
    for (_, message) in contradictions.iter().filter(|(wrong, _)| *wrong) {
        causes.push(
            Reason::Invalid,
            status.field("conditions").path(),
            format!("Invalid value: {message}"),
        );
    }
    times(&status, complete, complete || failed, causes);
}

fn times(status: &At<'_>, complete: bool, finished: bool, causes: &mut Causes) {
    let (start, end) = (status.field("startTime"), status.field("completionTime"));
    if end.is_set() && !complete {
        causes.invalid(
            &end,
            "cannot set completionTime when there is no Complete=True condition",
        );
    }
    if complete && end.is_absent() {
        causes.required(&end, "completionTime is required for Complete jobs");
    }
    if start.is_set() && end.is_set() && end.text() < start.text() {
        causes.invalid(&end, "must be equal to or after `startTime`");
    }
    if !finished {
        return;
    }
    for field in ["active", "terminating"] {
        if status.field(field).int_or_zero() > 0 {
            causes.invalid(
                &status.field(field),
                &format!("{field}>0 is invalid for finished job"),
            );
        }
    }
    if start.is_absent() {
        causes.required(&start, "startTime is required for finished job");
    }
}

/// A `CronJob` that is being created.
pub(super) fn cron_job(object: &At<'_>, causes: &mut Causes) {
    cron_spec(object, None, causes);
    let name = object.at("metadata.name");
    if name.text().len() > 52 {
        causes.invalid(&name, "must be no more than 52 characters");
    }
}

/// What a `CronJob` must still be.
pub(super) fn cron_job_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    cron_spec(new, Some(old), causes);
}

fn cron_spec(object: &At<'_>, old: Option<&At<'_>>, causes: &mut Causes) {
    let spec = object.field("spec");
    let (schedule, zone) = (spec.field("schedule"), spec.field("timeZone"));
    if schedule.is_empty() {
        causes.required(&schedule, "");
    } else {
        if let Err(problem) = cron::check(schedule.text()) {
            causes.invalid(&schedule, &problem);
        }
        let kept = old.is_some_and(|old| old.at("spec.schedule").text().contains("TZ"));
        if schedule.text().contains("TZ") && (!kept || zone.is_set()) {
            causes.invalid(
                &schedule,
                "cannot use TZ or CRON_TZ in schedule, use timeZone field instead",
            );
        }
    }
    causes.non_negative(&spec.field("startingDeadlineSeconds"));
    if old.is_none_or(|old| old.at("spec.timeZone").value() != zone.value()) {
        time_zone(&zone, causes);
    }
    causes.one_of(
        &spec.field("concurrencyPolicy"),
        &["Allow", "Forbid", "Replace"],
    );
    let job = spec.at("jobTemplate.spec");
    job_spec(&job, causes);
    if job.field("selector").is_set() {
        causes.invalid(&job.field("selector"), "`selector` will be auto-generated");
    }
    if job.field("manualSelector").is_true() {
        causes.unsupported(&job.field("manualSelector"), &["nil", "false"]);
    }
    causes.non_negative(&spec.field("successfulJobsHistoryLimit"));
    causes.non_negative(&spec.field("failedJobsHistoryLimit"));
}

fn time_zone(at: &At<'_>, causes: &mut Causes) {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/' | '+' | '-');
    if at.is_absent() {
        return;
    }
    if at.text().is_empty() {
        causes.invalid(at, "timeZone must be nil or non-empty string");
    } else if at.text().eq_ignore_ascii_case("local") {
        causes.invalid(
            at,
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
        );
    } else if !at.text().chars().all(legal) || jiff::tz::TimeZone::get(at.text()).is_err() {
        causes.invalid(at, &format!("unknown time zone {}", at.text()));
    }
}
