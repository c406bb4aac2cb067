//! When do extensions of the API serve?

use super::{Look, Readiness};

pub(super) fn definition(object: Look<'_>) -> Readiness {
    if let Some(refused) = object
        .condition("NamesAccepted")
        .filter(|accepted| accepted.status == "False")
    {
        return Readiness::failed(format!("its names are not accepted: {}", refused.words()));
    }
    match object.condition("Established") {
        Some(established) if established.is_true() => Readiness::Ready,
        _ => Readiness::progressing("the API does not serve it yet"),
    }
}

pub(super) fn service(object: Look<'_>) -> Readiness {
    match object.condition("Available") {
        Some(available) if available.is_true() => Readiness::Ready,
        Some(available) => Readiness::progressing(available.words()),
        None => Readiness::progressing("it is not available yet"),
    }
}

pub(super) fn autoscaler(object: Look<'_>) -> Readiness {
    // Without metrics it does not scale, and what it scales runs all the same: that is no reason to wait.
    match object.condition("AbleToScale") {
        Some(able) if able.status == "False" => Readiness::progressing(able.words()),
        _ => Readiness::Ready,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_definition_is_ready_when_the_api_serves_it() {
        let of = |conditions| {
            let (version, kind) = ("apiextensions.k8s.io/v1", "CustomResourceDefinition");
            Readiness::of(
                &json!({"apiVersion": version, "kind": kind, "status": {"conditions": conditions}}),
            )
        };
        assert!(!of(json!([])).is_ready());
        assert!(of(json!([{"type": "Established", "status": "True"}])).is_ready());
        assert_eq!(
            of(json!([{"type": "NamesAccepted", "status": "False", "reason": "Taken"}])),
            Readiness::failed("its names are not accepted: Taken")
        );
    }
}
