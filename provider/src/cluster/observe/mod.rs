//! What does a cluster hold of a graph, and what would it make of it?
//!
//! One read of the inventory, then one wave in which everything is asked at once: a LIST for each kind and
//! namespace, and for each object a dry run of its apply. The two were taken at different moments: where a version differs, that object is read again. Refusals are kept
//! with their object and never hide others.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{join_all, try_join_all};
use provider_core::{
    Graph, Kind, Lifecycle, Resource, ResourceId, applyset,
    graph::field_manager,
    plan::{DryRun, Memory, Observation, Observed},
};
use serde_json::Value;

use crate::{
    cluster::{Answer, CallError, Cluster, Failure, Forbidden, Patience, Preconditions},
    error::ObserveError,
    inventory::{Inventory, Place},
};

mod settle;

/// A kind, and the namespace in which its objects are looked for.
pub(crate) type Group = (Kind, Option<String>);

/// What one dry run came to.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) answer: Result<Answer, CallError>,
}

/// Everything that one wave brought.
struct Wave {
    live: BTreeMap<ResourceId, Value>,
    unserved: BTreeSet<Group>,
    asked: BTreeMap<ResourceId, Asked>,
}

impl Cluster {
    /// Compares a graph with the cluster by reading and by dry runs. Writes nothing.
    ///
    /// # Errors
    ///
    /// When the cluster cannot be reached, or when the caller may not read or dry-run something: then everything
    /// that is missing is said at once. What the server would refuse is no error but part of the observation.
    pub async fn observe(&self, graph: &Graph) -> Result<Observation, ObserveError> {
        let resources: Vec<&Resource> = graph.resources().collect();
        self.look(graph.stack(), graph.namespace(), &resources)
            .await
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
        self.look(stack, namespace, &[]).await
    }

    async fn look(
        &self,
        stack: &str,
        namespace: &str,
        resources: &[&Resource],
    ) -> Result<Observation, ObserveError> {
        let place = Place {
            stack: stack.into(),
            namespace: namespace.into(),
        };
        let inventory = match self.read_inventory(&place, Patience::READING).await {
            Ok(inventory) => inventory,
            Err(crate::error::InventoryError::Call(CallError {
                failure: Failure::Forbidden(forbidden),
                ..
            })) => {
                return Err(ObserveError::Forbidden(forbidden));
            }
            Err(error) => return Err(ObserveError::Inventory(error)),
        };
        let known: BTreeSet<&ResourceId> = resources.iter().map(|resource| &resource.id).collect();
        let owned = inventory
            .iter()
            .flat_map(|inventory| &inventory.memory.objects);
        let leaving: BTreeMap<ResourceId, Kind> = owned
            .filter(|(id, _)| !known.contains(id))
            .map(|(id, remembered)| (id.clone(), remembered.kind.clone()))
            .collect();
        let wave = self.wave(&place, resources, &leaving).await?;
        let (memory, digest_key) = match inventory {
            Some(Inventory { memory, key, .. }) => (Some(memory), key),
            None => (None, Inventory::fresh_key()),
        };
        self.fold(&place, resources, &leaving, wave, memory, digest_key)
            .await
    }

    async fn wave(
        &self,
        place: &Place,
        resources: &[&Resource],
        leaving: &BTreeMap<ResourceId, Kind>,
    ) -> Result<Wave, ObserveError> {
        let groups = groups(resources, leaving);
        let lists = try_join_all(groups.iter().map(|group| self.members(place, group)));
        let manager = field_manager(&place.stack);
        let ours = resources
            .iter()
            .filter(|resource| resource.lifecycle != Lifecycle::CreatedOnce);
        let applies = join_all(ours.map(|resource| async {
            let answer = self
                .dry_run(&resource.kind, &resource.id, &manager, &resource.object)
                .await;
            (resource.id.clone(), Asked { answer })
        }));
        let deletes = join_all(leaving.iter().map(|(id, kind)| async move {
            let answer = self.dry_run_delete(kind, id).await;
            (id.clone(), Asked { answer })
        }));
        let (lists, applies, deletes) = futures::join!(lists, applies, deletes);
        let asked: BTreeMap<_, _> = applies.into_iter().chain(deletes).collect();
        let lists = lists.map_err(|error| refused(error, &asked))?;
        refuse_if_blind(&asked)?;
        let mut wave = Wave {
            live: BTreeMap::new(),
            unserved: BTreeSet::new(),
            asked,
        };
        for (group, members) in groups.into_iter().zip(lists) {
            match members {
                Some(members) => wave.live.extend(members),
                None => drop(wave.unserved.insert(group)),
            }
        }
        Ok(wave)
    }

    /// The members of a stack of one kind; none when the cluster does not serve the kind.
    pub(crate) async fn members(
        &self,
        place: &Place,
        (kind, namespace): &Group,
    ) -> Result<Option<BTreeMap<ResourceId, Value>>, CallError> {
        let selector = format!(
            "{}={}",
            applyset::PART_OF,
            applyset::id(&place.stack, &place.namespace)
        );
        let listed = match self
            .list(
                kind,
                namespace.as_deref(),
                Some(&selector),
                Patience::READING,
            )
            .await
        {
            Ok(listed) => listed,
            Err(CallError {
                failure: Failure::NotServed,
                ..
            }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let named = listed.items.into_iter().filter_map(|item| {
            let name = item.pointer("/metadata/name")?.as_str()?;
            let id = ResourceId::new(kind, namespace.as_deref().unwrap_or_default(), name);
            Some((id, item))
        });
        Ok(Some(named.collect()))
    }
}

/// One for each kind and namespace in which something is looked for.
fn groups(resources: &[&Resource], leaving: &BTreeMap<ResourceId, Kind>) -> BTreeSet<Group> {
    let mut groups: BTreeSet<Group> = resources
        .iter()
        .map(|resource| (resource.kind.clone(), resource.id.namespace.clone()))
        .collect();
    for (id, kind) in leaving {
        // Another version of a kind that is listed anyway shows the same objects.
        let listed = |(other, namespace): &Group| {
            other.group_kind() == kind.group_kind() && *namespace == id.namespace
        };
        if !groups.iter().any(listed) {
            groups.insert((kind.clone(), id.namespace.clone()));
        }
    }
    groups
}

/// Everything that the caller may not do, so that one look at the Role is enough.
fn refused(error: CallError, asked: &BTreeMap<ResourceId, Asked>) -> ObserveError {
    let Failure::Forbidden(first) = &error.failure else {
        return ObserveError::Read(error);
    };
    let mut all = first.clone();
    for forbidden in forbidden(asked) {
        all.extend(forbidden.clone());
    }
    ObserveError::Forbidden(all)
}

fn forbidden(asked: &BTreeMap<ResourceId, Asked>) -> impl Iterator<Item = &Forbidden> {
    asked.values().filter_map(|asked| match &asked.answer {
        Err(CallError {
            failure: Failure::Forbidden(forbidden),
            ..
        }) => Some(forbidden),
        _ => None,
    })
}

/// Without permission, or without a server, there is nothing to compare with.
fn refuse_if_blind(asked: &BTreeMap<ResourceId, Asked>) -> Result<(), ObserveError> {
    let mut all: Option<Forbidden> = None;
    for forbidden in forbidden(asked) {
        all.get_or_insert_default().extend(forbidden.clone());
    }
    all.map_or(Ok(()), |all| Err(ObserveError::Forbidden(all)))
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

fn version(object: &Value) -> Option<String> {
    Preconditions::of(object).resource_version
}

impl Cluster {
    async fn fold(
        &self,
        place: &Place,
        resources: &[&Resource],
        leaving: &BTreeMap<ResourceId, Kind>,
        wave: Wave,
        memory: Option<Memory>,
        digest_key: Vec<u8>,
    ) -> Result<Observation, ObserveError> {
        let Wave {
            live,
            unserved,
            mut asked,
        } = wave;
        let mut observation = Observation {
            memory,
            digest_key,
            ..Observation::default()
        };
        observation
            .missing_kinds
            .extend(unserved.iter().map(|(kind, _)| kind.group_kind()));
        let manager = field_manager(&place.stack);
        let settled = resources.iter().map(|resource| {
            let (live, asked) = (live.get(&resource.id).cloned(), asked.remove(&resource.id));
            self.settle_resource(resource, &manager, live, asked)
        });
        let settled = join_all(settled.collect::<Vec<_>>()).await;
        for (resource, settled) in resources.iter().zip(settled) {
            let (live, answer) = settled.map_err(|error| refused(error, &BTreeMap::new()))?;
            let mut observed = match answer {
                Some(answer) => understood(&mut observation, &resource.kind, answer)?,
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
        let found = join_all(
            leaving
                .iter()
                .map(|(id, kind)| self.find(kind, id, live.get(id).cloned())),
        )
        .await;
        for ((id, kind), found) in leaving.iter().zip(found) {
            let live = found.map_err(|error| refused(error, &BTreeMap::new()))?;
            let mut observed = match asked.remove(id) {
                Some(asked) => understood(&mut observation, kind, asked.answer)?,
                None => Observed::default(),
            };
            // The answer to a delete is no object to compare with.
            if matches!(observed.dry_run, DryRun::Answered(_)) {
                observed.dry_run = DryRun::NotAsked;
            }
            observed.live = live;
            observation.objects.insert(id.clone(), observed);
        }
        Ok(observation)
    }
}
