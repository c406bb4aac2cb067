//! Whether disruption budgets, priorities, leases and slices of endpoints are legal, and what of them may change.

use std::net::IpAddr;

use super::super::at::At;
use super::super::cause::Causes;
use super::names::{check, dns_label, dns_subdomain, label_value, qualified_name};
use super::net::ip;
use super::numbers::{at_most_all, count_or_percent};
use super::selector::label_selector;

const HIGHEST_PRIORITY: i64 = 1_000_000_000;

/// A `PodDisruptionBudget`.
pub(super) fn budget(object: &At<'_>, causes: &mut Causes) {
    let spec = object.field("spec");
    let (least, most) = (spec.field("minAvailable"), spec.field("maxUnavailable"));
    if least.is_set() && most.is_set() {
        causes.invalid(&spec, "minAvailable and maxUnavailable cannot be both set");
    }
    for bound in [&least, &most] {
        count_or_percent(bound, causes);
        at_most_all(bound, causes);
    }
    label_selector(&spec.field("selector"), causes);
    if spec.field("unhealthyPodEvictionPolicy").is_set() {
        causes.one_of(
            &spec.field("unhealthyPodEvictionPolicy"),
            &["AlwaysAllow", "IfHealthyBudget"],
        );
    }
}

/// The status of a `PodDisruptionBudget`.
pub(super) fn budget_status(object: &At<'_>, causes: &mut Causes) {
    for field in [
        "disruptionsAllowed",
        "currentHealthy",
        "desiredHealthy",
        "expectedPods",
    ] {
        causes.non_negative(&object.field("status").field(field));
    }
}

/// A `PriorityClass`.
pub(super) fn priority_class(object: &At<'_>, causes: &mut Causes) {
    let (name, value) = (object.at("metadata.name"), object.field("value"));
    if name.text().starts_with("system-") {
        let known = matches!(
            (name.text(), value.int_or_zero()),
            ("system-node-critical", 2_000_001_000) | ("system-cluster-critical", 2_000_000_000)
        );
        if !known {
            causes.forbidden(
                &name,
                "priority class names with 'system-' prefix are reserved for system use only",
            );
        }
    } else if value.int_or_zero() > HIGHEST_PRIORITY {
        causes.forbidden(
            &value,
            "maximum allowed value of a user defined priority is 1000000000",
        );
    }
    if object.field("preemptionPolicy").is_set() {
        causes.required_one_of(
            &object.field("preemptionPolicy"),
            &["PreemptLowerPriority", "Never"],
        );
    }
}

/// What a `PriorityClass` may not change.
pub(super) fn priority_class_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    if new.field("value").value() != old.field("value").value() {
        causes.forbidden(&new.field("value"), "may not be changed in an update.");
    }
    causes.immutable(
        &new.field("preemptionPolicy"),
        &old.field("preemptionPolicy"),
    );
}

/// A Lease.
pub(super) fn lease(object: &At<'_>, causes: &mut Causes) {
    let spec = object.field("spec");
    if spec
        .field("leaseDurationSeconds")
        .int()
        .is_some_and(|seconds| seconds <= 0)
    {
        causes.invalid(
            &spec.field("leaseDurationSeconds"),
            "must be greater than 0",
        );
    }
    causes.non_negative(&spec.field("leaseTransitions"));
    let (strategy, preferred) = (spec.field("strategy"), spec.field("preferredHolder"));
    if !preferred.is_empty() && strategy.is_empty() {
        causes.forbidden(&preferred, "may only be specified if `strategy` is defined");
    }
}

/// An `EndpointSlice`.
pub(super) fn slice(object: &At<'_>, causes: &mut Causes) {
    let kind = object.field("addressType");
    if kind.is_empty() {
        causes.required(&kind, "");
    } else {
        causes.one_of(&kind, &["FQDN", "IPv4", "IPv6"]);
    }
    slice_ports(&object.field("ports"), causes);
    let endpoints = object.field("endpoints");
    if endpoints.len() > 1000 {
        return causes.too_many(&endpoints, endpoints.len(), 1000);
    }
    for endpoint in endpoints.items() {
        let addresses = endpoint.field("addresses");
        if addresses.is_empty() {
            causes.required(&addresses, "must contain at least 1 address");
        } else if addresses.len() > 100 {
            causes.too_many(&addresses, addresses.len(), 100);
        }
        for address in addresses.items() {
            slice_address(&address, kind.text(), &addresses, causes);
        }
        for (list, rule) in [
            ("forZones", label_value as fn(&str) -> _),
            ("forNodes", dns_subdomain),
        ] {
            for hint in endpoint.at("hints").field(list).items() {
                check(&hint.field("name"), rule, causes);
            }
        }
        for (field, rule) in [
            ("nodeName", dns_subdomain as fn(&str) -> _),
            ("hostname", dns_label),
        ] {
            if endpoint.field(field).is_set() {
                check(&endpoint.field(field), rule, causes);
            }
        }
    }
}

/// The kind of address of a slice stays.
pub(super) fn slice_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    slice(new, causes);
    causes.immutable(&new.field("addressType"), &old.field("addressType"));
}

fn slice_address(at: &At<'_>, kind: &str, list: &At<'_>, causes: &mut Causes) {
    match (kind, at.text().parse::<IpAddr>()) {
        ("IPv4" | "IPv6", Err(_)) => ip(at, causes),
        ("IPv4", Ok(address)) if !address.is_ipv4() => {
            causes.invalid_as(list, at.value(), "must be an IPv4 address");
        }
        ("IPv6", Ok(address)) if !address.is_ipv6() => {
            causes.invalid_as(list, at.value(), "must be an IPv6 address");
        }
        ("IPv4" | "IPv6", Ok(address)) if address.is_unspecified() || address.is_loopback() => {
            causes.invalid(at, "may not be unspecified or in the loopback range");
        }
        ("FQDN", _) => {
            let name = at.text().trim_end_matches('.');
            if name.is_empty() {
                causes.required(at, "");
            } else if !dns_subdomain(name).is_empty() || !name.contains('.') {
                causes.invalid(
                    at,
                    "should be a domain with at least two segments separated by dots",
                );
            }
        }
        _ => {}
    }
}

fn slice_ports(at: &At<'_>, causes: &mut Causes) {
    if at.len() > 20_000 {
        return causes.too_many(at, at.len(), 20_000);
    }
    let mut names = Vec::new();
    for port in at.items() {
        let name = port.field("name");
        if !name.is_empty() {
            check(&name, dns_label, causes);
        }
        if names.contains(&name.text()) {
            causes.duplicate(&name);
        }
        names.push(name.text());
        causes.one_of(&port.field("protocol"), &["SCTP", "TCP", "UDP"]);
        if port.field("appProtocol").is_set() {
            check(&port.field("appProtocol"), qualified_name, causes);
        }
    }
}
