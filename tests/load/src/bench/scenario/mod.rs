//! What is measured?

mod compared;
mod killed;
mod soaked;

use std::time::Duration;

pub use compared::{ALL, NAMED};
pub use killed::CRASH;
pub use soaked::SOAK;

use super::peer::Peer;
use crate::{
    client::Transport, compress::Encoding, generator::Rate, template::Size, verdict::Expected,
};

/// One row of the table of goals: what is sent, and what stands between.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a title.
    pub title: &'static str,
    /// The configuration: a file in `peers`, without its ending.
    pub config: &'static str,
    /// What is said otherwise than in that file, as `key=value`.
    pub set: &'static [&'static str],
    /// Who is left out, for it cannot do that, or is never asked for so much.
    pub without: &'static [Peer],
    /// How requests travel, in and out.
    pub transport: Transport,
    /// How they are encoded, in and out.
    pub encoding: Encoding,
    /// Spans in a request.
    pub spans: u64,
    /// How large they are.
    pub size: Size,
    /// To how many requests in turn neighbouring spans go.
    pub spread: u64,
    /// How much is offered.
    pub rate: Rate,
    /// Over how many connections.
    pub connections: usize,
    /// Requests in flight on each.
    pub in_flight: usize,
    /// Which spans should arrive.
    pub expected: Expected,
    /// How long no trace is decided after its first span.
    pub waits: Duration,
    /// How long nothing may arrive before the rest counts as lost.
    pub settle: Duration,
}

/// gRPC to gRPC, 512 small spans in a request, as much as goes.
const PASS: Scenario = Scenario {
    name: "pass",
    title: "Passthrough, gRPC, none, saturated",
    config: "grpc",
    set: &[],
    without: &[],
    transport: Transport::Grpc,
    encoding: Encoding::None,
    spans: 512,
    size: Size::Small,
    spread: 1,
    rate: Rate::Saturate,
    connections: 4,
    in_flight: 8,
    expected: Expected::All,
    waits: Duration::ZERO,
    settle: Duration::from_secs(3),
};
