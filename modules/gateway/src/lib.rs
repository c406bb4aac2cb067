//! The reference OTLP gateway: what it accepts arrives, at a fraction of what a collector costs.
//!
//! ```text
//!  receive ──► Payload ──► steps ──► [tail sampling] ──► fan-out ──► queue ──► exporter
//!     ▲          │ bytes, never decoded; charged to one Budget            │ memory or Log
//!     └─ Refusal ┴────────────────────────────────────────────────────────┘
//! ```
//!
//! * A request stays the bytes that it came as ([`Payload`]); [`wire`] finds ids, times and ranges in them.
//! * Whoever keeps bytes has charged them to the [`Budget`] before.
//! * What is acknowledged is held by the next one who acknowledges: a queue in memory, or a log on disk.

mod budget;
pub mod cli;
pub mod config;
mod encoding;
pub mod export;
mod fnv;
mod haste;
pub mod http2;
mod identity;
pub mod json;
pub mod log;
mod metadata;
pub mod ottl;
mod pace;
mod payload;
pub mod pipeline;
pub mod process;
mod put;
mod re2;
pub mod receive;
mod refusal;
pub mod serve;
pub mod settings;
mod socket;
pub mod tail;
pub mod telemetry;
mod text;
mod time;
mod trace_state;
pub mod wire;

pub use budget::{Budget, Charge, Seat};
pub use collector_config::Signal;
pub use encoding::Encoding;
pub use metadata::{Keys, Metadata};
pub use payload::{Chunks, Payload};
pub use refusal::Refusal;
