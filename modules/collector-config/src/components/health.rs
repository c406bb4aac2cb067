//! The extensions that tell whether a collector is well, and that keep what must survive a restart.

use serde::{Deserialize, Serialize};

use super::{connection::ServerTls, is_default};
use crate::component::{Class, Component};
use crate::needs::listens;
use crate::{ComponentType, Distribution, Duration, Need, Stability};

settings! {
    /// Answers probes on `/`. Without it nothing listens on port 13133, and every probe fails.
    #[derive(Eq)]
    pub struct HealthCheck {
        /// The address that it listens on: `localhost:13133` where nothing is said.
        pub endpoint: String,
        /// The path that it answers: `/` where nothing is said.
        pub path: Option<String>,
        /// TLS; none where nothing is said.
        pub tls: Option<ServerTls>,
        /// What it answers.
        pub response_body: ResponseBody,
        /// A check that once was and now is nothing.
        pub check_collector_pipeline: Option<PipelineCheck>,
        /// Whether the settings are those of its successor; needs the feature gate
        /// `extension.healthcheck.useComponentStatus`.
        pub use_v2: bool,
    }

    /// What is answered.
    #[derive(Eq)]
    pub struct ResponseBody {
        /// When the collector is well.
        pub healthy: String,
        /// When it is not.
        pub unhealthy: String,
    }

    /// A check that once was: it is read and does nothing.
    #[derive(Eq)]
    pub struct PipelineCheck {
        /// Whether it was on.
        pub enabled: bool,
        /// How far it looked back.
        pub interval: String,
        /// How many failures it forgave.
        pub exporter_failure_threshold: u32,
    }

    /// Its successor, which is the one that Jaeger contains.
    #[derive(Eq)]
    pub struct HealthCheckV2 {
        /// Whether the settings are those of the second version.
        pub use_v2: bool,
        /// Health over HTTP.
        pub http: Option<HealthHttp>,
        /// Health over gRPC.
        pub grpc: Option<HealthGrpc>,
        /// Which states of components make the collector ill.
        pub component_health: Option<ComponentHealth>,
    }

    /// Health over HTTP.
    #[derive(Eq)]
    pub struct HealthHttp {
        /// The address that it listens on: `localhost:13133` where nothing is said.
        pub endpoint: String,
        /// TLS; none where nothing is said.
        pub tls: Option<ServerTls>,
        /// Where the status is told: at `/status` where nothing is said.
        pub status: Option<HealthPath>,
        /// Where the configuration is told: nowhere, where nothing is said.
        pub config: Option<HealthPath>,
    }

    /// Health over gRPC.
    #[derive(Eq)]
    pub struct HealthGrpc {
        /// The address that it listens on: `localhost:13132` where nothing is said.
        pub endpoint: String,
        /// TLS; none where nothing is said.
        pub tls: Option<ServerTls>,
    }

    /// Which states of components make the collector ill.
    #[derive(Eq)]
    pub struct ComponentHealth {
        /// Errors that do not pass.
        pub include_permanent_errors: bool,
        /// Errors that may pass.
        pub include_recoverable_errors: bool,
        /// After how long those count: 1 min where nothing is said.
        pub recovery_duration: Option<Duration>,
    }

    /// Keeps queues and read positions in files.
    #[derive(Eq)]
    pub struct FileStorage {
        /// Where the files lie: `/var/lib/otelcol/file_storage` where nothing is said.
        pub directory: String,
        /// How long it waits for a lock on a file: 1 s where nothing is said.
        pub timeout: Option<Duration>,
        /// How many bytes a file may grow to; 0 for no limit.
        pub max_size: u64,
        /// Whether each write is forced to the disk.
        pub fsync: bool,
        /// Whether a missing directory is made.
        pub create_directory: bool,
        /// Who may do what with it, as in `chmod`: `0750` where nothing is said.
        pub directory_permissions: Option<String>,
        /// Whether a broken file is put aside and begun anew.
        pub recreate: bool,
        /// When files are made smaller.
        pub compaction: Option<Compaction>,
    }

    /// When storage files are made smaller.
    #[derive(Eq)]
    pub struct Compaction {
        /// When the collector starts.
        pub on_start: bool,
        /// When a full file has become emptier.
        pub on_rebound: bool,
        /// Where it works.
        pub directory: String,
        /// How many MiB make a file full: 100 where nothing is said.
        pub rebound_needed_threshold_mib: Option<u64>,
        /// How many MiB in use make it empty again: 10 where nothing is said.
        pub rebound_trigger_threshold_mib: Option<u64>,
        /// How many entries are moved at a time: 65536 where nothing is said.
        pub max_transaction_size: Option<u64>,
        /// How often it looks: every 5 s where nothing is said.
        pub check_interval: Option<Duration>,
        /// Whether leftovers of a run that was ended are removed.
        pub cleanup_on_start: bool,
    }
}

/// A path that may be off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthPath {
    /// Whether it is answered.
    pub enabled: bool,
    /// The path.
    pub path: String,
    /// Whether attributes of errors are told.
    #[serde(default, skip_serializing_if = "is_default")]
    pub include_attributes: bool,
}

/// What is wrong with a path that is answered.
fn not_a_path(path: Option<&HealthPath>) -> Option<String> {
    let path = path.filter(|path| path.enabled && !path.path.starts_with('/'))?;
    Some(format!("`{}` must begin with `/`", path.path))
}

impl FileStorage {
    /// Where the files lie.
    fn folder(&self) -> &str {
        match self.directory.as_str() {
            "" => "/var/lib/otelcol/file_storage",
            directory => directory,
        }
    }
}

impl Component for HealthCheck {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Extension, "health_check")
            .in_gateway()
            .within(Distribution::CORE)
            .ripe(Stability::Alpha);

    fn mistakes(&self) -> Vec<String> {
        let mut found: Vec<String> = self.tls.iter().flat_map(ServerTls::mistakes).collect();
        if self
            .path
            .as_ref()
            .is_some_and(|path| !path.starts_with('/'))
        {
            found.push("`path` must begin with `/`".to_owned());
        }
        found
    }

    fn needs(&self) -> Vec<Need> {
        listens("health", &self.endpoint, 13133)
            .into_iter()
            .collect()
    }
}

impl Component for HealthCheckV2 {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Extension, "healthcheckv2")
            .within(Distribution::JAEGER)
            .ripe(Stability::Development);

    fn mistakes(&self) -> Vec<String> {
        let http = self.http.as_ref();
        let status = http.and_then(|http| not_a_path(http.status.as_ref()));
        let config = http.and_then(|http| not_a_path(http.config.as_ref()));
        let nothing = self.use_v2 && http.is_none() && self.grpc.is_none();
        let nothing = nothing.then(|| "`http` or `grpc` is needed".to_owned());
        status.into_iter().chain(config).chain(nothing).collect()
    }

    fn needs(&self) -> Vec<Need> {
        let http = self.http.as_ref();
        let port = http.and_then(|http| listens("health", &http.endpoint, 13133));
        let grpc = self.grpc.as_ref();
        let other = grpc.and_then(|grpc| listens("health-grpc", &grpc.endpoint, 13132));
        port.into_iter().chain(other).collect()
    }
}

impl Component for FileStorage {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Extension, "file_storage")
            .in_gateway()
            .ripe(Stability::Beta);

    fn mistakes(&self) -> Vec<String> {
        const MIB: u64 = 1024 * 1024;
        let Some(compaction) = &self.compaction else {
            return Vec::new();
        };
        let limited = self.max_size > 0 && compaction.on_rebound;
        let full = compaction.rebound_needed_threshold_mib.unwrap_or(100) * MIB;
        let never = compaction.on_rebound && compaction.check_interval == Some(Duration::ZERO);
        let rules = [
            (
                limited && full > self.max_size,
                "`rebound_needed_threshold_mib` is above `max_size`",
            ),
            (never, "`check_interval` must be positive"),
        ];
        let broken = rules.into_iter().filter(|(broken, _)| *broken);
        broken
            .map(|(_, rule)| format!("compaction: {rule}"))
            .collect()
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::Storage(self.folder().to_owned())]
    }
}
