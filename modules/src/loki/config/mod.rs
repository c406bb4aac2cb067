//! What stands in Loki's configuration?

mod limits;
mod storage;
mod tls;

pub use limits::{AttributesConfig, Limits, OtlpConfig, ResourceAttributes};
pub(super) use limits::{LABELS, MOST_LABELS};
pub use storage::{
    BucketYaml, CommonStorage, Filesystem, GcsYaml, IndexPeriod, PeriodYaml, S3Yaml, SchemaConfig,
    StorageConfig,
};

pub use tls::{ClientTlsYaml, GrpcClient, ServerTlsYaml, Worker};

use serde::{Deserialize, Serialize};

/// Loki's configuration, as far as processes that each do everything need it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LokiYaml {
    /// Whether requests have to name a tenant.
    pub auth_enabled: bool,
    /// Where it listens.
    pub server: Server,
    /// What several parts share.
    pub common: Common,
    /// How processes find each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memberlist: Option<Memberlist>,
    /// What takes lines in.
    pub ingester: Ingester,
    /// How what takes lines in is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingester_client: Option<GrpcClient>,
    /// How those who answer call those who ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frontend_worker: Option<Worker>,
    /// How those who ask call those who share work out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frontend: Option<GrpcClient>,
    /// How those who share work out call those who ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_scheduler: Option<GrpcClient>,
    /// How what merges and deletes is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compactor_grpc_client: Option<ClientTlsYaml>,
    /// How logs are laid out, by the day from which it holds.
    pub schema_config: SchemaConfig,
    /// Where logs are kept.
    pub storage_config: StorageConfig,
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
    /// The address for its own parts, where nobody else is among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grpc_listen_address: Option<String>,
    /// How it proves who it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_tls_config: Option<ServerTlsYaml>,
    /// The same between its own parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grpc_tls_config: Option<ServerTlsYaml>,
    /// How long a request may take to come.
    pub http_server_read_timeout: String,
    /// How long an answer may take to go.
    pub http_server_write_timeout: String,
    /// The largest message in bytes that its parts take.
    pub grpc_server_max_recv_msg_size: u64,
    /// The largest message in bytes that its parts send.
    pub grpc_server_max_send_msg_size: u64,
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
    /// The address that parts call each other by.
    pub instance_addr: String,
    /// How parts find each other.
    pub ring: Ring,
    /// Where chunks lie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<CommonStorage>,
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
    /// `inmemory` for one process, `memberlist` for several.
    pub store: String,
}

/// How processes find each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memberlist {
    /// The port that they gossip on; over TCP, packets too.
    pub bind_port: u16,
    /// What keeps clusters apart that come to share addresses.
    pub cluster_label: String,
    /// Names that lead to some of them.
    pub join_members: Vec<String>,
    /// How often they look for others whom they have lost.
    pub rejoin_interval: String,
    /// How they prove to each other who they are.
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    pub tls: Option<ClientTlsYaml>,
}

/// What takes lines in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ingester {
    /// The log of writes.
    pub wal: Wal,
}

/// The log of writes: what was accepted and is not in the store yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wal {
    /// How much memory reading it again may take; its default is more than a small Pod has.
    pub replay_memory_ceiling: String,
}

/// What merges indices and deletes. Processes choose one of them to do it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compactor {
    /// Where it works.
    pub working_directory: String,
    /// Whether it deletes what is too old; without it nothing ever goes.
    pub retention_enabled: bool,
    /// Where requests to delete are kept.
    pub delete_request_store: String,
    /// Where it writes down what it is about to delete, for the process that is chosen next. Empty for its own disk.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub deletion_marker_object_store_prefix: String,
}

/// What it tells its makers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Analytics {
    /// Whether it does.
    pub reporting_enabled: bool,
}
