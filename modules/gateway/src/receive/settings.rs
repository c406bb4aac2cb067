//! What does an OTLP receiver have to know?

use std::{path::PathBuf, time::Duration};

/// An OTLP receiver: what it listens for, at least one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// OTLP over gRPC.
    pub grpc: Option<Server>,
    /// OTLP over HTTP, in protobuf and in JSON.
    pub http: Option<Server>,
}

/// A server of one of the protocols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where it listens.
    pub listen: Listen,
    /// The largest message, in bytes, after decompression.
    pub max_message: u64,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// At `host:port`.
    Tcp(String),
    /// At a socket of this path.
    Unix(PathBuf),
}

/// How long a sender waits for room before it is told to come again: long enough to bridge a short burst, and far
/// shorter than any client's own patience.
pub const PATIENCE: Duration = Duration::from_millis(500);

impl Server {
    /// A server of gRPC with the limit that the collector has where nothing is said: 4 MiB.
    pub fn grpc(listen: Listen) -> Self {
        Self {
            listen,
            max_message: 4 << 20,
        }
    }

    /// A server of HTTP with the limit that the collector has where nothing is said: 20 MiB.
    pub fn http(listen: Listen) -> Self {
        Self {
            listen,
            max_message: 20 << 20,
        }
    }
}
