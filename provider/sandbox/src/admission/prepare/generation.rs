//! Which kinds count the changes of what is wanted, and what counts as a change.

use serde_json::{Map, Value};

/// Whether objects of the kind begin with generation 1.
pub(crate) fn starts_generation(type_name: &str) -> bool {
    counted(type_name).is_some()
}

/// Whether the difference of two objects makes the generation go up.
pub(crate) fn changes_generation(type_name: &str, new: &Value, old: &Value) -> bool {
    match counted(type_name) {
        None | Some(Counted::Nothing) => false,
        Some(Counted::Spec) => new.get("spec") != old.get("spec"),
        Some(Counted::SpecAndAnnotations) => {
            new.get("spec") != old.get("spec") || annotations(new) != annotations(old)
        }
        Some(Counted::Field(name)) => new.get(name) != old.get(name),
        Some(Counted::AllAndLabels) => {
            rest(new) != rest(old)
                || new.pointer("/metadata/labels") != old.pointer("/metadata/labels")
        }
        Some(Counted::All) => rest(new) != rest(old),
    }
}

enum Counted {
    Nothing,
    Spec,
    /// Controllers read some annotations of a Deployment as if they were part of its spec.
    SpecAndAnnotations,
    Field(&'static str),
    /// All but the metadata, and the labels.
    AllAndLabels,
    /// All but the metadata and the status.
    All,
}

/// The empty name stands for custom resources.
fn counted(type_name: &str) -> Option<Counted> {
    Some(match type_name {
        "" => Counted::All,
        "apps.v1.Deployment" => Counted::SpecAndAnnotations,
        "apps.v1.StatefulSet"
        | "apps.v1.DaemonSet"
        | "apps.v1.ReplicaSet"
        | "batch.v1.Job"
        | "batch.v1.CronJob"
        | "core.v1.Pod"
        | "core.v1.ReplicationController"
        | "networking.v1.Ingress"
        | "networking.v1.IngressClass"
        | "networking.v1.NetworkPolicy"
        | "policy.v1.PodDisruptionBudget"
        | "storage.v1.CSIDriver"
        | "admissionregistration.v1.ValidatingAdmissionPolicy"
        | "admissionregistration.v1.ValidatingAdmissionPolicyBinding"
        | "admissionregistration.v1.MutatingAdmissionPolicy"
        | "admissionregistration.v1.MutatingAdmissionPolicyBinding"
        | "apiextensions.v1.CustomResourceDefinition"
        | "flowcontrol.v1.FlowSchema"
        | "flowcontrol.v1.PriorityLevelConfiguration" => Counted::Spec,
        "admissionregistration.v1.MutatingWebhookConfiguration"
        | "admissionregistration.v1.ValidatingWebhookConfiguration" => Counted::Field("webhooks"),
        "core.v1.PodTemplate" => Counted::Field("template"),
        "discovery.v1.EndpointSlice" => Counted::AllAndLabels,
        "scheduling.v1.PriorityClass" => Counted::Nothing,
        _ => return None,
    })
}

fn annotations(object: &Value) -> Option<&Map<String, Value>> {
    object
        .pointer("/metadata/annotations")
        .and_then(Value::as_object)
        .filter(|map| !map.is_empty())
}

fn rest(object: &Value) -> Value {
    let mut rest = object.clone();
    if let Some(map) = rest.as_object_mut() {
        map.retain(|name, _| {
            !matches!(name.as_str(), "metadata" | "status" | "apiVersion" | "kind")
        });
    }
    rest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_counts_its_own_changes() {
        let label = json!({ "metadata": { "labels": { "a": "b" } }, "spec": { "x": 1 } });
        let note = json!({ "metadata": { "annotations": { "a": "b" } }, "spec": { "x": 1 } });
        let before = json!({ "metadata": {}, "spec": { "x": 1 } });
        let after = json!({ "metadata": {}, "spec": { "x": 2 } });
        let cases = [
            ("apps.v1.Deployment", &after, true),
            ("apps.v1.Deployment", &label, false),
            ("apps.v1.Deployment", &note, true),
            ("apps.v1.StatefulSet", &note, false),
            ("core.v1.Service", &after, false),
            ("discovery.v1.EndpointSlice", &label, true),
            ("", &label, false),
            ("", &after, true),
        ];
        for (kind, new, expected) in cases {
            assert_eq!(
                changes_generation(kind, new, &before),
                expected,
                "{kind} {new}"
            );
        }
    }
}
