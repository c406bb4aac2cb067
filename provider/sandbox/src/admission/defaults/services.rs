//! What the API fills in for Services and for what else routes traffic.

use serde_json::{Value, json};

use super::super::edit::{child, items, lacks, object, or_set, or_set_zero, remove, text};

/// A Service, as far as no allocator is needed.
pub(super) fn service(service: &mut Value) {
    let spec = child(service, "spec");
    or_set_zero(spec, "sessionAffinity", "None");
    match text(spec, "sessionAffinity") {
        "None" => {
            remove(spec, "sessionAffinityConfig");
        }
        "ClientIP"
            if spec
                .pointer("/sessionAffinityConfig/clientIP/timeoutSeconds")
                .is_none_or(Value::is_null) =>
        {
            object(spec).insert(
                "sessionAffinityConfig".into(),
                json!({ "clientIP": { "timeoutSeconds": 10800 } }),
            );
        }
        _ => {}
    }
    or_set_zero(spec, "type", "ClusterIP");
    for port in items(spec, "ports") {
        or_set_zero(port, "protocol", "TCP");
        let number = port.get("port").cloned().unwrap_or(json!(0));
        or_set_zero(port, "targetPort", number);
    }
    let kind = text(spec, "type").to_owned();
    let external = spec
        .get("externalIPs")
        .and_then(Value::as_array)
        .is_some_and(|list| !list.is_empty());
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") || (kind == "ClusterIP" && external) {
        or_set_zero(spec, "externalTrafficPolicy", "Cluster");
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer" | "ClusterIP") {
        or_set(spec, "internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        or_set(spec, "allocateLoadBalancerNodePorts", true);
        for ingress in items(child(child(service, "status"), "loadBalancer"), "ingress") {
            if !text(ingress, "ip").is_empty() {
                or_set(ingress, "ipMode", "VIP");
            }
        }
    }
}

/// A port of an Endpoints object.
pub(super) fn endpoint_port(port: &mut Value) {
    or_set_zero(port, "protocol", "TCP");
}

/// A port of an `EndpointSlice`.
pub(super) fn slice_port(port: &mut Value) {
    or_set(port, "name", "");
    or_set(port, "protocol", "TCP");
}

/// A `NetworkPolicy` restricts what comes in, and what goes out if it speaks of it.
pub(super) fn network_policy(policy: &mut Value) {
    let spec = child(policy, "spec");
    let egress = spec
        .get("egress")
        .and_then(Value::as_array)
        .is_some_and(|list| !list.is_empty());
    or_set_zero(
        spec,
        "policyTypes",
        if egress {
            json!(["Ingress", "Egress"])
        } else {
            json!(["Ingress"])
        },
    );
}

/// A port of a `NetworkPolicy`.
pub(super) fn policy_port(port: &mut Value) {
    or_set(port, "protocol", "TCP");
}

/// An `IngressClass`.
pub(super) fn ingress_class(class: &mut Value) {
    if let Some(parameters) = class
        .pointer_mut("/spec/parameters")
        .filter(|parameters| !parameters.is_null())
        && lacks(parameters, "scope")
    {
        or_set(parameters, "scope", "Cluster");
    }
}
