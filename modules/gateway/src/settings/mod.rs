//! What is the gateway told to do? Plain values with every default filled in, made by [`config`](crate::config).

mod connection;
mod export;
mod extension;
mod http2;
mod process;
mod receive;
mod secret;
mod telemetry;

use std::collections::BTreeMap;

use collector_config::{ComponentId, PipelineId};
use serde::Serialize;

use crate::Keys;

pub use connection::{
    Address, Authorities, Certificate, ClientTls, Pem, ServerTls, TlsVersion, UnixPath,
};
pub use export::{
    Backoff, Choice, Debug, DnsNames, Encoding, Exporter, ExporterKind, File, FileFormat,
    LoadBalancing, OtlpGrpc, OtlpHttp, Queue, QueueBatch, RemoteWrite, Rotation, RoutingKey, Sizer,
    Verbosity, WireCompression, WriteVersion,
};
pub use extension::{Durability, FileStorage, HealthCheck};
pub use http2::Http2;
pub use process::{Batch, MemoryLimiter, Processor};
pub use receive::{Cors, Encodings, Grpc, Http, HttpPaths, Keepalive, Otlp};
pub(crate) use secret::HIDDEN;
pub use secret::Secret;
pub use telemetry::{
    LogEncoding, LogLevel, LogSampling, Logs, MetricsLevel, MetricsPage, Shown, Telemetry,
};

/// Everything that one run of the gateway is told. Only what a pipeline uses or the service enables is in it; ids are
/// spelled as the configuration spells them, because metrics and logs repeat them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// What takes telemetry.
    pub receivers: BTreeMap<ComponentId, Otlp>,
    /// What is done to it.
    pub processors: BTreeMap<ComponentId, Processor>,
    /// Where it goes.
    pub exporters: BTreeMap<ComponentId, Exporter>,
    /// Where what must survive is kept.
    pub storages: BTreeMap<ComponentId, FileStorage>,
    /// Who is told whether it is well.
    pub health: BTreeMap<ComponentId, HealthCheck>,
    /// The ways through it.
    pub pipelines: BTreeMap<PipelineId, Pipeline>,
    /// What it tells about itself.
    pub telemetry: Telemetry,
    /// How much it may keep in memory.
    pub memory: Memory,
    /// Who speaks HTTP/2. No file says this: it is asked of the program.
    pub http2: Http2,
}

impl Settings {
    /// The headers of requests that somebody in a pipeline asks for. What leaves a `batch` has those of its keys left, and
    /// what leaves a tail sampler has none.
    pub(crate) fn asked_by(&self, pipeline: &Pipeline) -> Keys {
        for processor in &pipeline.processors {
            match self.processors.get(processor) {
                Some(Processor::Batch(batch)) => return batch.metadata_keys.clone(),
                Some(Processor::TailSampling(_)) => return Keys::default(),
                _ => {}
            }
        }
        let keys = self.kept_apart(pipeline).map(|(_, keys)| keys);
        keys.flat_map(Keys::iter).collect()
    }

    /// The exporters of a pipeline whose queues keep requests apart by headers, and by which.
    pub(crate) fn kept_apart<'a>(
        &'a self,
        pipeline: &'a Pipeline,
    ) -> impl Iterator<Item = (&'a ComponentId, &'a Keys)> {
        let keys = |id: &'a ComponentId| {
            let queue = self.exporters.get(id)?.queue.as_ref()?;
            Some((id, &queue.batch.as_ref()?.metadata_keys))
        };
        let exporters = pipeline.exporters.iter().filter_map(keys);
        exporters.filter(|(_, keys)| !keys.is_empty())
    }

    /// Every address that it listens at, each with the keys that give it.
    pub(crate) fn listens(&self) -> Vec<(Vec<String>, Address)> {
        let mut places = Vec::new();
        let mut add = |keys: &[&str], address: Address| {
            places.push((keys.iter().map(|key| (*key).to_owned()).collect(), address));
        };
        for (id, Otlp { grpc, http }) in &self.receivers {
            let grpc = grpc.iter().map(|grpc| ("grpc", &grpc.address));
            let http = http.iter().map(|http| ("http", &http.address));
            for (protocol, address) in grpc.chain(http) {
                let keys = [
                    "receivers",
                    &id.to_string(),
                    "protocols",
                    protocol,
                    "endpoint",
                ];
                add(&keys, address.clone());
            }
        }
        for (id, check) in &self.health {
            let keys = ["extensions", &id.to_string(), "endpoint"];
            add(&keys, check.address.clone());
        }
        for (index, page) in self.telemetry.shown_pages().iter().enumerate() {
            let index = index.to_string();
            let keys = ["service", "telemetry", "metrics", "readers", &index];
            add(&keys, Address::Tcp(page.address()));
        }
        places
    }
}

/// The way of one signal. Each list is as the configuration has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pipeline {
    /// Where it begins.
    pub receivers: Vec<ComponentId>,
    /// What happens on it, in this order.
    pub processors: Vec<ComponentId>,
    /// Where it ends: each gets everything.
    pub exporters: Vec<ComponentId>,
}

/// How much may be kept in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// The bytes of the [`Budget`](crate::Budget): the limit less its spike, so that what no budget counts (connections,
    /// TLS, the allocator) has room below the limit.
    pub budget: u64,
    /// What the process as a whole should stay below.
    pub limit: u64,
}
