//! What does a gateway cost, and does it lose anything? A generator, a sink, and the books between them.
//!
//! ```text
//!  generator ──► gateway ──► sink       each on its core, over loopback
//!      │                       │
//!      └──────► Ledger ◄───────┘        what was due, acknowledged, delivered
//!                  │
//!               Verdict                 acknowledged − delivered − decided away = ∅
//! ```
//!
//! An id says which span it is ([`ids`]), so the books are bitmaps and keeping them costs little.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers here are counts and rates far below where these matter"
)]
#![allow(
    clippy::missing_panics_doc,
    reason = "the only panics are those of locks whose holders do not panic"
)]

pub mod answer;
pub mod bench;
pub mod bitmap;
pub mod client;
pub mod compress;
pub mod generator;
pub mod histogram;
mod http1;
mod http2;
pub mod ids;
pub mod layout;
pub mod ledger;
pub mod machine;
mod poll;
pub mod scan;
mod server;
pub mod sink;
pub mod template;
pub mod twice;
pub mod verdict;
mod wire;
