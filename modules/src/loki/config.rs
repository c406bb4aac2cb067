//! What stands in Loki's configuration?

use serde::{Deserialize, Serialize};

/// Loki's configuration, as far as one process with its own disk needs it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LokiYaml {
    /// Whether requests have to name a tenant.
    pub auth_enabled: bool,
    /// Where it listens.
    pub server: Server,
    /// What several parts share.
    pub common: Common,
    /// How logs are laid out, by the day from which it holds.
    pub schema_config: SchemaConfig,
    /// What merges indices and deletes.
    pub compactor: Compactor,
    /// What is kept, and what is refused.
    pub limits_config: Limits,
    /// What it tells its makers.
    pub analytics: Analytics,
}

/// Where it listens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// The port for everything.
    pub http_listen_port: u16,
    /// The port for its own parts.
    pub grpc_listen_port: u16,
    /// The largest message in bytes.
    pub grpc_server_max_recv_msg_size: u64,
    /// From which level on it logs.
    pub log_level: String,
    /// How it logs.
    pub log_format: String,
}

/// What several parts share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// Below which everything lies.
    pub path_prefix: String,
    /// How many processes hold each line.
    pub replication_factor: u32,
    /// The address that its parts call each other by.
    pub instance_addr: String,
    /// How its parts find each other.
    pub ring: Ring,
    /// Where chunks lie.
    pub storage: CommonStorage,
}

/// How parts find each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ring {
    /// Where they write down who there is.
    pub kvstore: KvStore,
}

/// Where parts write down who there is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KvStore {
    /// `inmemory` for one process.
    pub store: String,
}

/// Where chunks lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommonStorage {
    /// On the disk.
    pub filesystem: Filesystem,
}

/// Directories.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filesystem {
    /// Of chunks.
    pub chunks_directory: String,
    /// Of rules.
    pub rules_directory: String,
}

/// How logs are laid out. Only ever appended to: what is written stays as it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaConfig {
    /// By the day from which each holds.
    pub configs: Vec<Period>,
}

/// How logs are laid out from one day on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// The day.
    pub from: String,
    /// The kind of index.
    pub store: String,
    /// Where chunks lie.
    pub object_store: String,
    /// The version of the layout.
    pub schema: String,
    /// The index.
    pub index: IndexPeriod,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexPeriod {
    /// What its files begin with.
    pub prefix: String,
    /// How much time is in one.
    pub period: String,
}

/// What merges indices and deletes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compactor {
    /// Where it works.
    pub working_directory: String,
    /// Whether it deletes what is too old; without it nothing ever goes.
    pub retention_enabled: bool,
    /// Where requests to delete are kept.
    pub delete_request_store: String,
}

/// What is kept, and what is refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// How long lines are kept.
    pub retention_period: String,
    /// Whether lines may have attributes beside their labels, as OTLP needs.
    pub allow_structured_metadata: bool,
    /// How old a line may be when it comes.
    pub reject_old_samples_max_age: String,
    /// How OTLP becomes streams.
    pub otlp_config: OtlpConfig,
}

/// How OTLP becomes streams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtlpConfig {
    /// What becomes of resource attributes.
    pub resource_attributes: ResourceAttributes,
}

/// What becomes of resource attributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceAttributes {
    /// Whether the list that Loki brings is left out; it makes a label of every Pod's name.
    pub ignore_defaults: bool,
    /// What becomes of which.
    pub attributes_config: Vec<AttributesConfig>,
}

/// What becomes of some attributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributesConfig {
    /// `index_label`, `structured_metadata` or `drop`.
    pub action: String,
    /// Which.
    pub attributes: Vec<String>,
}

/// What it tells its makers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Analytics {
    /// Whether it does.
    pub reporting_enabled: bool,
}

/// The attributes that name streams: few values each, and none that comes and goes with a Pod. At most fifteen.
pub(super) const LABELS: [&str; 11] = [
    "service.name",
    "service.namespace",
    "deployment.environment.name",
    "k8s.cluster.name",
    "k8s.namespace.name",
    "k8s.deployment.name",
    "k8s.statefulset.name",
    "k8s.daemonset.name",
    "k8s.cronjob.name",
    "k8s.job.name",
    "k8s.container.name",
];
