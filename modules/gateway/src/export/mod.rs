//! How do payloads leave, and what happens until they have?
//!
//! ```text
//!  Fanout ─► room in all queues ─► Queue ──┐                       ┌─► Sender ─► destination
//!       └──► Log, one copy ─► Cursor ──────┴─► Batch ─► deliver ───┘
//!                                                  └── again after a while, in halves where it is too large
//! ```

mod batch;
mod connect;
mod consume;
pub mod debug;
mod deliver;
mod fanout;
pub mod file;
mod load_balance;
pub mod otlp;
mod post;
mod queue;
pub mod remote_write;
mod retry;
mod ring;
mod room;
mod source;

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

pub use consume::consume;
pub use fanout::{Fanout, Kept};
use futures::future::BoxFuture;
pub use load_balance::LoadBalancer;
pub use queue::Queue;
pub use source::Source;
use thiserror::Error;

use crate::{Payload, Signal, receive::TlsError, settings};

/// What a destination said to a payload that it took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// How many items it did not want. They must not be sent again.
    pub rejected: u64,
    /// What it had to say about them.
    pub message: String,
}

/// Why a payload has not arrived.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// It may be sent again.
    #[error("{why}")]
    Passing {
        /// What happened.
        why: Cow<'static, str>,
        /// How long the destination wants to be left alone.
        after: Option<Duration>,
    },
    /// It is too large for the destination: parts of it may arrive.
    #[error("{0}")]
    TooLarge(Cow<'static, str>),
    /// It will never be taken.
    #[error("{0}")]
    Lasting(Cow<'static, str>),
}

impl Failure {
    /// One that may pass, of which nothing else is known.
    pub fn passing(why: impl Into<Cow<'static, str>>) -> Self {
        Self::Passing {
            why: why.into(),
            after: None,
        }
    }
}

/// Why an exporter cannot be made.
#[derive(Debug, Error)]
pub enum MakeError {
    /// Its endpoint is none.
    #[error("could not understand the endpoint `{0}`")]
    Endpoint(String),
    /// One of its headers is none.
    #[error("could not understand the header `{0}`")]
    Header(String),
    /// It cannot speak TLS.
    #[error("could not set up TLS")]
    Tls(#[source] TlsError),
    /// Its file cannot be written.
    #[error("could not open {0}")]
    File(String, #[source] std::io::Error),
    /// Nothing of the kind can be run.
    #[error("could not make something of this kind: {0}")]
    Unknown(&'static str),
}

/// Something that brings payloads to one destination.
pub trait Sender: Send + Sync {
    /// Tries once.
    fn send<'a>(&'a self, payload: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>>;

    /// Writes out what it keeps back, before the end.
    fn flush(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// Throws everything away.
#[derive(Debug)]
pub struct Nop;

impl Sender for Nop {
    fn send<'a>(&'a self, _: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>> {
        Box::pin(async { Ok(Delivered::default()) })
    }
}

/// What became of the items that an exporter took, counted.
#[derive(Debug, Default)]
pub struct Tallies {
    /// Items that arrived.
    pub sent: Amount,
    /// Items that were given up.
    pub failed: Amount,
    /// Items that found no room.
    pub unqueued: Amount,
    /// Items that arrived and were not wanted.
    pub rejected: Amount,
    /// Attempts that failed and were repeated.
    pub retries: Amount,
}

/// A number that many threads add to.
#[derive(Debug, Default)]
pub struct Amount(AtomicU64);

impl Amount {
    /// Adds so many.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    /// How many there were.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// An exporter of one signal: what waits, who sends it, and how often it is tried.
pub struct Exporter {
    /// What it exports.
    pub signal: Signal,
    /// What waits for it in memory.
    pub queue: Queue,
    /// How it tries again; not at all if there is none.
    pub retry: Option<settings::Backoff>,
    /// Who brings payloads to the destination.
    pub sender: Arc<dyn Sender>,
    /// What became of them.
    pub tallies: Tallies,
}
