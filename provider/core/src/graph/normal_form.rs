//! What does the engine change in an object before it is applied?

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::reference::references;
use crate::{id::ResourceId, resource::Resource};

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const PART_OF: &str = "app.kubernetes.io/part-of";

/// Brings all objects into the form in which they are applied. Nothing that a definition says is lost:
/// labels are added where they are free, text becomes what the server would store, and the replicas of an
/// autoscaled workload are left to whoever scales it.
pub(super) fn normalize(resources: &mut [Resource], stack: &str) {
    let scaled = autoscaled(resources);
    for resource in resources {
        label(&mut resource.object, stack);
        if resource.id.is("", "Secret") {
            encode_text(&mut resource.object);
        }
        if scaled.contains(&resource.id) {
            leave_replicas(&mut resource.object);
        }
    }
}

/// Metadata only: selectors and Pod templates stay as the definition wrote them.
fn label(object: &mut Value, stack: &str) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    let labels = metadata
        .entry("labels")
        .or_insert_with(|| Value::Object(Map::new()));
    if let Some(labels) = labels.as_object_mut() {
        labels.entry(MANAGED_BY).or_insert_with(|| json!("otelier"));
        labels.entry(PART_OF).or_insert_with(|| json!(stack));
    }
}

/// `stringData` is for writing only: under server-side apply it stays behind as a field that nothing ever shows
/// (kubernetes#108008). What it means is `data`, where it wins over what stands there.
fn encode_text(object: &mut Value) {
    let Some(object) = object.as_object_mut() else {
        return;
    };
    let Some(Value::Object(texts)) = object.remove("stringData") else {
        return;
    };
    let data = object
        .entry("data")
        .or_insert_with(|| Value::Object(Map::new()));
    if let Some(data) = data.as_object_mut() {
        for (key, text) in texts {
            let bytes = text.as_str().unwrap_or_default().as_bytes();
            data.insert(key, json!(STANDARD.encode(bytes)));
        }
    }
}

/// The workloads that an autoscaler of the stack scales.
fn autoscaled(resources: &[Resource]) -> BTreeSet<ResourceId> {
    resources
        .iter()
        .filter(|resource| resource.is("autoscaling", "HorizontalPodAutoscaler"))
        .flat_map(references)
        .filter(|reference| reference.path == "spec.scaleTargetRef.name")
        .map(|reference| reference.to)
        .collect()
}

/// An autoscaled workload never sends `replicas`: whoever applies it would fight the autoscaler.
fn leave_replicas(object: &mut Value) {
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("replicas");
    }
}
