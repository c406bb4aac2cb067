//! The program as people start it: its arguments, its pages, its signals.

mod asked;
mod reached;
mod reloaded;
pub(crate) mod running;
mod secured;
mod signalled;
mod written;
