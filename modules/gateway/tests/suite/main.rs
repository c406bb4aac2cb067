//! The gateway from end to end, over sockets.

#![allow(
    clippy::panic,
    clippy::type_complexity,
    clippy::unwrap_used,
    reason = "a test fails by it, and its tables say what they are"
)]

mod apart;
mod compressed;
mod configured;
mod decided;
mod full;
mod fuzzed;
mod kept;
mod keyed;
mod killed;
mod live;
mod moody;
mod outgoing;
mod over_http;
mod program;
mod reference;
mod remote_write;
mod retried;
mod sampling;
mod secure;
mod support;
mod through;
mod told;
