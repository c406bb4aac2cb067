//! How are an object and the answer to its dry run made to speak of one moment?

use provider_core::{Kind, Lifecycle, Resource, ResourceId};
use serde_json::Value;

use crate::cluster::{Answer, CallError, Cluster, Failure, Patience, Preconditions};

/// An object that changes each time it is looked at is taken as it is then.
const LOOKS: usize = 3;

/// An object, and what became of its dry run if there was one.
type Settled = (Option<Value>, Option<Result<Answer, CallError>>);

/// Whether the server says that an object does not exist yet: a dry-run create has no version.
fn would_create(answer: &Answer) -> bool {
    answer.status == 201 || version(&answer.body).is_none()
}

impl Cluster {
    /// Pairs what was listed with what was answered.
    pub(super) async fn settle_resource(
        &self,
        resource: &Resource,
        manager: &str,
        listed: Option<Value>,
        asked: Option<Result<Answer, CallError>>,
    ) -> Result<Settled, CallError> {
        if resource.lifecycle == Lifecycle::CreatedOnce {
            return self.settle_once(resource, manager, listed).await;
        }
        let Some(mut answer) = asked else {
            return Ok((listed, None));
        };
        let mut live = listed;
        for _ in 0..LOOKS {
            match &answer {
                Ok(there) if would_create(there) && live.is_none() => break,
                Ok(there)
                    if live
                        .as_ref()
                        .is_some_and(|live| version(live) == version(&there.body)) =>
                {
                    break;
                }
                // A refusal says nothing of versions, and nothing of whether an object without our label is there.
                Err(error) if !could_exist(&error.failure) || live.is_some() => break,
                Err(_) => {
                    live = self
                        .get(&resource.kind, &resource.id, Patience::READING)
                        .await?;
                    break;
                }
                Ok(there) => {
                    let expected = version(&there.body);
                    live = self
                        .get(&resource.kind, &resource.id, Patience::READING)
                        .await?;
                    if live.as_ref().and_then(version) == expected {
                        break;
                    }
                    answer = self
                        .dry_run(&resource.kind, &resource.id, manager, &resource.object)
                        .await;
                }
            }
        }
        Ok((live, Some(answer)))
    }

    /// What is created once is not compared: it is asked about only where it is missing.
    async fn settle_once(
        &self,
        resource: &Resource,
        manager: &str,
        listed: Option<Value>,
    ) -> Result<Settled, CallError> {
        if listed.is_some() {
            return Ok((listed, None));
        }
        let answer = self
            .dry_run(&resource.kind, &resource.id, manager, &resource.object)
            .await;
        let there = match &answer {
            Ok(answer) => !would_create(answer),
            Err(error) => could_exist(&error.failure),
        };
        if there
            && let Some(live) = self
                .get(&resource.kind, &resource.id, Patience::READING)
                .await?
        {
            return Ok((Some(live), None));
        }
        Ok((None, Some(answer)))
    }

    /// An object that may have lost the label by which it is listed.
    pub(super) async fn find(
        &self,
        kind: &Kind,
        id: &ResourceId,
        listed: Option<Value>,
    ) -> Result<Option<Value>, CallError> {
        match listed {
            Some(listed) => Ok(Some(listed)),
            None => self.get(kind, id, Patience::READING).await,
        }
    }
}

fn could_exist(failure: &Failure) -> bool {
    !matches!(
        failure,
        Failure::Absent | Failure::NoNamespace(_) | Failure::NotServed
    ) && !failure.ends_everything()
}

fn version(object: &Value) -> Option<String> {
    Preconditions::of(object).resource_version
}
