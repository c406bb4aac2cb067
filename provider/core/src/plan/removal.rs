//! What becomes of an object that the stack made and no longer describes?

use std::collections::{BTreeMap, BTreeSet};

use fields::Schema;
use serde::Serialize;

use super::{
    knowledge::part_of,
    memory::Remembered,
    observation::{DryRun, Observation, Observed},
    ownership::Owners,
    step::{Action, Blocker, Kept, Step},
};
use crate::{
    graph::{Edge, Until},
    id::ResourceId,
    lifecycle::Lifecycle,
};

/// An object that the inventory lists and that is not deleted, only struck off.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Forgotten {
    /// Which.
    pub id: ResourceId,
    /// Why.
    pub why: Why,
}

/// Why an object is struck off the inventory without being deleted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// It no longer exists.
    Gone,
    /// The one that exists is another: someone deleted ours and made one of the same name.
    Recreated,
    /// It was only intended, and the one that exists was not made by this stack.
    NotOurs,
    /// It was there before the stack: a namespace or a definition that the stack only found as it wants it.
    WasThereBefore,
    /// It was handed over: another stack says it is its own.
    HandedOver {
        /// The other stack's ApplySet.
        owner: String,
    },
}

/// What becomes of an object.
pub(crate) enum Fate {
    Deleted(Box<Step>),
    Forgotten(Why),
    /// Nobody looked, so nothing can be said: it stays in the inventory.
    Unknown,
}

/// Decides about one object of the inventory that is not wanted any more.
pub(crate) fn fate(
    id: &ResourceId,
    remembered: &Remembered,
    observation: &Observation,
    manager: &str,
    apply_set: Option<&str>,
) -> Fate {
    let absent = observation.missing_kinds.contains(&id.group_kind())
        || id
            .namespace
            .as_ref()
            .is_some_and(|name| observation.missing_namespaces.contains(name));
    let Some(Observed {
        live,
        dry_run,
        warnings,
    }) = observation.objects.get(id)
    else {
        return if absent {
            Fate::Forgotten(Why::Gone)
        } else {
            Fate::Unknown
        };
    };
    let Some(live) = live else {
        return Fate::Forgotten(Why::Gone);
    };
    let uid = live["metadata"]["uid"].as_str();
    match (&remembered.uid, part_of(live)) {
        (Some(known), _) if Some(known.as_str()) != uid => return Fate::Forgotten(Why::Recreated),
        (_, Some(owner)) if apply_set.is_some_and(|ours| owner != ours) => {
            return Fate::Forgotten(Why::HandedOver {
                owner: owner.to_owned(),
            });
        }
        (None, owner) if owner.is_none() && !is_ours(live, manager) => {
            return Fate::Forgotten(Why::NotOurs);
        }
        _ if remembered.adopted && holds_others(id) => {
            return Fate::Forgotten(Why::WasThereBefore);
        }
        _ => {}
    }
    let kind = remembered.kind.clone();
    let mut step = Step::bare(id.clone(), kind, remembered.lifecycle, Action::Delete).seen(live);
    step.warnings.clone_from(warnings);
    step.blocker = match (remembered.lifecycle, dry_run) {
        (Lifecycle::Protected, _) => Some(Blocker::Protected),
        (_, DryRun::Refused(refusal)) => Some(Blocker::refused(refusal)),
        _ => None,
    };
    Fate::Deleted(Box::new(step))
}

fn is_ours(live: &serde_json::Value, manager: &str) -> bool {
    let owners = Owners::of(live, manager, &Schema::untyped());
    owners.written.is_some() || !owners.applied.is_empty()
}

/// Turns the deletion of a namespace or a definition into keeping it where something lives in it that stays.
///
/// `staying` are the objects that the graph wants.
pub(crate) fn spare_the_used<'a>(
    steps: &mut [Step],
    staying: impl Iterator<Item = &'a ResourceId>,
    guests: &BTreeMap<ResourceId, BTreeSet<ResourceId>>,
) {
    let goes = |step: &Step| step.action == Action::Delete && step.blocker.is_none();
    let going: BTreeSet<_> = steps
        .iter()
        .filter(|step| goes(step))
        .map(|step| step.id.clone())
        .collect();
    let mut here: BTreeSet<_> = staying.cloned().collect();
    here.extend(steps.iter().map(|step| step.id.clone()));
    for step in steps.iter_mut().filter(|step| goes(step)) {
        let theirs = guests.get(&step.id).into_iter().flatten();
        let inside = here.iter().filter(|id| lives_in(id, step)).chain(theirs);
        let users: BTreeSet<_> = inside.filter(|id| !going.contains(id)).cloned().collect();
        if !users.is_empty() {
            step.action = Action::Keep;
            step.kept = Some(Kept::in_use_by(users));
        }
    }
}

/// Whether an object would go along with the one that a step deletes.
fn lives_in(id: &ResourceId, container: &Step) -> bool {
    if container.id.is("", "Namespace") {
        return id.namespace.as_ref() == Some(&container.id.name);
    }
    let spec = container.live.as_ref().map(|live| &live["spec"]);
    is_definition(&container.id)
        && spec.is_some_and(|spec| {
            spec["group"] == id.group.as_str() && spec["names"]["kind"] == id.kind.as_str()
        })
}

/// Whether everything in it goes along when it goes.
fn holds_others(id: &ResourceId) -> bool {
    id.is("", "Namespace") || is_definition(id)
}

fn is_definition(id: &ResourceId) -> bool {
    id.is("apiextensions.k8s.io", "CustomResourceDefinition")
}

/// The order in which things go, and what waits for what to be gone.
pub(crate) fn order(
    steps: &mut [Step],
    volumes: &BTreeMap<ResourceId, BTreeSet<ResourceId>>,
) -> Vec<Edge> {
    steps.sort_by(|a, b| (rank(&a.id), &a.id).cmp(&(rank(&b.id), &b.id)));
    let mut edges = Vec::new();
    let going: Vec<_> = steps
        .iter()
        .filter(|step| step.action == Action::Delete)
        .collect();
    for late in &going {
        for early in &going {
            let why = if lives_in(&early.id, late) {
                "lives in it"
            } else if volumes
                .get(&early.id)
                .is_some_and(|claims| claims.contains(&late.id))
            {
                "mounts it"
            } else if is_rights(&late.id)
                && runs(&early.id)
                && shares_namespace(&early.id, &late.id)
            {
                "may need its rights to end"
            } else {
                continue;
            };
            edges.push(Edge {
                from: late.id.clone(),
                to: early.id.clone(),
                until: Until::Gone,
                why: why.into(),
            });
        }
    }
    edges
}

fn shares_namespace(workload: &ResourceId, rights: &ResourceId) -> bool {
    rights.namespace.is_none() || rights.namespace == workload.namespace
}

fn runs(id: &ResourceId) -> bool {
    matches!(id.group.as_str(), "apps" | "batch") || id.is("", "Pod")
}

fn is_rights(id: &ResourceId) -> bool {
    id.group == "rbac.authorization.k8s.io" || id.is("", "ServiceAccount")
}

/// Smaller goes first: what acts on others before what it acts on, what uses before what is used.
fn rank(id: &ResourceId) -> u8 {
    match (id.group.as_str(), id.kind.as_str()) {
        ("admissionregistration.k8s.io" | "apiregistration.k8s.io", _) => 0,
        ("autoscaling" | "policy", _) | ("networking.k8s.io", "Ingress") => 2,
        ("apps" | "batch", _) | ("", "Pod" | "ReplicationController") => 3,
        ("", "Service") | ("networking.k8s.io" | "discovery.k8s.io", _) => 4,
        ("", "ConfigMap" | "Secret") => 5,
        ("rbac.authorization.k8s.io", _) | ("", "ServiceAccount") => 6,
        ("", "PersistentVolumeClaim") => 7,
        ("apiextensions.k8s.io", _) => 9,
        ("", "Namespace") => 10,
        ("", _) => 8,
        (group, _) if group.ends_with(".k8s.io") => 8,
        // Custom resources, while their operators still run.
        _ => 1,
    }
}
