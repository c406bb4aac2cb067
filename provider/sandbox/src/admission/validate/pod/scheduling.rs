//! Whether a Pod says legally where it wants to run.

use std::collections::BTreeSet;

use serde_json::json;

use super::super::super::at::At;
use super::super::super::cause::{Causes, Reason};
use super::super::names::{check, dns_label, label_value, qualified_name};
use super::super::selector::label_selector;

/// What the Pod tolerates of nodes.
pub(super) fn tolerations(at: &At<'_>, causes: &mut Causes) {
    for toleration in at.items() {
        let (key, operator, effect) = (
            toleration.field("key"),
            toleration.field("operator"),
            toleration.field("effect"),
        );
        let value = toleration.field("value").renamed(operator.path());
        if !key.is_empty() {
            check(&key, qualified_name, causes);
        } else if operator.text() != "Exists" {
            causes.invalid(&operator, "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
        }
        if toleration.field("tolerationSeconds").is_set() && effect.text() != "NoExecute" {
            causes.invalid(
                &effect,
                "effect must be 'NoExecute' when `tolerationSeconds` is set",
            );
        }
        match operator.text() {
            "" | "Equal" => {
                let broken = label_value(value.text());
                if !broken.is_empty() {
                    causes.invalid(&value, &broken.join(";"));
                }
            }
            "Exists" => {
                if !value.is_empty() {
                    causes.invalid(&value, "value must be empty when `operator` is 'Exists'");
                }
            }
            _ => causes.unsupported(&operator, &["Equal", "Exists"]),
        }
        if !effect.is_empty() {
            causes.one_of(&effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"]);
        }
    }
}

/// Gates that hold the Pod back.
pub(super) fn gates(at: &At<'_>, causes: &mut Causes) {
    let mut seen = BTreeSet::new();
    for gate in at.items() {
        let name = gate.field("name").renamed(gate.path());
        check(&name, qualified_name, causes);
        if !seen.insert(name.text()) {
            causes.duplicate(&name);
        }
    }
}

/// How Pods spread over the cluster.
pub(super) fn spread(at: &At<'_>, causes: &mut Causes) {
    let constraints = at.items();
    for (index, constraint) in constraints.iter().enumerate() {
        let (key, otherwise) = (
            constraint.field("topologyKey"),
            constraint.field("whenUnsatisfiable"),
        );
        if constraint.field("maxSkew").int_or_zero() <= 0 {
            causes.invalid_as(
                &constraint.field("maxSkew"),
                &json!(constraint.field("maxSkew").int_or_zero()),
                "must be greater than zero",
            );
        }
        if key.is_empty() {
            causes.required(&key, "can not be empty");
        } else {
            check(&key, qualified_name, causes);
        }
        causes.one_of(&otherwise, &["DoNotSchedule", "ScheduleAnyway"]);
        let repeated = constraints[index + 1..].iter().any(|other| {
            other.field("topologyKey").text() == key.text()
                && other.field("whenUnsatisfiable").text() == otherwise.text()
        });
        if repeated {
            let shown = format!(
                "Duplicate value: \"{{{}, {}}}\"",
                key.text(),
                otherwise.text()
            );
            causes.push(
                Reason::Duplicate,
                format!("{}.{{topologyKey, whenUnsatisfiable}}", constraint.path()),
                shown,
            );
        }
        domains(constraint, causes);
        keys(&constraint.field("matchLabelKeys"), constraint, causes);
        label_selector(&constraint.field("labelSelector"), causes);
    }
}

fn domains(constraint: &At<'_>, causes: &mut Causes) {
    let least = constraint.field("minDomains");
    if least.is_set() {
        if least.int_or_zero() <= 0 {
            causes.invalid(&least, "must be greater than zero");
        }
        if constraint.field("whenUnsatisfiable").text() != "DoNotSchedule" {
            causes.invalid(
                &least,
                "can only use minDomains if whenUnsatisfiable=DoNotSchedule",
            );
        }
    }
    for field in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
        if constraint.field(field).is_set() {
            causes.one_of(&constraint.field(field), &["Honor", "Ignore"]);
        }
    }
}

fn keys(at: &At<'_>, owner: &At<'_>, causes: &mut Causes) {
    if !at.is_empty() && owner.field("labelSelector").is_absent() {
        return causes.forbidden(at, "must not be specified when labelSelector is not set");
    }
    for key in at.items() {
        check(&key, qualified_name, causes);
    }
}

/// What the Pod wants near it or far from it.
pub(super) fn affinity(at: &At<'_>, causes: &mut Causes) {
    let node = at.field("nodeAffinity");
    let required = node.field(REQUIRED);
    if required.is_set() {
        node_selector(&required, causes);
    }
    for term in node.field(PREFERRED).items() {
        weight(&term, causes);
        node_term(&term.field("preference"), causes);
    }
    for side in ["podAffinity", "podAntiAffinity"] {
        let pods = at.field(side);
        for term in pods.field(REQUIRED).items() {
            pod_term(&term, causes);
        }
        for term in pods.field(PREFERRED).items() {
            weight(&term, causes);
            pod_term(&term.field("podAffinityTerm"), causes);
        }
    }
}

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

fn weight(term: &At<'_>, causes: &mut Causes) {
    if !(1..=100).contains(&term.field("weight").int_or_zero()) {
        causes.invalid(&term.field("weight"), "must be in the range 1-100");
    }
}

/// A choice of nodes.
pub(in super::super) fn node_selector(at: &At<'_>, causes: &mut Causes) {
    let terms = at.field("nodeSelectorTerms");
    if terms.is_empty() {
        causes.required(&terms, "must have at least one node selector term");
    }
    for term in terms.items() {
        node_term(&term, causes);
    }
}

fn node_term(at: &At<'_>, causes: &mut Causes) {
    for requirement in at.field("matchExpressions").items() {
        let values = requirement.field("values");
        match requirement.field("operator").text() {
            "In" | "NotIn" if values.is_empty() => causes.required(
                &values,
                "must be specified when `operator` is 'In' or 'NotIn'",
            ),
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                causes.forbidden(
                    &values,
                    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                );
            }
            "Gt" | "Lt" if values.len() != 1 => causes.required(
                &values,
                "must be specified single value when `operator` is 'Lt' or 'Gt'",
            ),
            "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
            _ => causes.invalid(
                &requirement.field("operator"),
                "not a valid selector operator",
            ),
        }
        check(&requirement.field("key"), qualified_name, causes);
        for value in values.items() {
            check(&value, label_value, causes);
        }
    }
    for requirement in at.field("matchFields").items() {
        let values = requirement.field("values");
        if !matches!(requirement.field("operator").text(), "In" | "NotIn") {
            causes.invalid(
                &requirement.field("operator"),
                "not a valid selector operator",
            );
        } else if values.len() != 1 {
            causes.required(
                &values,
                "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
            );
        }
        if requirement.field("key").text() != "metadata.name" {
            causes.invalid(&requirement.field("key"), "not a valid field selector key");
        }
    }
}

fn pod_term(at: &At<'_>, causes: &mut Causes) {
    label_selector(&at.field("labelSelector"), causes);
    label_selector(&at.field("namespaceSelector"), causes);
    for namespace in at.field("namespaces").items() {
        check(
            &namespace.renamed(format!("{}.namespace", at.path())),
            dns_label,
            causes,
        );
    }
    keys(&at.field("matchLabelKeys"), at, causes);
    keys(&at.field("mismatchLabelKeys"), at, causes);
    if at.field("topologyKey").is_empty() {
        causes.required(&at.field("topologyKey"), "can not be empty");
    }
    check(&at.field("topologyKey"), qualified_name, causes);
}
