//! Walks a plan.

mod limits;
mod random;

pub use limits::{Interrupt, Limits, Wait};
pub(crate) use random::random_bytes;
