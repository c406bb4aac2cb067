//! The program as people start it: its arguments, its pages, its signals.

mod asked;
pub(crate) mod running;
mod signalled;
