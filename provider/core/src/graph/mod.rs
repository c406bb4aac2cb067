//! What a definition wrote, once it is known to be right.
//!
//! A [`Graph`] that exists is valid: names are legal, ids unique, references resolved, and there is an order.
//! The story of the folder: [`edges`](self) are found by reading the objects, NetworkPolicies are derived from
//! the connections, everything wrong is reported at once, and what is right is put in order.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    endpoint::Destination, id::ResourceId, origin::Origin, pods::Pods, resource::Resource,
    stack::Draft,
};

mod finding;

pub use finding::{Finding, Findings};

/// The resources of one stack and how they depend on each other.
#[derive(Clone, Debug)]
pub struct Graph {
    pub(crate) stack: String,
    pub(crate) namespace: String,
    pub(crate) resources: BTreeMap<ResourceId, Resource>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) connections: Vec<Connection>,
    pub(crate) order: Vec<ResourceId>,
}

/// One resource must wait for another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Edge {
    /// What waits.
    pub from: ResourceId,
    /// What it waits for.
    pub to: ResourceId,
    /// How far `to` must have come.
    pub until: Until,
    /// Where in `from` the reference stands, such as `spec.template.spec.volumes[config].configMap.name`, or in
    /// words where it is no field.
    pub why: String,
}

/// How far something must have come before what waits for it may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// It was created.
    Exists,
    /// The API serves it: a custom resource's definition.
    Established,
    /// It does what it is for.
    Ready,
    /// It has run to its end: a Job.
    Complete,
}

/// Pods that send traffic to a destination.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Connection {
    /// Who sends.
    pub from: Pods,
    /// Where to.
    pub to: Destination,
    /// The line that said so first.
    pub origin: Origin,
}

impl Graph {
    /// The stack's name.
    pub fn stack(&self) -> &str {
        &self.stack
    }

    /// The stack's own namespace, where its inventory and its lock live.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The field manager that applies this stack: `stacks/<stack>`.
    pub fn field_manager(&self) -> String {
        field_manager(&self.stack)
    }

    /// All resources, each after what it depends on.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.order.iter().map(|id| &self.resources[id])
    }

    /// One resource.
    pub fn get(&self, id: &ResourceId) -> Option<&Resource> {
        self.resources.get(id)
    }

    /// How many resources there are.
    pub fn len(&self) -> usize {
        self.resources.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    /// What waits for what.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// Who sends traffic where.
    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }
}

/// The field manager that applies a stack of that name.
pub fn field_manager(stack: &str) -> String {
    format!("stacks/{stack}")
}

/// Checks and orders what a definition wrote.
pub(crate) fn finish(draft: Draft) -> Result<Graph, Findings> {
    let Draft {
        stack,
        namespace,
        resources,
        connections,
        findings,
        ..
    } = draft;
    if !findings.is_empty() {
        return Err(Findings(findings));
    }
    let order = resources
        .iter()
        .map(|resource| resource.id.clone())
        .collect();
    let resources = resources
        .into_iter()
        .map(|resource| (resource.id.clone(), resource))
        .collect();
    Ok(Graph {
        stack,
        namespace,
        resources,
        edges: Vec::new(),
        connections,
        order,
    })
}
