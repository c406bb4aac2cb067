//! How are many calls carried over one connection?
//!
//! HTTP/2 (RFC 9113) as a gateway needs it: few connections, each with many calls of a few hundred kilobytes and
//! answers of a few bytes. What costs processor time there is calls into the kernel, so
//!
//! ```text
//!  socket ─► one buffer of the thread ─► Parser ─► Event<'_> ─► whoever keeps bytes copies them, once
//!  socket ◄─ one vectored write ◄─ Outbox ◄─ heads and small things copied, bodies shared
//! ```
//!
//! * `read` reads much at once into a buffer that all connections of a thread share; an idle
//!   connection keeps none.
//! * `Parser` finds frames in place, in pieces of any size, and hands on the bytes of DATA as they come.
//! * `Outbox` gathers the frames of everything that is ready and writes them together.
//! * `Settings`, `SendWindow` and `ReceiveWindow` keep the books of both sides.

pub mod any_bytes;
pub(crate) mod client;
mod error;
mod event;
mod flow;
mod frame;
pub mod hpack;
mod outbox;
mod parse;
mod read;
pub(crate) mod server;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use error::{Code, Error};
pub(crate) use event::Event;
pub(crate) use flow::{ReceiveWindow, SendWindow};
pub(crate) use frame::{Flags, HEAD, Head, Kind, MAX_FRAME};
pub(crate) use outbox::Outbox;
pub(crate) use parse::{Limits, Parser};
pub(crate) use read::{poll_read, poll_read_few};
pub(crate) use settings::Settings;

/// What a client says first.
pub(crate) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The largest window there may be.
pub(crate) const MAX_WINDOW: u32 = (1 << 31) - 1;
/// The window of a stream and of a connection before anything is said.
pub(crate) const FIRST_WINDOW: u32 = 65_535;
