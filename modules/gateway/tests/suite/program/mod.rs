//! The program as people start it: its arguments, its pages, its signals.

mod asked;
pub(crate) mod overloaded;
mod reached;
mod reloaded;
pub(crate) mod running;
mod secured;
mod signalled;
mod written;
