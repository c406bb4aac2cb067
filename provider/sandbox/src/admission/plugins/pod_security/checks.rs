//! What the levels of the pod security standard forbid, in the words of the API's messages.

use std::collections::BTreeSet;

use super::super::super::at::At;
use super::restricted::{
    dropped_capabilities, no_escalation, non_root, seccomp_required, user_zero, volume_types,
};

const CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
const SYSCTLS: [&str; 10] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
];

/// How much a Pod is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Privileged,
    Baseline,
    Restricted,
}

impl Level {
    /// The label's spelling.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

type Check = fn(&At<'_>) -> Option<String>;

/// Everything that a spec does against a level: what baseline forbids first, then what restricted adds.
pub(super) fn problems(spec: &At<'_>, level: Level) -> Vec<String> {
    let restricted: [Check; 6] = [
        no_escalation,
        dropped_capabilities,
        volume_types,
        non_root,
        user_zero,
        seccomp_required,
    ];
    let before: [Check; 1] = [added_capabilities];
    let volumes: [Check; 1] = [host_paths];
    let shared: [Check; 4] = [host_ports, privileged, proc_mount, sysctls];
    let found: Vec<Option<String>> = match level {
        Level::Privileged => Vec::new(),
        Level::Baseline => {
            let first = before
                .iter()
                .map(|check| check(spec))
                .chain([host_namespaces(spec)]);
            first
                .chain(volumes.iter().map(|check| check(spec)))
                .chain(shared.iter().map(|check| check(spec)))
                .chain([seccomp_allowed(spec)])
                .collect()
        }
        Level::Restricted => [host_namespaces(spec)]
            .into_iter()
            .chain(shared.iter().map(|check| check(spec)))
            .chain(restricted.iter().map(|check| check(spec)))
            .collect(),
    };
    found.into_iter().flatten().collect()
}

pub(super) fn containers<'a>(spec: &At<'a>) -> Vec<At<'a>> {
    ["initContainers", "containers", "ephemeralContainers"]
        .iter()
        .flat_map(|list| spec.field(list).items())
        .collect()
}

pub(super) fn plural(word: &str, count: usize) -> String {
    if count == 1 {
        word.to_owned()
    } else {
        format!("{word}s")
    }
}

pub(super) fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names
        .into_iter()
        .map(|name| format!("{name:?}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// `containers "a", "b"`, of those that `bad` holds for.
pub(super) fn offenders(spec: &At<'_>, bad: impl Fn(&At<'_>) -> bool) -> Option<String> {
    let all = containers(spec);
    let names: Vec<&str> = all
        .iter()
        .filter(|container| bad(container))
        .map(|container| container.field("name").text())
        .collect();
    if names.is_empty() {
        None
    } else {
        Some(format!(
            "{} {}",
            plural("container", names.len()),
            quoted(names)
        ))
    }
}

fn privileged(spec: &At<'_>) -> Option<String> {
    let who = offenders(spec, |container| {
        container.at("securityContext.privileged").is_true()
    })?;
    Some(format!(
        "privileged ({who} must not set securityContext.privileged=true)"
    ))
}

fn host_namespaces(spec: &At<'_>) -> Option<String> {
    let shared: Vec<String> = ["hostNetwork", "hostPID", "hostIPC"]
        .iter()
        .filter(|field| spec.field(field).is_true())
        .map(|field| format!("{field}=true"))
        .collect();
    if shared.is_empty() {
        None
    } else {
        Some(format!("host namespaces ({})", shared.join(", ")))
    }
}

fn host_paths(spec: &At<'_>) -> Option<String> {
    let volumes = spec.field("volumes").items();
    let names: Vec<&str> = volumes
        .iter()
        .filter(|volume| volume.field("hostPath").is_set())
        .map(|volume| volume.field("name").text())
        .collect();
    if names.is_empty() {
        None
    } else {
        Some(format!(
            "hostPath volumes ({} {})",
            plural("volume", names.len()),
            quoted(names)
        ))
    }
}

fn host_ports(spec: &At<'_>) -> Option<String> {
    let host = |container: &At<'_>| -> Vec<i64> {
        container
            .field("ports")
            .items()
            .iter()
            .map(|port| port.field("hostPort").int_or_zero())
            .filter(|port| *port != 0)
            .collect()
    };
    let who = offenders(spec, |container| !host(container).is_empty())?;
    let ports: BTreeSet<String> = containers(spec)
        .iter()
        .flat_map(host)
        .map(|port| port.to_string())
        .collect();
    let verb = if who.starts_with("containers") {
        "use"
    } else {
        "uses"
    };
    Some(format!(
        "hostPort ({who} {verb} {} {})",
        plural("hostPort", ports.len()),
        ports.into_iter().collect::<Vec<_>>().join(", ")
    ))
}

fn proc_mount(spec: &At<'_>) -> Option<String> {
    let bad = |container: &At<'_>| {
        !matches!(
            container.at("securityContext.procMount").text(),
            "" | "Default"
        )
    };
    let who = offenders(spec, bad)?;
    Some(format!(
        "procMount ({who} must not set securityContext.procMount to \"Unmasked\")"
    ))
}

fn sysctls(spec: &At<'_>) -> Option<String> {
    let list = spec.at("securityContext.sysctls").items();
    let names: Vec<&str> = list
        .iter()
        .map(|sysctl| sysctl.field("name").text())
        .filter(|name| !SYSCTLS.contains(name))
        .collect();
    if names.is_empty() {
        None
    } else {
        Some(format!("forbidden sysctls ({})", names.join(", ")))
    }
}

fn added_capabilities(spec: &At<'_>) -> Option<String> {
    let added = |container: &At<'_>| -> Vec<String> {
        let list = container.at("securityContext.capabilities.add");
        list.texts()
            .into_iter()
            .filter(|name| !CAPABILITIES.contains(name))
            .map(str::to_owned)
            .collect()
    };
    let who = offenders(spec, |container| !added(container).is_empty())?;
    let names: BTreeSet<String> = containers(spec).iter().flat_map(added).collect();
    Some(format!(
        "non-default capabilities ({who} must not include {} in securityContext.capabilities.add)",
        quoted(names.iter().map(String::as_str))
    ))
}

pub(super) fn seccomp_allowed(spec: &At<'_>) -> Option<String> {
    let kind = |at: &At<'_>| {
        at.at("securityContext.seccompProfile.type")
            .text()
            .to_owned()
    };
    let bad = |at: &At<'_>| !matches!(kind(at).as_str(), "" | "RuntimeDefault" | "Localhost");
    let mut wrong: Vec<String> = if bad(spec) {
        vec!["pod".to_owned()]
    } else {
        Vec::new()
    };
    wrong.extend(offenders(spec, bad));
    if wrong.is_empty() {
        return None;
    }
    let kinds: BTreeSet<String> = containers(spec)
        .iter()
        .chain([spec])
        .filter(|at| bad(at))
        .map(kind)
        .collect();
    let listed = quoted(kinds.iter().map(String::as_str));
    Some(format!(
        "seccompProfile ({} must not set securityContext.seccompProfile.type to {listed})",
        wrong.join(" and ")
    ))
}
