//! What the pod security labels of a namespace refuse or warn of.

mod checks;
mod restricted;

use serde_json::Value;

use super::super::at::At;
use super::super::cause::Causes;
use super::super::{Cluster, Refusal};
use super::namespace_of;
use checks::Level;

const PREFIX: &str = "pod-security.kubernetes.io/";

/// Judges a Pod, or the template of what makes Pods: of a template only warnings come.
pub(super) fn judge(
    type_name: &str,
    object: &Value,
    cluster: &dyn Cluster,
) -> Result<Vec<String>, Refusal> {
    let Some(path) = template_of(type_name) else {
        return Ok(Vec::new());
    };
    let Some(namespace) = cluster.get("", "Namespace", "", namespace_of(object)) else {
        return Ok(Vec::new());
    };
    let labels = At::root(&namespace).at("metadata.labels");
    let root = At::root(object);
    let spec = root.at(path);
    if type_name == "core.v1.Pod" {
        let (level, version) = policy(&labels, "enforce");
        let problems = checks::problems(&spec, level);
        if !problems.is_empty() {
            return Err(Refusal::Forbidden(format!(
                "violates PodSecurity \"{}:{version}\": {}",
                level.as_str(),
                problems.join(", ")
            )));
        }
    }
    let (level, version) = policy(&labels, "warn");
    let problems = checks::problems(&spec, level);
    if problems.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![format!(
        "would violate PodSecurity \"{}:{version}\": {}",
        level.as_str(),
        problems.join(", ")
    )])
}

/// Where a kind keeps the spec of its Pods.
fn template_of(type_name: &str) -> Option<&'static str> {
    Some(match type_name {
        "core.v1.Pod" => "spec",
        "apps.v1.Deployment"
        | "apps.v1.StatefulSet"
        | "apps.v1.DaemonSet"
        | "apps.v1.ReplicaSet"
        | "batch.v1.Job"
        | "core.v1.ReplicationController" => "spec.template.spec",
        "batch.v1.CronJob" => "spec.jobTemplate.spec.template.spec",
        "core.v1.PodTemplate" => "template.spec",
        _ => return None,
    })
}

/// The level and version of a mode. What cannot be read restricts where it refuses, and is silent where it warns.
fn policy<'a>(labels: &At<'a>, mode: &str) -> (Level, &'a str) {
    let level = match (labels.key(&format!("{PREFIX}{mode}")).text(), mode) {
        // Who refuses also warns of templates, unless told otherwise.
        ("", "warn") => return policy(labels, "enforce"),
        ("" | "privileged", _) => Level::Privileged,
        ("baseline", _) => Level::Baseline,
        ("restricted", _) | (_, "enforce") => Level::Restricted,
        _ => Level::Privileged,
    };
    let version = labels.key(&format!("{PREFIX}{mode}-version")).text();
    (
        level,
        if version.is_empty() {
            "latest"
        } else {
            version
        },
    )
}

/// The labels of a namespace must name levels and versions.
pub(super) fn judge_labels(new: &Value, old: Option<&Value>) -> Result<(), Refusal> {
    let labels = At::root(new).at("metadata.labels");
    if old.is_some_and(|old| At::root(old).at("metadata.labels").value() == labels.value()) {
        return Ok(());
    }
    let mut causes = Causes::default();
    for mode in ["enforce", "audit", "warn"] {
        let level = labels.key(&format!("{PREFIX}{mode}"));
        if level.is_set() && !matches!(level.text(), "privileged" | "baseline" | "restricted") {
            causes.invalid(&level, "must be one of privileged, baseline, restricted");
        }
        let version = labels.key(&format!("{PREFIX}{mode}-version"));
        let minor = version
            .text()
            .strip_prefix("v1.")
            .and_then(|minor| minor.parse::<u32>().ok());
        if version.is_set() && version.text() != "latest" && minor.is_none() {
            causes.invalid(&version, "must be \"latest\" or \"v1.x\"");
        }
    }
    if causes.len() == 0 {
        Ok(())
    } else {
        Err(Refusal::Invalid(causes.into_vec()))
    }
}
