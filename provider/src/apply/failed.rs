//! How is a failure told, and what is to be done about it?

use provider_core::{
    Finding, ResourceId,
    plan::{Blocker, Conflict, Kept},
};

use crate::{
    cluster::{CallError, Failure},
    report::{Class, Evidence, Failed},
};

/// What should be in the cluster and is not; none where all is there.
pub(super) fn missing(findings: &[Finding]) -> Option<Failed> {
    let evidence = findings.iter().map(|finding| Evidence {
        of: finding
            .subject
            .as_ref()
            .map(ResourceId::to_string)
            .unwrap_or_default(),
        what: finding.message.clone(),
        log: Vec::new(),
    });
    let evidence: Vec<_> = evidence.collect();
    let message = format!(
        "nothing was touched: objects that the definition says to be in the cluster and that are not: {}",
        evidence.len()
    );
    let mut failed = Failed::new(Class::Missing, message);
    failed.advice = findings.iter().find_map(|finding| finding.hint.clone());
    failed.evidence = evidence;
    (!findings.is_empty()).then_some(failed)
}

/// A step that the server, or the way to it, did not let happen.
pub(super) fn of_step(id: &ResourceId, error: &CallError) -> Failed {
    let mut failed = call("", error);
    // Refusals quote the values that they refuse.
    if let (true, Failure::Refused(refusal)) = (id.is("", "Secret"), &error.failure) {
        let fields: Vec<_> = refusal
            .causes
            .iter()
            .map(|cause| cause.field.as_str())
            .collect();
        failed.message = format!(
            "{error}: the API server refused it ({}): {}",
            refusal.code,
            fields.join(", ")
        );
    }
    failed
}

/// The same for a request that belongs to no step; `what` was attempted with it.
pub(super) fn call(what: &str, error: &CallError) -> Failed {
    let CallError {
        attempt: _,
        failure,
    } = error;
    let (class, advice) = match failure {
        Failure::Forbidden(forbidden) => (
            Class::Forbidden,
            Some(format!(
                "this Role would allow it:\n\n{}",
                forbidden.roles()
            )),
        ),
        Failure::Unauthorized(_) | Failure::Credentials(_) => (
            Class::Forbidden,
            Some(
                "renew the credentials and run again: what is done is done, the rest follows"
                    .into(),
            ),
        ),
        Failure::Unreachable(_) | Failure::TimedOut(_) | Failure::Busy { .. } => (
            Class::Unreachable,
            Some(
                "run again when the API server answers: what is done is done, the rest follows"
                    .into(),
            ),
        ),
        Failure::ManagerConflict(_) => (
            Class::Conflict,
            Some("plan again to see the conflict, and take the fields by name".into()),
        ),
        Failure::Changed | Failure::AlreadyExists => (Class::Stale, Some("plan again".into())),
        Failure::NoNamespace(_) => (
            Class::Refused,
            Some("add the namespace to the stack, or create it".into()),
        ),
        Failure::NotServed => (
            Class::Refused,
            Some("install the definition of this kind first".into()),
        ),
        Failure::Quota(_) => (
            Class::Refused,
            Some("raise the quota, or ask for less".into()),
        ),
        Failure::Absent
        | Failure::NamespaceTerminating(_)
        | Failure::NoDryRun(_)
        | Failure::Expired
        | Failure::Refused(_)
        | Failure::Unreadable(_) => (Class::Refused, None),
    };
    let message = if what.is_empty() {
        format!("{error}: {failure}")
    } else {
        format!("{what}: {error}: {failure}")
    };
    Failed {
        class,
        message: with_sources(message, failure),
        evidence: Vec::new(),
        advice,
    }
}

/// The chain of reasons, in a line.
fn with_sources(mut message: String, failure: &Failure) -> String {
    let mut source = std::error::Error::source(failure);
    while let Some(cause) = source {
        let text = cause.to_string();
        // Some layers repeat what lies below them.
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        source = cause.source();
    }
    message
}

/// A step that the plan itself forbids.
pub(super) fn blocked(blocker: &Blocker) -> Failed {
    match blocker {
        Blocker::Protected => Failed::new(
            Class::Refused,
            "it is protected, and the plan would delete or replace it",
        )
        .advise("remove the protection from the definition first, if that is what you want"),
        Blocker::ReplaceNotAllowed => Failed::new(
            Class::Refused,
            "it would have to be replaced, which loses data or takes others along",
        )
        .advise("allow the replacement by name, or undo the change of the immutable field"),
        Blocker::Refused { code, message, .. } => Failed::new(
            Class::Refused,
            format!("the API server would refuse it ({code}): {message}"),
        ),
        Blocker::OwnedByAnotherStack { owner } => Failed::new(
            Class::Conflict,
            format!("it belongs to another stack ({owner})"),
        ),
        Blocker::Terminating { finalizers } if finalizers.is_empty() => {
            Failed::new(Class::Refused, "it is being deleted").advise("run again when it is gone")
        }
        Blocker::Terminating { finalizers } => Failed::new(
            Class::Refused,
            format!(
                "it is being deleted and waits for {}",
                finalizers.join(", ")
            ),
        )
        .advise("a finalizer is removed by its controller: see whether that still runs"),
    }
}

/// Fields that nobody said to take.
pub(super) fn conflicting(conflicts: &[Conflict]) -> Failed {
    let each = conflicts
        .iter()
        .map(|conflict| format!("{} ({})", conflict.path.short(), conflict.manager));
    Failed::new(
        Class::Conflict,
        format!("others own: {}", each.collect::<Vec<_>>().join(", ")),
    )
    .advise("take the fields by name, or leave them out of the definition")
}

/// Why something that could go stays.
pub(super) fn kept(kept: &Kept) -> String {
    match kept {
        Kept::NotOurs => "someone else made it, and it is used as it is".into(),
        Kept::Volume => "it holds data; volumes go only when asked for".into(),
        Kept::InUse { by, count } => {
            let named = by
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ");
            let more = count.saturating_sub(by.len());
            if more == 0 {
                format!("it is in use by {named}")
            } else {
                format!("it is in use by {named} and {more} more")
            }
        }
    }
}
