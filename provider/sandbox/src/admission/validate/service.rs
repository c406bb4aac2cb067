//! Whether a Service is legal, and what of it may change.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::super::at::At;
use super::super::cause::{Causes, Reason};
use super::addresses::cluster_ips;
use super::metadata::labels;
use super::names::{check, dns_label, dns_subdomain, qualified_name};
use super::net::{cidr, ip};
use super::numbers::{port_number, port_or_name};

const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

/// A Service.
pub(super) fn service(object: &At<'_>, causes: &mut Causes) {
    let spec = object.field("spec");
    let kind = spec.field("type").text();
    let (ports, headless) = (spec.field("ports"), is_headless(&spec));
    if ports.is_empty() && !headless && kind != "ExternalName" {
        causes.required(&ports, "");
    }
    match kind {
        "LoadBalancer" | "NodePort" if headless => {
            causes.invalid(
                &spec.field("clusterIPs").index(0),
                &format!("may not be set to 'None' for {kind} services"),
            );
        }
        "ExternalName" => external_name(&spec, causes),
        _ => {}
    }
    let mut names = BTreeSet::new();
    for port in ports.items() {
        service_port(&port, ports.len() > 1, &mut names, causes);
    }
    labels(&spec.field("selector"), causes);
    affinity(&spec, causes);
    cluster_ips(&spec, causes);
    for address in spec.field("externalIPs").items() {
        external_ip(&address, causes);
    }
    causes.one_of(&spec.field("type"), &TYPES);
    unique_ports(&ports, kind, causes);
    load_balancer(object, kind, causes);
    traffic(&spec, causes);
}

/// What a Service may not change.
pub(super) fn service_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    let (spec, before) = (new.field("spec"), old.field("spec"));
    let typed = |at: &At<'_>| at.field("type").text() != "ExternalName";
    if typed(&spec) && typed(&before) {
        kept_first(
            &spec.field("clusterIPs"),
            &before.field("clusterIPs"),
            is_headless(&spec) && is_headless(&before),
            causes,
        );
        let skipped = is_headless(&spec) || is_headless(&before);
        kept_first(
            &spec.field("ipFamilies"),
            &before.field("ipFamilies"),
            skipped,
            causes,
        );
    }
    let balanced = |at: &At<'_>| at.field("type").text() == "LoadBalancer";
    if balanced(&spec)
        && balanced(&before)
        && spec.field("loadBalancerClass").value() != before.field("loadBalancerClass").value()
    {
        causes.invalid(&spec.field("loadBalancerClass"), "may not change once set");
    }
    balancer_class(&spec, causes);
    let checked = |at: &At<'_>| needs_health_check(at) && at.field("healthCheckNodePort").is_set();
    if checked(&spec)
        && checked(&before)
        && spec.field("healthCheckNodePort").value() != before.field("healthCheckNodePort").value()
    {
        causes.forbidden(&spec.field("healthCheckNodePort"), "field is immutable");
    }
    service(new, causes);
}

/// The status of a Service.
pub(super) fn service_status(object: &At<'_>, causes: &mut Causes) {
    let ingress = object.at("status.loadBalancer.ingress");
    if object.at("spec.type").text() != "LoadBalancer" && !ingress.is_empty() {
        return causes.forbidden(
            &ingress,
            "may only be used when `spec.type` is 'LoadBalancer'",
        );
    }
    for point in ingress.items() {
        let (address, mode, name) = (
            point.field("ip"),
            point.field("ipMode"),
            point.field("hostname"),
        );
        if !address.is_empty() {
            ip(&address, causes);
        }
        match (address.is_empty(), mode.is_set()) {
            (false, false) => causes.required(&mode, "must be specified when `ip` is set"),
            (true, true) => causes.forbidden(&mode, "may not be specified when `ip` is not set"),
            (false, true) => causes.one_of(&mode, &["Proxy", "VIP"]),
            (true, false) => {}
        }
        if !name.is_empty() {
            check(&name, dns_subdomain, causes);
            if name.text().parse::<IpAddr>().is_ok() {
                causes.invalid(&name, "must be a DNS name, not an IP address");
            }
        }
    }
}

/// Whether the Service asks for no address.
pub(crate) fn is_headless(spec: &At<'_>) -> bool {
    spec.field("clusterIPs")
        .texts()
        .first()
        .is_some_and(|first| *first == "None")
}

/// Whether traffic from outside can reach the Service.
pub(crate) fn is_external(spec: &At<'_>) -> bool {
    match spec.field("type").text() {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" => !spec.field("externalIPs").is_empty(),
        _ => false,
    }
}

/// Whether a load balancer must ask nodes if they can serve.
pub(crate) fn needs_health_check(spec: &At<'_>) -> bool {
    spec.field("type").text() == "LoadBalancer"
        && spec.field("externalTrafficPolicy").text() == "Local"
}

fn external_name(spec: &At<'_>, causes: &mut Causes) {
    for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        if !spec.field(field).is_empty() {
            causes.forbidden(
                &spec.field(field),
                "may not be set for ExternalName services",
            );
        }
    }
    let name = spec.field("externalName");
    let bare = name.text().trim_end_matches('.');
    if bare.is_empty() {
        return causes.required(&name, "");
    }
    for message in dns_subdomain(bare) {
        causes.invalid(&name, &message);
    }
}

fn service_port<'a>(
    port: &At<'a>,
    must_be_named: bool,
    names: &mut BTreeSet<&'a str>,
    causes: &mut Causes,
) {
    let name = port.field("name");
    if !name.is_empty() {
        check(&name, dns_label, causes);
        if !names.insert(name.text()) {
            causes.duplicate(&name);
        }
    } else if must_be_named {
        causes.required(&name, "");
    }
    // An absent port reads as zero.
    port_number(&port.field("port"), causes);
    causes.one_of(&port.field("protocol"), &["SCTP", "TCP", "UDP"]);
    port_or_name(&port.field("targetPort"), causes);
    if port.field("appProtocol").is_set() {
        check(&port.field("appProtocol"), qualified_name, causes);
    }
}

fn unique_ports(ports: &At<'_>, kind: &str, causes: &mut Causes) {
    let (mut outside, mut inside) = (BTreeSet::new(), BTreeSet::new());
    let listed = ports.items();
    for port in &listed {
        if kind == "ClusterIP" && port.field("nodePort").int_or_zero() != 0 {
            causes.forbidden(
                &port.field("nodePort"),
                "may not be used when `type` is 'ClusterIP'",
            );
        }
    }
    for port in &listed {
        let number = port.field("nodePort").int_or_zero();
        if number != 0 && !outside.insert((port.field("protocol").text(), number)) {
            causes.duplicate(&port.field("nodePort"));
        }
    }
    for port in &listed {
        if !inside.insert((
            port.field("protocol").text(),
            port.field("port").int_or_zero(),
        )) {
            causes.duplicate(port);
        }
    }
}

fn affinity(spec: &At<'_>, causes: &mut Causes) {
    let (kind, config) = (
        spec.field("sessionAffinity"),
        spec.field("sessionAffinityConfig"),
    );
    causes.one_of(&kind, &["ClientIP", "None"]);
    let timeout = config.at("clientIP.timeoutSeconds");
    match kind.text() {
        "ClientIP" if timeout.is_absent() => {
            causes.required(&timeout, "when session affinity type is ClientIP");
        }
        "ClientIP" if !(1..=86400).contains(&timeout.int_or_zero()) => {
            causes.invalid(&timeout, "must be greater than 0 and less than 86400");
        }
        "None" if config.is_set() => {
            causes.forbidden(&config, "must not be set when session affinity is None");
        }
        _ => {}
    }
}

fn external_ip(at: &At<'_>, causes: &mut Causes) {
    let Ok(address) = at.text().parse::<IpAddr>() else {
        return ip(at, causes);
    };
    let problem = match address {
        address if address.is_unspecified() => "may not be unspecified (0.0.0.0 or ::)",
        address if address.is_loopback() => {
            "may not be in the loopback range (127.0.0.0/8, ::1/128)"
        }
        IpAddr::V4(address) if address.is_link_local() => {
            "may not be in the link-local range (169.254.0.0/16, fe80::/10)"
        }
        IpAddr::V4(address) if address.octets()[..3] == [224, 0, 0] => {
            "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"
        }
        _ => return,
    };
    causes.invalid(at, problem);
}

fn load_balancer(object: &At<'_>, kind: &str, causes: &mut Causes) {
    let spec = object.field("spec");
    let balanced = kind == "LoadBalancer";
    let ranges = spec
        .field("loadBalancerSourceRanges")
        .renamed("spec.LoadBalancerSourceRanges");
    if !ranges.is_empty() {
        if !balanced {
            causes.forbidden(&ranges, "may only be used when `type` is 'LoadBalancer'");
        }
        for range in ranges.items() {
            cidr(&range, causes);
        }
    }
    let allocates = spec.field("allocateLoadBalancerNodePorts");
    match (balanced, allocates.is_set()) {
        (false, true) => {
            causes.forbidden(&allocates, "may only be used when `type` is 'LoadBalancer'");
        }
        (true, false) => causes.push(
            Reason::Required,
            "allocateLoadBalancerNodePorts",
            "Required value",
        ),
        _ => {}
    }
    balancer_class(&spec, causes);
}

fn balancer_class(spec: &At<'_>, causes: &mut Causes) {
    let class = spec.field("loadBalancerClass");
    if class.is_set() {
        if spec.field("type").text() == "LoadBalancer" {
            check(&class, qualified_name, causes);
        } else {
            causes.forbidden(&class, "may only be used when `type` is 'LoadBalancer'");
        }
    }
}

fn traffic(spec: &At<'_>, causes: &mut Causes) {
    let (external, internal) = (
        spec.field("externalTrafficPolicy"),
        spec.field("internalTrafficPolicy"),
    );
    if is_external(spec) {
        causes.one_of(&external, &["Cluster", "Local"]);
    } else if !external.is_empty() {
        causes.invalid(
            &external,
            "may only be set for externally-accessible services",
        );
    }
    let health = spec.field("healthCheckNodePort");
    if needs_health_check(spec) {
        port_number(&health, causes);
    } else if health.int_or_zero() != 0 {
        causes.invalid(
            &health,
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
        );
    }
    if internal.is_set() {
        causes.one_of(&internal, &["Cluster", "Local"]);
    } else if matches!(
        spec.field("type").text(),
        "NodePort" | "LoadBalancer" | "ClusterIP"
    ) {
        causes.required(&internal, "");
    }
    if spec.field("trafficDistribution").is_set() {
        causes.one_of(
            &spec.field("trafficDistribution"),
            &["PreferClose", "PreferSameZone", "PreferSameNode"],
        );
    }
}

/// The first address and family of a Service stay; a second may come and go.
fn kept_first(new: &At<'_>, old: &At<'_>, skipped: bool, causes: &mut Causes) {
    if skipped {
        return;
    }
    let (after, before) = (new.texts(), old.texts());
    if after.len() == before.len() {
        for (index, _) in after
            .iter()
            .zip(&before)
            .enumerate()
            .filter(|(_, (after, before))| after != before)
        {
            causes.invalid_as(&new.index(index), new.value(), "may not change once set");
        }
    } else if after.is_empty() {
        causes.invalid_as(
            &new.index(0),
            new.value(),
            "the primary value can not be unset",
        );
    } else if before.first().is_some_and(|first| *first != after[0]) {
        causes.invalid_as(&new.index(0), new.value(), "may not change once set");
    }
}
