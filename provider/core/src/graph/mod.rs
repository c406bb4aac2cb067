//! What a definition wrote, once it is known to be right.
//!
//! A [`Graph`] that exists is valid: names are legal, ids unique, references resolved, and there is an order.
//! The story of the folder: [`edges`](self) are found by reading the objects, NetworkPolicies are derived from
//! the connections, everything wrong is reported at once, and what is right is put in order.

use std::collections::{BTreeMap, btree_map::Entry};

use serde::Serialize;

use crate::{
    endpoint::Destination,
    id::ResourceId,
    k8s_openapi::api::core::v1::Namespace,
    kind::Kind,
    name::Name,
    origin::Origin,
    pods::Pods,
    resource::Resource,
    scope::{Network, Outside, Since, say},
    stack::{Draft, OwnNamespace},
};

mod builtin;
mod check;
mod custom;
mod dangling;
mod edges;
mod expected;
mod finding;
mod loose;
mod namespaces;
mod network;
mod normal_form;
mod order;
mod ports;
mod reference;
mod render;
pub(crate) mod rules;
mod selector;
mod template;
mod walk;

pub(crate) use custom::kind_of;
pub(crate) use edges::namespace_id;
pub use expected::{Expected, Mention};
pub use finding::{Finding, Findings};
pub(crate) use ports::unknown_pods;
pub use render::{LeftOut, SecretValues, Withheld};
pub use rules::{RULES, Rule};

/// The resources of one stack and how they depend on each other.
#[derive(Clone, Debug)]
pub struct Graph {
    pub(crate) stack: String,
    pub(crate) namespace: String,
    pub(crate) resources: BTreeMap<ResourceId, Resource>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) connections: Vec<Connection>,
    pub(crate) notes: Vec<Finding>,
    pub(crate) expected: Vec<Expected>,
    pub(crate) order: order::Order,
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
    /// It is no longer there: what is deleted waits for what is in it, or uses it.
    Gone,
}

/// Whether a sender waits for its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Waits {
    /// It would lose what it cannot send.
    ForReceiver,
    /// It asks again later.
    ForNobody,
}

/// Pods that send traffic to a destination.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Connection {
    /// Who sends.
    pub from: Pods,
    /// Where to.
    pub to: Destination,
    /// Who starts first.
    pub waits: Waits,
    /// The line that said so first.
    pub origin: Origin,
}

#[cfg(test)]
impl Graph {
    /// One to be filled by hand, with objects that are as small as a test needs them.
    pub(crate) fn empty(stack: &str, namespace: &str) -> Self {
        Self {
            stack: stack.into(),
            namespace: namespace.into(),
            resources: BTreeMap::new(),
            edges: Vec::new(),
            connections: Vec::new(),
            notes: Vec::new(),
            expected: Vec::new(),
            order: order::Order::default(),
        }
    }
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
        self.order.ids.iter().map(|id| &self.resources[id])
    }

    /// All resources in the order in which they may be deleted: each before what it depends on.
    pub fn resources_backwards(&self) -> impl Iterator<Item = &Resource> {
        self.order.ids.iter().rev().map(|id| &self.resources[id])
    }

    /// The wave that a resource belongs to, from 0: the length of the longest chain of what it waits for. Waves are
    /// for drawing; what is applied waits for its own edges only.
    pub fn wave(&self, id: &ResourceId) -> usize {
        self.order.depth.get(id).copied().unwrap_or_default()
    }

    /// How much hangs on a resource: the length of the longest chain of what waits for it. Of what could start, the
    /// resource with the longest chain should start first.
    pub fn critical_path(&self, id: &ResourceId) -> usize {
        self.order.height.get(id).copied().unwrap_or_default()
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

    /// What whoever applies it should know, and what stops nothing.
    pub fn notes(&self) -> &[Finding] {
        &self.notes
    }

    /// What the definition says to be in the cluster already, and who refers to it.
    pub fn expected(&self) -> &[Expected] {
        &self.expected
    }
}

/// The field manager that applies a stack of that name.
pub fn field_manager(stack: &str) -> String {
    format!("stacks/{stack}")
}

/// Checks and orders what a definition wrote.
///
/// Everything is looked at even where something is wrong already, so that a person learns of all mistakes at once.
pub(crate) fn finish(draft: Draft) -> Result<Graph, Findings> {
    let Draft {
        stack,
        namespace,
        namespaces,
        mut existing,
        foreign,
        network,
        mut resources,
        connections,
        acceptances,
        mut findings,
        notes,
        announcements: _,
    } = draft;
    findings.extend(illegal_stack_name(&stack, namespaces.get(&namespace)));
    custom::learn(&mut resources);
    for (name, origin) in foreign {
        if !namespaces.contains_key(&name) {
            let outside = Outside {
                kind: Kind::of::<Namespace>(),
                since: Since::Always,
                origin,
            };
            say(&mut existing, namespace_id(&name), outside);
        }
    }
    resources.extend(namespaces::derive(&namespaces, &resources, &existing));
    if network == Network::Derived {
        let traffic = network::Traffic {
            connections: &connections,
            acceptances: &acceptances,
        };
        let (policies, mistakes) = network::policies(&resources, &namespaces, traffic);
        resources.extend(policies);
        findings.extend(mistakes);
    }
    normal_form::normalize(&mut resources, &stack);

    let (resources, duplicates) = unique(resources);
    findings.extend(duplicates);
    findings.extend(check::check(&resources));
    findings.extend(dangling::homeless(&resources, &existing));
    let (edges, dangling) = edges::edges(&resources, &existing, &connections);
    findings.extend(dangling);
    let edges = order::settle(edges);
    match order::order(&resources, &edges) {
        Ok(order) if findings.is_empty() => Ok(Graph {
            stack,
            namespace,
            expected: expected::expected(&existing, &resources),
            resources,
            edges,
            connections,
            notes: Findings::of(notes).0,
            order,
        }),
        Ok(_) => Err(Findings::of(findings)),
        Err(cycles) => {
            findings.extend(cycles);
            Err(Findings::of(findings))
        }
    }
}

/// The name goes into labels, into the names of what the engine keeps in the cluster and into the field manager.
fn illegal_stack_name(stack: &str, own: Option<&OwnNamespace>) -> Option<Finding> {
    let error = Name::new(stack).err()?;
    let finding = Finding::new(rules::ILLEGAL_NAME, format!("the stack's name: {error}"));
    Some(match own {
        Some(own) => finding.at(&own.origin),
        None => finding,
    })
}

/// The resources by their ids; of two that are the same object, the first counts and the second is a finding.
fn unique(all: Vec<Resource>) -> (BTreeMap<ResourceId, Resource>, Vec<Finding>) {
    let mut resources: BTreeMap<ResourceId, Resource> = BTreeMap::new();
    let mut findings = Vec::new();
    for resource in all {
        match resources.entry(resource.id.clone()) {
            Entry::Vacant(place) => {
                place.insert(resource);
            }
            Entry::Occupied(first) => {
                let message = format!(
                    "{} is added twice; the first time at {}",
                    resource.id,
                    first.get().origin
                );
                let finding = Finding::new(rules::DUPLICATE_ID, message)
                    .on(&resource.id)
                    .hint("give one of them another name, or share its reference")
                    .at(&resource.origin);
                findings.push(finding);
            }
        }
    }
    (resources, findings)
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
