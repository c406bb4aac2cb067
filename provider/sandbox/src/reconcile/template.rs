//! How do Pods come from templates, and when do they count as ready?

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::actor::{is_going, owner_reference, text};
use super::conditions::holds;

/// The Pod that a workload's template describes, controlled by the workload.
pub(super) fn pod(workload: &Value, name: &str) -> Value {
    let template = &workload["spec"]["template"];
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name }, "spec": template["spec"],
    });
    for field in ["labels", "annotations", "finalizers"] {
        if let Some(value) = template["metadata"].get(field) {
            pod["metadata"][field] = value.clone();
        }
    }
    pod["metadata"]["ownerReferences"] = owner_reference(workload);
    pod
}

/// A short name for the content of a template, in the letters of the real one.
pub(super) fn hash(template: &Value) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let digest = Sha256::digest(template.to_string().as_bytes());
    digest
        .iter()
        .take(10)
        .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
        .collect()
}

/// How many of some Pods are how far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) all: i64,
    pub(super) ready: i64,
}

impl Tally {
    pub(super) fn of<'a>(pods: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut tally = Self::default();
        for pod in pods.into_iter().filter(|pod| is_alive(pod)) {
            tally.all += 1;
            tally.ready += i64::from(is_ready(pod));
        }
        tally
    }
}

/// Whether a Pod still counts: neither going nor done.
pub(super) fn is_alive(pod: &Value) -> bool {
    !is_going(pod) && !matches!(text(&pod["status"]["phase"]), "Succeeded" | "Failed")
}

pub(super) fn is_ready(pod: &Value) -> bool {
    holds(pod, "Ready") && !is_going(pod)
}

/// A number of replicas that is wanted, one where nothing is said.
pub(super) fn replicas(workload: &Value) -> i64 {
    workload["spec"]["replicas"].as_i64().unwrap_or(1)
}

/// Sets numbers of a status, leaving zeros out where the API does.
pub(super) fn set_numbers(status: &mut Value, numbers: &[(&str, i64)]) {
    for (field, number) in numbers {
        if *number == 0 {
            if let Some(status) = status.as_object_mut() {
                status.remove(*field);
            }
        } else {
            status[*field] = json!(number);
        }
    }
}

/// The status of a workload, an object in any case.
pub(super) fn status(workload: &Value) -> Value {
    if workload["status"].is_object() {
        workload["status"].clone()
    } else {
        json!({})
    }
}
