//! What a Service keeps of what it was given before, and what it lets go of.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::at::At;
use super::super::edit::{child, copy, items, lacks, object, or_set, remove, text};
use super::super::validate::{is_external, needs_health_check};
use super::{has_address, has_node_ports, kind, spec_of};

/// What was allocated before and is not named in the request is kept.
pub(super) fn keep_allocated(new: &mut Value, old: &Value) {
    let nothing = Value::Null;
    let before = old.get("spec").unwrap_or(&nothing);
    if has_address(old) && has_address(new) {
        let spec = child(new, "spec");
        for field in ["clusterIP", "clusterIPs"] {
            if At::root(spec).field(field).is_empty() {
                copy(spec, before, field);
            }
        }
    }
    if has_node_ports(old) && has_node_ports(new) {
        let number = |port: &At<'_>| port.field("nodePort").int_or_zero();
        let old_ports = spec_of(old).field("ports").items();
        let asked: BTreeSet<i64> = spec_of(new)
            .field("ports")
            .items()
            .iter()
            .map(number)
            .collect();
        for port in items(child(new, "spec"), "ports") {
            let name = text(port, "name").to_owned();
            let kept = old_ports
                .iter()
                .find(|old| old.field("name").text() == name)
                .map(number);
            if let Some(kept) = kept.filter(|kept| *kept != 0 && !asked.contains(kept)) {
                or_set(port, "nodePort", kept);
            }
        }
    }
    if needs_health_check(&spec_of(old))
        && needs_health_check(&spec_of(new))
        && lacks(child(new, "spec"), "healthCheckNodePort")
    {
        copy(child(new, "spec"), before, "healthCheckNodePort");
    }
}

/// What the new type has no use for falls away, if the request left it as it was.
pub(super) fn drop_needless(new: &mut Value, old: &Value) {
    let same = |new: &Value, field: &str| {
        spec_of(new).field(field).value() == spec_of(old).field(field).value()
    };
    let mut needless: Vec<&str> = Vec::new();
    if has_address(old) && !has_address(new) {
        if same(new, "clusterIP") && same(new, "clusterIPs") {
            needless.extend(["clusterIP", "clusterIPs"]);
        }
        needless.extend(
            ["ipFamilies", "ipFamilyPolicy"]
                .into_iter()
                .filter(|field| same(new, field)),
        );
    }
    let balanced = |service: &Value| kind(service) == "LoadBalancer";
    if balanced(old) && !balanced(new) {
        needless.extend(
            ["allocateLoadBalancerNodePorts", "loadBalancerClass"]
                .into_iter()
                .filter(|field| same(new, field)),
        );
    }
    if needs_health_check(&spec_of(old))
        && !needs_health_check(&spec_of(new))
        && same(new, "healthCheckNodePort")
    {
        needless.push("healthCheckNodePort");
    }
    if is_external(&spec_of(old))
        && !is_external(&spec_of(new))
        && same(new, "externalTrafficPolicy")
    {
        needless.push("externalTrafficPolicy");
    }
    let ports = |service: &Value| -> BTreeSet<i64> {
        spec_of(service)
            .field("ports")
            .items()
            .iter()
            .filter_map(|port| port.field("nodePort").int())
            .collect()
    };
    let drops_ports =
        has_node_ports(old) && !has_node_ports(new) && ports(old).is_superset(&ports(new));
    if !balanced(new) {
        *child(child(new, "status"), "loadBalancer") = json!({});
    }
    let spec = child(new, "spec");
    for field in needless {
        remove(spec, field);
    }
    if drops_ports {
        for port in items(spec, "ports") {
            remove(port, "nodePort");
        }
    }
}

/// The one address and the list of them say the same.
pub(super) fn plural_addresses(new: &mut Value, old: Option<&Value>) {
    let single = spec_of(new).field("clusterIP").text().to_owned();
    let list_is_empty = spec_of(new).field("clusterIPs").is_empty();
    let Some(old) = old else {
        if !single.is_empty() && list_is_empty {
            object(child(new, "spec")).insert("clusterIPs".to_owned(), json!([single]));
        }
        return;
    };
    let before = spec_of(old);
    let same_list = spec_of(new).field("clusterIPs").value() == before.field("clusterIPs").value();
    if before.field("clusterIP").text() == single {
        if list_is_empty && before.field("clusterIPs").is_set() {
            copy(child(new, "spec"), before.value(), "clusterIPs");
        }
    } else if same_list || list_is_empty {
        let spec = child(new, "spec");
        if single.is_empty() {
            remove(spec, "clusterIPs");
        } else {
            object(spec).insert("clusterIPs".to_owned(), json!([single]));
        }
    }
}
