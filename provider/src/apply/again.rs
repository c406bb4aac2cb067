//! Is a step still what was approved, now that its object has moved?

use provider_core::plan::{Action, DryRun, Observed, Step, Verdict, carry};
use serde_json::Value;

use super::step::{Broken, Worker};
use crate::{
    cluster::{CallError, Failure, Preconditions},
    report::{Class, Failed},
};

/// Between a look and its dry run somebody may write; then both are taken again.
const LOOKS: usize = 3;

/// What a second look came to.
pub(super) enum Again {
    /// The same change is still the change: go on with this.
    Holds(Box<Step>),
    /// Somebody has done it.
    Done(Value),
    /// There is nothing any more.
    Gone,
}

/// What is there where something was to be created.
pub(super) enum Found {
    /// What this stack has just made.
    Ours(Box<Value>),
    /// Somebody else's, and already as it should be.
    AsWanted(Box<Value>),
    /// Something else.
    Other,
}

impl Worker<'_> {
    /// Looks at what is there where something was to be created.
    pub(super) async fn found(&self, step: &Step) -> Result<Found, Broken> {
        let Some(seen) = self.look(step).await? else {
            return Ok(Found::Other);
        };
        let live = Box::new(seen.live.clone().unwrap_or_default());
        let Some(fresh) = self.plan.again(&step.id, &seen) else {
            return Ok(Found::Other);
        };
        let equal =
            fresh.changes.is_empty() && fresh.conflicts.is_empty() && fresh.blocker.is_none();
        Ok(match (equal, fresh.action) {
            (true, Action::Keep) => Found::AsWanted(live),
            // All that is left to do is to make its fields ours.
            (true, Action::Update) if !fresh.adopted => Found::Ours(live),
            _ => Found::Other,
        })
    }

    /// Looks again, and goes on only where the approved changes are still the changes.
    pub(super) async fn again(&self, step: &Step) -> Result<Again, Broken> {
        let Some(fresh) = self.look(step).await? else {
            return Ok(Again::Gone);
        };
        let live = fresh.live.clone().unwrap_or_default();
        let Some(fresh) = self.plan.again(&step.id, &fresh) else {
            return Ok(Again::Gone);
        };
        match step.still_holds(&fresh) {
            Verdict::Done => Ok(Again::Done(live)),
            Verdict::Holds => Ok(Again::Holds(Box::new(fresh))),
            Verdict::Changed { paths } => {
                let named: Vec<_> = paths.iter().map(|path| path.short().to_string()).collect();
                let what = if named.is_empty() {
                    String::new()
                } else {
                    format!(": {}", named.join(", "))
                };
                let message = format!("it changed since it was planned{what}");
                Err(Broken::Failed(
                    Failed::new(Class::Stale, message)
                        .advise("plan again, and look at what would change now"),
                ))
            }
        }
    }

    /// The object and its dry run, of one moment; none where it is gone.
    async fn look(&self, step: &Step) -> Result<Option<Observed>, Broken> {
        let mut seen = None;
        for _ in 0..LOOKS {
            let Some(live) = self
                .cluster
                .get(&step.kind, &step.id, self.limits.patience)
                .await?
            else {
                return Ok(None);
            };
            let desired = match step.action {
                Action::Create => carry(step, &live),
                _ => step.desired.clone().unwrap_or_default(),
            };
            let answer = self
                .cluster
                .dry_run(&step.kind, &step.id, &self.manager, &desired)
                .await;
            let (same, dry_run) = match answer {
                Ok(answer) => {
                    let same = Preconditions::of(&answer.body).resource_version
                        == Preconditions::of(&live).resource_version;
                    (same, DryRun::Answered(answer.body))
                }
                Err(CallError { attempt, failure })
                    if failure.ends_everything() || matches!(failure, Failure::Busy { .. }) =>
                {
                    return Err(CallError { attempt, failure }.into());
                }
                Err(error) => (true, DryRun::Refused(error.failure.into_refusal())),
            };
            seen = Some(Observed {
                live: Some(live),
                dry_run,
                warnings: Vec::new(),
            });
            if same {
                break;
            }
        }
        Ok(seen)
    }
}
