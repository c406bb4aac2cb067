//! How are payloads exported over OTLP?

mod answer;
mod body;
mod compress;
mod grpc;
mod headers;
mod http;

pub(crate) use answer::retry_after;
pub(crate) use body::Outgoing;
pub(crate) use compress::encoding;
pub use grpc::Grpc;
pub(crate) use grpc::name;
pub(crate) use headers::headers;
pub use http::Http;

/// The largest answer that is read.
pub(crate) const MAX_ANSWER: usize = 4 << 20;
