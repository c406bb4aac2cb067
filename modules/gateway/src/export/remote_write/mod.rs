//! How do metrics reach a Prometheus server as it writes them to others itself: remote write 1.0 and 2.0?

mod encode;
mod labels;
mod metric;
mod names;
mod native;
mod point;
mod samples;
mod send;
mod series;
#[cfg(test)]
mod tests;
mod translate;
mod units;
mod written;

use collector_config::components::remote_write::PrometheusRemoteWrite;
pub use send::RemoteWrite;
use translate::Translator;
pub use translate::Version;
pub use written::Contents;

/// Turns requests of metrics into those that a Prometheus server takes.
pub struct Writer {
    translator: Translator,
    version: Version,
    metadata: bool,
    limit: u64,
    shards: usize,
}

/// A request to a Prometheus server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is sent.
    pub body: Vec<u8>,
    /// What is in it; nothing where it is of version 1, of which no server says what it wrote.
    pub contents: Contents,
}

/// What a request of metrics became.
#[derive(Debug, Default)]
pub struct Prepared {
    /// For each shard its requests, in the order in which they must be sent: protobuf, compressed by snappy's block format.
    /// A series is always in the same shard.
    pub shards: Vec<Vec<Request>>,
    /// How many data points have no counterpart in Prometheus.
    pub dropped: u64,
    /// How many series they became.
    pub series: u64,
}

impl Writer {
    /// One that writes as these settings say, in requests of at most `limit` bytes before compression, for so many
    /// connections at once.
    pub fn new(
        settings: &PrometheusRemoteWrite,
        version: Version,
        limit: u64,
        shards: usize,
    ) -> Self {
        Self {
            translator: Translator::new(settings, version),
            version,
            metadata: settings.send_metadata,
            limit,
            shards: shards.max(1),
        }
    }

    /// The requests for a request that was checked.
    pub fn prepare(&self, body: &[u8]) -> Prepared {
        let translated = self.translator.translate(body);
        let shard = |hash: u64| usize::try_from(hash % self.shards as u64).unwrap_or(0);
        let shards = (0..self.shards).map(|at| {
            let series = translated
                .series
                .iter()
                .filter(|series| shard(series.hash) == at);
            let requests = encode::requests(self.version, series, self.metadata, self.limit);
            let compressed = requests.into_iter().map(|mut request| {
                request.body = compressed(&request.body);
                request
            });
            compressed.collect()
        });
        Prepared {
            shards: shards.collect(),
            dropped: translated.dropped,
            series: translated.series.len() as u64,
        }
    }
}

impl Version {
    /// What the header `Content-Type` says.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::One => "application/x-protobuf",
            Self::Two => "application/x-protobuf;proto=io.prometheus.write.v2.Request",
        }
    }

    /// What the header `X-Prometheus-Remote-Write-Version` says.
    pub const fn number(self) -> &'static str {
        match self {
            Self::One => "0.1.0",
            Self::Two => "2.0.0",
        }
    }
}

fn compressed(request: &[u8]) -> Vec<u8> {
    let packed = snap::raw::Encoder::new().compress_vec(request);
    let mut packed = packed.expect("a request is far below snappy's 4 GiB");
    // There is room for the worst case, and it is kept until it has arrived.
    packed.shrink_to_fit();
    packed
}
