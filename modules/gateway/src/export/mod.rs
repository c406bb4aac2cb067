//! How do payloads leave, and what happens until they have?
//!
//! ```text
//!  Fanout ─► room in all queues ─► Queue ──┐                       ┌─► Sender ─► destination
//!       └──► Log, one copy ─► Cursor ──────┴─► Batch ─► deliver ───┘
//!                                                  └── again after a while, in halves where it is too large
//! ```

mod batch;
mod believe;
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
mod round_robin;
mod source;
mod trouble;
mod workspace;

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

pub(crate) use consume::consume;
pub use fanout::{Fanout, Kept};
use futures::future::BoxFuture;
pub use load_balance::LoadBalancer;
pub use queue::Queue;
pub use round_robin::RoundRobin;
pub use source::Source;
use thiserror::Error;
pub use trouble::Trouble;

use collector_config::ComponentId;

use crate::{
    Payload, Refusal, Signal, receive::TlsError, settings, tail::Histogram, telemetry::Family,
};

/// What a destination said to a payload that it took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// How many items it did not want. They must not be sent again.
    pub rejected: u64,
    /// What it had to say about them.
    pub message: String,
    /// What has not arrived, where several destinations get a part each and others took theirs.
    pub left: Vec<Left>,
}

/// A part of a payload that has not arrived.
#[derive(Clone, Debug)]
pub struct Left {
    /// The part.
    pub payload: Payload,
    /// Why it has not.
    pub failure: Failure,
}

impl PartialEq for Left {
    fn eq(&self, other: &Self) -> bool {
        let body = |left: &Self| left.payload.body.joined();
        self.failure == other.failure && body(self) == body(other)
    }
}

impl Eq for Left {}

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

    /// What it counts itself, for the metrics of the exporter of this name.
    fn metrics(&self, _exporter: &str) -> Vec<Family> {
        Vec::new()
    }

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

/// Where an exporter sends to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The name or address.
    pub host: String,
    /// The port.
    pub port: String,
    /// The path of a URL.
    pub path: Option<String>,
}

impl Peer {
    /// What an address says, where it says both.
    pub fn of(address: &str, path: Option<String>) -> Option<Self> {
        let address = address.rsplit_once('/').map_or(address, |(_, rest)| rest);
        let (host, port) = address.rsplit_once(':')?;
        Some(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: port.to_owned(),
            path,
        })
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
    /// Batches that are being sent, or wait to be sent again.
    pub under_way: Amount,
    /// The batches, where payloads are put together by a processor.
    pub batches: Option<Batches>,
}

/// The batches that were sent.
#[derive(Debug)]
pub struct Batches {
    /// Whose they are.
    pub processor: ComponentId,
    /// How many items they had.
    pub sizes: Histogram,
    /// How many were sent because they were large enough.
    pub whole: Amount,
    /// How many were sent because it was time.
    pub late: Amount,
}

/// Up to how many items a batch has, as the collector counts it.
const SIZES: [f64; 22] = [
    10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0,
    6000.0, 7000.0, 8000.0, 9000.0, 10_000.0, 20_000.0, 30_000.0, 50_000.0, 100_000.0,
];

impl Tallies {
    /// Nothing so far; batches of this processor, if there is one, are counted.
    pub fn of_batches(processor: Option<ComponentId>) -> Self {
        Self {
            batches: processor.map(|processor| Batches {
                processor,
                sizes: Histogram::new(&SIZES),
                whole: Amount::default(),
                late: Amount::default(),
            }),
            ..Self::default()
        }
    }

    fn sends(&self, requests: &[Payload], rules: Option<&settings::QueueBatch>) {
        let (Some(batches), Some(rules)) = (&self.batches, rules) else {
            return;
        };
        for request in requests {
            #[expect(clippy::cast_precision_loss, reason = "items of one request are few")]
            batches.sizes.observe(request.items as f64);
            let whole = queue::size(rules.sizer, request) >= rules.min_size;
            let why = if whole { &batches.whole } else { &batches.late };
            why.add(1);
        }
    }
}

/// A number that many threads add to.
#[derive(Debug, Default)]
pub struct Amount(AtomicU64);

impl Amount {
    /// Adds so many.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    /// Takes so many away.
    pub fn sub(&self, less: u64) {
        self.0.fetch_sub(less, Relaxed);
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
    /// What the log says where it does not go well.
    pub trouble: Trouble,
    /// Where that is, if it is one place.
    pub peer: Option<Peer>,
}

impl Exporter {
    /// Counts items that nobody sends any more, and says so.
    fn given_up(&self, items: u64, why: &Refusal) {
        self.tallies.failed.add(items);
        self.trouble.lost(items, &why.to_string());
    }
}
