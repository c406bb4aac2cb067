//! What stands in `tempo.yaml`?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `tempo.yaml`, as Tempo 3.0 reads it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TempoYaml {
    /// Whether answers come piece by piece, as Grafana asks for them.
    pub stream_over_http_enabled: bool,
    /// Where questions are asked.
    pub server: Server,
    /// Where spans are sent to.
    pub distributor: Distributor,
    /// Where spans are until they are in a block.
    pub live_store: LiveStore,
    /// What is deleted when.
    pub backend_scheduler: Scheduler,
    /// Where blocks are.
    pub storage: Storage,
    /// What is measured of spans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics_generator: Option<Generator>,
    /// Limits.
    pub overrides: Overrides,
    /// Whether its authors are told how it is used.
    pub usage_report: UsageReport,
}

/// Where questions are asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// The port for people and Grafana.
    pub http_listen_port: u16,
    /// Where its parts talk to each other.
    pub grpc_listen_address: String,
    /// What is written into the log.
    pub log_level: String,
    /// How.
    pub log_format: String,
    /// Its certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_tls_config: Option<CertificateFiles>,
}

/// A certificate and its key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateFiles {
    /// The file with the certificate.
    pub cert_file: String,
    /// The file with the key.
    pub key_file: String,
}

/// Where spans are sent to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distributor {
    /// By protocol.
    pub receivers: Receivers,
}

/// Ways to send spans.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receivers {
    /// OTLP.
    pub otlp: Otlp,
}

/// OTLP.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Otlp {
    /// Both ways.
    pub protocols: Protocols,
}

/// The two ways of OTLP.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocols {
    /// Over gRPC.
    pub grpc: Listener,
    /// Over HTTP.
    pub http: Listener,
}

/// Where is listened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// The address; of its own it would be that of the Pod alone.
    pub endpoint: String,
    /// Its certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<CertificateFiles>,
}

/// Where spans are until they are in a block.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveStore {
    /// The log of writes.
    pub wal: Path,
    /// Where is noted that it has ended in order.
    pub shutdown_marker_dir: String,
}

/// A directory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Path {
    /// Which.
    pub path: String,
}

/// What is deleted when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheduler {
    /// Where it notes what is to be done.
    pub local_work_path: String,
    /// What gives it work.
    pub provider: Provider,
}

/// What gives the scheduler work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Merging blocks.
    pub compaction: CompactionProvider,
}

/// Merging blocks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompactionProvider {
    /// How, and what goes.
    pub compaction: Compaction,
}

/// How blocks are merged, and which go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compaction {
    /// Blocks go after so long.
    pub block_retention: String,
}

/// Where blocks are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// Those of traces.
    pub trace: TraceStorage,
}

/// Where blocks of traces are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceStorage {
    /// `local`, `s3` or `gcs`.
    pub backend: String,
    /// The log of writes.
    pub wal: Path,
    /// How new blocks are written.
    pub block: Block,
    /// The directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<Path>,
    /// The bucket of S3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3: Option<S3Yaml>,
    /// The bucket of Google.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gcs: Option<GcsYaml>,
}

/// How new blocks are written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// The format.
    pub version: String,
}

/// A bucket of S3. Who may use it stands in the environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3Yaml {
    /// The name.
    pub bucket: String,
    /// What all objects begin with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// Who answers: `host:port`.
    pub endpoint: String,
    /// The region.
    pub region: String,
    /// Whether it is spoken to in the open.
    pub insecure: bool,
    /// Whether the bucket stands in the path.
    pub forcepathstyle: bool,
}

/// A bucket of Google. Who may use it stands in the environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GcsYaml {
    /// The name.
    pub bucket_name: String,
    /// What all objects begin with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
}

/// What is measured of spans.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generator {
    /// What all series say.
    pub registry: Registry,
    /// Where they go.
    pub storage: GeneratorStorage,
}

/// What all series say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// Labels.
    pub external_labels: BTreeMap<String, String>,
}

/// Where series go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratorStorage {
    /// Where they wait.
    pub path: String,
    /// Each store.
    pub remote_write: Vec<crate::prometheus::RemoteWriteTo>,
}

/// Limits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overrides {
    /// For everyone.
    pub defaults: Defaults,
}

/// Limits for everyone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// What may come in.
    pub ingestion: Ingestion,
    /// What is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics_generator: Option<Processors>,
}

/// What may come in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ingestion {
    /// Bytes in each second.
    pub rate_limit_bytes: u64,
    /// Bytes at once.
    pub burst_size_bytes: u64,
}

/// What is measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Processors {
    /// By name.
    pub processors: Vec<String>,
}

/// Whether its authors are told how it is used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageReport {
    /// Whether.
    pub reporting_enabled: bool,
}
