//! Whether an autoscaler is legal.

use serde_json::json;

use super::super::at::At;
use super::super::cause::Causes;
use super::names::{check, dns_label, dns_subdomain, path_segment};
use super::resources::{amount, container_resource};

const SOURCES: [(&str, &str); 5] = [
    ("Object", "object"),
    ("External", "external"),
    ("Pods", "pods"),
    ("Resource", "resource"),
    ("ContainerResource", "containerResource"),
];
const TYPES: [&str; 5] = [
    "ContainerResource",
    "External",
    "Object",
    "Pods",
    "Resource",
];

/// A `HorizontalPodAutoscaler`.
pub(super) fn autoscaler(object: &At<'_>, causes: &mut Causes) {
    let spec = object.field("spec");
    let (least, most) = (spec.field("minReplicas"), spec.field("maxReplicas"));
    if least.int().is_some_and(|least| least < 1) {
        causes.invalid(&least, "must be greater than or equal to 1");
    }
    match most.int_or_zero() {
        0 => causes.required(&most, "must be set and greater than 0"),
        count if count < 0 => causes.invalid(&most, "must be greater than or equal to 1"),
        _ => {}
    }
    if least.int().is_some_and(|least| most.int_or_zero() < least) {
        causes.invalid_as(
            &most,
            &json!(most.int_or_zero()),
            "must be greater than or equal to `minReplicas`",
        );
    }
    reference(&spec.field("scaleTargetRef"), Target::Scaled, causes);
    metrics(&spec, causes);
    for side in ["scaleUp", "scaleDown"] {
        let rules = spec.field("behavior").field(side);
        if rules.is_set() {
            scaling(&rules, causes);
        }
    }
}

/// Why another object is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Scaled,
    Measured,
}

fn reference(at: &At<'_>, target: Target, causes: &mut Causes) {
    for field in ["kind", "name"] {
        if at.field(field).is_empty() {
            causes.required(&at.field(field), "");
        } else {
            check(&at.field(field), path_segment, causes);
        }
    }
    let version = at.field("apiVersion");
    let core = target == Target::Measured || at.field("kind").text() == "ReplicationController";
    match version.text().split_once('/') {
        None if !core => causes.invalid_as(
            &version,
            &json!(version.text()),
            "apiVersion must specify API group",
        ),
        Some((group, _)) if !dns_subdomain(group).is_empty() => {
            causes.invalid(&version, "the group must be a DNS subdomain");
        }
        _ => {}
    }
}

fn metrics(spec: &At<'_>, causes: &mut Causes) {
    let list = spec.field("metrics");
    for metric in list.items() {
        metric_spec(&metric, causes);
    }
    let outside = list
        .items()
        .iter()
        .any(|metric| matches!(metric.field("type").text(), "Object" | "External"));
    if spec.field("minReplicas").int() == Some(0) && !outside {
        causes.forbidden(&list, "must specify at least one Object or External metric to support scaling to zero replicas");
    }
}

fn metric_spec(at: &At<'_>, causes: &mut Causes) {
    let kind = at.field("type");
    if kind.is_empty() {
        causes.required(&kind, "must specify a metric source type");
    }
    let present: Vec<&str> = SOURCES
        .iter()
        .map(|(_, field)| *field)
        .filter(|field| at.field(field).is_set())
        .collect();
    let expected = SOURCES
        .iter()
        .find(|(name, _)| *name == kind.text())
        .map(|(_, field)| *field);
    if expected.is_none() {
        // The API looks at the type twice.
        causes.unsupported(&kind, &TYPES);
    }
    if let Some(first) = present.first() {
        source(first, &at.field(first), causes);
    }
    match expected {
        None => causes.unsupported(&kind, &TYPES),
        Some(field) if at.field(field).is_absent() => causes.required(
            &at.field(field),
            "must populate information for the given metric source",
        ),
        Some(_) => {}
    }
    if present.len() != 1 {
        for field in present.iter().filter(|field| Some(**field) != expected) {
            causes.forbidden(
                &at.field(field),
                "must populate the given metric source only",
            );
        }
    }
}

fn source(kind: &str, at: &At<'_>, causes: &mut Causes) {
    let target = at.field("target");
    let (value, average, utilization) = (
        target.field("value"),
        target.field("averageValue"),
        target.field("averageUtilization"),
    );
    match kind {
        "resource" | "containerResource" => {
            if at.field("name").is_empty() {
                causes.required(&at.field("name"), "must specify a resource name");
            }
            if kind == "containerResource" {
                if !at.field("name").is_empty() {
                    container_resource(at.field("name").text(), &at.field("name"), causes);
                }
                if at.field("container").is_empty() {
                    causes.required(&at.field("container"), "must specify a container");
                } else {
                    check(&at.field("container"), dns_label, causes);
                }
            }
            metric_target(&target, causes);
            match (utilization.is_set(), average.is_set()) {
                (false, false) => causes.required(
                    &utilization,
                    "must set either a target raw value or a target utilization",
                ),
                (true, true) => causes.forbidden(
                    &average,
                    "may not set both a target raw value and a target utilization",
                ),
                _ => {}
            }
        }
        _ => {
            if kind == "object" {
                reference(&at.field("describedObject"), Target::Measured, causes);
            }
            identifier(&at.field("metric"), causes);
            metric_target(&target, causes);
            match (kind, value.is_set(), average.is_set()) {
                ("pods", _, false) => {
                    causes.required(&average, "must specify a positive target averageValue");
                }
                ("object" | "external", false, false) => {
                    causes.required(&average, "must set either a target value or averageValue");
                }
                ("external", true, true) => causes.forbidden(
                    &value,
                    "may not set both a target value for metric and a per-pod target",
                ),
                _ => {}
            }
        }
    }
}

fn identifier(at: &At<'_>, causes: &mut Causes) {
    if at.field("name").is_empty() {
        causes.required(&at.field("name"), "must specify a metric name");
    } else {
        check(&at.field("name"), path_segment, causes);
    }
}

fn metric_target(at: &At<'_>, causes: &mut Causes) {
    let kind = at.field("type");
    if kind.is_empty() {
        causes.required(&kind, "must specify a metric target type");
    }
    if !matches!(kind.text(), "Utilization" | "Value" | "AverageValue") {
        causes.invalid(&kind, "must be either Utilization, Value, or AverageValue");
    }
    for field in ["value", "averageValue"] {
        if amount(&at.field(field)).is_some_and(|amount| amount.is_zero() || amount.is_negative()) {
            causes.invalid(&at.field(field), "must be positive");
        }
    }
    if at
        .field("averageUtilization")
        .int()
        .is_some_and(|percent| percent < 1)
    {
        causes.invalid(&at.field("averageUtilization"), "must be greater than 0");
    }
}

fn scaling(at: &At<'_>, causes: &mut Causes) {
    let window = at.field("stabilizationWindowSeconds");
    if window.int_or_zero() < 0 {
        causes.invalid(&window, "must be greater than or equal to zero");
    }
    if window.int_or_zero() > 3600 {
        causes.invalid(&window, "must be less than or equal to 3600");
    }
    if at.field("selectPolicy").is_set() {
        causes.one_of(&at.field("selectPolicy"), &["Max", "Min", "Disabled"]);
    }
    if at.field("policies").is_empty() {
        causes.required(&at.field("policies"), "must specify at least one Policy");
    }
    for policy in at.field("policies").items() {
        causes.one_of(&policy.field("type"), &["Pods", "Percent"]);
        for field in ["value", "periodSeconds"] {
            if policy.field(field).int_or_zero() <= 0 {
                causes.invalid(&policy.field(field), "must be greater than zero");
            }
        }
        if policy.field("periodSeconds").int_or_zero() > 1800 {
            causes.invalid(
                &policy.field("periodSeconds"),
                "must be less than or equal to 1800",
            );
        }
    }
    if amount(&at.field("tolerance")).is_some_and(|tolerance| tolerance.is_negative()) {
        causes.invalid(&at.field("tolerance"), "must be greater than or equal to 0");
    }
}

/// The status of an autoscaler.
pub(super) fn autoscaler_status(object: &At<'_>, causes: &mut Causes) {
    for field in ["currentReplicas", "desiredReplicas"] {
        causes.non_negative(&object.field("status").field(field));
    }
}
