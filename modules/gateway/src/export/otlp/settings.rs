//! What does an OTLP exporter have to know?

use std::time::Duration;

/// An exporter over gRPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `host:port`.
    pub endpoint: String,
    /// How long one request may take.
    pub timeout: Duration,
}

impl Settings {
    /// As the collector would do it.
    pub fn to(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            timeout: Duration::from_secs(5),
        }
    }
}
