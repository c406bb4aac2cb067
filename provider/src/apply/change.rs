//! How is an object created, updated, replaced or deleted, and what if it moved meanwhile?

use provider_core::{
    Kind, ResourceId,
    k8s_openapi::api::core::v1::Namespace,
    plan::{RefusalCause, Step, claim},
};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{
    again::{Again, Found},
    step::{Broken, Worker},
};
use crate::{
    cluster::{Answer, CallError, Failure, Force, Preconditions, Propagation, jittered},
    report::{Class, Failed},
};

/// A namespace or a definition that this very run has made may not be known to every API server yet.
const BOOTSTRAP_PAUSE: std::time::Duration = std::time::Duration::from_millis(250);

impl Worker<'_> {
    /// Creates what must not exist yet.
    pub(super) async fn create(&self, step: &Step) -> Result<Value, Broken> {
        let error = match self.post(step).await {
            Err(Broken::Call(error)) if matches!(error.failure, Failure::AlreadyExists) => error,
            answer => return answer,
        };
        match self.found(step).await? {
            // The answer to our own create got lost on its way: what is there is what was sent.
            Found::Ours(object) => {
                let sent = step.desired.clone().unwrap_or_default();
                Ok(self.claim(step, *object, &sent).await)
            }
            Found::AsWanted(object) => Ok(*object),
            Found::Other => Err(error.into()),
        }
    }

    async fn post(&self, step: &Step) -> Result<Value, Broken> {
        let body = self.body(step).await?;
        let begun = Instant::now();
        let answer = loop {
            let answer = self
                .cluster
                .create(
                    &step.kind,
                    &step.id,
                    &self.manager,
                    &body,
                    self.limits.patience,
                )
                .await;
            match answer {
                Err(error)
                    if self.is_bootstrapping(step, &error.failure)
                        && begun.elapsed() < self.limits.patience.busy =>
                {
                    sleep(jittered(BOOTSTRAP_PAUSE)).await;
                }
                answer => break answer?,
            }
        };
        for warning in &answer.warnings {
            self.warn(step, warning.as_str());
        }
        Ok(self.claim(step, answer.body, &body).await)
    }

    /// Whether what is missing was made in this run, and only has to get around.
    fn is_bootstrapping(&self, step: &Step, failure: &Failure) -> bool {
        match failure {
            Failure::NoNamespace(name) => {
                let id = ResourceId::new(&Kind::of::<Namespace>(), "", name.as_str());
                self.plan.step(&id).is_some()
            }
            Failure::NotServed | Failure::Absent => {
                let name = format!("{}.{}", step.kind.plural, step.kind.group);
                self.plan.steps.iter().any(|other| {
                    other
                        .id
                        .is("apiextensions.k8s.io", "CustomResourceDefinition")
                        && other.id.name == name
                })
            }
            _ => false,
        }
    }

    /// What a POST wrote belongs to an entry that no apply looks at; it is made ours at once. Where that fails the
    /// next plan does it.
    async fn claim(&self, step: &Step, created: Value, sent: &Value) -> Value {
        let mut object = created;
        for _ in 0..self.limits.recomputations {
            let Some(patch) = claim(&object, sent, &self.manager) else {
                return object;
            };
            let patched = self
                .cluster
                .json_patch(
                    &step.kind,
                    &step.id,
                    &self.manager,
                    &patch,
                    self.limits.patience,
                )
                .await;
            let error = match patched {
                Ok(answer) => return answer.body,
                Err(error) => error,
            };
            if !matches!(error.failure, Failure::Changed) {
                self.warn(
                    step,
                    format!(
                        "its fields are not ours yet, the next run sees to it: {error}: {}",
                        error.failure
                    ),
                );
                return object;
            }
            match self
                .cluster
                .get(&step.kind, &step.id, self.limits.patience)
                .await
            {
                Ok(Some(newer)) => object = newer,
                _ => return object,
            }
        }
        object
    }

    /// Applies to exactly what was planned, or to what is still the same change.
    pub(super) async fn update(&self, step: &Step) -> Result<Value, Broken> {
        let mut step = step.clone();
        for _ in 0..=self.limits.recomputations {
            let error = match self.apply_once(&step).await {
                Ok(object) => return Ok(object),
                Err(Broken::Call(error)) => error,
                Err(broken) => return Err(broken),
            };
            // A server that finds a conflict says so before it looks at the version: the plan did not show it, so
            // most likely the object has moved.
            if !matches!(
                error.failure,
                Failure::Changed | Failure::ManagerConflict(_)
            ) {
                return Err(error.into());
            }
            match self.again(&step).await? {
                Again::Done(object) => return Ok(object),
                Again::Holds(fresh) if fresh.resource_version != step.resource_version => {
                    step = *fresh;
                }
                Again::Holds(_) => return Err(error.into()),
                Again::Gone => return Err(gone_meanwhile()),
            }
        }
        Err(Broken::Failed(
            Failed::new(Class::Stale, "it keeps changing while it is being applied")
                .advise("see who writes it"),
        ))
    }

    async fn apply_once(&self, step: &Step) -> Result<Value, Broken> {
        let mut at = Preconditions {
            uid: step.uid.clone(),
            resource_version: step.resource_version.clone(),
        };
        let patch = step.migration.as_ref().zip(step.live.as_ref());
        if let Some(patch) =
            patch.and_then(|(migration, live)| migration.patch(live, &self.manager))
        {
            let answer = self
                .cluster
                .json_patch(
                    &step.kind,
                    &step.id,
                    &self.manager,
                    &patch,
                    self.limits.patience,
                )
                .await?;
            at = Preconditions::of(&answer.body);
        }
        let body = self.body(step).await?;
        let answer = match self.send((step, &body), &at, Force::No).await {
            // Taken by force only what the plan showed, and only from whom it showed.
            Err(CallError {
                failure: Failure::ManagerConflict(causes),
                attempt,
            }) => {
                if causes.iter().all(|cause| is_shown(step, cause)) {
                    self.send((step, &body), &at, Force::Yes).await
                } else {
                    Err(CallError {
                        attempt,
                        failure: Failure::ManagerConflict(causes),
                    })
                }
            }
            answer => answer,
        };
        let answer = answer?;
        for warning in &answer.warnings {
            self.warn(step, warning.as_str());
        }
        Ok(answer.body)
    }

    async fn send(
        &self,
        (step, body): (&Step, &Value),
        at: &Preconditions,
        force: Force,
    ) -> Result<Answer, CallError> {
        self.cluster
            .apply_object(
                (&step.kind, &step.id),
                &self.manager,
                body,
                at,
                force,
                self.limits.patience,
            )
            .await
    }

    /// Deletes, waits, and creates again.
    pub(super) async fn replace(&self, step: &Step) -> Result<Value, Broken> {
        // The Pods of a workload must be gone before its successor makes Pods of the same names.
        let propagation = match step.id.group.as_str() {
            "apps" | "batch" => Propagation::Foreground,
            _ => Propagation::Background,
        };
        let leaving = self.remove(step, propagation).await?;
        self.await_end(step, leaving.as_ref()).await?;
        self.post(step).await
    }

    /// Deletes exactly what was planned to go. Gives back what is on its way out, if it takes its time.
    pub(super) async fn delete(&self, step: &Step) -> Result<Option<Value>, Broken> {
        self.remove(step, Propagation::Background).await
    }

    async fn remove(&self, step: &Step, propagation: Propagation) -> Result<Option<Value>, Broken> {
        let mut at = Preconditions {
            uid: step.uid.clone(),
            resource_version: step.resource_version.clone(),
        };
        for _ in 0..=self.limits.recomputations {
            match self
                .cluster
                .delete(&step.kind, &step.id, &at, propagation, self.limits.patience)
                .await
            {
                Ok(answer) => return Ok(leaving(answer, step)),
                Err(CallError {
                    failure: Failure::Absent | Failure::NoNamespace(_) | Failure::NotServed,
                    ..
                }) => return Ok(None),
                Err(CallError {
                    failure: Failure::Changed,
                    ..
                }) => {}
                Err(error) => return Err(error.into()),
            }
            let Some(live) = self
                .cluster
                .get(&step.kind, &step.id, self.limits.patience)
                .await?
            else {
                return Ok(None);
            };
            let now = Preconditions::of(&live);
            // Another object of this name was never ours to delete.
            if now.uid != step.uid {
                return Err(gone_meanwhile());
            }
            if !same_owner(step, &live) {
                return Err(Broken::Failed(
                    Failed::new(Class::Stale, "another stack has taken it meanwhile")
                        .advise("plan again"),
                ));
            }
            at = now;
        }
        Err(Broken::Failed(
            Failed::new(Class::Stale, "it keeps changing while it is being deleted")
                .advise("see who writes it"),
        ))
    }
}

fn gone_meanwhile() -> Broken {
    Broken::Failed(
        Failed::new(
            Class::Stale,
            "it was deleted, or made anew, since it was planned",
        )
        .advise("plan again"),
    )
}

/// What is left to wait for after a delete: servers answer with the object where it is not gone at once, and for
/// some kinds always.
fn leaving(answer: Answer, step: &Step) -> Option<Value> {
    let is_object =
        answer.body.get("kind").and_then(Value::as_str) == Some(step.kind.kind.as_str());
    if is_object {
        return Some(answer.body);
    }
    // A `Status` means gone, unless something holds it that the server did not mention.
    let held = step
        .live
        .as_ref()
        .is_some_and(|live| live.pointer("/metadata/finalizers").is_some());
    step.live.clone().filter(|_| held)
}

fn same_owner(step: &Step, live: &Value) -> bool {
    let owner = |object: &Value| {
        object
            .pointer("/metadata/labels")
            .and_then(|labels| labels.get(provider_core::applyset::PART_OF))
            .cloned()
    };
    let planned = step.live.as_ref().and_then(owner);
    owner(live).is_none_or(|now| planned.is_none_or(|planned| planned == now))
}

/// Whether the plan showed that this field is taken from this manager.
fn is_shown(step: &Step, cause: &RefusalCause) -> bool {
    let manager = cause.message.split('"').nth(1).unwrap_or_default();
    step.takeovers.iter().any(|takeover| {
        takeover.manager.name == manager && takeover.path.to_string() == cause.field
    })
}
