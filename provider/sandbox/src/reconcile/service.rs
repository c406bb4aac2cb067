//! Services find the Pods behind them.

use serde_json::{Value, json};

use super::actor::{
    Actor, PODS, SERVICES, SLICES, is_going, name, namespace, owner_reference, text,
};
use super::namespace::NODE;
use super::template::{is_alive, is_ready, status};
use crate::selector::LabelSelector;

pub(super) fn connect(actor: &mut Actor<'_>) {
    for service in actor.list(SERVICES) {
        if is_going(&service) {
            continue;
        }
        let selector = LabelSelector::of_map(&service["spec"]["selector"]);
        if !selector.is_empty() {
            write_slice(actor, &service, &selector);
        }
        if text(&service["spec"]["type"]) == "LoadBalancer" {
            give_address(actor, &service);
        }
    }
}

/// A Service of type `LoadBalancer` gets an address of the range for documentation.
fn give_address(actor: &mut Actor<'_>, service: &Value) {
    let mut status = status(service);
    if status["loadBalancer"]["ingress"].is_array() {
        return;
    }
    let last = text(&service["metadata"]["uid"])
        .bytes()
        .fold(0_u8, u8::wrapping_add);
    let address = format!("192.0.2.{}", last.clamp(1, 254));
    status["loadBalancer"] = json!({ "ingress": [{ "ip": address, "ipMode": "VIP" }] });
    actor.update_status(SERVICES, service, status);
}

fn write_slice(actor: &mut Actor<'_>, service: &Value, selector: &LabelSelector) {
    let pods: Vec<_> = actor
        .list_in(PODS, namespace(service))
        .into_iter()
        .filter(|pod| is_alive(pod) && pod["status"]["podIP"].is_string() && selector.matches(pod))
        .collect();
    let endpoints: Vec<Value> = pods.iter().map(|pod| endpoint(pod)).collect();
    let ports = pods
        .first()
        .map_or_else(|| json!([]), |pod| ports(service, pod));
    let Some(mut slice) = actor
        .owned(SLICES, service)
        .first()
        .map(|slice| Value::clone(slice))
    else {
        let slice = json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {
                "generateName": format!("{}-", name(service)), "ownerReferences": owner_reference(service),
                "labels": {
                    "kubernetes.io/service-name": name(service),
                    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                },
            },
            "endpoints": endpoints, "ports": ports,
        });
        if let Err(refusal) = actor.create(SLICES, namespace(service), &slice) {
            tracing::debug!(message = %refusal.message, "an EndpointSlice was refused");
        }
        return;
    };
    let some = |list: &Value| list.as_array().filter(|list| !list.is_empty()).cloned();
    if some(&slice["endpoints"]) != some(&json!(endpoints)) || some(&slice["ports"]) != some(&ports)
    {
        slice["endpoints"] = json!(endpoints);
        slice["ports"] = ports;
        actor.update(SLICES, &slice);
    }
}

fn endpoint(pod: &Value) -> Value {
    let ready = is_ready(pod);
    json!({
        "addresses": [pod["status"]["podIP"]], "nodeName": NODE,
        "conditions": { "ready": ready, "serving": ready, "terminating": false },
        "targetRef": {
            "kind": "Pod", "name": name(pod), "namespace": namespace(pod), "uid": pod["metadata"]["uid"],
        },
    })
}

/// The ports of a Service as its Pods have them.
fn ports(service: &Value, pod: &Value) -> Value {
    let ports = service["spec"]["ports"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|port| {
            let target = &port["targetPort"];
            let number = match target.as_str() {
                Some(named) => container_port(pod, named)?,
                None => target.as_i64().or_else(|| port["port"].as_i64())?,
            };
            Some(json!({
                "name": text(&port["name"]), "port": number,
                "protocol": port["protocol"].as_str().unwrap_or("TCP"),
            }))
        });
    ports.collect()
}

fn container_port(pod: &Value, named: &str) -> Option<i64> {
    let containers = pod["spec"]["containers"].as_array()?;
    let mut ports = containers
        .iter()
        .filter_map(|container| container["ports"].as_array())
        .flatten();
    ports.find(|port| port["name"] == named)?["containerPort"].as_i64()
}
