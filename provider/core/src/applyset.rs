//! How do other tools see which objects belong together?
//!
//! By the labels of `ApplySets` (KEP-3659): each member names its parent's id, and the parent is the stack's inventory.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::graph::Graph;

/// The label of a member: its ApplySet's id.
pub const PART_OF: &str = "applyset.kubernetes.io/part-of";

/// The name of the Secret that is a stack's inventory, and its ApplySet's parent.
pub fn parent_name(stack: &str) -> String {
    format!("stacks-{stack}")
}

/// The id of a stack's ApplySet.
pub fn id(stack: &str, namespace: &str) -> String {
    let parent = format!("{}.{namespace}.Secret.", parent_name(stack));
    format!(
        "applyset-{}-v1",
        URL_SAFE_NO_PAD.encode(Sha256::digest(parent))
    )
}

/// Labels every object of a graph as a member of its stack.
pub(crate) fn mark(mut graph: Graph) -> Graph {
    let id = id(&graph.stack, &graph.namespace);
    for resource in graph.resources.values_mut() {
        let labels = resource
            .object
            .as_object_mut()
            .map(|object| {
                object
                    .entry("metadata")
                    .or_insert_with(|| Value::Object(Map::new()))
            })
            .and_then(Value::as_object_mut)
            .map(|metadata| {
                metadata
                    .entry("labels")
                    .or_insert_with(|| Value::Object(Map::new()))
            });
        // What is no object here was a finding before: a graph that exists is valid.
        if let Some(labels) = labels.and_then(Value::as_object_mut) {
            labels.insert(PART_OF.into(), Value::from(id.as_str()));
        }
    }
    graph
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_a_legal_label_and_differs_by_stack_and_namespace() {
        let prod = id("prod", "observability");
        assert_eq!(prod.len(), 55);
        assert!(prod.starts_with("applyset-") && prod.ends_with("-v1"));
        assert_ne!(prod, id("prod", "other"));
        assert_ne!(prod, id("staging", "observability"));
    }
}
