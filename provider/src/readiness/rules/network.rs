//! When can a Service be reached?

use super::{Look, Readiness};

pub(super) fn service(object: Look<'_>) -> Readiness {
    match object.text("/spec/type") {
        "ExternalName" => Readiness::Ready,
        _ if object.text("/spec/clusterIP").is_empty() => {
            Readiness::progressing("it has no address yet")
        }
        "LoadBalancer"
            if object
                .array("/status/loadBalancer/ingress")
                .next()
                .is_none() =>
        {
            Readiness::progressing("the load balancer has no address yet")
        }
        _ => Readiness::Ready,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_load_balancer_is_ready_when_it_has_an_address() {
        let of = |spec, ingress| {
            let status = json!({"loadBalancer": {"ingress": ingress}});
            Readiness::of(
                &json!({"apiVersion": "v1", "kind": "Service", "spec": spec, "status": status}),
            )
        };
        let balanced = || json!({"type": "LoadBalancer", "clusterIP": "10.0.0.1"});
        assert!(of(json!({"clusterIP": "10.0.0.1"}), json!([])).is_ready());
        assert!(of(json!({"clusterIP": "None"}), json!([])).is_ready());
        assert!(of(json!({"type": "ExternalName"}), json!([])).is_ready());
        assert!(!of(json!({}), json!([])).is_ready());
        assert!(!of(balanced(), json!([])).is_ready());
        assert!(of(balanced(), json!([{"ip": "1.2.3.4"}])).is_ready());
    }
}
