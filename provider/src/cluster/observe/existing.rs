//! Is what a definition takes to be there, there?
//!
//! One GET where one object of a kind and namespace is sought, one LIST where there are several; of both only metadata, for
//! what is sought may be secret. Who may not look learns nothing, which stops nothing.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use provider_core::{Expected, ResourceId, plan::Sighting};

use super::{Group, id_of};
use crate::{
    cluster::{CallError, Cluster, Failure, Patience},
    error::ObserveError,
};

/// What was seen, object by object.
type Sightings = BTreeMap<ResourceId, Sighting>;

impl Cluster {
    /// Looks for everything that should be in the cluster before the stack is.
    pub(super) async fn existing(&self, expected: &[Expected]) -> Result<Sightings, ObserveError> {
        let mut groups: BTreeMap<Group, Vec<&ResourceId>> = BTreeMap::new();
        for Expected { id, kind, .. } in expected {
            let group = (kind.clone(), id.namespace.clone());
            groups.entry(group).or_default().push(id);
        }
        let looks = groups.iter().map(|(group, sought)| async move {
            match sought.as_slice() {
                [one] => self.sight_each(group, &[one]).await,
                several => self.sight_all(group, several).await,
            }
        });
        let mut all = Sightings::new();
        for sightings in join_all(looks).await {
            all.extend(sightings.map_err(ObserveError::Read)?);
        }
        Ok(all)
    }

    /// Looks at each by itself.
    async fn sight_each(
        &self,
        (kind, _): &Group,
        sought: &[&ResourceId],
    ) -> Result<Sightings, CallError> {
        let looks = sought.iter().map(|id| async move {
            let there = self.get_metadata(kind, id, Patience::READING).await;
            let sighting = match there {
                Ok(_) => Sighting::There,
                Err(error) => not_seen(error)?,
            };
            Ok(((*id).clone(), sighting))
        });
        join_all(looks).await.into_iter().collect()
    }

    /// Looks at all that there are. Who may read single objects and not list them is asked for each.
    async fn sight_all(
        &self,
        group: &Group,
        sought: &[&ResourceId],
    ) -> Result<Sightings, CallError> {
        let (kind, namespace) = group;
        let listed = self.list_metadata(kind, namespace.as_deref(), Patience::READING);
        let listed = match listed.await {
            Ok(listed) => listed,
            Err(CallError {
                failure: Failure::Forbidden(_),
                ..
            }) => return self.sight_each(group, sought).await,
            Err(error) => {
                let sighting = not_seen(error)?;
                let each = sought.iter().map(|id| ((*id).clone(), sighting.clone()));
                return Ok(each.collect());
            }
        };
        let there: BTreeSet<ResourceId> =
            listed.items.iter().map(|item| id_of(kind, item)).collect();
        let each = sought.iter().map(|id| {
            let sighting = if there.contains(*id) {
                Sighting::There
            } else {
                Sighting::Missing
            };
            ((*id).clone(), sighting)
        });
        Ok(each.collect())
    }
}

/// What a failure to look means. Where nobody answers there is nothing to go on with.
fn not_seen(error: CallError) -> Result<Sighting, CallError> {
    match error.failure {
        Failure::Absent | Failure::NoNamespace(_) => Ok(Sighting::Missing),
        Failure::NotServed => Ok(Sighting::NotServed),
        failure if failure.ends_everything() => Err(CallError {
            attempt: error.attempt,
            failure,
        }),
        failure => Ok(Sighting::Hidden(failure.to_string())),
    }
}
