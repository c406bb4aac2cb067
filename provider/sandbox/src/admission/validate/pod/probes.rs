//! Whether probes and lifecycle hooks are legal.

use serde_json::json;

use super::super::super::at::At;
use super::super::super::cause::Causes;
use super::super::names::header_name;
use super::super::numbers::{port_number, port_or_name};

/// The probes of a container.
pub(super) fn all(container: &At<'_>, spec: &At<'_>, causes: &mut Causes) {
    for field in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let at = container.field(field);
        if at.is_absent() {
            continue;
        }
        probe(&at, spec, causes);
        if field == "readinessProbe" {
            if at.field("terminationGracePeriodSeconds").is_set() {
                causes.invalid(
                    &at.field("terminationGracePeriodSeconds"),
                    "must not be set for readinessProbes",
                );
            }
        } else if at.field("successThreshold").int_or_zero() != 1 {
            causes.invalid(&at.field("successThreshold"), "must be 1");
        }
    }
}

/// What happens at the start and the end of a container.
pub(super) fn lifecycle(container: &At<'_>, spec: &At<'_>, causes: &mut Causes) {
    let lifecycle = container.field("lifecycle");
    for hook in ["postStart", "preStop"] {
        if lifecycle.field(hook).is_set() {
            handler(&lifecycle.field(hook), spec, causes);
        }
    }
    let signal = lifecycle.field("stopSignal");
    if signal.is_set() && spec.field("os").is_absent() {
        causes.forbidden(
            &signal,
            "may not be set for containers with empty `spec.os.name`",
        );
    }
}

fn probe(at: &At<'_>, spec: &At<'_>, causes: &mut Causes) {
    handler(at, spec, causes);
    for field in [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ] {
        causes.non_negative(&at.field(field));
    }
    let grace = at.field("terminationGracePeriodSeconds");
    if grace.int().is_some_and(|seconds| seconds <= 0) {
        causes.invalid(&grace, "must be greater than 0");
    }
}

fn handler(at: &At<'_>, spec: &At<'_>, causes: &mut Causes) {
    let set: Vec<&str> = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"]
        .into_iter()
        .filter(|name| at.field(name).is_set())
        .collect();
    let Some((first, more)) = set.split_first() else {
        return causes.required(at, "must specify a handler type");
    };
    for name in more {
        causes.forbidden(&at.field(name), "may not specify more than 1 handler type");
    }
    let action = at.field(first);
    match *first {
        "exec" => {
            if action.field("command").is_empty() {
                causes.required(&action.field("command"), "");
            }
        }
        "httpGet" => http_get(&action, causes),
        "tcpSocket" => port_or_name(&action.field("port"), causes),
        "grpc" => port_number(&action.field("port"), causes),
        _ => {
            let most = spec.field("terminationGracePeriodSeconds").int_or_zero();
            if !(0..=most).contains(&action.field("seconds").int_or_zero()) {
                let detail = format!(
                    "must be non-negative and less than terminationGracePeriodSeconds ({most})"
                );
                causes.invalid(&action.field("seconds").renamed(action.path()), &detail);
            }
        }
    }
}

fn http_get(at: &At<'_>, causes: &mut Causes) {
    if at.field("path").is_empty() {
        causes.required(&at.field("path"), "");
    }
    port_or_name(&at.field("port"), causes);
    causes.one_of(&at.field("scheme"), &["HTTP", "HTTPS"]);
    for header in at.field("httpHeaders").items() {
        let name = header.field("name");
        for message in header_name(name.text()) {
            causes.invalid_as(&at.field("httpHeaders"), &json!(name.text()), &message);
        }
    }
}
