//! How are the steps of a plan carried out side by side?

use std::{future::Future, pin::Pin};

use futures::{StreamExt as _, stream::FuturesUnordered};
use provider_core::plan::{Action, Plan};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};

use super::{
    Limits, Wait,
    queue::{Queue, Stage},
    run::{Done, Run},
    step::{End, Ended, Message, Worker},
};
use crate::{
    event::Event,
    readiness::Watches,
    report::{Class, Failed, Outcome},
};

type Working<'a> = FuturesUnordered<Pin<Box<dyn Future<Output = Ended> + Send + 'a>>>;

/// How far the walk through a plan has come.
pub(super) struct Walked<'p> {
    plan: &'p Plan,
    queue: Queue,
    begun: Vec<Option<Instant>>,
    /// The step that takes the stack's own namespace away, with the inventory and the lock in it.
    held_back: Option<usize>,
    wait: Wait,
    pub(super) done: Done,
}

impl<'p> Walked<'p> {
    pub(super) fn new(plan: &'p Plan, limits: &Limits) -> Self {
        let own = |action: Action| {
            plan.steps.iter().position(|step| {
                step.action == action
                    && step.id.is("", "Namespace")
                    && step.id.name == plan.namespace
            })
        };
        Self {
            plan,
            queue: Queue::new(plan),
            begun: vec![None; plan.steps.len()],
            held_back: own(Action::Delete),
            wait: limits.wait,
            done: Done::default(),
        }
    }

    /// The step that makes the stack's own namespace.
    pub(super) fn bootstrap(&self) -> Option<usize> {
        self.plan.steps.iter().position(|step| {
            step.action == Action::Create
                && step.id.is("", "Namespace")
                && step.id.name == self.plan.namespace
        })
    }

    pub(super) fn namespace_goes_last(&self) -> Option<usize> {
        self.held_back
    }

    pub(super) fn has_failed(&self) -> bool {
        (0..self.plan.steps.len()).any(|step| self.queue.stage(step) == Stage::Failed)
    }

    /// What was not begun is not begun any more.
    pub(super) fn skip_rest(&mut self, run: &mut Run<'_>, reason: &str) {
        let pending: Vec<usize> = self.queue.pending().collect();
        for step in pending {
            self.queue.set(step, Stage::Failed);
            if self.plan.steps[step].action != Action::Keep {
                let outcome = Outcome::Skipped {
                    reason: reason.to_owned(),
                    because: None,
                };
                run.tell(Event::StepFinished {
                    id: self.plan.steps[step].id.clone(),
                    outcome,
                    milliseconds: 0,
                });
            }
        }
    }

    fn milliseconds(&self, step: usize) -> u64 {
        let elapsed = self.begun[step]
            .map(|begun| begun.elapsed())
            .unwrap_or_default();
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }
}

impl Run<'_> {
    /// Carries out one step, before or after all others.
    pub(super) async fn walk_one(&mut self, walked: &mut Walked<'_>, step: usize) {
        self.walk_some(walked, None, Some(step)).await;
    }

    /// Carries out all steps that can be, until nothing is left or the run must stop.
    pub(super) async fn walk(
        &mut self,
        walked: &mut Walked<'_>,
        lost: Option<watch::Receiver<bool>>,
    ) {
        self.walk_some(walked, lost, None).await;
        if self.is_stopping() {
            walked.skip_rest(self, "the run stopped before its turn");
        }
    }

    async fn walk_some(
        &mut self,
        walked: &mut Walked<'_>,
        mut lost: Option<watch::Receiver<bool>>,
        only: Option<usize>,
    ) {
        let (say, mut said) = mpsc::unbounded_channel();
        let watches = Watches::new(self.cluster, &self.place());
        let worker = Worker::new(self, &watches, say);
        let interrupt = self.limits.interrupt.clone();
        let deadline = self.begun + self.limits.run;
        let mut working: Working<'_> = FuturesUnordered::new();
        let mut writing = 0;
        loop {
            self.skip_doomed(walked);
            if interrupt.is_triggered() && !self.is_stopping() {
                self.stopping(
                    Failed::new(
                        Class::Interrupted,
                        "interrupted; what was under way was finished",
                    )
                    .advise("run again to go on from here"),
                );
            }
            if !self.is_stopping() {
                for step in walked.queue.startable() {
                    let chosen = only.map_or(Some(step) != walked.held_back, |only| only == step);
                    if !chosen || writing >= self.limits.parallelism.max(1) {
                        continue;
                    }
                    writing += 1;
                    self.start(walked, step);
                    let awaits = walked.wait == Wait::Ready || walked.queue.is_awaited(step);
                    working.push(Box::pin(worker.clone().carry_out(
                        step,
                        &walked.plan.steps[step],
                        awaits,
                    )));
                }
            }
            if working.is_empty() {
                return;
            }
            let stopping = self.is_stopping();
            tokio::select! {
                biased;
                Some(message) = said.recv() => self.hear(walked, message, &mut writing),
                Some(ended) = working.next() => {
                    while let Ok(message) = said.try_recv() {
                        self.hear(walked, message, &mut writing);
                    }
                    self.finish(walked, ended, &mut writing);
                }
                () = interrupt.triggered(), if !stopping => {}
                () = sleep_until(deadline), if !stopping => {
                    self.stopping(Failed::new(Class::TimedOut, format!("the run's time is up ({:?})", self.limits.run))
                        .advise("run again to go on from here, or give it more time"));
                }
                () = is_lost(&mut lost), if !stopping => {
                    self.stopping(Failed::new(Class::LockLost, "the lock was lost to another run")
                        .advise("see who else applies this stack, then plan again"));
                }
            }
        }
    }

    fn start(&mut self, walked: &mut Walked<'_>, step: usize) {
        walked.queue.set(step, Stage::Running);
        walked.begun[step] = Some(Instant::now());
        let planned = &walked.plan.steps[step];
        if planned.action != Action::Keep {
            self.tell(Event::StepStarted {
                id: planned.id.clone(),
                action: planned.action,
            });
        }
    }

    fn skip_doomed(&mut self, walked: &mut Walked<'_>) {
        for (step, because) in walked.queue.doomed() {
            let because = walked.plan.steps[because].id.clone();
            let outcome = Outcome::Skipped {
                reason: format!("{because} is not there as it should be"),
                because: Some(because),
            };
            self.tell(Event::StepFinished {
                id: walked.plan.steps[step].id.clone(),
                outcome,
                milliseconds: 0,
            });
        }
    }

    fn hear(&mut self, walked: &mut Walked<'_>, message: Message, writing: &mut usize) {
        match message {
            Message::Said(event) => self.tell(event),
            Message::Written { step, uid } => {
                *writing -= 1;
                walked.queue.set(step, Stage::Written);
                let planned = &walked.plan.steps[step];
                let milliseconds = walked.milliseconds(step);
                if planned.action != Action::Keep {
                    self.tell(Event::StepWritten {
                        id: planned.id.clone(),
                        action: planned.action,
                        milliseconds,
                    });
                }
                if let Some(uid) = uid {
                    walked.done.applied.insert(planned.id.clone(), uid);
                }
            }
        }
    }

    fn finish(&mut self, walked: &mut Walked<'_>, Ended { step, end }: Ended, writing: &mut usize) {
        if walked.queue.stage(step) == Stage::Running {
            *writing -= 1;
        }
        let planned = &walked.plan.steps[step];
        let (id, milliseconds) = (planned.id.clone(), walked.milliseconds(step));
        match end {
            End::Over(outcome) => {
                walked.queue.set(step, Stage::Over);
                if outcome == Outcome::Deleted {
                    walked.done.deleted.insert(id.clone());
                }
                self.tell(Event::StepFinished {
                    id,
                    outcome,
                    milliseconds,
                });
            }
            End::Failed(failed) => {
                walked.queue.set(step, Stage::Failed);
                let gone = failed.class == Class::Unreachable;
                let reason = Failed {
                    evidence: Vec::new(),
                    ..failed.clone()
                };
                self.tell(Event::StepFinished {
                    id,
                    outcome: Outcome::Failed { failed },
                    milliseconds,
                });
                // Every other step would find the same.
                if gone && !self.is_stopping() {
                    self.stopping(reason);
                }
            }
            // How it ends is not known: the report shows how far it was.
            End::Stopped => walked.queue.set(step, Stage::Failed),
        }
    }
}

async fn is_lost(lost: &mut Option<watch::Receiver<bool>>) {
    let is_lost = match lost {
        Some(lost) => lost.wait_for(|lost| *lost).await.is_ok(),
        None => false,
    };
    // A closed channel is no news: the lock was given back.
    if !is_lost {
        std::future::pending::<()>().await;
    }
}
