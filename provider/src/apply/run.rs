//! What are the stages of a run, and what ends it early?

use std::collections::{BTreeMap, BTreeSet};

use provider_core::{ResourceId, plan::Plan};
use tokio::{sync::watch, time::Instant};

use super::{Limits, bookkeeping::Books, failed, walk::Walked};
use crate::{
    cluster::{Cluster, Requests},
    error::LeaseError,
    event::{Event, Events, VERSION},
    inventory::Place,
    lease::Lock,
    report::{Class, Failed, Outcome, Report},
};

/// One run of one plan.
pub(super) struct Run<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) plan: &'a Plan,
    pub(super) limits: &'a Limits,
    pub(super) begun: Instant,
    pub(super) before: Requests,
    /// Becomes true when waiting is to end; what is being written is finished all the same.
    pub(super) stop: watch::Sender<bool>,
    pub(super) report: Report,
    pub(super) events: &'a mut dyn Events,
}

/// What the steps of a run have done so far.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Created, updated or replaced, with their uids.
    pub(super) applied: BTreeMap<ResourceId, String>,
    /// No longer there.
    pub(super) deleted: BTreeSet<ResourceId>,
}

impl Run<'_> {
    /// Tells whoever listens, and folds it into the report.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "an event is told once, and its teller keeps nothing of it"
    )]
    pub(super) fn tell(&mut self, event: Event) {
        self.report.fold(&event);
        self.events.event(&event);
    }

    pub(super) fn place(&self) -> Place {
        Place {
            stack: self.plan.stack.clone(),
            namespace: self.plan.namespace.clone(),
        }
    }

    /// Nothing new starts from now on.
    pub(super) fn stopping(&mut self, reason: Failed) {
        self.stop.send_replace(true);
        self.tell(Event::Stopping { reason });
    }

    pub(super) fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    pub(super) async fn go(mut self) -> Report {
        self.tell(Event::Started {
            version: VERSION,
            stack: self.plan.stack.clone(),
            namespace: self.plan.namespace.clone(),
            counts: self.plan.counts(),
        });
        if !self.refuse() {
            self.carry_out().await;
        }
        let verdict = self.report.judge();
        let milliseconds = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let requests = self.cluster.requests().since(&self.before);
        self.tell(Event::Finished {
            verdict,
            milliseconds,
            requests,
        });
        self.report
    }

    /// Whether the plan itself says that it must not be carried out.
    fn refuse(&mut self) -> bool {
        let missing = failed::missing(&self.plan.missing);
        if let Some(reason) = missing {
            self.stopping(reason);
            return true;
        }
        let refused: Vec<(ResourceId, Failed)> = self
            .plan
            .steps
            .iter()
            .filter_map(|step| {
                let failed = match (&step.blocker, step.conflicts.as_slice()) {
                    (Some(blocker), _) => failed::blocked(blocker),
                    (None, []) => return None,
                    (None, conflicts) => failed::conflicting(conflicts),
                };
                Some((step.id.clone(), failed))
            })
            .collect();
        let Some((_, first)) = refused.first() else {
            return false;
        };
        let reason = Failed::new(
            first.class,
            "the plan cannot be carried out as it is; nothing was touched",
        );
        for (id, failed) in refused {
            self.tell(Event::StepFinished {
                id,
                outcome: Outcome::Failed { failed },
                milliseconds: 0,
            });
        }
        self.stopping(reason);
        true
    }

    async fn carry_out(&mut self) {
        let mut walked = Walked::new(self.plan, self.limits);
        if !self.has_something_to_write() {
            self.walk(&mut walked, None).await;
            return;
        }
        // The lock and the inventory live in the stack's namespace: it comes first.
        if let Some(first) = walked.bootstrap() {
            self.walk_one(&mut walked, first).await;
        }
        if self.is_stopping() || walked.has_failed() {
            walked.skip_rest(self, "the stack's namespace could not be made");
            return;
        }
        let Some(lock) = self.lock().await else {
            return;
        };
        match self.open_books(&walked.done).await {
            Ok(mut books) => {
                self.walk(&mut walked, Some(lock.lost())).await;
                let lost = *lock.lost().borrow();
                if !lost {
                    self.close_books(&mut books, &walked.done).await;
                }
                if let Some(last) = walked.namespace_goes_last() {
                    self.leave(&mut walked, last, lock, books).await;
                    return;
                }
            }
            Err(reason) => self.stopping(reason),
        }
        lock.release().await;
    }

    /// Takes the stack's own namespace away, and with it the inventory and the lock.
    async fn leave(&mut self, walked: &mut Walked<'_>, last: usize, lock: Lock, books: Books) {
        if self.is_stopping() || walked.has_failed() {
            walked.skip_rest(self, "other objects of the stack are still there");
            lock.release().await;
            return;
        }
        self.walk_one(walked, last).await;
        // Both are gone with the namespace; an API without a garbage collector leaves them behind.
        if walked.done.deleted.contains(&self.plan.steps[last].id) {
            self.burn_books(&books).await;
        }
        walked.skip_rest(self, "something in it is still there");
        lock.release().await;
    }

    fn has_something_to_write(&self) -> bool {
        let after = self.plan.after(&BTreeMap::new(), &BTreeSet::new());
        !self.plan.is_empty()
            || self
                .plan
                .memory
                .as_ref()
                .map_or(!after.is_empty(), |memory| *memory != after)
    }

    async fn lock(&mut self) -> Option<Lock> {
        let mut seen = Vec::new();
        let place = self.place();
        // Whoever waits wants to know for whom, now and not when it is over.
        let (report, events) = (&mut self.report, &mut self.events);
        let locked = self
            .cluster
            .lock(
                &place,
                self.limits.lease,
                self.limits.lock,
                &self.limits.interrupt,
                |holder| {
                    let event = Event::LockAwaited {
                        holder: holder.holder.clone(),
                        since: holder.since.clone(),
                    };
                    report.fold(&event);
                    events.event(&event);
                    seen.push(event);
                },
            )
            .await;
        match locked {
            Ok(lock) => Some(lock),
            Err(error @ LeaseError::Held { .. }) => {
                let held = Failed::new(Class::Locked, error.to_string());
                self.stopping(held.advise("wait for it to end, or give --lock-timeout; a lock of a dead run ends by itself"));
                None
            }
            Err(LeaseError::Interrupted) => {
                self.stopping(Failed::new(
                    Class::Interrupted,
                    "interrupted while waiting for the lock",
                ));
                None
            }
            Err(LeaseError::Call(error)) => {
                let failed = failed::call("could not lock the stack", &error);
                self.stopping(failed);
                None
            }
        }
    }
}
