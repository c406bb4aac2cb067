//! What must come before what, and until when?

use std::collections::{BTreeMap, BTreeSet};

use super::{Edge, Finding, edges::Edges, rules};
use crate::{graph::edges::Resources, id::ResourceId};

/// What follows from the edges.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    /// Every id, after all that it waits for.
    pub(crate) ids: Vec<ResourceId>,
    /// For each id the length of the longest chain below it: 0 where it waits for nothing.
    pub(crate) depth: BTreeMap<ResourceId, usize>,
    /// For each id the length of the longest chain of what waits for it: 0 where nothing does.
    pub(crate) height: BTreeMap<ResourceId, usize>,
}

/// Who waits for whom, without the reasons.
type Waits<'a> = BTreeMap<&'a ResourceId, BTreeSet<&'a ResourceId>>;

/// Kinds in the order in which people expect them, where no edge decides.
const RANKS: &[&str] = &[
    "Namespace",
    "ResourceQuota",
    "LimitRange",
    "NetworkPolicy",
    "PriorityClass",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Secret",
    "ConfigMap",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Service",
    "PodDisruptionBudget",
    "DaemonSet",
    "StatefulSet",
    "Deployment",
    "ReplicaSet",
    "Pod",
    "Job",
    "CronJob",
    "HorizontalPodAutoscaler",
    "Ingress",
];
/// Kinds that change how the API server answers come after all others.
const LAST: &[&str] = &[
    "APIService",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
];

/// Takes the loose edges that close no cycle; the firm ones are taken as they are.
pub(super) fn settle(edges: Edges) -> Vec<Edge> {
    let Edges {
        firm: mut kept,
        loose,
    } = edges;
    kept.sort();
    kept.dedup();
    // The order in which loose edges come decides which of them gives way, so it must not depend on chance.
    let loose: BTreeSet<Edge> = loose.into_iter().collect();
    let mut waits: BTreeMap<ResourceId, BTreeSet<ResourceId>> = BTreeMap::new();
    for edge in &kept {
        let below = waits.entry(edge.from.clone()).or_default();
        below.insert(edge.to.clone());
    }
    for edge in loose {
        if edge.from != edge.to && !reaches(&waits, &edge.to, &edge.from) {
            let below = waits.entry(edge.from.clone()).or_default();
            below.insert(edge.to.clone());
            kept.push(edge);
        }
    }
    kept.sort();
    kept
}

/// Puts everything in order, or says which resources wait for each other.
pub(super) fn order(resources: &Resources, edges: &[Edge]) -> Result<Order, Vec<Finding>> {
    let waits = waits(resources, edges);
    let waited_for = turned(&waits);
    let mut open: BTreeMap<&ResourceId, usize> =
        waits.iter().map(|(id, below)| (*id, below.len())).collect();
    let mut ready: BTreeSet<(usize, &ResourceId)> = open
        .iter()
        .filter(|(_, count)| **count == 0)
        .map(|(id, _)| (rank(id), *id))
        .collect();
    let mut ids: Vec<&ResourceId> = Vec::with_capacity(resources.len());
    while let Some((_, id)) = ready.pop_first() {
        ids.push(id);
        for waiting in &waited_for[id] {
            let count = open.entry(waiting).or_default();
            *count = count.saturating_sub(1);
            if *count == 0 {
                ready.insert((rank(waiting), waiting));
            }
        }
    }
    if ids.len() < resources.len() {
        let done: BTreeSet<_> = ids.into_iter().collect();
        return Err(cycles(resources, edges, &waits, &done));
    }
    Ok(Order {
        depth: chains(ids.iter().copied(), &waits),
        height: chains(ids.iter().rev().copied(), &waited_for),
        ids: ids.into_iter().cloned().collect(),
    })
}

fn rank(id: &ResourceId) -> usize {
    let place = |list: &[&str]| list.iter().position(|kind| *kind == id.kind);
    place(RANKS)
        .or_else(|| place(LAST).map(|place| RANKS.len() + 1 + place))
        .unwrap_or(RANKS.len())
}

fn waits<'a>(resources: &'a Resources, edges: &'a [Edge]) -> Waits<'a> {
    let mut waits: Waits<'_> = resources.keys().map(|id| (id, BTreeSet::new())).collect();
    for edge in edges {
        waits.entry(&edge.from).or_default().insert(&edge.to);
    }
    waits
}

fn turned<'a>(waits: &Waits<'a>) -> Waits<'a> {
    let mut turned: Waits<'a> = waits.keys().map(|id| (*id, BTreeSet::new())).collect();
    for (from, below) in waits {
        for to in below {
            turned.entry(to).or_default().insert(from);
        }
    }
    turned
}

/// The longest chain from each id; `ids` come after what they wait for.
fn chains<'a>(
    ids: impl Iterator<Item = &'a ResourceId>,
    waits: &Waits<'a>,
) -> BTreeMap<ResourceId, usize> {
    let mut chains: BTreeMap<ResourceId, usize> = BTreeMap::new();
    for id in ids {
        let longest = waits[id]
            .iter()
            .map(|below| chains.get(*below).map_or(0, |length| length + 1))
            .max();
        chains.insert(id.clone(), longest.unwrap_or(0));
    }
    chains
}

fn reaches(
    waits: &BTreeMap<ResourceId, BTreeSet<ResourceId>>,
    from: &ResourceId,
    to: &ResourceId,
) -> bool {
    let mut seen = BTreeSet::new();
    let mut next = vec![from];
    while let Some(id) = next.pop() {
        if id == to {
            return true;
        }
        if seen.insert(id) {
            next.extend(waits.get(id).into_iter().flatten());
        }
    }
    false
}

/// One finding for each cycle that shares no resource with one already found.
fn cycles(
    resources: &Resources,
    edges: &[Edge],
    waits: &Waits<'_>,
    done: &BTreeSet<&ResourceId>,
) -> Vec<Finding> {
    let mut left: BTreeSet<&ResourceId> =
        resources.keys().filter(|id| !done.contains(*id)).collect();
    let mut findings = Vec::new();
    while let Some(start) = left.first().copied() {
        let way = walk(start, waits, &left);
        for id in &way.visited {
            left.remove(*id);
        }
        if let Some(ring) = way.ring {
            findings.push(cycle(resources, edges, &ring));
        }
    }
    findings
}

struct Way<'a> {
    visited: Vec<&'a ResourceId>,
    ring: Option<Vec<&'a ResourceId>>,
}

/// Follows what waits for what among `left` until it comes back to where it was.
fn walk<'a>(start: &'a ResourceId, waits: &Waits<'a>, left: &BTreeSet<&'a ResourceId>) -> Way<'a> {
    let mut visited = vec![start];
    loop {
        let at = visited[visited.len() - 1];
        let next = waits[at].iter().find(|id| left.contains(*id)).copied();
        let Some(next) = next else {
            return Way {
                visited,
                ring: None,
            };
        };
        if let Some(first) = visited.iter().position(|id| *id == next) {
            let ring = Some(visited[first..].to_vec());
            return Way { visited, ring };
        }
        visited.push(next);
    }
}

fn cycle(resources: &Resources, edges: &[Edge], ring: &[&ResourceId]) -> Finding {
    let mut message = format!("{} waits for itself", ring[0]);
    for (index, from) in ring.iter().enumerate() {
        let to = ring[(index + 1) % ring.len()];
        let why = edges
            .iter()
            .find(|edge| edge.from == **from && edge.to == *to)
            .map_or("", |edge| edge.why.as_str());
        let link = format!("{from} waits for {to} (`{why}`)");
        let joint = if index == 0 { ": " } else { ", and " };
        message.push_str(joint);
        message.push_str(&link);
    }
    let finding = Finding::new(rules::CYCLE, message)
        .on(ring[0])
        .hint("take one of these references away");
    match resources.get(ring[0]) {
        Some(resource) => finding.at(&resource.origin),
        None => finding,
    }
}
