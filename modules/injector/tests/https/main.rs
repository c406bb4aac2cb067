//! Does the program keep its promises to whoever connects?
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may")]

mod answers;
mod certificates;
mod limits;
mod support;
