//! Whether a `CronJob` is legal.

use super::super::at::At;
use super::super::cause::Causes;
use super::batch::job_spec;
use super::cron;

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
