//! When has a Job done its work?

use super::super::look::Condition;
use super::{Look, Readiness};

pub(super) fn job(object: Look<'_>) -> Readiness {
    if object
        .condition("Complete")
        .is_some_and(|condition| condition.is_true())
    {
        return Readiness::Ready;
    }
    if let Some(failed) = object.condition("Failed").filter(Condition::is_true) {
        return Readiness::failed(failed.words());
    }
    // Whoever suspends a Job does not wait for it.
    if object.is_true("/spec/suspend") {
        return Readiness::Ready;
    }
    let (active, failed) = (
        object.count("/status/active"),
        object.count("/status/failed"),
    );
    Readiness::progressing(match (active, failed) {
        (0, 0) => "it has not started yet".to_owned(),
        (active, 0) => format!("Pods at work: {active}"),
        (active, failed) => format!("Pods at work: {active}, failed: {failed}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_job_is_ready_when_it_is_complete_and_not_when_it_has_merely_started() {
        let of = |spec, status| {
            Readiness::of(
                &json!({"apiVersion": "batch/v1", "kind": "Job", "spec": spec, "status": status}),
            )
        };
        let condition =
            |type_: &str| json!({"conditions": [{"type": type_, "status": "True", "reason": "R"}]});
        assert_eq!(
            of(json!({}), json!({"active": 1})),
            Readiness::progressing("Pods at work: 1")
        );
        assert_eq!(
            of(json!({}), json!({})),
            Readiness::progressing("it has not started yet")
        );
        assert_eq!(of(json!({}), condition("Complete")), Readiness::Ready);
        assert_eq!(of(json!({}), condition("Failed")), Readiness::failed("R"));
        assert_eq!(of(json!({"suspend": true}), json!({})), Readiness::Ready);
    }
}
