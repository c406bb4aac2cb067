//! Just enough HTTP/2 for gRPC between machines that trust each other: cheap, so that what is measured is the other side.

pub(crate) mod client;
pub(crate) mod frame;
pub(crate) mod hpack;
pub(crate) mod server;
