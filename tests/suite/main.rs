//! The behaviour of the whole, one module per promise.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "everything here is a test, helpers included"
)]

mod architecture;
mod live;
mod one_build;
