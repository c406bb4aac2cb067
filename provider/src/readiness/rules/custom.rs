//! When is a custom resource ready, whose controller nobody here knows?
//!
//! By the conventions that most controllers keep: `Ready`, and `Reconciling` and `Stalled` where they exist.

use super::super::look::Condition;
use super::{Look, Readiness};

pub(super) fn resource(object: Look<'_>) -> Readiness {
    let is_true = |type_: &str| object.condition(type_).filter(Condition::is_true);
    if let Some(stalled) = is_true("Stalled") {
        return Readiness::failed(stalled.words());
    }
    if let Some(reconciling) = is_true("Reconciling") {
        return Readiness::progressing(reconciling.words());
    }
    match object.condition("Ready") {
        Some(ready) if !ready.is_true() => Readiness::progressing(match ready.words() {
            words if words.is_empty() => "it is not ready".to_owned(),
            words => words,
        }),
        _ => Readiness::Ready,
    }
}

pub(super) fn is_silent(object: Look<'_>) -> bool {
    match object.0.get("status") {
        Some(status) => status.as_object().is_none_or(serde_json::Map::is_empty),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use crate::readiness::{Readiness, is_silent};
    use serde_json::json;

    #[test]
    fn the_usual_conditions_are_understood() {
        let of = |conditions| {
            let (version, kind) = ("cert-manager.io/v1", "Certificate");
            Readiness::of(
                &json!({"apiVersion": version, "kind": kind, "status": {"conditions": conditions}}),
            )
        };
        assert_eq!(of(json!([])), Readiness::Ready);
        assert_eq!(
            of(json!([{"type": "Ready", "status": "True"}])),
            Readiness::Ready
        );
        assert_eq!(
            of(json!([{"type": "Ready", "status": "False", "reason": "Issuing"}])),
            Readiness::progressing("Issuing")
        );
        assert_eq!(
            of(json!([{"type": "Ready", "status": "False"}])),
            Readiness::progressing("it is not ready")
        );
        assert_eq!(
            of(json!([{"type": "Stalled", "status": "True", "message": "no"}])),
            Readiness::failed("no")
        );
        assert_eq!(
            of(json!([{"type": "Reconciling", "status": "True", "message": "on it"}])),
            Readiness::progressing("on it")
        );
    }

    #[test]
    fn a_custom_resource_without_a_status_is_silent_and_a_config_map_is_not() {
        assert!(is_silent(&json!({"apiVersion": "a.b/v1", "kind": "C"})));
        assert!(is_silent(
            &json!({"apiVersion": "a.b/v1", "kind": "C", "status": {}})
        ));
        assert!(!is_silent(
            &json!({"apiVersion": "a.b/v1", "kind": "C", "status": {"x": 1}})
        ));
        assert!(!is_silent(
            &json!({"apiVersion": "v1", "kind": "ConfigMap"})
        ));
    }
}
