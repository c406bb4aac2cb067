//! What is to happen to one object that a definition wants?

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::LazyLock,
};

use fields::FieldPath;
use serde_json::Value;

use super::{
    choices::Choices,
    conform,
    due::{self, Due},
    facing::Facing,
    foresee,
    later::Sources,
    memory::{Memory, Remembered},
    observation::{DryRun, Observation, Observed},
    ownership::Owners,
    replace,
    schema::Schemas,
    step::{Action, Blocker, Kept, Step},
};
use crate::{
    applyset::PART_OF,
    borrowed::Borrowed,
    certificate::Making,
    graph::{Graph, field_manager},
    id::ResourceId,
    kind::{GroupKind, Kind},
    lifecycle::Lifecycle,
    resource::Resource,
};

/// What a judgement needs beside the two sides of one object.
#[derive(Clone, Default)]
pub(crate) struct Knowledge {
    pub(crate) manager: String,
    pub(crate) memory: Option<Memory>,
    pub(crate) key: Vec<u8>,
    pub(crate) schemas: Schemas,
    pub(crate) choices: Choices,
    /// How kinds are served, where discovery had to say it.
    pub(crate) kinds: BTreeMap<GroupKind, Kind>,
    /// What autoscalers scale.
    pub(crate) autoscaled: BTreeSet<ResourceId>,
    /// What is known of the Secrets that others borrow from.
    pub(crate) sources: Sources,
    /// Which certificates are to be made anew.
    pub(crate) due: BTreeMap<ResourceId, Due>,
    /// The borrowed values that move in this very plan.
    pub(crate) moving: BTreeSet<Borrowed>,
}

/// Without the key, which would make the digests guessable.
impl fmt::Debug for Knowledge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Knowledge")
            .field("manager", &self.manager)
            .finish_non_exhaustive()
    }
}

impl Knowledge {
    pub(crate) fn new(graph: &Graph, observation: &Observation, choices: &Choices) -> Self {
        let due = due::due(graph, observation);
        let sources = Sources::of(graph.resources(), &observation.held);
        Self {
            moving: moving(graph, &sources, &due),
            sources,
            due,
            manager: field_manager(graph.stack()),
            memory: observation.memory.clone(),
            key: observation.digest_key.clone(),
            schemas: Schemas::of(graph).with(observation),
            choices: choices.clone(),
            kinds: observation.kinds.clone(),
            autoscaled: autoscaled(graph),
        }
    }

    pub(crate) fn remembered(&self, id: &ResourceId) -> Option<&Remembered> {
        self.memory.as_ref()?.objects.get(id)
    }

    /// Fields that are left to others: whoever scales a workload owns how many replicas it has.
    pub(crate) fn yielded(&self, id: &ResourceId) -> &[FieldPath] {
        static REPLICAS: LazyLock<[FieldPath; 1]> =
            LazyLock::new(|| [FieldPath::of(["spec", "replicas"])]);
        if self.autoscaled.contains(id) {
            REPLICAS.as_slice()
        } else {
            &[]
        }
    }

    /// Decides about one object.
    pub(crate) fn step(&self, resource: &Resource, observed: &Observed) -> Step {
        let Observed {
            live,
            dry_run,
            warnings,
        } = observed;
        let prepared = Resource {
            object: self.sources.prepare(resource, live.as_ref()),
            ..resource.clone()
        };
        let resource = &prepared;
        let mut step = match live {
            None => self.create(resource, dry_run),
            Some(live) => self.change(resource, live, dry_run),
        };
        let awaited = resource.borrowed.iter();
        let awaited = awaited.filter(|(_, borrowed)| self.moving.contains(borrowed));
        step.awaited = awaited.map(|(pointer, _)| pointer.clone()).collect();
        if let Some(live) = live.as_ref().filter(|_| step.blocker.is_none()) {
            foresee::foresee(self, resource, live, &mut step);
        }
        step.warnings.clone_from(warnings);
        if let Some(kind) = self.kinds.get(&resource.id.group_kind()) {
            step.kind.clone_from(kind);
        }
        step
    }

    fn create(&self, resource: &Resource, dry_run: &DryRun) -> Step {
        let mut step = Step::of(resource, Action::Create);
        step.making = resource.certificate.as_ref().map(|_| Making::Whole);
        let remembered = self.remembered(&resource.id);
        step.vanished = remembered.is_some_and(|remembered| remembered.uid.is_some());
        match dry_run {
            DryRun::Answered(_) => {}
            DryRun::NotAsked | DryRun::NotPossible => {
                step.predicted = true;
                step.blocker = self.misfit(resource);
            }
            DryRun::Refused(refusal) => step.blocker = Some(Blocker::refused(refusal)),
        }
        step
    }

    /// What a server would say to a custom resource, where only its definition can be asked.
    fn misfit(&self, resource: &Resource) -> Option<Blocker> {
        let schema = self.schemas.custom(&resource.kind)?;
        let causes = conform::misfits(&resource.object, &schema);
        (!causes.is_empty()).then(|| Blocker::Refused {
            code: 422,
            message: "it does not fit its definition".into(),
            causes,
        })
    }

    fn change(&self, resource: &Resource, live: &Value, dry_run: &DryRun) -> Step {
        let mut step = Step::of(resource, Action::Keep).seen(live);
        step.blocker = self.untouchable(resource, live);
        if step.blocker.is_some() {
            step.action = Action::Update;
            return step;
        }
        // What is created once is never looked at again: its values may well have been changed by its users.
        if resource.lifecycle == Lifecycle::CreatedOnce {
            step.kept = (!self.made(resource, live)).then_some(Kept::NotOurs);
            return step;
        }
        let facing = Facing::new(self, resource, live);
        let answer = match dry_run {
            DryRun::Answered(answer) => facing.answered(answer),
            DryRun::NotAsked | DryRun::NotPossible | DryRun::Refused(_) => facing.predicted(),
        };
        facing.judge(&answer, &mut step);
        match dry_run {
            DryRun::Answered(_) => {}
            DryRun::NotAsked | DryRun::NotPossible => {
                step.predicted = step.action == Action::Update;
            }
            DryRun::Refused(refusal) => {
                step.predicted = true;
                let allowed = self.choices.replace.contains(&resource.id);
                replace::decide(
                    &mut step,
                    refusal,
                    allowed,
                    self.remembered(&resource.id).is_some(),
                );
            }
        }
        step
    }

    /// Whether an object is this stack's own work.
    fn made(&self, resource: &Resource, live: &Value) -> bool {
        let owners = Owners::of(live, &self.manager, &self.schemas.get(&resource.kind));
        self.remembered(&resource.id).is_some()
            || owners.written.is_some()
            || !owners.applied.is_empty()
    }

    /// What forbids to touch an object at all.
    fn untouchable(&self, resource: &Resource, live: &Value) -> Option<Blocker> {
        if let Some(finalizers) = terminating(live) {
            return Some(Blocker::Terminating { finalizers });
        }
        let owner = part_of(live)?;
        let foreign = match part_of(&resource.object) {
            Some(ours) => owner != ours,
            None => self.remembered(&resource.id).is_none(),
        };
        foreign.then(|| Blocker::OwnedByAnotherStack {
            owner: owner.to_owned(),
        })
    }
}

/// The borrowed values that are not known before the plan is carried out: their source is made, or made anew.
fn moving(graph: &Graph, sources: &Sources, due: &BTreeMap<ResourceId, Due>) -> BTreeSet<Borrowed> {
    let borrowed = graph
        .resources()
        .flat_map(|resource| resource.borrowed.values());
    let moves = |borrowed: &&Borrowed| {
        let source = graph.get(&borrowed.from);
        sources.value(borrowed).is_none()
            || source.is_some_and(|source| due::moves(due, source, &borrowed.key))
    };
    borrowed.filter(moves).cloned().collect()
}

/// What the autoscalers of a graph scale.
fn autoscaled(graph: &Graph) -> BTreeSet<ResourceId> {
    let scalers = graph
        .resources()
        .filter(|resource| resource.is("autoscaling", "HorizontalPodAutoscaler"));
    let target = |scaler: &Resource| {
        let target = scaler.at(&["spec", "scaleTargetRef"])?;
        let text = |name: &str| target.get(name)?.as_str().map(str::to_owned);
        let group = text("apiVersion").and_then(|api| Some(api.split_once('/')?.0.to_owned()));
        Some(ResourceId {
            group: group.unwrap_or_default(),
            kind: text("kind")?,
            namespace: scaler.id.namespace.clone(),
            name: text("name")?,
        })
    };
    scalers.filter_map(target).collect()
}

/// The ApplySet that an object says it belongs to.
pub(crate) fn part_of(object: &Value) -> Option<&str> {
    object["metadata"]["labels"][PART_OF].as_str()
}

/// What holds an object that is being deleted; none where it is not.
pub(crate) fn terminating(live: &Value) -> Option<Vec<String>> {
    let metadata = &live["metadata"];
    metadata["deletionTimestamp"].as_str()?;
    let lists = [&metadata["finalizers"], &live["spec"]["finalizers"]];
    let finalizers = lists.into_iter().filter_map(Value::as_array).flatten();
    Some(
        finalizers
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    )
}
