//! Why did a request fail?

use std::time::Duration;

use provider_core::plan::{Refusal, RefusalCause};
use serde_json::Value;
use thiserror::Error;

use crate::cluster::{call::Attempt, forbidden::Forbidden};

/// A request that failed: what was attempted, and as the source why it failed.
#[derive(Debug, Error)]
#[error("could not {attempt}")]
pub struct CallError {
    /// What was attempted.
    pub attempt: Attempt,
    /// Why it failed.
    #[source]
    pub failure: Failure,
}

/// Why a request failed. Absent, forbidden and unreachable are different answers.
#[derive(Debug, Error)]
pub enum Failure {
    /// There is no such object.
    #[error("it does not exist")]
    Absent,
    /// Its namespace does not exist.
    #[error("namespace `{0}` does not exist")]
    NoNamespace(String),
    /// Its namespace is being deleted.
    #[error("namespace `{0}` is being deleted; wait until it is gone")]
    NamespaceTerminating(String),
    /// The cluster does not serve such objects.
    #[error(
        "the cluster does not serve this kind (is its CustomResourceDefinition installed and established?)"
    )]
    NotServed,
    /// An object of that name exists.
    #[error("an object of this name exists already")]
    AlreadyExists,
    /// The caller may not.
    #[error(transparent)]
    Forbidden(Forbidden),
    /// The server does not know the caller.
    #[error("the server does not accept the credentials (expired, or for another cluster?): {0}")]
    Unauthorized(String),
    /// Credentials could not be obtained.
    #[error("credentials could not be obtained")]
    Credentials(#[source] kube::client::AuthError),
    /// Nobody answers.
    #[error("the API server cannot be reached")]
    Unreachable(#[source] kube::Error),
    /// No answer came in time.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// An admission webhook would have side effects.
    #[error("an admission webhook does not support dry runs, so the change cannot be planned: {0}")]
    NoDryRun(String),
    /// Another field manager owns fields.
    #[error("another field manager owns: {}", fields(.0))]
    ManagerConflict(Vec<RefusalCause>),
    /// The object is not the one, or not the version, that was expected.
    #[error("it has changed since it was read")]
    Changed,
    /// A quota is full.
    #[error("a resource quota is exhausted: {0}")]
    Quota(String),
    /// The server asks to come back later.
    #[error("the API server is overloaded or not ready ({code}): {message}")]
    Busy {
        /// The HTTP status.
        code: u16,
        /// What it said.
        message: String,
        /// When to come back.
        retry_after: Option<Duration>,
    },
    /// What was to be followed is too old.
    #[error("the version to start from is too old")]
    Expired,
    /// Refused for any other reason.
    #[error("the API server refused it ({}): {}", .0.code, .0.message)]
    Refused(Refusal),
    /// The answer is not what the protocol promises.
    #[error("the answer could not be understood: {0}")]
    Unreadable(String),
}

fn fields(causes: &[RefusalCause]) -> String {
    let each = causes
        .iter()
        .map(|cause| format!("{} ({})", cause.field, cause.message));
    each.collect::<Vec<_>>().join(", ")
}

/// Reads an answer with a status of 400 or more.
pub(crate) fn failure(code: u16, body: &[u8], retry_after: Option<Duration>) -> Failure {
    let Some(refusal) = refusal(code, body) else {
        let text = String::from_utf8_lossy(body).trim().to_owned();
        return match code {
            // Without a Status it is the router that does not know the path: `404 page not found`.
            404 => Failure::NotServed,
            401 => Failure::Unauthorized(text),
            429 | 502..=504 => Failure::Busy {
                code,
                message: text,
                retry_after,
            },
            _ => Failure::Refused(Refusal {
                code,
                message: text,
                ..Refusal::default()
            }),
        };
    };
    let details = serde_json::from_slice::<Value>(body)
        .ok()
        .and_then(|mut status| status.get_mut("details").map(Value::take));
    classify(refusal, details.as_ref(), retry_after)
}

fn classify(refusal: Refusal, details: Option<&Value>, retry_after: Option<Duration>) -> Failure {
    let detail = |key: &str| {
        details
            .and_then(|details| details.get(key))
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let message = refusal.message.as_str();
    match refusal.code {
        400 if message.contains("does not support dry run") => Failure::NoDryRun(refusal.message),
        401 => Failure::Unauthorized(refusal.message),
        403 if has_cause(&refusal, "NamespaceTerminating") => {
            Failure::NamespaceTerminating(quoted_after(message, "namespace "))
        }
        // A namespace that is a moment old has no `default` ServiceAccount yet.
        403 if message.contains("error looking up service account") => busy(refusal, retry_after),
        403 if message.contains("exceeded quota") => Failure::Quota(refusal.message),
        403 => Forbidden::read(message).map_or(Failure::Refused(refusal), Failure::Forbidden),
        404 if detail("kind") == "namespaces" && message.starts_with("namespaces ") => {
            Failure::NoNamespace(detail("name").to_owned())
        }
        404 if message.contains("could not find the requested resource") => Failure::NotServed,
        404 => Failure::Absent,
        409 if refusal.reason == "AlreadyExists" => Failure::AlreadyExists,
        409 if has_cause(&refusal, "FieldManagerConflict") => {
            Failure::ManagerConflict(refusal.causes)
        }
        // The quota admission loses races with itself, and says so with a bare conflict.
        409 if message.contains("resourcequotas") => busy(refusal, retry_after),
        409 => Failure::Changed,
        // The uid that was asked for is not the object's: it was deleted and made anew.
        422 if refusal
            .causes
            .iter()
            .any(|cause| cause.field == "metadata.uid") =>
        {
            Failure::Changed
        }
        410 => Failure::Expired,
        429 | 502..=504 => busy(refusal, retry_after),
        500 if passing(message) => busy(refusal, retry_after),
        _ => Failure::Refused(refusal),
    }
}

fn busy(refusal: Refusal, retry_after: Option<Duration>) -> Failure {
    Failure::Busy {
        code: refusal.code,
        message: refusal.message,
        retry_after,
    }
}

/// Internal errors that pass by themselves: the store elects a leader, a webhook's Pods are not up yet.
fn passing(message: &str) -> bool {
    const PASSING: [&str; 6] = [
        "etcdserver:",
        "leader changed",
        "failed calling webhook",
        "failed to call webhook",
        "connection refused",
        "no endpoints available",
    ];
    PASSING.iter().any(|words| message.contains(words))
}

fn has_cause(refusal: &Refusal, reason: &str) -> bool {
    refusal.causes.iter().any(|cause| cause.reason == reason)
}

fn quoted_after(message: &str, words: &str) -> String {
    let rest = message.split_once(words).map_or(message, |(_, rest)| rest);
    rest.split(['"', ' '])
        .find(|word| !word.is_empty())
        .unwrap_or_default()
        .to_owned()
}

/// Reads a `Status`; none when the body is something else.
fn refusal(code: u16, body: &[u8]) -> Option<Refusal> {
    let status: Value = serde_json::from_slice(body).ok()?;
    if status.get("kind")?.as_str()? != "Status" {
        return None;
    }
    let text = |value: &Value, key: &str| {
        value
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let causes = status.pointer("/details/causes").and_then(Value::as_array);
    let causes = causes.into_iter().flatten().map(|cause| RefusalCause {
        reason: text(cause, "reason"),
        field: text(cause, "field"),
        message: text(cause, "message"),
    });
    Some(Refusal {
        code,
        reason: text(&status, "reason"),
        message: text(&status, "message"),
        causes: causes.collect(),
    })
}

impl Failure {
    /// The same as an observation keeps it.
    pub(crate) fn into_refusal(self) -> Refusal {
        let code = match &self {
            Failure::Refused(refusal) => return refusal.clone(),
            Failure::ManagerConflict(causes) => {
                let message = self.to_string();
                return Refusal {
                    code: 409,
                    reason: "Conflict".into(),
                    message,
                    causes: causes.clone(),
                };
            }
            Failure::Busy { code, .. } => *code,
            Failure::NoDryRun(_) => 400,
            Failure::Unauthorized(_) => 401,
            Failure::Forbidden(_) | Failure::Quota(_) | Failure::NamespaceTerminating(_) => 403,
            Failure::Absent | Failure::NoNamespace(_) | Failure::NotServed => 404,
            Failure::AlreadyExists | Failure::Changed => 409,
            Failure::Expired => 410,
            Failure::Credentials(_)
            | Failure::Unreachable(_)
            | Failure::TimedOut(_)
            | Failure::Unreadable(_) => 0,
        };
        Refusal {
            code,
            message: self.to_string(),
            ..Refusal::default()
        }
    }

    /// Whether nothing more can be learned from this server now: asking again for other objects is no use.
    pub(crate) fn ends_everything(&self) -> bool {
        matches!(
            self,
            Failure::Unauthorized(_)
                | Failure::Credentials(_)
                | Failure::Unreachable(_)
                | Failure::TimedOut(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(code: u16, body: &Value) -> String {
        let failure = failure(code, body.to_string().as_bytes(), None);
        let debug = format!("{failure:?}");
        debug.split(['(', ' ', '{']).next().unwrap().to_owned()
    }

    #[test]
    fn each_refusal_is_its_own_answer() {
        let status = |reason: &str, message: &str| json!({"kind": "Status", "reason": reason, "message": message});
        let with = |reason: &str, message: &str, details: Value| json!({"kind": "Status", "reason": reason, "message": message, "details": details});
        let cause = |reason: &str, field: &str| json!({"causes": [{"reason": reason, "field": field, "message": "m"}]});
        let cases = [
            (404, status("NotFound", "pods \"x\" not found"), "Absent"),
            (
                404,
                with(
                    "NotFound",
                    "namespaces \"x\" not found",
                    json!({"kind": "namespaces", "name": "x"}),
                ),
                "NoNamespace",
            ),
            (
                404,
                status(
                    "NotFound",
                    "the server could not find the requested resource",
                ),
                "NotServed",
            ),
            (
                403,
                with(
                    "Forbidden",
                    "unable to create new content in namespace x because it is being terminated",
                    cause("NamespaceTerminating", "metadata.namespace"),
                ),
                "NamespaceTerminating",
            ),
            (
                403,
                status("Forbidden", "pods \"x\" is forbidden: exceeded quota: q"),
                "Quota",
            ),
            (
                403,
                status(
                    "Forbidden",
                    "x is forbidden: User \"u\" cannot get resource \"pods\" in API group \"\"",
                ),
                "Forbidden",
            ),
            (
                403,
                status("Forbidden", "x is forbidden: violates PodSecurity"),
                "Refused",
            ),
            (401, status("Unauthorized", "Unauthorized"), "Unauthorized"),
            (
                409,
                status("AlreadyExists", "pods \"x\" already exists"),
                "AlreadyExists",
            ),
            (
                409,
                with(
                    "Conflict",
                    "Apply failed",
                    cause("FieldManagerConflict", ".spec.replicas"),
                ),
                "ManagerConflict",
            ),
            (
                409,
                status("Conflict", "the object has been modified"),
                "Changed",
            ),
            (
                422,
                with(
                    "Invalid",
                    "invalid",
                    cause("FieldValueInvalid", "metadata.uid"),
                ),
                "Changed",
            ),
            (
                422,
                with(
                    "Invalid",
                    "invalid",
                    cause("FieldValueInvalid", "spec.selector"),
                ),
                "Refused",
            ),
            (410, status("Expired", "too old"), "Expired"),
            (429, status("TooManyRequests", "later"), "Busy"),
            (
                500,
                status("InternalError", "etcdserver: leader changed"),
                "Busy",
            ),
            (500, status("", "unknown field"), "Refused"),
            (
                400,
                status(
                    "BadRequest",
                    "admission webhook \"w\" does not support dry run",
                ),
                "NoDryRun",
            ),
        ];
        for (code, body, expected) in cases {
            assert_eq!(read(code, &body), expected, "{code} {body}");
        }
        assert!(matches!(
            failure(404, b"404 page not found\n", None),
            Failure::NotServed
        ));
        assert!(matches!(failure(503, b"", None), Failure::Busy { .. }));
    }
}
