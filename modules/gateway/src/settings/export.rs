//! Where does telemetry go, and what becomes of it while it cannot?

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use collector_config::{ComponentId, components::remote_write::PrometheusRemoteWrite};
use serde::Serialize;

use super::{ClientTls, Secret};
use crate::{Keys, Signal};

/// An exporter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exporter {
    /// What it sends to, and how.
    pub kind: ExporterKind,
    /// How long one attempt may take; none for as long as it takes.
    pub timeout: Option<Duration>,
    /// What waits before it; none where senders wait for the answer themselves.
    pub queue: Option<Queue>,
    /// When a failed attempt is repeated; none for never.
    pub retry: Option<Backoff>,
}

/// What an exporter sends to, and how.
#[expect(
    clippy::large_enum_variant,
    reason = "there are a handful of exporters"
)]
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExporterKind {
    /// OTLP over gRPC.
    OtlpGrpc(OtlpGrpc),
    /// OTLP over HTTP.
    OtlpHttp(Box<OtlpHttp>),
    /// OTLP over gRPC, to the one of several that is responsible.
    LoadBalancing(Box<LoadBalancing>),
    /// A Prometheus server.
    RemoteWrite(Box<RemoteWrite>),
    /// The gateway's own log.
    Debug(Debug),
    /// A file.
    File(File),
    /// Nothing: it is thrown away.
    Nop,
}

/// OTLP over gRPC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OtlpGrpc {
    /// `host:port`, or `dns:///host:port`, or `unix:///path`; empty inside of a load balancer.
    pub endpoint: String,
    /// TLS; none for plain HTTP/2.
    pub tls: Option<ClientTls>,
    /// How requests are compressed.
    pub compression: WireCompression,
    /// Headers of every request.
    pub headers: BTreeMap<String, Secret>,
    /// What the server is told that it is called, where the address is not it.
    pub authority: Option<String>,
    /// What the gateway says that it is called, where it is not its own name.
    pub user_agent: Option<String>,
    /// Whether requests go to all addresses of a name in turn, and not to the first that answers.
    pub round_robin: bool,
    /// After how much silence a ping is sent; none for never.
    pub ping_after: Option<Duration>,
    /// How long the answer to it may take.
    pub ping_timeout: Duration,
    /// Whether pings are sent while nothing is under way.
    pub ping_without_calls: bool,
    /// Whether a request waits for the connection, instead of failing.
    pub wait_for_ready: bool,
}

impl OtlpGrpc {
    /// Plain, uncompressed, and as the collector has it in everything that is not said.
    #[must_use]
    pub fn to(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            tls: None,
            compression: WireCompression::None,
            headers: BTreeMap::new(),
            authority: None,
            user_agent: None,
            round_robin: true,
            ping_after: None,
            ping_timeout: Duration::from_secs(20),
            ping_without_calls: false,
            wait_for_ready: false,
        }
    }
}

/// OTLP over HTTP. A signal without a URL cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OtlpHttp {
    /// The whole URL for traces.
    pub traces: Option<String>,
    /// The whole URL for metrics.
    pub metrics: Option<String>,
    /// The whole URL for logs.
    pub logs: Option<String>,
    /// TLS for `https` URLs.
    pub tls: ClientTls,
    /// How requests are compressed.
    pub compression: WireCompression,
    /// How requests are written.
    pub encoding: Encoding,
    /// Headers of every request.
    pub headers: BTreeMap<String, Secret>,
    /// How many connections there may be; none for as many as are needed.
    pub max_connections: Option<u32>,
    /// How long an unused connection is kept; none for as long as the server keeps it.
    pub idle_timeout: Option<Duration>,
    /// Whether connections are kept for further requests.
    pub keep_alive: bool,
}

/// How requests are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WireCompression {
    /// Not at all.
    None,
    /// As gzip, this hard; none for what suits the gateway.
    Gzip(Option<i32>),
    /// As zstd, this hard; none for what suits the gateway.
    Zstd(Option<i32>),
    /// As snappy in its framed form, which is what gRPC calls so.
    Snappy,
    /// As snappy in one block, which is what HTTP calls so.
    SnappyBlock,
    /// As lz4 in its frame format, over HTTP alone.
    Lz4,
}

/// How OTLP is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// As protocol buffers.
    #[default]
    Proto,
    /// As JSON.
    Json,
}

/// OTLP over gRPC, to the one of several that is responsible.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoadBalancing {
    /// What belongs together; where nothing is said, the spans of a trace, and the rest of a service.
    pub key: Option<RoutingKey>,
    /// Who can be chosen.
    pub choice: Choice,
    /// How the chosen one is spoken to.
    pub protocol: OtlpGrpc,
    /// How long everything may take that becomes of a payload; none for as long as it takes.
    pub within: Option<Duration>,
    /// How long one attempt at it may take; none for as long as it takes.
    pub timeout: Option<Duration>,
    /// When a failed attempt at it is repeated.
    pub retry: Option<Backoff>,
}

/// What belongs together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoutingKey {
    /// The spans or the log records of one trace.
    TraceId,
    /// Everything of one service.
    Service,
    /// The points of one metric.
    Metric,
    /// The metrics or the log records of one resource.
    Resource,
    /// The points of one series.
    StreamId,
    /// What has the same values of these attributes.
    Attributes(Vec<String>),
}

impl RoutingKey {
    /// Whether what has this signal can be found by it.
    pub fn is_of(&self, signal: Signal) -> bool {
        match self {
            Self::TraceId => signal != Signal::Metrics,
            Self::Service | Self::Attributes(_) => true,
            Self::Metric | Self::StreamId => signal == Signal::Metrics,
            Self::Resource => signal != Signal::Traces,
        }
    }
}

/// Who can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// A fixed list of `host:port`; the port is 4317 where none is said.
    Fixed(Vec<String>),
    /// The addresses of a name.
    Dns(DnsNames),
}

/// The addresses of a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DnsNames {
    /// The name.
    pub host: String,
    /// The port of all of them.
    pub port: u16,
    /// How often it is asked.
    pub interval: Duration,
    /// How long the answer may take.
    pub timeout: Duration,
}

/// A Prometheus server.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RemoteWrite {
    /// The settings of the collector's exporter: names, labels, limits.
    pub settings: PrometheusRemoteWrite,
    /// Which version of the protocol.
    pub version: WriteVersion,
    /// TLS for `https` URLs.
    pub tls: ClientTls,
    /// Headers of every request.
    pub headers: BTreeMap<String, Secret>,
    /// How many senders there are; each series has its own.
    pub senders: u32,
    /// The largest request in bytes, before compression.
    pub max_request: u64,
}

/// A version of remote write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteVersion {
    /// 1.0: `prometheus.WriteRequest`.
    #[default]
    V1,
    /// 2.0: `io.prometheus.write.v2.Request`.
    V2,
}

/// The gateway's own log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Debug {
    /// How much of it.
    pub verbosity: Verbosity,
    /// How many messages a second before they are thinned out.
    pub initial: u32,
    /// Then one of so many.
    pub thereafter: u32,
}

/// How much is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verbosity {
    /// That something arrived.
    Basic,
    /// A line for each item.
    Normal,
    /// Everything.
    Detailed,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// Its path.
    pub path: PathBuf,
    /// Whether what is there stays.
    pub append: bool,
    /// When a new one is begun.
    pub rotation: Option<Rotation>,
    /// How it is written.
    pub format: FileFormat,
    /// Whether each message is compressed with zstd.
    pub zstd: bool,
    /// Who may do what with a folder that is made where it is missing; none where it is not made.
    pub create_directory: Option<u32>,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// Protocol buffers, each after its length in four bytes.
    Proto,
}

/// When a new file is begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rotation {
    /// When the old one has so many bytes.
    pub max_bytes: u64,
    /// After how many days old ones are removed; none for never.
    pub max_days: Option<u32>,
    /// How many old ones are kept; none for all.
    pub max_backups: Option<u32>,
}

/// What waits before an exporter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Queue {
    /// What its size counts.
    pub sizer: Sizer,
    /// How much it holds; in a storage, where nothing else is said, as much as there is room for in that.
    pub size: u64,
    /// How many requests may be under way.
    pub consumers: u32,
    /// Whether a full queue makes senders wait, instead of refusing them.
    pub block_on_overflow: bool,
    /// Whether senders wait until their data has arrived.
    pub wait_for_result: bool,
    /// The storage that keeps it over restarts.
    pub storage: Option<ComponentId>,
    /// How requests are put together before they are sent.
    pub batch: Option<QueueBatch>,
}

/// What a size counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sizer {
    /// Requests, of whatever size.
    #[default]
    Requests,
    /// Spans, data points, log records.
    Items,
    /// Bytes of the OTLP encoding.
    Bytes,
}

/// How requests are put together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueueBatch {
    /// What the sizes count: items or bytes.
    pub sizer: Sizer,
    /// A batch of this size is sent at once.
    pub min_size: u64,
    /// No batch is larger; none for no limit.
    pub max_size: Option<u64>,
    /// A smaller one is sent after this time.
    pub flush_timeout: Duration,
    /// What came with other values of these headers is in another batch.
    pub metadata_keys: Keys,
}

/// When a failed attempt is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Backoff {
    /// The first pause.
    pub initial: Duration,
    /// The longest pause.
    pub max: Duration,
    /// When to give up; none for never.
    pub give_up: Option<Duration>,
    /// How much longer each pause is than the one before.
    pub multiplier: f64,
    /// By how much of itself a pause may be longer or shorter, from 0 to 1.
    pub jitter: f64,
}
