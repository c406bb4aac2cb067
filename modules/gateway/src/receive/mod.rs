//! How do requests come in, and what are their senders told?
//!
//! ```text
//!  listener ─► connection (TLS, age) ─► grpc ─┐ body: charged, then read ─► inflate ─► count ─► Pipeline
//!                                       http ─┘
//!                            status ◄─────────── Refusal
//! ```

pub(crate) mod body;
mod connection;
mod cors;
pub(crate) mod grpc;
mod heads;
pub(crate) mod http1;
pub(crate) mod incoming;
mod inflate;
pub(crate) mod lifetime;
mod listen;
mod lz4;
mod prefixed;
pub(crate) mod reply;
mod service;
pub(crate) mod status;
mod tally;
mod timely;
mod tls;

use std::sync::Arc;

use body::Limits;
pub(crate) use connection::serve;
use incoming::Message;
pub use listen::{ListenError, Listener, Listening};
pub use service::{Protocol, Serving};
pub use tally::{Tallies, Tally};
pub use tls::{Tls, TlsError};
pub(crate) use tls::{authorities, certificate, not_renewed, versions};

use crate::{
    Budget, Charge, Encoding, Keys, Payload, Refusal, Seat, Signal, budget::PATIENCE,
    metadata::Hearing, pace, pipeline::Pipeline, wire,
};

/// What every server of one receiver hands its payloads to.
pub struct Intake {
    ways: [Option<Way>; 3],
    budget: Arc<Budget>,
    /// The headers that somebody asks for.
    keys: Keys,
}

/// The way of one signal.
pub(crate) struct Way {
    pipelines: Vec<Arc<Pipeline>>,
    /// The compression in which some exporter may send a request on as it came.
    keeps: Option<Encoding>,
}

impl Intake {
    /// An intake that takes nothing yet.
    pub fn new(budget: Arc<Budget>) -> Self {
        Self {
            ways: [None, None, None],
            budget,
            keys: Keys::default(),
        }
    }

    /// The same where somebody asks for headers of requests.
    #[must_use]
    pub fn asking(mut self, keys: Keys) -> Self {
        self.keys = keys;
        self
    }

    /// The same with the pipelines of a signal. What comes in the encoding that it `keeps` is kept as it came, too.
    #[must_use]
    pub fn with(
        mut self,
        signal: Signal,
        pipelines: Vec<Arc<Pipeline>>,
        keeps: Option<Encoding>,
    ) -> Self {
        self.ways[signal as usize] = Some(Way { pipelines, keeps });
        self
    }

    pub(crate) fn limits(&self, message: u64) -> Limits<'_> {
        Limits {
            message,
            budget: &self.budget,
            patience: PATIENCE,
            silence: body::SILENCE,
        }
    }

    /// What listens for headers, if somebody asks for some.
    pub(crate) fn hearing(&self) -> Option<Hearing> {
        (!self.keys.is_empty()).then(|| Hearing::new(&self.keys, &self.budget))
    }

    /// A charge of nothing, to be grown.
    pub(crate) fn nothing_charged(&self) -> Charge {
        Charge::none(&self.budget)
    }

    /// Whether there is little room left.
    pub(crate) fn is_short(&self) -> bool {
        self.budget.is_low()
    }

    /// Charges what a new connection takes, waiting a while for it. It has its seat as long as it is there.
    pub(crate) async fn welcome(&self, bytes: u64) -> Option<(Charge, Seat)> {
        let seat = self.budget.seat(bytes)?;
        let charge = self.budget.charge_within(bytes, PATIENCE).await?;
        Some((charge, seat))
    }

    /// The way of a signal, if anyone takes it.
    pub(crate) fn way(&self, signal: Signal) -> Result<&Way, Refusal> {
        let way = self.ways[signal as usize].as_ref();
        way.ok_or(Refusal::Unwanted(signal))
    }

    /// Hands a message on, and says yes only once somebody holds it.
    async fn accept(
        &self,
        message: Message,
        encoding: Option<Encoding>,
        signal: Signal,
        max_message: u64,
        tallies: &Tallies,
    ) -> Result<(), Refusal> {
        pace::request();
        let way = self.way(signal)?;
        let payload = self.payload(message, encoding, signal, max_message);
        let payload = payload
            .await
            .inspect_err(|refusal| tallies.unread(signal, refusal))?;
        let items = payload.items;
        let result = way.take(payload).await;
        tallies.count(signal, items, &result);
        result
    }

    async fn payload(
        &self,
        message: Message,
        encoding: Option<Encoding>,
        signal: Signal,
        max_message: u64,
    ) -> Result<Payload, Refusal> {
        let Message {
            bytes,
            arrived,
            mut charge,
            metadata,
            ..
        } = message;
        let malformed = |error: wire::Malformed| {
            Refusal::invalid(format!("the request cannot be read: {error}"))
        };
        let (items, body) = match encoding {
            None => (
                wire::count(signal, &bytes).map_err(malformed)?,
                bytes.into(),
            ),
            Some(encoding) => {
                let limits = self.limits(max_message);
                let (inflated, more) = inflate::inflate(encoding, &bytes, &limits).await?;
                let items = wire::count(signal, &inflated).map_err(malformed)?;
                let body = crate::Chunks::from(bytes::Bytes::from(inflated));
                if self.way(signal)?.keeps == Some(encoding) {
                    charge.merge(more);
                    (items, body.with_packed(encoding, bytes))
                } else {
                    charge = more;
                    (items, body)
                }
            }
        };
        Ok(Payload {
            signal,
            body,
            items,
            arrived,
            charge: Arc::new(charge),
            metadata,
        })
    }
}

impl Way {
    /// Hands a payload to all pipelines. An empty one is nobody's business, and fine.
    async fn take(&self, payload: Payload) -> Result<(), Refusal> {
        if payload.items == 0 {
            return Ok(());
        }
        let Some((last, others)) = self.pipelines.split_last() else {
            return Ok(());
        };
        for pipeline in others {
            pipeline.accept(payload.clone()).await?;
        }
        last.accept(payload).await
    }
}
