//! The program as people start it: its arguments, its pages, its signals.

mod acknowledged;
pub(crate) mod apart;
mod asked;
mod logged;
mod reached;
mod reloaded;
mod replaced;
pub(crate) mod running;
pub(crate) mod secured;
mod signalled;
mod written;
