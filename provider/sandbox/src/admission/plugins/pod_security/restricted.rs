//! What the restricted level forbids beyond the baseline.

use std::collections::BTreeSet;

use super::super::super::at::At;
use super::checks::{containers, offenders, plural, quoted, seccomp_allowed};

const VOLUMES: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

pub(super) fn dropped_capabilities(spec: &At<'_>) -> Option<String> {
    let added = |container: &At<'_>| -> Vec<String> {
        let list = container.at("securityContext.capabilities.add");
        list.texts()
            .into_iter()
            .filter(|name| *name != "NET_BIND_SERVICE")
            .map(str::to_owned)
            .collect()
    };
    let mut details = Vec::new();
    if let Some(who) = offenders(spec, |container| {
        !container
            .at("securityContext.capabilities.drop")
            .texts()
            .contains(&"ALL")
    }) {
        details.push(format!(
            "{who} must set securityContext.capabilities.drop=[\"ALL\"]"
        ));
    }
    if let Some(who) = offenders(spec, |container| !added(container).is_empty()) {
        let names: BTreeSet<String> = containers(spec).iter().flat_map(added).collect();
        details.push(format!(
            "{who} must not include {} in securityContext.capabilities.add",
            quoted(names.iter().map(String::as_str))
        ));
    }
    if details.is_empty() {
        None
    } else {
        Some(format!(
            "unrestricted capabilities ({})",
            details.join("; ")
        ))
    }
}

pub(super) fn no_escalation(spec: &At<'_>) -> Option<String> {
    let bad = |container: &At<'_>| {
        container
            .at("securityContext.allowPrivilegeEscalation")
            .value()
            != &serde_json::Value::Bool(false)
    };
    let who = offenders(spec, bad)?;
    Some(format!(
        "allowPrivilegeEscalation != false ({who} must set securityContext.allowPrivilegeEscalation=false)"
    ))
}

pub(super) fn volume_types(spec: &At<'_>) -> Option<String> {
    let volumes = spec.field("volumes").items();
    let kind = |volume: &At<'_>| -> Option<String> {
        volume
            .map()?
            .keys()
            .find(|name| *name != "name" && !VOLUMES.contains(&name.as_str()))
            .cloned()
    };
    let names: Vec<&str> = volumes
        .iter()
        .filter(|volume| kind(volume).is_some())
        .map(|volume| volume.field("name").text())
        .collect();
    let kinds: BTreeSet<String> = volumes.iter().filter_map(kind).collect();
    if names.is_empty() {
        return None;
    }
    let verb = if names.len() == 1 { "uses" } else { "use" };
    Some(format!(
        "restricted volume types ({} {} {verb} {} {})",
        plural("volume", names.len()),
        quoted(names),
        plural("restricted volume type", kinds.len()),
        quoted(kinds.iter().map(String::as_str)),
    ))
}

pub(super) fn non_root(spec: &At<'_>) -> Option<String> {
    let set = |at: &At<'_>| at.at("securityContext.runAsNonRoot").value().as_bool();
    let mut wrong: Vec<String> = if set(spec) == Some(false) {
        vec!["pod".to_owned()]
    } else {
        Vec::new()
    };
    wrong.extend(offenders(spec, |container| set(container) == Some(false)));
    if !wrong.is_empty() {
        return Some(format!(
            "runAsNonRoot != true ({} must not set securityContext.runAsNonRoot=false)",
            wrong.join(" and ")
        ));
    }
    let who = offenders(spec, |container| {
        set(container).is_none() && set(spec) != Some(true)
    })?;
    Some(format!(
        "runAsNonRoot != true (pod or {who} must set securityContext.runAsNonRoot=true)"
    ))
}

pub(super) fn user_zero(spec: &At<'_>) -> Option<String> {
    let zero = |at: &At<'_>| at.at("securityContext.runAsUser").int() == Some(0);
    let mut wrong: Vec<String> = if zero(spec) {
        vec!["pod".to_owned()]
    } else {
        Vec::new()
    };
    wrong.extend(offenders(spec, zero));
    if wrong.is_empty() {
        None
    } else {
        Some(format!(
            "runAsUser=0 ({} must not set runAsUser=0)",
            wrong.join(" and ")
        ))
    }
}

pub(super) fn seccomp_required(spec: &At<'_>) -> Option<String> {
    if let Some(wrong) = seccomp_allowed(spec) {
        return Some(wrong);
    }
    let set = |at: &At<'_>| at.at("securityContext.seccompProfile").is_set();
    let who = offenders(spec, |container| !set(container) && !set(spec))?;
    Some(format!(
        "seccompProfile (pod or {who} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")"
    ))
}
