//! What the admission plugins that an API server runs by default change and refuse.

mod classes;
mod limits;
mod pod_security;
mod pods;

use serde_json::Value;

use super::{Cluster, Refusal};

/// Changes an object that is being created, before its rules are looked at.
pub(super) fn complete(
    type_name: &str,
    object: &mut Value,
    cluster: &dyn Cluster,
) -> Result<(), Refusal> {
    match type_name {
        "core.v1.Pod" => {
            limits::complete(object, cluster);
            pods::complete(object, cluster)?;
        }
        "core.v1.PersistentVolumeClaim" => {
            classes::of_claim(object, cluster);
            classes::protect(object, "kubernetes.io/pvc-protection");
        }
        "core.v1.PersistentVolume" => classes::protect(object, "kubernetes.io/pv-protection"),
        "networking.v1.Ingress" => classes::of_ingress(object, cluster),
        _ => {}
    }
    Ok(())
}

/// Refuses a legal object that is being created, or warns of it.
pub(super) fn judge_new(
    type_name: &str,
    object: &Value,
    cluster: &dyn Cluster,
) -> Result<Vec<String>, Refusal> {
    match type_name {
        "core.v1.Pod" => {
            limits::judge_pod(object, cluster)?;
            pod_security::judge(type_name, object, cluster)
        }
        "core.v1.PersistentVolumeClaim" => {
            limits::judge_claim(object, cluster)?;
            Ok(Vec::new())
        }
        "core.v1.Namespace" => {
            pod_security::judge_labels(object, None)?;
            Ok(Vec::new())
        }
        _ => pod_security::judge(type_name, object, cluster),
    }
}

/// Refuses a legal change, or warns of it.
pub(super) fn judge_change(
    type_name: &str,
    new: &Value,
    old: &Value,
    cluster: &dyn Cluster,
) -> Result<Vec<String>, Refusal> {
    match type_name {
        "core.v1.PersistentVolumeClaim" => {
            classes::judge_growth(new, old, cluster)?;
            limits::judge_claim(new, cluster)?;
            Ok(Vec::new())
        }
        "core.v1.Namespace" => {
            pod_security::judge_labels(new, Some(old))?;
            Ok(Vec::new())
        }
        _ if new.get("spec") == old.get("spec") => Ok(Vec::new()),
        _ => pod_security::judge(type_name, new, cluster),
    }
}

/// The namespace of an object.
fn namespace_of(object: &Value) -> &str {
    object
        .pointer("/metadata/namespace")
        .and_then(Value::as_str)
        .unwrap_or_default()
}
