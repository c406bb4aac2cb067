//! What would have to happen so that nothing of a stack is left?

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Plan,
    knowledge::Knowledge,
    mask::Masks,
    memory::Memory,
    observation::Observation,
    removal::{self, Fate, Forgotten, Why},
    step::{Action, Kept, Step},
};
use crate::{
    graph::{field_manager, namespace_id},
    id::ResourceId,
    kind::{Kind, KindScope},
    lifecycle::Lifecycle,
};

/// What becomes of the volumes that StatefulSets asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Volumes {
    /// They stay, with their data, and are listed.
    #[default]
    Keep,
    /// They go, with their data.
    Delete,
}

impl Plan {
    /// The plan that takes a stack down: everything in the inventory, users before what they use.
    ///
    /// Volumes stay unless asked otherwise; a namespace or a definition of custom resources goes only if nothing of
    /// others, and nothing that stays, is in it; protected objects block.
    pub fn teardown(
        stack: &str,
        namespace: &str,
        observation: &Observation,
        volumes: Volumes,
    ) -> Self {
        let manager = field_manager(stack);
        let apply_set = crate::applyset::id(stack, namespace);
        let memory = observation.memory.clone().unwrap_or_default();
        let mut steps = Vec::new();
        let mut forgotten = Vec::new();
        for (id, remembered) in &memory.objects {
            match removal::fate(id, remembered, observation, &manager, Some(&apply_set)) {
                Fate::Deleted(step) => steps.push(*step),
                Fate::Forgotten(why) => forgotten.push(Forgotten {
                    id: id.clone(),
                    why,
                }),
                Fate::Unknown => {}
            }
        }
        let known: BTreeSet<_> = steps.iter().map(|step| step.id.clone()).collect();
        forgotten.extend(lost(&memory, observation));
        steps.extend(claims(observation, volumes).filter(|step| !known.contains(&step.id)));
        removal::spare_the_used(&mut steps, std::iter::empty(), &observation.guests);
        keep_what_remembers(&mut steps, namespace);
        Masks::default().hide_in(&mut steps);
        let edges = removal::order(&mut steps, &observation.volumes);
        Self {
            version: Plan::VERSION,
            stack: stack.to_owned(),
            namespace: namespace.to_owned(),
            steps,
            edges,
            left_out: Vec::new(),
            forgotten,
            missing: Vec::new(),
            notes: Vec::new(),
            memory: observation.memory.clone(),
            intended: Memory {
                volumes: left_behind(observation),
                ..Memory::default()
            },
            knowledge: Knowledge {
                manager,
                memory: observation.memory.clone(),
                key: observation.digest_key.clone(),
                ..Knowledge::default()
            },
        }
    }
}

/// The claims that StatefulSets which go leave behind, with their uids: made by a controller, so in no inventory.
pub(super) fn left_behind(observation: &Observation) -> BTreeMap<ResourceId, String> {
    let claims = observation.volumes.values().flatten();
    let claims = claims.filter_map(|id| Some((id.clone(), uid(observation, id)?.to_owned())));
    claims.collect()
}

fn uid<'a>(observation: &'a Observation, id: &ResourceId) -> Option<&'a str> {
    let live = observation.objects.get(id)?.live.as_ref()?;
    live["metadata"]["uid"].as_str()
}

/// The volumes that were left behind and are no longer there, as far as somebody looked.
fn lost(memory: &Memory, observation: &Observation) -> Vec<Forgotten> {
    let looked = memory
        .volumes
        .iter()
        .filter(|(id, _)| observation.objects.contains_key(id));
    let lost = looked.filter_map(|(id, known)| {
        let why = match uid(observation, id) {
            Some(uid) if uid == known => return None,
            Some(_) => Why::Recreated,
            None => Why::Gone,
        };
        let id = id.clone();
        Some(Forgotten { id, why })
    });
    lost.collect()
}

/// The inventory lives in the stack's own namespace: as long as it has anything to remember, the namespace stays.
fn keep_what_remembers(steps: &mut [Step], namespace: &str) {
    let staying = steps.iter().filter(|step| step.kept.is_some());
    let staying: Vec<_> = staying.map(|step| step.id.clone()).collect();
    let own = namespace_id(namespace);
    let own = steps.iter_mut().find(|step| step.id == own);
    if let Some(step) = own.filter(|step| step.action == Action::Delete && !staying.is_empty()) {
        step.action = Action::Keep;
        step.kept = Some(Kept::in_use_by(staying));
    }
}

/// The claims of StatefulSets that go, and of those that went.
fn claims(observation: &Observation, volumes: Volumes) -> impl Iterator<Item = Step> {
    let remembered = observation.memory.iter().flat_map(|memory| &memory.volumes);
    let remembered = remembered.filter(|(id, known)| uid(observation, id) == Some(known.as_str()));
    let remembered = remembered.map(|(id, _)| id);
    let found = observation.volumes.values().flatten();
    let claims: BTreeSet<&ResourceId> = found.chain(remembered).collect();
    claims.into_iter().filter_map(move |id| {
        let live = observation.objects.get(id)?.live.as_ref()?;
        let action = match volumes {
            Volumes::Keep => Action::Keep,
            Volumes::Delete => Action::Delete,
        };
        let mut step = Step::bare(id.clone(), claim_kind(), Lifecycle::Managed, action).seen(live);
        step.kept = (volumes == Volumes::Keep).then_some(Kept::Volume);
        Some(step)
    })
}

fn claim_kind() -> Kind {
    Kind {
        group: String::new(),
        version: "v1".into(),
        kind: "PersistentVolumeClaim".into(),
        plural: "persistentvolumeclaims".into(),
        scope: KindScope::Namespaced,
    }
}
