//! How is load made? In an open loop: what is due is due, whether or not the answers to earlier requests are here.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::{
    client::Transport, compress::Encoding, histogram::Histogram, ledger::Ledger, template::Template,
};
use sender::Sender;

mod message;
mod sender;

/// How much is offered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// So many spans per second, evenly.
    Spans(u64),
    /// As many as are taken: a request is due when there is room for it.
    Saturate,
}

/// What is sent, where to, and how.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Where to.
    pub target: SocketAddr,
    /// Over what.
    pub transport: Transport,
    /// How encoded.
    pub encoding: Encoding,
    /// Over how many connections. HTTP/1.1 takes one for each request in flight.
    pub connections: usize,
    /// How many requests may be unanswered on each.
    pub in_flight: usize,
    /// How much.
    pub rate: Rate,
    /// How long.
    pub duration: Duration,
    /// How long answers are waited for after that.
    pub patience: Duration,
    /// How long a place stays empty after a refusal that says to come again.
    pub backoff: Duration,
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub struct Sent {
    /// Requests that were sent.
    pub requests: u64,
    /// Requests that were acknowledged.
    pub acknowledged: u64,
    /// Requests that were acknowledged in part.
    pub partial: u64,
    /// Refusals, by what was said.
    pub refused: BTreeMap<String, u64>,
    /// Requests without an answer.
    pub unanswered: u64,
    /// Requests that were due and for which there was no room until the end.
    pub missed: u64,
    /// Connections that broke.
    pub broken: u64,
    /// Bytes on the wire.
    pub bytes: u64,
    /// Seconds from the first request to the last answer.
    pub seconds: f64,
    /// From when a request was due to its acknowledgement.
    #[serde(skip)]
    pub acknowledgement: Histogram,
}

/// Sends a load, until its end or until the ledger is closed, and notes it in the ledger from `first` on: what came of it, and the next free request.
pub fn send(
    load: &Load,
    template: &Template,
    ledger: &Ledger,
    first: u64,
) -> io::Result<(Sent, u64)> {
    let mut sender = Sender::new(load, template, ledger, first)?;
    let begin = Instant::now();
    let end = begin + load.duration;
    while Instant::now() < end && sender.next < ledger.requests() && !ledger.is_closed() {
        sender.offer(begin)?;
        sender.turn(sender.pause(begin, end))?;
    }
    sender.sent.missed = sender
        .due_by(begin, end)
        .saturating_sub(sender.next - first);
    let last = Instant::now() + load.patience;
    while sender.in_flight > 0 && Instant::now() < last {
        sender.turn(Duration::from_millis(5))?;
    }
    sender.sent.seconds = begin.elapsed().as_secs_f64();
    Ok(sender.close())
}
