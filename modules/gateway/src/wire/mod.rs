//! What is in the bytes of an OTLP request, without decoding them?
//!
//! A request of each signal is a repeated field of resources, each with its scopes, each with its items (spans,
//! metrics, log records). [`count`] checks one to its last byte; what is checked is read lazily by [`resources`],
//! [`Span`] and [`Fields`], cut by [`split()`], joined by joining the bytes, and changed by [`edit`].

mod check;
pub mod edit;
mod pieces;
mod read;
mod schema;
mod simple;
mod span;
mod split;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use check::items_of;
pub use check::{Fault, Malformed, count};
pub use read::{Field, FieldValue, Fields};
pub(crate) use read::{Layout, Reader, bytes_of, number_of, varints};
pub use span::Span;
pub use split::{Limits, Part, split};
pub use view::{Attribute, Item, Node, Nodes, Resource, Scope, Value, attributes, resources};
