//! How is a stack doing?

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use provider_core::{Graph, ResourceId};
use serde::Serialize;

use crate::{
    cluster::{CallError, Cluster, Failure, Group, Patience},
    error::ObserveError,
    inventory::Place,
    readiness::Readiness,
};

/// How one object is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// It is not there.
    Absent,
    /// It is there.
    Present {
        /// Whether it does what it is for.
        readiness: Readiness,
    },
}

impl Cluster {
    /// How each object of a graph is doing: one LIST per kind and namespace, and nothing else where all are there.
    ///
    /// # Errors
    ///
    /// When something cannot be read.
    pub async fn status(
        &self,
        graph: &Graph,
    ) -> Result<BTreeMap<ResourceId, Standing>, ObserveError> {
        let place = Place {
            stack: graph.stack().into(),
            namespace: graph.namespace().into(),
        };
        let groups: BTreeSet<Group> = graph
            .resources()
            .map(|resource| (resource.kind.clone(), resource.id.namespace.clone()))
            .collect();
        let lists = join_all(groups.iter().map(|group| self.members(&place, group))).await;
        let mut live = BTreeMap::new();
        for members in lists {
            live.extend(members.map_err(unread)?.unwrap_or_default());
        }
        let found = join_all(graph.resources().map(|resource| {
            let listed = live.get(&resource.id).cloned();
            async move {
                match listed {
                    Some(listed) => Ok(Some(listed)),
                    // It may be there without our label.
                    None => {
                        self.get(&resource.kind, &resource.id, Patience::READING)
                            .await
                    }
                }
            }
        }));
        let found = found.await;
        let mut standings = BTreeMap::new();
        for (resource, found) in graph.resources().zip(found) {
            let standing = match found.map_err(unread)? {
                None => Standing::Absent,
                Some(object) => Standing::Present {
                    readiness: Readiness::of(&object),
                },
            };
            standings.insert(resource.id.clone(), standing);
        }
        Ok(standings)
    }
}

fn unread(error: CallError) -> ObserveError {
    match error.failure {
        Failure::Forbidden(forbidden) => ObserveError::Forbidden(forbidden),
        failure => ObserveError::Read(CallError {
            attempt: error.attempt,
            failure,
        }),
    }
}
