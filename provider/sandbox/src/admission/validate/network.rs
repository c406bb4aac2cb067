//! Whether NetworkPolicies, Ingresses and their classes are legal, and what of them may change.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::super::at::At;
use super::super::cause::Causes;
use super::names::{check, dns_label, dns_subdomain, path_segment, port_name, wildcard_subdomain};
use super::net::{Range, cidr, ip};
use super::numbers::port_number;
use super::selector::label_selector;

/// A `NetworkPolicy`.
pub(super) fn policy(object: &At<'_>, causes: &mut Causes) {
    let spec = object.field("spec");
    label_selector(&spec.field("podSelector"), causes);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for rule in spec.field(direction).items() {
            for port in rule.field("ports").items() {
                policy_port(&port, causes);
            }
            for peer in rule.field(peers).items() {
                policy_peer(&peer, causes);
            }
        }
    }
    let types = spec.field("policyTypes");
    if types.len() > 2 {
        return causes.invalid(&types, "may not specify more than two policyTypes");
    }
    for kind in types.items() {
        causes.one_of(&kind, &["Ingress", "Egress"]);
    }
}

fn policy_port(at: &At<'_>, causes: &mut Causes) {
    if at.field("protocol").is_set() {
        causes.one_of(&at.field("protocol"), &["TCP", "UDP", "SCTP"]);
    }
    let (port, end) = (at.field("port"), at.field("endPort"));
    match port.value() {
        Value::Number(_) => {
            port_number(&port, causes);
            if end.is_set() {
                if end.int_or_zero() < port.int_or_zero() {
                    causes.invalid(&end, "must be greater than or equal to `port`");
                }
                port_number(&end, causes);
            }
        }
        Value::String(_) => {
            if end.is_set() {
                causes.invalid(&end, "may not be specified when `port` is non-numeric");
            }
            check(&port, port_name, causes);
        }
        _ => {
            if end.is_set() {
                causes.invalid(&end, "may not be specified when `port` is not specified");
            }
        }
    }
}

fn policy_peer(at: &At<'_>, causes: &mut Causes) {
    let block = at.field("ipBlock");
    let selectors = [at.field("podSelector"), at.field("namespaceSelector")];
    for selector in &selectors {
        label_selector(selector, causes);
    }
    let selected = selectors
        .iter()
        .filter(|selector| selector.is_set())
        .count();
    if block.is_set() {
        ip_block(&block, causes);
    }
    if selected == 0 && block.is_absent() {
        causes.required(at, "must specify a peer");
    } else if selected > 0 && block.is_set() {
        causes.forbidden(at, "may not specify both ipBlock and another peer");
    }
}

fn ip_block(at: &At<'_>, causes: &mut Causes) {
    if at.field("cidr").is_empty() {
        return causes.required(&at.field("cidr"), "");
    }
    let Some(whole) = cidr(&at.field("cidr"), causes) else {
        return;
    };
    for except in at.field("except").items() {
        cidr(&except, causes);
        if Range::parse(except.text()).is_some_and(|part| !whole.strictly_contains(&part)) {
            causes.invalid(&except, "must be a strict subset of `cidr`");
        }
    }
}

/// An Ingress that is being created.
pub(super) fn ingress(object: &At<'_>, causes: &mut Causes) {
    ingress_spec(object, causes);
    let (named, annotated) = (
        object.at("spec.ingressClassName"),
        object
            .at("metadata.annotations")
            .key("kubernetes.io/ingress.class"),
    );
    if annotated.is_set() && named.is_set() && annotated.text() != named.text() {
        causes.invalid(
            &annotated.renamed("annotations.kubernetes.io/ingress.class"),
            "must match `ingressClassName` when both are specified",
        );
    }
}

/// What an Ingress must still be.
pub(super) fn ingress_spec(object: &At<'_>, causes: &mut Causes) {
    let spec = object.field("spec");
    let (default, rules) = (spec.field("defaultBackend"), spec.field("rules"));
    if rules.is_empty() && default.is_absent() {
        causes.invalid_as(
            &spec,
            rules.value(),
            "either `defaultBackend` or `rules` must be specified",
        );
    }
    if default.is_set() {
        backend(&default, causes);
    }
    for rule in rules.items() {
        ingress_rule(&rule, causes);
    }
    for tls in spec.field("tls").items() {
        for host in tls.field("hosts").items() {
            check(
                &host,
                if host.text().contains('*') {
                    wildcard_subdomain
                } else {
                    dns_subdomain
                },
                causes,
            );
        }
        if !tls.field("secretName").is_empty() {
            check(&tls.field("secretName"), dns_subdomain, causes);
        }
    }
    if spec.field("ingressClassName").is_set() {
        check(&spec.field("ingressClassName"), dns_subdomain, causes);
    }
}

fn ingress_rule(rule: &At<'_>, causes: &mut Causes) {
    let host = rule.field("host");
    if !host.is_empty() {
        if host.text().parse::<IpAddr>().is_ok() {
            causes.invalid(&host, "must be a DNS name, not an IP address");
        }
        check(
            &host,
            if host.text().contains('*') {
                wildcard_subdomain
            } else {
                dns_subdomain
            },
            causes,
        );
    }
    let http = rule.field("http");
    if http.is_absent() {
        return;
    }
    if http.field("paths").is_empty() {
        causes.required(&http.field("paths"), "");
    }
    for path in http.field("paths").items() {
        ingress_path(&path, causes);
    }
}

fn ingress_path(at: &At<'_>, causes: &mut Causes) {
    let (kind, path) = (at.field("pathType"), at.field("path"));
    match kind.text() {
        _ if kind.is_absent() => return causes.required(&kind, "pathType must be specified"),
        "Exact" | "Prefix" => {
            if !path.text().starts_with('/') {
                causes.invalid(&path, "must be an absolute path");
            }
            for sequence in ["//", "/./", "/../", "%2f", "%2F"]
                .iter()
                .filter(|sequence| path.text().contains(**sequence))
            {
                causes.invalid(&path, &format!("must not contain '{sequence}'"));
            }
            for ending in ["/..", "/."]
                .iter()
                .filter(|ending| path.text().ends_with(**ending))
            {
                causes.invalid(&path, &format!("cannot end with '{ending}'"));
            }
        }
        "ImplementationSpecific" => {
            if !path.is_empty() && !path.text().starts_with('/') {
                causes.invalid(&path, "must be an absolute path");
            }
        }
        _ => causes.unsupported(&kind, &["Exact", "ImplementationSpecific", "Prefix"]),
    }
    backend(&at.field("backend"), causes);
}

fn backend(at: &At<'_>, causes: &mut Causes) {
    let (service, resource, nothing) = (at.field("service"), at.field("resource"), json!(""));
    match (service.is_set(), resource.is_set()) {
        (true, true) => causes.invalid_as(
            at,
            &nothing,
            "cannot set both resource and service backends",
        ),
        (false, false) => {
            causes.invalid_as(at, &nothing, "resource or service backend is required");
        }
        (false, true) => typed_reference(&resource, causes),
        (true, false) => {
            if service.field("name").is_empty() {
                causes.required(&service.field("name"), "");
            } else {
                check(&service.field("name"), dns_label, causes);
            }
            let (name, number) = (service.at("port.name"), service.at("port.number"));
            match (name.is_empty(), number.int_or_zero() == 0) {
                (false, false) => {
                    causes.invalid_as(at, &nothing, "cannot set both port name & port number");
                }
                (false, true) => check(&name, port_name, causes),
                (true, false) => port_number(&number, causes),
                (true, true) => causes.required(at, "port name or number is required"),
            }
        }
    }
}

fn typed_reference(at: &At<'_>, causes: &mut Causes) {
    if at.field("apiGroup").is_set() {
        check(&at.field("apiGroup"), dns_subdomain, causes);
    }
    for field in ["kind", "name"] {
        if at.field(field).is_empty() {
            causes.required(&at.field(field), "");
        } else {
            check(&at.field(field), path_segment, causes);
        }
    }
}

/// The status of an Ingress.
pub(super) fn ingress_status(object: &At<'_>, causes: &mut Causes) {
    for point in object.at("status.loadBalancer.ingress").items() {
        if !point.field("ip").is_empty() {
            ip(&point.field("ip"), causes);
        }
        let name = point.field("hostname");
        if !name.is_empty() {
            check(&name, dns_subdomain, causes);
            if name.text().parse::<IpAddr>().is_ok() {
                causes.invalid(&name, "must be a DNS name, not an IP address");
            }
        }
    }
}

/// An `IngressClass`.
pub(super) fn ingress_class(object: &At<'_>, causes: &mut Causes) {
    let (controller, parameters) = (object.at("spec.controller"), object.at("spec.parameters"));
    if controller.text().len() > 250 {
        causes.too_long(&controller, 250);
    }
    domain_path(&controller, causes);
    if parameters.is_absent() {
        return;
    }
    typed_reference(&parameters, causes);
    let (scope, namespace) = (parameters.field("scope"), parameters.field("namespace"));
    if scope.is_absent() {
        return causes.required(&scope, "");
    }
    causes.one_of(&scope, &["Cluster", "Namespace"]);
    if scope.text() == "Namespace" {
        if namespace.is_empty() {
            causes.required(&namespace, "`parameters.scope` is set to 'Namespace'");
        } else {
            check(&namespace, dns_label, causes);
        }
    } else if scope.text() == "Cluster" && namespace.is_set() {
        causes.forbidden(&namespace, "`parameters.scope` is set to 'Cluster'");
    }
}

/// What an `IngressClass` may not change.
pub(super) fn ingress_class_update(new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    causes.immutable(&new.at("spec.controller"), &old.at("spec.controller"));
    ingress_class(new, causes);
}

/// A domain, a slash, a path.
fn domain_path(at: &At<'_>, causes: &mut Causes) {
    let legal = |c: char| c.is_ascii_alphanumeric() || "/-._~%!$&'()*+,;=:".contains(c);
    match at.text().split_once('/') {
        _ if at.is_empty() => causes.required(at, ""),
        Some((host, path)) if !host.is_empty() && !path.is_empty() => {
            for message in dns_subdomain(host) {
                causes.invalid_as(at, &json!(host), &message);
            }
            if !path.chars().all(legal) {
                causes.invalid_as(at, &json!(path), "Invalid path");
            }
        }
        _ => causes.invalid(
            at,
            "must be a domain-prefixed path (such as \"acme.io/foo\")",
        ),
    }
}
