//! Which failure does an answer of the API server mean?

use std::time::Duration;

use provider_core::plan::{Refusal, RefusalCause};
use serde_json::Value;

use crate::cluster::{failure::Failure, forbidden::Forbidden};

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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(cases: &[(u16, &str, &str, Value, &str)]) {
        for (code, reason, message, details, expected) in cases {
            let body =
                json!({"kind": "Status", "reason": reason, "message": message, "details": details});
            let debug = format!("{:?}", failure(*code, body.to_string().as_bytes(), None));
            assert_eq!(
                debug.split(['(', ' ', '{']).next().unwrap(),
                *expected,
                "{code} {body}"
            );
        }
    }

    fn cause(reason: &str, field: &str) -> Value {
        json!({"causes": [{"reason": reason, "field": field, "message": "m"}]})
    }

    #[test]
    fn absent_forbidden_and_not_served_are_different_answers() {
        let none = || json!({});
        let rbac = "x is forbidden: User \"u\" cannot get resource \"pods\" in API group \"\"";
        let namespace = json!({"kind": "namespaces", "name": "x"});
        check(&[
            (404, "NotFound", "pods \"x\" not found", none(), "Absent"),
            (
                404,
                "NotFound",
                "namespaces \"x\" not found",
                namespace,
                "NoNamespace",
            ),
            (
                404,
                "NotFound",
                "the server could not find the requested resource",
                none(),
                "NotServed",
            ),
            (
                403,
                "Forbidden",
                "it is being terminated",
                cause("NamespaceTerminating", ""),
                "NamespaceTerminating",
            ),
            (
                403,
                "Forbidden",
                "pods \"x\" is forbidden: exceeded quota: q",
                none(),
                "Quota",
            ),
            (403, "Forbidden", rbac, none(), "Forbidden"),
            (
                403,
                "Forbidden",
                "x is forbidden: violates PodSecurity",
                none(),
                "Refused",
            ),
            (401, "Unauthorized", "Unauthorized", none(), "Unauthorized"),
        ]);
        assert!(matches!(
            failure(404, b"404 page not found\n", None),
            Failure::NotServed
        ));
    }

    #[test]
    fn conflicts_are_told_apart_and_what_passes_is_busy() {
        let none = || json!({});
        let webhook = "admission webhook \"w\" does not support dry run";
        check(&[
            (
                409,
                "AlreadyExists",
                "pods \"x\" already exists",
                none(),
                "AlreadyExists",
            ),
            (
                409,
                "Conflict",
                "Apply failed",
                cause("FieldManagerConflict", ".spec.replicas"),
                "ManagerConflict",
            ),
            (
                409,
                "Conflict",
                "the object has been modified",
                none(),
                "Changed",
            ),
            (
                422,
                "Invalid",
                "invalid",
                cause("FieldValueInvalid", "metadata.uid"),
                "Changed",
            ),
            (
                422,
                "Invalid",
                "invalid",
                cause("FieldValueInvalid", "spec.selector"),
                "Refused",
            ),
            (410, "Expired", "too old", none(), "Expired"),
            (429, "TooManyRequests", "later", none(), "Busy"),
            (
                500,
                "InternalError",
                "etcdserver: leader changed",
                none(),
                "Busy",
            ),
            (500, "", "unknown field", none(), "Refused"),
            (400, "BadRequest", webhook, none(), "NoDryRun"),
        ]);
        assert!(matches!(failure(503, b"", None), Failure::Busy { .. }));
    }
}
