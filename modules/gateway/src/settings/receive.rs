//! What does a receiver listen for, and within which limits?

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::Serialize;

use super::{Address, ServerTls};

/// The OTLP receiver: at least one of the two is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Otlp {
    /// OTLP over gRPC.
    pub grpc: Option<Grpc>,
    /// OTLP over HTTP.
    pub http: Option<Http>,
}

impl Otlp {
    /// Which of its servers keep headers of requests, where somebody asks for them.
    pub(crate) fn keep_headers(&self) -> impl Iterator<Item = &'static str> {
        let grpc = self.grpc.as_ref().filter(|grpc| grpc.include_metadata);
        let http = self.http.as_ref().filter(|http| http.include_metadata);
        let servers = [grpc.map(|_| "grpc"), http.map(|_| "http")];
        servers.into_iter().flatten()
    }
}

/// A gRPC server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grpc {
    /// Where it listens.
    pub address: Address,
    /// TLS; none for plain HTTP/2.
    pub tls: Option<ServerTls>,
    /// The largest message in bytes, after decompression.
    pub max_message: u64,
    /// How many calls one connection may have open; none for the transport's own limit.
    pub max_concurrent_streams: Option<u32>,
    /// When connections end, and how they are kept.
    pub keepalive: Keepalive,
    /// Whether headers of requests are kept, where somebody asks for them.
    pub include_metadata: bool,
}

/// When gRPC connections end, and how they are kept. Where there is none, it never happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Keepalive {
    /// At which age clients are asked to connect anew.
    pub max_age: Option<Duration>,
    /// How long calls under way may go on after that; none for as long as they take.
    pub max_age_grace: Option<Duration>,
    /// How long a connection may be idle.
    pub max_idle: Option<Duration>,
    /// After how much silence a ping is sent.
    pub ping_after: Duration,
    /// How long the answer to it may take.
    pub ping_timeout: Duration,
    /// How long clients have to wait between two pings.
    pub min_ping_interval: Duration,
    /// Whether they may send pings while nothing is under way.
    pub ping_without_calls: bool,
}

impl Default for Keepalive {
    /// As the collector's gRPC library has it (`grpc-go`, `internal/transport/defaults.go`).
    fn default() -> Self {
        Self {
            max_age: None,
            max_age_grace: None,
            max_idle: None,
            ping_after: Duration::from_hours(2),
            ping_timeout: Duration::from_secs(20),
            min_ping_interval: Duration::from_mins(5),
            ping_without_calls: false,
        }
    }
}

/// An HTTP server; HTTP/1.1 and h2c on one port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Http {
    /// Where it listens.
    pub address: Address,
    /// TLS; none for plain HTTP.
    pub tls: Option<ServerTls>,
    /// The largest body in bytes, after decompression.
    pub max_body: u64,
    /// Which web pages may send to it.
    pub cors: Option<Cors>,
    /// How bodies may be compressed; every way that is known, where nothing is said.
    pub encodings: Option<Encodings>,
    /// Headers of every answer.
    pub response_headers: BTreeMap<String, String>,
    /// How long reading a request may take.
    pub read_timeout: Option<Duration>,
    /// How long reading its headers may take.
    pub read_header_timeout: Option<Duration>,
    /// How long writing the answer may take.
    pub write_timeout: Option<Duration>,
    /// How long a connection may be idle.
    pub idle_timeout: Option<Duration>,
    /// Whether connections are kept for further requests.
    pub keep_alive: bool,
    /// The paths of the three signals.
    pub paths: HttpPaths,
    /// Whether headers of requests are kept, where somebody asks for them.
    pub include_metadata: bool,
}

/// How bodies may be compressed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Encodings {
    /// What a header may say: as HTTP calls it, and nothing for a body that is as it is. Where none is named at all,
    /// nobody looks at the header, and nothing is inflated.
    pub named: BTreeSet<String>,
}

/// The paths of the three signals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HttpPaths {
    /// For traces.
    pub traces: String,
    /// For metrics.
    pub metrics: String,
    /// For logs.
    pub logs: String,
}

/// Which web pages may send to an HTTP server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cors {
    /// Where they come from; one `*` stands for anything.
    pub allowed_origins: Vec<String>,
    /// The headers that they may send, beside those that are always allowed.
    pub allowed_headers: Vec<String>,
    /// The headers of answers that they may see.
    pub exposed_headers: Vec<String>,
    /// How long the answer holds.
    pub max_age: Option<Duration>,
}
