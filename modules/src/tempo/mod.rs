//! Tempo, in place of Jaeger: one process that keeps traces in a bucket, or on its disk.
//!
//! Since version 3 several processes need Kafka between them, so this is one: while it restarts nobody answers, and
//! whoever sends waits. The plan says so.

mod build;
mod config;
mod settings;

pub(crate) use build::MeasuresSpans;
pub use config::{
    Block, CertificateFiles, Compaction, CompactionProvider, Defaults, Distributor, GcsYaml,
    Generator, GeneratorStorage, Ingestion, Listener, LiveStore, Otlp as OtlpYaml, Overrides, Path,
    Processors, Protocols, Provider, Receivers, Registry, S3Yaml, Scheduler, Server, Storage,
    TempoYaml, TraceStorage, UsageReport,
};

use k8s_openapi::api::apps::v1::StatefulSet;
use provider_core::{Destination, Endpoint, Ref};

use crate::{
    object_store::ObjectStore,
    prometheus::{RemoteWriteTo, TakesSamples},
    protocol::{Otlp, OtlpHttpProtocol, TempoQuery},
    units::{Days, GIB, days},
};

/// A Tempo.
///
/// ```
/// # use modules::{ObjectStore, Tempo, units::days};
/// let tempo = Tempo::new("tempo").bucket(ObjectStore::s3("traces").region("eu-central-1")).keep(days(90));
/// ```
#[derive(Clone, Debug)]
pub struct Tempo {
    name: String,
    keep: Days,
    storage: u64,
    memory: u64,
    bytes_per_second: u64,
    bucket: Option<ObjectStore>,
    measured: Vec<(RemoteWriteTo, Destination)>,
    before: Option<Blocks>,
}

/// How the blocks are written that a bucket has from an earlier version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blocks {
    /// As Tempo 2.2 and 2.3 write them, if nothing else is said.
    VParquet2,
    /// As Tempo 2.4 and 2.5 write them, if nothing else is said.
    VParquet3,
    /// As Tempo 2.6 and newer write them, if nothing else is said.
    VParquet4,
}

/// What others may refer to.
#[derive(Clone, Debug)]
pub struct TempoOutputs {
    /// Where spans are sent to.
    pub otlp: Endpoint<Otlp>,
    /// Where programs that speak HTTP send spans to.
    pub otlp_http: Endpoint<OtlpHttpProtocol>,
    /// Where questions are asked.
    pub query: Endpoint<TempoQuery>,
    /// Its Pods.
    pub pods: Ref<StatefulSet>,
}

impl Tempo {
    /// A Tempo that keeps 14 days on its own disk.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            keep: days(14),
            storage: 50 * GIB,
            memory: 4 * GIB,
            bytes_per_second: 30_000_000,
            bucket: None,
            measured: Vec::new(),
            before: None,
        }
    }

    /// Keeps traces in a bucket; the disk is for what is not there yet.
    #[must_use]
    pub fn bucket(mut self, store: impl Into<ObjectStore>) -> Self {
        self.bucket = Some(store.into());
        self
    }

    /// Keeps traces so long.
    #[must_use]
    pub fn keep(mut self, keep: Days) -> Self {
        self.keep = keep;
        self
    }

    /// So much disk.
    #[must_use]
    pub fn storage(mut self, bytes: u64) -> Self {
        self.storage = bytes;
        self
    }

    /// So much memory.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Takes so many bytes of spans in each second, and refuses more.
    #[must_use]
    pub fn ingest(mut self, bytes_per_second: u64) -> Self {
        self.bytes_per_second = bytes_per_second;
        self
    }

    /// Counts and times the spans of each service, and who calls whom, into a store of metrics. Of sampled traces it
    /// counts the samples: a gateway that samples has to measure before.
    #[must_use]
    pub fn measure_into<P: TakesSamples>(mut self, store: &Endpoint<P>) -> Self {
        for one in store.each() {
            let to = RemoteWriteTo::to(&one);
            self.measured.push((to, one.destination().clone()));
        }
        self
    }

    /// The bucket has blocks that a Tempo of version 2 wrote so.
    #[must_use]
    pub fn after_version_2(mut self, blocks: Blocks) -> Self {
        self.before = Some(blocks);
        self
    }
}
