//! What would have to happen so that a cluster holds what a graph says?
//!
//! [`Plan::new`] is pure: the same graph and the same [`Observation`] give the same bytes. The verdict on an
//! object's fields comes from the server's own dry run, as the observation recorded it; what is computed here
//! is who is to blame, what is in conflict, and what must be replaced or deleted.
//!
//! The story of the folder: `normal` says what of an object counts, `diff` where two objects differ,
//! `ownership` who owns which field, `facing` why a field differs and what may be taken, `knowledge` what is to
//! happen to one object, `replace` whether it must be made anew, `removal` and `teardown` what goes, `migration`
//! how fields become ours, `missing` what should be there and is not, `mask` what nobody may see, `hold` whether an approved step is still the same, and
//! `assemble` puts it together.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    graph::{Edge, Finding},
    id::ResourceId,
};

mod assemble;
mod cause;
mod choices;
mod conform;
mod diff;
mod digest;
mod due;
mod facing;
mod foresee;
mod hold;
mod knowledge;
mod later;
mod mask;
mod memory;
mod merge;
mod migration;
mod missing;
mod normal;
mod observation;
mod ownership;
mod removal;
mod replace;
mod schema;
mod shown;
mod step;
mod teardown;
#[cfg(test)]
mod tests;

pub use crate::borrowed::put as place;
pub use assemble::LeftOut;
pub use cause::{Cause, FieldManager, Operation};
pub use choices::{Choices, ParseTakeError, Selection, Take};
pub use digest::Digest;
pub use hold::Verdict;
pub use later::{Sources, carry};
pub use memory::{Memory, Remembered};
pub use migration::{Migration, claim};
pub use observation::{DryRun, Held, Observation, Observed, Refusal, RefusalCause, Sighting};
pub use removal::{Forgotten, Why};
pub use shown::Side;
pub use step::{Action, Blocker, Change, Conflict, Kept, Step, Takeover};
pub use teardown::Volumes;

use knowledge::Knowledge;

/// The steps from an observation to a graph, one for each object.
///
/// # JSON
///
/// Serialized it is what `-o json` prints: `version` (now 1), `stack`, `namespace`, `steps`, `edges` and, where there
/// are any, `left_out`, `forgotten`, `missing` and `notes`. Each step has `id`, `kind`, `action` (`create update replace delete keep`),
/// `lifecycle`, `defaults`, and where they apply `changes`, `conflicts`, `takeovers`, `held`, `migration`, `blocker`, `kept`,
/// `vanished`, `adopted`, `predicted`, `warnings`, `recipes`, `certificate`, `borrowed`, `making`, `origin`, `uid` and `resource_version`. A change has
/// `path` (as `spec.template.spec.containers[app].image`), `before` and `after` (missing where the field is not set),
/// `cause` (`{"cause": "definition"}`, `{"cause": "rewritten"}`, `{"cause": "drift", "by": …}`, `{"cause": "due",
/// "why": …}`, `{"cause": "damaged", "why": …}` or `{"cause": "follows", "of": …}`) and, where it forces a
/// replacement, `immutable`. Flags that are false and lists that are empty are left out. Secret values
/// are `(secret 1)`, `(secret 2)`, … with equal numbers for equal values. Fields may be added within a version.
///
/// # How it is carried out
///
/// A plan in which something is `missing` is not begun. [`Plan::before`] is written to the inventory first. A step with a blocker or with conflicts is not begun.
///
/// * `Create`: POST, then the JSON patch of [`claim`], so that what the POST wrote can be removed later.
/// * `Update`: where there is a migration its [`Migration::patch`] first; then an apply under uid and
///   resourceVersion, by force only if the server's conflicts are all among the takeovers.
/// * `Replace`: delete under uid and resourceVersion, wait until it is gone, then as `Create`.
/// * `Delete`: under uid and resourceVersion. `Keep`: nothing.
///
/// A 409 without field causes means that someone wrote meanwhile: look again, [`Plan::again`], and go on with the
/// fresh step where [`Step::still_holds`]. [`Plan::after`] is written last.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// The version of this form; it moves when something in it changes its meaning or goes.
    pub version: u32,
    /// The stack's name.
    pub stack: String,
    /// The stack's own namespace.
    pub namespace: String,
    /// One step for each object, in the order in which they are shown: each after what it depends on, deletions last.
    pub steps: Vec<Step>,
    /// What waits for what, among the steps.
    pub edges: Vec<Edge>,
    /// What the graph wants and the choices left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// What is struck off the inventory without being deleted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forgotten: Vec<Forgotten>,
    /// What the definition says to be in the cluster and is not: nothing is carried out before it is there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Finding>,
    /// What whoever carries it out should know of the definition, and what stops nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Finding>,
    /// What the last run remembered; written back, extended, before anything is touched: see [`Plan::before`].
    #[serde(skip)]
    pub memory: Option<Memory>,
    /// What is remembered once everything in this plan has happened.
    #[serde(skip)]
    pub intended: Memory,
    #[serde(skip)]
    pub(crate) knowledge: Knowledge,
}

/// How many steps there are of each action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// To create.
    pub create: usize,
    /// To update.
    pub update: usize,
    /// To delete and create again.
    pub replace: usize,
    /// To delete.
    pub delete: usize,
    /// Nothing to do.
    pub keep: usize,
}

impl Plan {
    /// The version of the serialized form.
    pub const VERSION: u32 = 1;

    /// The step of one object.
    pub fn step(&self, id: &ResourceId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == *id)
    }

    /// How many steps there are of each action.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for step in &self.steps {
            match step.action {
                Action::Create => counts.create += 1,
                Action::Update => counts.update += 1,
                Action::Replace => counts.replace += 1,
                Action::Delete => counts.delete += 1,
                Action::Keep => counts.keep += 1,
            }
        }
        counts
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.iter().all(|step| step.action == Action::Keep)
    }

    /// Fields that another manager owns and this stack wants, by object: `up` refuses until they are taken by name.
    pub fn conflicts(&self) -> BTreeMap<&ResourceId, &[Conflict]> {
        let with = self.steps.iter().filter(|step| !step.conflicts.is_empty());
        with.map(|step| (&step.id, step.conflicts.as_slice()))
            .collect()
    }

    /// What forbids steps, by object.
    pub fn blockers(&self) -> BTreeMap<&ResourceId, &Blocker> {
        let blocked = self.steps.iter();
        blocked
            .filter_map(|step| Some((&step.id, step.blocker.as_ref()?)))
            .collect()
    }

    /// The steps in which something drifted: changed or removed by someone else since it was last applied.
    pub fn drifted(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.drifted())
    }

    /// One step, computed again from a fresh look at its object; none for what is not wanted.
    /// [`Step::still_holds`] says whether it still is what was approved.
    pub fn again(&self, id: &ResourceId, fresh: &Observed) -> Option<Step> {
        let resource = self.step(id)?.resource()?;
        let mut step = self.knowledge.step(&resource, fresh);
        mask::Masks::learned(&self.steps).hide_in(std::slice::from_mut(&mut step));
        Some(step)
    }

    /// The key that this plan's digests are made with.
    pub fn digest_key(&self) -> &[u8] {
        &self.knowledge.key
    }

    /// The memory to write before anything is touched: what was ours, and what is about to be.
    pub fn before(&self) -> Memory {
        self.memory
            .clone()
            .unwrap_or_default()
            .union(&self.intended)
    }

    /// The memory to write once the run is over. `applied` are the objects that were created, updated or replaced,
    /// with their uids; `deleted` those that are gone. What needed nothing, and what is struck off, is added here;
    /// what failed or was skipped stays as [`Plan::before`] has it.
    pub fn after(
        &self,
        applied: &BTreeMap<ResourceId, String>,
        deleted: &BTreeSet<ResourceId>,
    ) -> Memory {
        let kept = self
            .steps
            .iter()
            .filter(|step| step.action == Action::Keep && step.blocker.is_none());
        let mut applied: BTreeMap<_, _> = applied
            .iter()
            .map(|(id, uid)| (id.clone(), Some(uid.clone())))
            .collect();
        applied.extend(kept.map(|step| (step.id.clone(), step.uid.clone())));
        let mut gone = deleted.clone();
        gone.extend(self.forgotten.iter().map(|forgotten| forgotten.id.clone()));
        self.before().after(&self.intended, &applied, &gone)
    }
}
