//! How is everything asked at once?

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use provider_core::{
    Kind, Lifecycle, ResourceId, applyset,
    k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    kind::KindSource,
};
use serde_json::Value;

use super::{Group, Sought, all_forbidden};
use crate::{
    cluster::{Answer, CallError, Cluster, Failure, Patience},
    error::ObserveError,
    inventory::Place,
};

/// Everything that one wave brought.
pub(super) struct Wave {
    pub(super) live: BTreeMap<ResourceId, Value>,
    pub(super) unserved: BTreeSet<Group>,
    pub(super) asked: BTreeMap<ResourceId, Result<Answer, CallError>>,
    pub(super) definitions: Vec<Value>,
}

/// The members of a stack of one kind, in one namespace.
pub(crate) type Members = BTreeMap<ResourceId, Value>;

impl Cluster {
    pub(super) async fn wave(&self, sought: &Sought<'_>) -> Result<Wave, ObserveError> {
        let groups = groups(sought);
        let lists = join_all(
            groups
                .iter()
                .map(|group| self.members(&sought.place, group)),
        );
        let applied = sought
            .resources
            .iter()
            .filter(|resource| resource.lifecycle != Lifecycle::CreatedOnce);
        let dry_runs = join_all(applied.map(|resource| async {
            let answer = self
                .dry_run(
                    &resource.kind,
                    &resource.id,
                    &sought.manager,
                    &resource.object,
                )
                .await;
            (resource.id.clone(), answer)
        }));
        let goings =
            join_all(sought.leaving.iter().map(|(id, kind)| async move {
                (id.clone(), self.dry_run_delete(kind, id).await)
            }));
        let definitions = self.definitions(sought);
        let (lists, dry_runs, goings, definitions) =
            futures::join!(lists, dry_runs, goings, definitions);
        let asked: BTreeMap<_, _> = dry_runs.into_iter().chain(goings).collect();
        refuse_if_blind(&lists, &asked)?;
        let mut wave = Wave {
            live: BTreeMap::new(),
            unserved: BTreeSet::new(),
            asked,
            definitions,
        };
        for (group, members) in groups.into_iter().zip(lists) {
            match members.map_err(ObserveError::Read)? {
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
    ) -> Result<Option<Members>, CallError> {
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
            let name = item.pointer("/metadata/name")?.as_str()?.to_owned();
            let (group, kind) = (kind.group.clone(), kind.kind.clone());
            Some((
                ResourceId {
                    group,
                    kind,
                    namespace: namespace.clone(),
                    name,
                },
                item,
            ))
        });
        Ok(Some(named.collect()))
    }

    /// The definitions of custom resources that the stack uses and does not bring: their objects are merged by the
    /// keys that stand there. Without the right to read them the comparison is coarser, not wrong.
    async fn definitions(&self, sought: &Sought<'_>) -> Vec<Value> {
        let custom = sought.resources.iter().filter(|resource| {
            let foreign =
                resource.kind.group.contains('.') && !resource.kind.group.ends_with(".k8s.io");
            foreign && resource.known_by != KindSource::Definition
        });
        let kind = Kind::of::<CustomResourceDefinition>();
        let names: BTreeSet<String> = custom
            .map(|resource| format!("{}.{}", resource.kind.plural, resource.kind.group))
            .collect();
        let ids: Vec<ResourceId> = names
            .into_iter()
            .map(|name| ResourceId::new(&kind, "", name))
            .collect();
        let found = join_all(ids.iter().map(|id| self.get(&kind, id, Patience::READING))).await;
        found
            .into_iter()
            .filter_map(|found| found.ok().flatten())
            .collect()
    }
}

/// One for each kind and namespace in which something is looked for.
fn groups(sought: &Sought<'_>) -> BTreeSet<Group> {
    let wanted = sought.resources.iter();
    let mut groups: BTreeSet<Group> = wanted
        .map(|resource| (resource.kind.clone(), resource.id.namespace.clone()))
        .collect();
    for (id, kind) in &sought.leaving {
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

/// Without permission there is nothing to compare with; everything that is missing is said at once, so that one
/// look at the Role is enough.
fn refuse_if_blind(
    lists: &[Result<Option<Members>, CallError>],
    asked: &BTreeMap<ResourceId, Result<Answer, CallError>>,
) -> Result<(), ObserveError> {
    let errors = lists.iter().filter_map(|list| list.as_ref().err());
    let errors = errors.chain(asked.values().filter_map(|answer| answer.as_ref().err()));
    all_forbidden(errors).map_or(Ok(()), |all| Err(ObserveError::Forbidden(all)))
}
