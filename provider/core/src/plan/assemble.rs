//! How do a graph and an observation become a plan?

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    Plan,
    choices::Choices,
    knowledge::{Knowledge, part_of},
    mask::Masks,
    memory::Memory,
    missing::{self, Absent},
    observation::{Observation, Observed},
    removal::{self, Fate, Forgotten},
    step::{Action, Kept, Step},
    teardown::left_behind,
};
use crate::{
    graph::{Edge, Graph},
    id::ResourceId,
};

/// A resource that the user left out of a plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LeftOut {
    /// Which.
    pub id: ResourceId,
    /// What would have happened to it.
    pub action: Action,
    /// What is in the plan and waits for it: these steps may fail, or wait for ever.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub needed_by: BTreeSet<ResourceId>,
}

impl Plan {
    /// The plan that makes a cluster hold what a graph says.
    pub fn new(graph: &Graph, observation: &Observation) -> Self {
        Self::with(graph, observation, &Choices::default())
    }

    /// The same, with what the user allowed and selected.
    pub fn with(graph: &Graph, observation: &Observation, choices: &Choices) -> Self {
        let knowledge = Knowledge::new(graph, observation, choices);
        let selected = selected(graph, choices);
        let nothing = Observed::default();
        let wanted = graph.resources().map(|resource| {
            let observed = observation.objects.get(&resource.id).unwrap_or(&nothing);
            knowledge.step(resource, observed)
        });
        let (mut steps, left_out): (Vec<_>, Vec<_>) =
            wanted.partition(|step| selected.contains(&step.id));
        let (mut going, forgotten) = going(graph, observation, &knowledge);
        removal::spare_the_used(
            &mut going,
            graph.resources().map(|resource| &resource.id),
            &observation.guests,
        );
        let mut edges: Vec<_> = graph.edges().to_vec();
        edges.extend(removal::order(&mut going, &observation.volumes));
        steps.extend(going);
        Masks::learned(&left_out).hide_in(&mut steps);
        let left_out = left_out
            .into_iter()
            .map(|step| left_out_of(step, &edges, &selected))
            .collect();
        let present: BTreeSet<_> = steps.iter().map(|step| &step.id).collect();
        edges.retain(|edge| present.contains(&edge.from) && present.contains(&edge.to));
        edges.sort();
        let intended = intended(graph, observation, &steps, &knowledge);
        let Absent { missing, hidden } = missing::judge(graph, observation, &selected);
        Self {
            version: Self::VERSION,
            stack: graph.stack().to_owned(),
            namespace: graph.namespace().to_owned(),
            steps,
            edges,
            left_out,
            forgotten,
            missing,
            notes: graph.notes().iter().cloned().chain(hidden).collect(),
            memory: observation.memory.clone(),
            intended,
            knowledge,
        }
    }
}

/// The resources that are meant: all, or the chosen ones with everything that they wait for; without the excluded.
fn selected(graph: &Graph, choices: &Choices) -> BTreeSet<ResourceId> {
    let ids = graph.resources().map(|resource| &resource.id);
    let chosen = ids.filter(|id| choices.only.is_empty() || choices.only.contains(id));
    let mut selected: BTreeSet<_> = chosen.cloned().collect();
    let mut grown = 0;
    while grown != selected.len() {
        grown = selected.len();
        let needed = graph
            .edges()
            .iter()
            .filter(|edge| selected.contains(&edge.from));
        let needed: Vec<_> = needed.map(|edge| edge.to.clone()).collect();
        selected.extend(needed);
    }
    selected.retain(|id| !choices.exclude.contains(id));
    selected
}

/// What is remembered once every step was done.
fn intended(
    graph: &Graph,
    observation: &Observation,
    steps: &[Step],
    knowledge: &Knowledge,
) -> Memory {
    let mut memory = Memory::with(graph, &knowledge.schemas, &knowledge.key);
    memory.volumes = left_behind(observation);
    let by_id: BTreeMap<_, _> = steps.iter().map(|step| (&step.id, step)).collect();
    // What others made and is not ours to change does not become ours by looking at it.
    memory.objects.retain(|id, _| {
        by_id
            .get(id)
            .is_some_and(|step| step.kept != Some(Kept::NotOurs))
    });
    for (id, object) in &mut memory.objects {
        let before = knowledge
            .remembered(id)
            .is_some_and(|before| before.adopted);
        let now = by_id.get(id).is_some_and(|step| step.adopted);
        object.adopted = (before || now) && !knowledge.choices.adopt.contains(id);
    }
    memory
}

/// What the stack made and the graph no longer has.
fn going(
    graph: &Graph,
    observation: &Observation,
    knowledge: &Knowledge,
) -> (Vec<Step>, Vec<Forgotten>) {
    let mut steps = Vec::new();
    let mut forgotten = Vec::new();
    let choices = &knowledge.choices;
    let apply_set = graph
        .resources()
        .find_map(|resource| part_of(&resource.object));
    let objects = observation.memory.iter().flat_map(|memory| &memory.objects);
    for (id, remembered) in objects.filter(|(id, _)| graph.get(id).is_none()) {
        if choices.exclude.contains(id) || !(choices.only.is_empty() || choices.only.contains(id)) {
            continue;
        }
        match removal::fate(id, remembered, observation, &knowledge.manager, apply_set) {
            Fate::Deleted(step) => steps.push(*step),
            Fate::Forgotten(why) => forgotten.push(Forgotten {
                id: id.clone(),
                why,
            }),
            Fate::Unknown => {}
        }
    }
    (steps, forgotten)
}

fn left_out_of(step: Step, edges: &[Edge], selected: &BTreeSet<ResourceId>) -> LeftOut {
    let waits = edges
        .iter()
        .filter(|edge| edge.to == step.id && selected.contains(&edge.from));
    LeftOut {
        needed_by: waits.map(|edge| edge.from.clone()).collect(),
        action: step.action,
        id: step.id,
    }
}
