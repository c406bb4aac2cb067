//! What does a cluster hold of a graph, and what would it make of it?
//!
//! One read of the inventory, then one wave in which everything is asked at once: a LIST for each kind and
//! namespace, and for each object a dry run of its apply. The two were taken at different moments: where a
//! version differs, that object is read again. Refusals are kept with their object and never hide others.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use provider_core::{
    Graph, Kind, Resource, ResourceId,
    graph::field_manager,
    kind::{GroupKind, KindSource},
    plan::{DryRun, Observation, Observed, Sources},
};
use serde_json::Value;

use crate::{
    cluster::{Answer, CallError, Cluster, Failure, Forbidden, Patience},
    error::{InventoryError, ObserveError},
    inventory::{Inventory, Place},
};

mod existing;
mod guests;
mod held;
mod settle;
mod wave;

/// A kind, and the namespace in which its objects are looked for.
pub(crate) type Group = (Kind, Option<String>);

/// What is looked for.
struct Sought<'a> {
    place: Place,
    manager: String,
    resources: Vec<Cow<'a, Resource>>,
    /// What the inventory has and nobody wants any more.
    leaving: BTreeMap<ResourceId, Kind>,
}

impl Cluster {
    /// Compares a graph with the cluster by reading and by dry runs. Writes nothing.
    ///
    /// # Errors
    ///
    /// When the cluster cannot be reached, or when the caller may not read or dry-run something: then everything
    /// that is missing is said at once. What the server would refuse is no error but part of the observation.
    pub async fn observe(&self, graph: &Graph) -> Result<Observation, ObserveError> {
        let resources = graph.resources().map(Cow::Borrowed).collect();
        let looked = self.look(graph.stack(), graph.namespace(), resources);
        let (observation, existing) = futures::join!(looked, self.existing(graph.expected()));
        let mut observation = observation?;
        observation.existing = existing?;
        Ok(observation)
    }

    /// The same for what the inventory holds, without a graph: for taking a stack down.
    ///
    /// # Errors
    ///
    /// As [`Cluster::observe`].
    pub async fn observe_owned(
        &self,
        stack: &str,
        namespace: &str,
    ) -> Result<Observation, ObserveError> {
        let mut observation = self.look(stack, namespace, Vec::new()).await?;
        self.left_behind(&mut observation).await?;
        Ok(observation)
    }

    async fn look(
        &self,
        stack: &str,
        namespace: &str,
        mut resources: Vec<Cow<'_, Resource>>,
    ) -> Result<Observation, ObserveError> {
        let place = Place {
            stack: stack.into(),
            namespace: namespace.into(),
        };
        let mut observation = Observation::default();
        let (inventory, blind) = match self.read_inventory(&place, Patience::READING).await {
            Ok(inventory) => (inventory, None),
            Err(InventoryError::Call(CallError {
                failure: Failure::Forbidden(forbidden),
                ..
            })) => (None, Some(forbidden)),
            Err(error) => return Err(ObserveError::Inventory(error)),
        };
        observation.kinds = self.confirm(&mut resources).await?;
        let known: BTreeSet<&ResourceId> = resources.iter().map(|resource| &resource.id).collect();
        let owned = inventory
            .iter()
            .flat_map(|inventory| &inventory.memory.objects);
        let leaving = owned
            .filter(|(id, _)| !known.contains(id))
            .map(|(id, remembered)| (id.clone(), remembered.kind.clone()))
            .collect();
        (observation.memory, observation.digest_key) = match inventory {
            Some(Inventory { memory, key, .. }) => (Some(memory), key),
            None => (None, Inventory::fresh_key()),
        };
        observation.now = jiff::Timestamp::now();
        observation.held = self.held(&resources).await?;
        let sources = Sources::of(resources.iter().map(Cow::as_ref), &observation.held);
        for resource in &mut resources {
            if resource.certificate.is_some() || !resource.borrowed.is_empty() {
                let held = observation.held.get(&resource.id);
                resource.to_mut().object = sources.prepare(resource, held.map(|held| &held.secret));
            }
        }
        let sought = Sought {
            manager: field_manager(&place.stack),
            place,
            resources,
            leaving,
        };
        let wave = self.wave(&sought).await;
        // Who may not read the inventory lacks more as a rule: one look at the Role must be enough.
        if let Some(mut all) = blind {
            if let Err(ObserveError::Forbidden(more)) = wave {
                all.extend(more);
            }
            return Err(ObserveError::Forbidden(all));
        }
        let wave = wave?;
        self.fold(&sought, wave, &mut observation).await?;
        self.look_inside(&sought, &mut observation).await?;
        Ok(observation)
    }

    /// Asks discovery about kinds of which the definition only assumed how they are served.
    async fn confirm(
        &self,
        resources: &mut [Cow<'_, Resource>],
    ) -> Result<BTreeMap<GroupKind, Kind>, ObserveError> {
        let assumed = |resource: &Resource| resource.known_by == KindSource::Convention;
        if !resources.iter().any(|resource| assumed(resource)) {
            return Ok(BTreeMap::new());
        }
        let served = self.discover().await.map_err(ObserveError::Read)?;
        let mut kinds = BTreeMap::new();
        for resource in resources.iter_mut().filter(|resource| assumed(resource)) {
            let group_kind = resource.kind.group_kind();
            let Some(found) = served
                .iter()
                .find(|served| served.kind.group_kind() == group_kind)
            else {
                continue;
            };
            // The version is the definition's choice: the object is written in it.
            let kind = Kind {
                version: resource.kind.version.clone(),
                ..found.kind.clone()
            };
            resource.to_mut().kind = kind.clone();
            kinds.insert(group_kind, kind);
        }
        Ok(kinds)
    }

    async fn fold(
        &self,
        sought: &Sought<'_>,
        wave: wave::Wave,
        observation: &mut Observation,
    ) -> Result<(), ObserveError> {
        let wave::Wave {
            live,
            unserved,
            mut asked,
            definitions,
        } = wave;
        observation
            .missing_kinds
            .extend(unserved.iter().map(|(kind, _)| kind.group_kind()));
        observation.definitions = definitions;
        let settled = sought.resources.iter().map(|resource| {
            let (live, asked) = (live.get(&resource.id).cloned(), asked.remove(&resource.id));
            self.settle_resource(resource, &sought.manager, live, asked)
        });
        let settled = futures::future::join_all(settled.collect::<Vec<_>>()).await;
        for (resource, settled) in sought.resources.iter().zip(settled) {
            let (live, answer) = settled.map_err(unseen)?;
            let mut observed = match answer {
                Some(answer) => understood(observation, &resource.kind, answer)?,
                None => Observed::default(),
            };
            if resource.is("", "Namespace") && live.is_none() {
                observation
                    .missing_namespaces
                    .insert(resource.id.name.clone());
            }
            observed.live = live;
            observation.objects.insert(resource.id.clone(), observed);
        }
        let found = sought
            .leaving
            .iter()
            .map(|(id, kind)| self.find(kind, id, live.get(id).cloned()));
        let found = futures::future::join_all(found).await;
        for ((id, kind), found) in sought.leaving.iter().zip(found) {
            let live = found.map_err(unseen)?;
            let mut observed = match asked.remove(id) {
                Some(answer) => understood(observation, kind, answer)?,
                None => Observed::default(),
            };
            // The answer to a delete is no object to compare with.
            if matches!(observed.dry_run, DryRun::Answered(_)) {
                observed.dry_run = DryRun::NotAsked;
            }
            observed.live = live;
            observation.objects.insert(id.clone(), observed);
        }
        Ok(())
    }
}

fn unseen(error: CallError) -> ObserveError {
    match error.failure {
        Failure::Forbidden(forbidden) => ObserveError::Forbidden(forbidden),
        failure => ObserveError::Read(CallError {
            attempt: error.attempt,
            failure,
        }),
    }
}

/// What a dry run means for the observation, with what it says about kinds and namespaces.
fn understood(
    observation: &mut Observation,
    kind: &Kind,
    answer: Result<Answer, CallError>,
) -> Result<Observed, ObserveError> {
    let (dry_run, warnings) = match answer {
        Ok(Answer { body, warnings, .. }) => (DryRun::Answered(body), warnings),
        Err(error) => match error.failure {
            Failure::NoNamespace(namespace) => {
                observation.missing_namespaces.insert(namespace);
                (DryRun::NotPossible, Vec::new())
            }
            Failure::NotServed => {
                observation.missing_kinds.insert(kind.group_kind());
                (DryRun::NotPossible, Vec::new())
            }
            // A delete of what is gone: there is nothing to ask about.
            Failure::Absent => (DryRun::NotAsked, Vec::new()),
            failure if failure.ends_everything() => {
                return Err(ObserveError::Read(CallError {
                    attempt: error.attempt,
                    failure,
                }));
            }
            failure => (DryRun::Refused(failure.into_refusal()), Vec::new()),
        },
    };
    Ok(Observed {
        dry_run,
        warnings,
        ..Observed::default()
    })
}

/// The id of an object that was listed.
fn id_of(kind: &Kind, object: &Value) -> ResourceId {
    let text = |pointer: &str| {
        object
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    ResourceId::new(kind, text("/metadata/namespace"), text("/metadata/name"))
}

/// Adds up what several answers say the caller may not do.
fn all_forbidden<'e>(errors: impl Iterator<Item = &'e CallError>) -> Option<Forbidden> {
    let mut all: Option<Forbidden> = None;
    for error in errors {
        if let Failure::Forbidden(forbidden) = &error.failure {
            all.get_or_insert_default().extend(forbidden.clone());
        }
    }
    all
}
