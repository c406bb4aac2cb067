//! Whether the containers of a Pod are legal, each for itself and together.

use std::collections::BTreeSet;

use super::super::super::at::At;
use super::super::super::cause::{Causes, Reason};
use super::super::names::{check, dns_label, port_name};
use super::super::numbers::port_number;
use super::super::resources;
use super::volumes::Volumes;
use super::{env, mounts, probes, security};

/// All containers of a spec.
pub(super) fn all(spec: &At<'_>, volumes: &Volumes, causes: &mut Causes) {
    let main = spec.field("containers");
    if main.is_empty() {
        causes.required(&main, "");
    }
    let mut names = BTreeSet::new();
    for container in main.items() {
        common(&container, spec, volumes, causes);
        unique(&container, &mut names, causes);
        probes::lifecycle(&container, spec, causes);
        probes::all(&container, spec, causes);
        restart_rules(&container, causes);
    }
    host_ports(&main.items(), causes);
    for container in spec.field("initContainers").items() {
        common(&container, spec, volumes, causes);
        restart_rules(&container, causes);
        unique(&container, &mut names, causes);
        host_ports(std::slice::from_ref(&container), causes);
        init(&container, spec, causes);
    }
}

fn unique<'a>(container: &At<'a>, names: &mut BTreeSet<&'a str>, causes: &mut Causes) {
    let name = container.field("name");
    if !names.insert(name.text()) && !name.is_empty() {
        causes.duplicate(&name);
    }
}

/// An init container may watch itself only if it keeps running.
fn init(container: &At<'_>, spec: &At<'_>, causes: &mut Causes) {
    if container.field("restartPolicy").text() == "Always" {
        probes::lifecycle(container, spec, causes);
        probes::all(container, spec, causes);
        return;
    }
    for field in [
        "lifecycle",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
    ] {
        if container.field(field).is_set() {
            causes.forbidden(
                &container.field(field),
                "may not be set for init containers without restartPolicy=Always",
            );
        }
    }
}

fn common(container: &At<'_>, spec: &At<'_>, volumes: &Volumes, causes: &mut Causes) {
    if container.field("name").is_empty() {
        causes.required(&container.field("name"), "");
    } else {
        check(&container.field("name"), dns_label, causes);
    }
    if container.field("image").is_empty() {
        causes.required(&container.field("image"), "");
    }
    causes.one_of(
        &container.field("terminationMessagePolicy"),
        &["File", "FallbackToLogsOnError"],
    );
    ports(&container.field("ports"), causes);
    env::variables(&container.field("env"), causes);
    env::sources(&container.field("envFrom"), causes);
    mounts::mounts(container, volumes, causes);
    mounts::devices(container, volumes, causes);
    causes.one_of(
        &container.field("imagePullPolicy"),
        &["Always", "IfNotPresent", "Never"],
    );
    resources::container(
        &container.field("resources"),
        &spec.field("resourceClaims"),
        causes,
    );
    resize_policy(&container.field("resizePolicy"), spec, causes);
    security::container(&container.field("securityContext"), spec, causes);
}

fn ports(at: &At<'_>, causes: &mut Causes) {
    let mut names = BTreeSet::new();
    for port in at.items() {
        let name = port.field("name");
        if !name.is_empty() {
            if !port_name(name.text()).is_empty() {
                check(&name, port_name, causes);
            } else if !names.insert(name.text()) {
                causes.duplicate(&name);
            }
        }
        if port.field("containerPort").int_or_zero() == 0 {
            causes.required(&port.field("containerPort"), "");
        } else {
            port_number(&port.field("containerPort"), causes);
        }
        if port.field("hostPort").int_or_zero() != 0 {
            port_number(&port.field("hostPort"), causes);
        }
        causes.one_of(&port.field("protocol"), &["SCTP", "TCP", "UDP"]);
    }
}

fn host_ports(containers: &[At<'_>], causes: &mut Causes) {
    let mut taken = BTreeSet::new();
    for port in containers
        .iter()
        .flat_map(|container| container.field("ports").items())
    {
        let number = port.field("hostPort").int_or_zero();
        if number == 0 {
            continue;
        }
        let claim = format!(
            "{}/{}/{number}",
            port.field("protocol").text(),
            port.field("hostIP").text()
        );
        if taken.contains(&claim) {
            causes.push(
                Reason::Duplicate,
                port.field("hostPort").path(),
                format!("Duplicate value: {claim:?}"),
            );
        }
        taken.insert(claim);
    }
}

fn resize_policy(at: &At<'_>, spec: &At<'_>, causes: &mut Causes) {
    let mut seen = BTreeSet::new();
    for policy in at.items() {
        let resource = policy.field("resourceName");
        if !seen.insert(resource.text()) {
            causes.duplicate(&resource.renamed(policy.path()));
        }
        causes.required_one_of(&resource.renamed(at.path()), &["cpu", "memory"]);
        let restart = policy.field("restartPolicy");
        causes.required_one_of(
            &restart.renamed(at.path()),
            &["NotRequired", "RestartContainer"],
        );
        if spec.field("restartPolicy").text() == "Never" && restart.text() != "NotRequired" {
            causes.invalid(
                &restart.renamed(at.path()),
                "must be 'NotRequired' when pod `restartPolicy` is 'Never'",
            );
        }
    }
}

fn restart_rules(container: &At<'_>, causes: &mut Causes) {
    let (policy, rules) = (
        container.field("restartPolicy"),
        container.field("restartPolicyRules"),
    );
    if policy.is_absent() {
        if !rules.is_empty() {
            causes.required(
                &policy,
                "must specify restartPolicy when restart rules are used",
            );
        }
    } else {
        causes.one_of(&policy, &["Always", "Never", "OnFailure"]);
    }
    if rules.len() > 20 {
        causes.too_many(&rules, rules.len(), 20);
    }
    for rule in rules.items() {
        causes.one_of(&rule.field("action"), &["Restart", "RestartAllContainers"]);
        if rule.field("exitCodes").is_absent() {
            causes.required(&rule.field("exitCodes"), "must be specified");
        } else {
            causes.one_of(&rule.at("exitCodes.operator"), &["In", "NotIn"]);
        }
    }
}
