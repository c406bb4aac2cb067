//! Jobs: Pods until enough of them have succeeded, or too many have failed.

use std::sync::Arc;

use serde_json::{Value, json};

use super::actor::{Actor, JOBS, PODS, is_going, name, text};
use super::conditions::{Condition, holds, set};
use super::failure::Failure;
use super::template::{is_alive, is_ready, pod, set_numbers, status};
use crate::random;

pub(super) fn run(actor: &mut Actor<'_>) {
    for job in actor.list(JOBS) {
        if is_going(&job) || job["spec"]["suspend"] == json!(true) {
            continue;
        }
        if holds(&job, "Complete") || holds(&job, "Failed") {
            expire(actor, &job);
        } else {
            one(actor, &job);
        }
    }
}

/// How far the Pods of a Job are.
struct Progress {
    active: Vec<Arc<Value>>,
    succeeded: i64,
    failed: i64,
}

fn progress(actor: &Actor<'_>, job: &Value) -> Progress {
    let pods = actor.owned(PODS, job);
    let in_phase = |phase: &str| {
        let count = pods
            .iter()
            .filter(|pod| text(&pod["status"]["phase"]) == phase)
            .count();
        i64::try_from(count).unwrap_or(i64::MAX)
    };
    let (succeeded, failed) = (in_phase("Succeeded"), in_phase("Failed"));
    let active = pods.into_iter().filter(|pod| is_alive(pod)).collect();
    Progress {
        active,
        succeeded,
        failed,
    }
}

fn one(actor: &mut Actor<'_>, job: &Value) {
    let before = progress(actor, job);
    let completions = job["spec"]["completions"].as_i64().unwrap_or(1);
    let limit = job["spec"]["backoffLimit"].as_i64().unwrap_or(6);
    let is_failed = before.failed > limit;
    let is_complete = before.succeeded >= completions;
    if is_failed || is_complete {
        for pod in &before.active {
            actor.delete(PODS, pod, &json!({}));
        }
    } else {
        let parallelism = job["spec"]["parallelism"].as_i64().unwrap_or(1);
        let wanted = parallelism.min(completions - before.succeeded);
        let active = i64::try_from(before.active.len()).unwrap_or(i64::MAX);
        for _ in active..wanted {
            create(actor, job);
        }
    }
    write_status(actor, job, is_complete, is_failed);
}

fn create(actor: &mut Actor<'_>, job: &Value) {
    let pod = pod(job, &format!("{}-{}", name(job), random::suffix()));
    let refusal = if Failure::of_workload(job) == Some(Failure::FailedCreate) {
        Some("pods are forbidden: refused on request".to_owned())
    } else {
        actor.create_pod(job, &pod)
    };
    if let Some(message) = refusal {
        actor.warn(job, "FailedCreate", &format!("Error creating: {message}"));
    }
}

fn write_status(actor: &mut Actor<'_>, job: &Value, is_complete: bool, is_failed: bool) {
    let after = progress(actor, job);
    let ready = after.active.iter().filter(|pod| is_ready(pod)).count();
    let mut status = status(job);
    if !status["startTime"].is_string() {
        status["startTime"] = json!(actor.now);
    }
    let ends = is_complete || is_failed;
    let active = if ends {
        0
    } else {
        i64::try_from(after.active.len()).unwrap_or(i64::MAX)
    };
    set_numbers(
        &mut status,
        &[
            ("active", active),
            ("succeeded", after.succeeded),
            ("failed", after.failed),
        ],
    );
    status["ready"] = json!(if ends { 0 } else { ready });
    status["terminating"] = json!(0);
    status["uncountedTerminatedPods"] = json!({});
    let now = actor.now.clone();
    let mut note = |kind: &str, reason: &str, message: &str| {
        set(
            &mut status,
            &Condition {
                kind,
                is_true: true,
                reason,
                message,
            },
            &now,
            Some("lastProbeTime"),
        );
    };
    if is_complete {
        let message = "Reached expected number of succeeded pods";
        note("SuccessCriteriaMet", "CompletionsReached", message);
        note("Complete", "CompletionsReached", message);
        status["completionTime"] = json!(now);
    } else if is_failed {
        let message = "Job has reached the specified backoff limit";
        note("FailureTarget", "BackoffLimitExceeded", message);
        note("Failed", "BackoffLimitExceeded", message);
    }
    actor.update_status(JOBS, job, status);
}

/// A finished Job goes when its time to live is over.
fn expire(actor: &mut Actor<'_>, job: &Value) {
    let Some(life) = job["spec"]["ttlSecondsAfterFinished"].as_i64() else {
        return;
    };
    let conditions = job["status"]["conditions"].as_array().into_iter().flatten();
    let ended = conditions
        .filter(|condition| matches!(text(&condition["type"]), "Complete" | "Failed"))
        .find_map(|condition| {
            text(&condition["lastTransitionTime"])
                .parse::<jiff::Timestamp>()
                .ok()
        });
    if ended.is_some_and(|ended| jiff::Timestamp::now().as_second() - ended.as_second() >= life) {
        actor.delete(JOBS, job, &json!({ "propagationPolicy": "Foreground" }));
    }
}
