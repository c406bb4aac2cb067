//! What would have to happen so that nothing of a stack is left?

use std::collections::BTreeSet;

use super::{
    Plan,
    knowledge::Knowledge,
    mask::Masks,
    memory::Memory,
    observation::Observation,
    removal::{self, Fate, Forgotten},
    step::{Action, Kept, Step},
};
use crate::{
    graph::field_manager,
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
        steps.extend(claims(observation, volumes).filter(|step| !known.contains(&step.id)));
        removal::spare_the_used(&mut steps, std::iter::empty(), &observation.guests);
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
            intended: Memory::default(),
            knowledge: Knowledge {
                manager,
                memory: observation.memory.clone(),
                key: observation.digest_key.clone(),
                ..Knowledge::default()
            },
        }
    }
}

/// The claims of StatefulSets: made by their controller, so in no inventory.
fn claims(observation: &Observation, volumes: Volumes) -> impl Iterator<Item = Step> {
    let claims: BTreeSet<&ResourceId> = observation.volumes.values().flatten().collect();
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
