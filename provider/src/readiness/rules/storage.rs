//! When is storage as far as it can come by itself?

use super::{Look, Readiness};

pub(super) fn claim(object: Look<'_>) -> Readiness {
    match object.text("/status/phase") {
        "Lost" => Readiness::failed("its volume is gone"),
        // A pending claim may wait for its first Pod, and then waiting for it would never end. If it does not bind,
        // the Pods that need it say so.
        _ => Readiness::Ready,
    }
}

pub(super) fn volume(object: Look<'_>) -> Readiness {
    match object.text("/status/phase") {
        "Failed" => Readiness::failed(object.text("/status/message")),
        "Pending" => Readiness::progressing("it is not available yet"),
        _ => Readiness::Ready,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_claim_that_waits_for_its_first_pod_holds_nobody_up() {
        let of = |kind: &str, phase: &str| {
            Readiness::of(&json!({"apiVersion": "v1", "kind": kind, "status": {"phase": phase}}))
        };
        assert_eq!(of("PersistentVolumeClaim", "Pending"), Readiness::Ready);
        assert_eq!(of("PersistentVolumeClaim", "Bound"), Readiness::Ready);
        assert_eq!(
            of("PersistentVolumeClaim", "Lost"),
            Readiness::failed("its volume is gone")
        );
        assert_eq!(of("PersistentVolume", "Available"), Readiness::Ready);
        assert!(!of("PersistentVolume", "Pending").is_ready());
    }
}
