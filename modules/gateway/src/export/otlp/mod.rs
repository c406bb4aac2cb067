//! How are payloads exported over OTLP?

mod answer;
mod body;
mod compress;
mod grpc;
mod headers;
mod http;

pub(crate) use compress::encoding;
pub use grpc::Grpc;
pub use http::Http;

/// The largest answer that is read.
const MAX_ANSWER: usize = 4 << 20;
