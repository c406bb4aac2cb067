//! Whether what a controller says of a Job can be true.

use super::super::at::At;
use super::super::cause::{Causes, Reason};

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
