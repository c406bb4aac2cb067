//! What happened, once it is over?

use std::{collections::BTreeMap, time::Duration};

use provider_core::{ResourceId, plan::Action};
use serde::Serialize;

use crate::{cluster::Requests, event::Event, readiness::Readiness};

/// What happened to each object, and what to do about the failures: the fold of a run's events.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The stack.
    pub stack: String,
    /// Each object that a step was started or skipped for; in JSON a list, since an id is no text.
    #[serde(serialize_with = "rows")]
    pub objects: BTreeMap<ResourceId, ObjectReport>,
    /// Why the run stopped before its end, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Failed>,
    /// How it ended.
    pub verdict: Verdict,
    /// How long it took.
    #[serde(rename = "milliseconds", serialize_with = "milliseconds")]
    pub elapsed: Duration,
    /// What it cost.
    pub requests: Requests,
}

/// What happened to one object.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ObjectReport {
    /// What was planned; none where no step began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// How it ended; none when the run stopped while it was waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Whether the server has taken the change.
    pub written: bool,
    /// How far it was when last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readiness: Option<Readiness>,
    /// What was said about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// How long it took.
    #[serde(rename = "milliseconds", serialize_with = "milliseconds")]
    pub elapsed: Duration,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It was not there and now is.
    Created,
    /// It was changed.
    Updated,
    /// It was deleted and created again.
    Replaced,
    /// It is gone.
    Deleted,
    /// It was as it should be.
    Kept,
    /// It was to go and stays, because something else needs it; a later run may remove it.
    Retained {
        /// Why.
        reason: String,
    },
    /// It is not as it should be.
    Failed {
        /// Why.
        failed: Failed,
    },
    /// Its turn did not come.
    Skipped {
        /// Why.
        reason: String,
        /// The object whose failure is the reason, if one is.
        #[serde(skip_serializing_if = "Option::is_none")]
        because: Option<ResourceId>,
    },
}

/// Why something failed, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// What sort of failure it is.
    pub class: Class,
    /// What happened, in a line.
    pub message: String,
    /// What was seen: container, exit code, last words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// What sort of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The server refused a change.
    Refused,
    /// What the definition takes to be in the cluster is not there.
    Missing,
    /// The caller may not.
    Forbidden,
    /// Another manager owns fields that the plan did not show.
    Conflict,
    /// The object changed since it was planned, and the approved change is no longer the change.
    Stale,
    /// It was applied and does not become ready.
    Rollout,
    /// It was applied and did not become ready in time, or the run's time is up.
    TimedOut,
    /// Another run holds the lock.
    Locked,
    /// The lock was lost to another run.
    LockLost,
    /// The API server went away.
    Unreachable,
    /// The inventory cannot be used.
    Inventory,
    /// A value that the object needs could not be made, or read where it stands.
    Unmade,
    /// Someone asked to stop.
    Interrupted,
}

/// One thing that was seen and explains a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Where: `Pod/shop/api-7d9f, container api`.
    pub of: String,
    /// What: `CrashLoopBackOff, exit code 1, 3 restarts`.
    pub what: String,
    /// The last lines that it wrote; none where there are none or they could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything was as it should be, and nothing was written.
    #[default]
    Unchanged,
    /// Everything was done.
    Done,
    /// Something failed.
    Failed,
    /// A field has another owner, and nobody said to take it.
    Conflict,
    /// The cluster moved since the plan was made.
    Stale,
    /// Another run holds the lock.
    Locked,
    /// Everything was applied and something does not become ready.
    RolloutFailed,
    /// Time was up.
    TimedOut,
    /// Someone asked to stop.
    Interrupted,
}

fn rows<S: serde::Serializer>(
    objects: &BTreeMap<ResourceId, ObjectReport>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: &'a ResourceId,
        #[serde(flatten)]
        object: &'a ObjectReport,
    }
    serializer.collect_seq(objects.iter().map(|(id, object)| Row { id, object }))
}

fn milliseconds<S: serde::Serializer>(
    elapsed: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
}

impl Failed {
    /// A failure with nothing more to say.
    pub(crate) fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            evidence: Vec::new(),
            advice: None,
        }
    }

    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

impl Report {
    /// Takes one more event into account.
    pub fn fold(&mut self, event: &Event) {
        match event {
            Event::Started { stack, .. } => self.stack.clone_from(stack),
            Event::LockAwaited { .. } => {}
            Event::StepStarted { id, action } => self.object(id).action = Some(*action),
            Event::StepWritten { id, .. } => self.object(id).written = true,
            Event::StepProgressed { id, readiness } => {
                self.object(id).readiness = Some(readiness.clone());
            }
            Event::Warned { id, message } => self.object(id).warnings.push(message.clone()),
            Event::StepFinished {
                id,
                outcome,
                milliseconds,
            } => {
                let object = self.object(id);
                object.outcome = Some(outcome.clone());
                object.elapsed = Duration::from_millis(*milliseconds);
            }
            // The first reason is the reason; what follows is its consequence.
            Event::Stopping { reason } => {
                self.stopped.get_or_insert_with(|| reason.clone());
            }
            Event::Finished {
                verdict,
                milliseconds,
                requests,
            } => {
                self.verdict = *verdict;
                self.elapsed = Duration::from_millis(*milliseconds);
                self.requests = requests.clone();
            }
        }
    }

    fn object(&mut self, id: &ResourceId) -> &mut ObjectReport {
        self.objects.entry(id.clone()).or_default()
    }

    /// Whether all is well.
    pub fn succeeded(&self) -> bool {
        matches!(self.verdict, Verdict::Unchanged | Verdict::Done)
    }

    /// The objects that failed, each with why.
    pub fn failures(&self) -> impl Iterator<Item = (&ResourceId, &Failed)> {
        self.objects
            .iter()
            .filter_map(|(id, object)| match &object.outcome {
                Some(Outcome::Failed { failed }) => Some((id, failed)),
                _ => None,
            })
    }

    /// How it ended, judged by what happened to the objects: the worst that the caller must act upon.
    pub(crate) fn judge(&self) -> Verdict {
        let classes = || {
            self.failures()
                .map(|(_, failed)| failed.class)
                .chain(self.stopped.iter().map(|stop| stop.class))
        };
        let has = |class| classes().any(|other| other == class);
        if has(Class::Locked) {
            Verdict::Locked
        } else if has(Class::Conflict) {
            Verdict::Conflict
        } else if has(Class::Stale) {
            Verdict::Stale
        } else if classes()
            .any(|class| !matches!(class, Class::Rollout | Class::TimedOut | Class::Interrupted))
        {
            Verdict::Failed
        } else if has(Class::Rollout) {
            Verdict::RolloutFailed
        } else if has(Class::Interrupted) {
            Verdict::Interrupted
        } else if has(Class::TimedOut) {
            Verdict::TimedOut
        } else if self.objects.values().any(|object| object.written) {
            Verdict::Done
        } else {
            Verdict::Unchanged
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_the_worst_that_the_caller_must_act_upon() {
        let cases = [
            (vec![], Verdict::Unchanged),
            (vec![Class::Rollout], Verdict::RolloutFailed),
            (vec![Class::Rollout, Class::Refused], Verdict::Failed),
            (vec![Class::Refused, Class::Conflict], Verdict::Conflict),
            (vec![Class::Refused, Class::Stale], Verdict::Stale),
            (vec![Class::TimedOut], Verdict::TimedOut),
            (
                vec![Class::Interrupted, Class::TimedOut],
                Verdict::Interrupted,
            ),
        ];
        for (classes, expected) in cases {
            let mut report = Report::default();
            for (index, class) in classes.iter().enumerate() {
                let id = ResourceId {
                    group: String::new(),
                    kind: "Pod".into(),
                    namespace: None,
                    name: index.to_string(),
                };
                let failed = Failed::new(*class, "x");
                report.fold(&Event::StepFinished {
                    id,
                    outcome: Outcome::Failed { failed },
                    milliseconds: 1,
                });
            }
            assert_eq!(report.judge(), expected, "{classes:?}");
        }
    }
}
