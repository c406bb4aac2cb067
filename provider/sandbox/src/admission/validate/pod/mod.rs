//! Whether a Pod or a Pod template is legal.

mod containers;
mod env;
mod mounts;
mod probes;
mod scheduling;
mod security;
mod update;
mod volumes;

pub(super) use scheduling::node_selector;
pub(super) use update::pod_update;
pub(super) use volumes::host_path;

use super::super::at::At;
use super::super::cause::Causes;
use super::metadata::{annotations, labels};
use super::names::{check, dns_label, dns_subdomain, qualified_name};
use super::net::ip;
use super::numbers::in_range;

/// The template of a workload.
pub(super) fn template(at: &At<'_>, causes: &mut Causes) {
    // The API leaves `metadata` out of these two paths.
    for field in ["labels", "annotations"] {
        let found = at
            .at("metadata")
            .field(field)
            .renamed(format!("{}.{field}", at.path()));
        if field == "labels" {
            labels(&found, causes);
        } else {
            annotations(&found, causes);
        }
    }
    spec(&at.field("spec"), Of::Template, causes);
    let ephemeral = at.at("spec.ephemeralContainers");
    if !ephemeral.is_empty() {
        causes.forbidden(
            &ephemeral,
            "ephemeral containers not allowed in pod template",
        );
    }
}

/// A Pod of its own.
pub(super) fn pod(object: &At<'_>, causes: &mut Causes) {
    spec(&object.field("spec"), Of::Pod, causes);
    let ephemeral = object.at("spec.ephemeralContainers");
    if !ephemeral.is_empty() {
        causes.forbidden(&ephemeral, "cannot be set on create");
    }
}

/// What a spec belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Pod,
    Template,
}

/// The spec of a Pod or a template.
pub(super) fn spec(at: &At<'_>, of: Of, causes: &mut Causes) {
    let volumes = volumes::volumes(&at.field("volumes"), of, causes);
    containers::all(at, &volumes, causes);
    host_ports(at, of, causes);
    causes.one_of(
        &at.field("restartPolicy"),
        &["Always", "OnFailure", "Never"],
    );
    causes.one_of(
        &at.field("dnsPolicy"),
        &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
    );
    labels(&at.field("nodeSelector"), causes);
    security::pod(&at.field("securityContext"), at, causes);
    scheduling::affinity(&at.field("affinity"), causes);
    dns_config(at, causes);
    for gate in at.field("readinessGates").items() {
        check(&gate.field("conditionType"), qualified_name, causes);
    }
    scheduling::gates(&at.field("schedulingGates"), causes);
    scheduling::spread(&at.field("topologySpreadConstraints"), causes);
    names(at, causes);
    if at.field("activeDeadlineSeconds").is_set() {
        in_range(
            &at.field("activeDeadlineSeconds"),
            1,
            i64::from(i32::MAX),
            causes,
        );
    }
    scheduling::tolerations(&at.field("tolerations"), causes);
    for alias in at.field("hostAliases").items() {
        ip(&alias.field("ip"), causes);
        for name in alias.field("hostnames").items() {
            check(&name, dns_subdomain, causes);
        }
    }
    if at.field("preemptionPolicy").is_set() {
        causes.required_one_of(
            &at.field("preemptionPolicy"),
            &["PreemptLowerPriority", "Never"],
        );
    }
    operating_system(at, causes);
}

fn names(at: &At<'_>, causes: &mut Causes) {
    let rules: [(&str, super::names::Rule); 6] = [
        ("serviceAccountName", dns_subdomain),
        ("nodeName", dns_subdomain),
        ("hostname", dns_label),
        ("subdomain", dns_label),
        ("priorityClassName", dns_subdomain),
        ("runtimeClassName", dns_subdomain),
    ];
    for (field, rule) in rules {
        // The name of a runtime class counts as given even when it is empty.
        let given = at.field(field).is_set()
            && (field == "runtimeClassName" || !at.field(field).is_empty());
        if given {
            check(&at.field(field), rule, causes);
        }
    }
}

/// On the host's network a container's port is the host's; templates may leave the host port out.
fn host_ports(at: &At<'_>, of: Of, causes: &mut Causes) {
    if !at.field("hostNetwork").is_true() {
        return;
    }
    for port in at
        .field("containers")
        .items()
        .iter()
        .flat_map(|container| container.field("ports").items())
    {
        let (host, own) = (
            port.field("hostPort"),
            port.field("containerPort").int_or_zero(),
        );
        let said = of == Of::Pod || host.int_or_zero() != 0;
        if said && host.int_or_zero() != own {
            causes.invalid(
                &host,
                "must match `containerPort` when `hostNetwork` is true",
            );
        }
    }
}

fn dns_config(at: &At<'_>, causes: &mut Causes) {
    let config = at.field("dnsConfig");
    let servers = config.field("nameservers");
    if at.field("dnsPolicy").text() == "None" {
        if config.is_absent() {
            return causes.required(&config, "must provide `dnsConfig` when `dnsPolicy` is None");
        }
        if servers.is_empty() {
            return causes.required(
                &servers,
                "must provide at least one DNS nameserver when `dnsPolicy` is None",
            );
        }
    }
    if servers.len() > 3 {
        causes.invalid(&servers, "must not have more than 3 nameservers");
    }
    for server in servers.items() {
        ip(&server, causes);
    }
    let searches = config.field("searches");
    if searches.len() > 32 {
        causes.invalid(&searches, "must not have more than 32 search paths");
    }
    if searches.texts().join(" ").len() > 2048 {
        causes.invalid(
            &searches,
            "must not have more than 2048 characters (including spaces) in the search list",
        );
    }
    for search in searches
        .items()
        .iter()
        .filter(|search| search.text() != ".")
    {
        // Underscores are fine in search paths.
        let plain = search.text().trim_end_matches('.').replace('_', "a");
        for message in dns_subdomain(&plain) {
            causes.invalid(search, &message);
        }
    }
    for option in config.field("options").items() {
        if option.field("name").is_empty() {
            causes.required(&option, "must not be empty");
        }
    }
}

fn operating_system(at: &At<'_>, causes: &mut Causes) {
    let name = at.at("os.name");
    if at.field("os").is_absent() {
        return;
    }
    if name.is_empty() {
        causes.required(&name, "");
    } else if !matches!(name.text(), "linux" | "windows") {
        causes.unsupported(&name.renamed(at.field("os").path()), &["linux", "windows"]);
    }
}
