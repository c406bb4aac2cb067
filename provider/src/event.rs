//! What happens, as it happens?
//!
//! Events are plain values: views draw them, a [`Report`](crate::Report) folds them, `--json` prints them. Nothing
//! in them is secret. A field may be added at any time; what changes the meaning of one raises [`VERSION`].

use provider_core::{
    ResourceId,
    plan::{Action, Counts},
};
use serde::Serialize;

use crate::{
    cluster::Requests,
    readiness::Readiness,
    report::{Failed, Outcome, Verdict},
};

/// The version of the events' shape.
pub const VERSION: u32 = 1;

/// Something that happened in a run.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A run begins.
    Started {
        /// [`VERSION`].
        version: u32,
        /// The stack.
        stack: String,
        /// Its own namespace.
        namespace: String,
        /// What is to be done.
        counts: Counts,
    },
    /// Another run holds the stack's lock; this one waits.
    LockAwaited {
        /// Who holds it.
        holder: String,
        /// Since when (RFC 3339).
        since: String,
    },
    /// A step begins: what it waited for has come as far as it must.
    StepStarted {
        /// The object.
        id: ResourceId,
        /// What is to happen to it.
        action: Action,
    },
    /// The server took a change; the object may still have to become ready.
    StepWritten {
        /// The object.
        id: ResourceId,
        /// What was done.
        action: Action,
        /// How long after it was started.
        milliseconds: u64,
    },
    /// An object that is waited for came nearer, or says why it does not.
    StepProgressed {
        /// The object.
        id: ResourceId,
        /// How far it is.
        readiness: Readiness,
    },
    /// The server, or the engine, has something to say about an object.
    Warned {
        /// The object.
        id: ResourceId,
        /// What is to be said.
        message: String,
    },
    /// A step is over.
    StepFinished {
        /// The object.
        id: ResourceId,
        /// How it ended.
        outcome: Outcome,
        /// How long after it was started.
        milliseconds: u64,
    },
    /// No new step starts; what is under way ends.
    Stopping {
        /// Why.
        reason: Failed,
    },
    /// The run is over.
    Finished {
        /// How it ended.
        verdict: Verdict,
        /// How long it took.
        milliseconds: u64,
        /// What it cost.
        requests: Requests,
    },
}

/// Whoever wants to know what happens.
pub trait Events: Send {
    /// Takes note. Is called often, and the run waits for it: keep it short.
    fn event(&mut self, event: &Event);
}

impl Events for () {
    fn event(&mut self, _: &Event) {}
}

impl Events for Vec<Event> {
    fn event(&mut self, event: &Event) {
        self.push(event.clone());
    }
}

impl Events for tokio::sync::mpsc::UnboundedSender<Event> {
    fn event(&mut self, event: &Event) {
        // Nobody listens any more: the run goes on, the report says how it ended.
        let _ = self.send(event.clone());
    }
}

/// Makes a function take note of events.
#[derive(Debug)]
pub struct Each<F>(pub F);

impl<F: FnMut(&Event) + Send> Events for Each<F> {
    fn event(&mut self, event: &Event) {
        (self.0)(event);
    }
}
