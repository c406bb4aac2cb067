//! How is one step carried out, from its first request until its object is ready or gone?

use provider_core::{
    graph::field_manager,
    plan::{Action, Plan, Step},
};
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use super::{Limits, failed, run::Run};
use crate::{
    cluster::{CallError, Cluster, Preconditions},
    event::Event,
    readiness::{Awaited, Silence, Unmet, Watches},
    report::{Failed, Outcome},
};

/// What a step says while it is carried out.
#[derive(Debug)]
pub(super) enum Message {
    Said(Event),
    /// The server has taken the change; the uid of what is there now, where it is now ours.
    Written {
        step: usize,
        uid: Option<String>,
    },
}

/// How a step ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) step: usize,
    pub(super) end: End,
}

#[derive(Debug)]
pub(super) enum End {
    Over(Outcome),
    Failed(Failed),
    /// The run stops; the object was being waited for.
    Stopped,
}

/// Why a change was not made.
#[derive(Debug)]
pub(super) enum Broken {
    Call(CallError),
    Failed(Failed),
    Stopped,
}

impl From<CallError> for Broken {
    fn from(error: CallError) -> Self {
        Broken::Call(error)
    }
}

/// What came of a change.
#[derive(Debug)]
pub(super) enum Changed {
    /// This is there now.
    Is(Value),
    /// Nothing is there any more, or this is on its way out.
    Gone(Option<Value>),
}

/// Carries out steps. Cheap to clone.
#[derive(Clone)]
pub(super) struct Worker<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) plan: &'a Plan,
    pub(super) limits: &'a Limits,
    pub(super) watches: &'a Watches,
    pub(super) manager: String,
    pub(super) stop: watch::Receiver<bool>,
    say: mpsc::UnboundedSender<Message>,
}

impl<'a> Worker<'a> {
    pub(super) fn new<'r: 'a>(
        run: &Run<'r>,
        watches: &'a Watches,
        say: mpsc::UnboundedSender<Message>,
    ) -> Self {
        Self {
            cluster: run.cluster,
            plan: run.plan,
            limits: run.limits,
            watches,
            manager: field_manager(&run.plan.stack),
            stop: run.stop.subscribe(),
            say,
        }
    }

    pub(super) fn say(&self, event: Event) {
        // The walk listens until the last step has ended.
        let _ = self.say.send(Message::Said(event));
    }

    pub(super) fn warn(&self, step: &Step, message: impl Into<String>) {
        self.say(Event::Warned {
            id: step.id.clone(),
            message: message.into(),
        });
    }

    /// Carries out one step. `awaits`: whether to wait until its object is ready.
    pub(super) async fn carry_out(self, index: usize, step: &Step, awaits: bool) -> Ended {
        let end = match self.change(step).await {
            Ok(Changed::Is(object)) => self.settle(index, step, &object, awaits).await,
            Ok(Changed::Gone(object)) => self.vanish(index, step, object.as_ref()).await,
            Err(broken) => ended(step, broken),
        };
        Ended { step: index, end }
    }

    async fn change(&self, step: &Step) -> Result<Changed, Broken> {
        match step.action {
            Action::Keep => Ok(Changed::Is(step.live.clone().unwrap_or_default())),
            Action::Create => self.create(step).await.map(Changed::Is),
            Action::Update => self.update(step).await.map(Changed::Is),
            Action::Replace => self.replace(step).await.map(Changed::Is),
            Action::Delete => self.delete(step).await.map(Changed::Gone),
        }
    }

    /// The object is there; it may still have to become ready.
    async fn settle(&self, index: usize, step: &Step, object: &Value, awaits: bool) -> End {
        let uid = Preconditions::of(object)
            .uid
            .filter(|_| step.action != Action::Keep);
        let _ = self.say.send(Message::Written { step: index, uid });
        let outcome = match (step.action, &step.kept) {
            (Action::Create, _) => Outcome::Created,
            (Action::Update, _) => Outcome::Updated,
            (Action::Replace, _) => Outcome::Replaced,
            (_, Some(kept)) => Outcome::Retained {
                reason: failed::kept(kept),
            },
            (Action::Keep | Action::Delete, None) => Outcome::Kept,
        };
        // What stays behind is no part of the stack any more: nobody waits for it.
        if !awaits || step.kept.is_some() || step.desired.is_none() {
            return End::Over(outcome);
        }
        let awaited = Awaited {
            kind: &step.kind,
            id: &step.id,
            written: object,
            silence: self.silence(step),
        };
        let progress = |readiness| {
            self.say(Event::StepProgressed {
                id: step.id.clone(),
                readiness,
            });
        };
        match self
            .watches
            .until_ready(awaited, self.limits, self.stop.clone(), progress)
            .await
        {
            Ok(()) => End::Over(outcome),
            Err(unmet) => unmet.into(),
        }
    }

    /// What it means when the object has no status, as far as this plan knows its definition.
    fn silence(&self, step: &Step) -> Silence {
        let name = format!("{}.{}", step.kind.plural, step.kind.group);
        let mut definitions = self.plan.steps.iter().filter(|other| {
            other
                .id
                .is("apiextensions.k8s.io", "CustomResourceDefinition")
                && other.id.name == name
        });
        let versions = definitions.find_map(|definition| {
            definition
                .desired
                .as_ref()?
                .pointer("/spec/versions")?
                .as_array()
        });
        let version = versions
            .into_iter()
            .flatten()
            .find(|version| version["name"] == step.kind.version.as_str());
        match version {
            Some(version) if version.pointer("/subresources/status").is_none() => Silence::Natural,
            _ => Silence::Doubtful,
        }
    }

    /// The object goes; it may take its time.
    async fn vanish(&self, index: usize, step: &Step, object: Option<&Value>) -> End {
        let _ = self.say.send(Message::Written {
            step: index,
            uid: None,
        });
        match self.await_end(step, object).await {
            Ok(()) => End::Over(Outcome::Deleted),
            Err(unmet) => unmet.into(),
        }
    }

    /// Waits until what was deleted is gone.
    pub(super) async fn await_end(&self, step: &Step, object: Option<&Value>) -> Result<(), Unmet> {
        let Some(object) = object else {
            return Ok(());
        };
        let awaited = Awaited {
            kind: &step.kind,
            id: &step.id,
            written: object,
            silence: self.silence(step),
        };
        let progress = |readiness| {
            self.say(Event::StepProgressed {
                id: step.id.clone(),
                readiness,
            });
        };
        self.watches
            .until_gone(awaited, self.limits, self.stop.clone(), progress)
            .await
    }
}

fn ended(step: &Step, broken: Broken) -> End {
    match broken {
        Broken::Call(error) => End::Failed(failed::of_step(&step.id, &error)),
        Broken::Failed(failed) => End::Failed(failed),
        Broken::Stopped => End::Stopped,
    }
}

impl From<Unmet> for End {
    fn from(unmet: Unmet) -> Self {
        match unmet {
            Unmet::Failed(failed) => End::Failed(failed),
            Unmet::Stopped => End::Stopped,
        }
    }
}

impl From<Unmet> for Broken {
    fn from(unmet: Unmet) -> Self {
        match unmet {
            Unmet::Failed(failed) => Broken::Failed(failed),
            Unmet::Stopped => Broken::Stopped,
        }
    }
}
