//! The extensions that tell whether a collector is well, and that keep what must survive a restart.

use serde::{Deserialize, Serialize};

use super::is_default;
use crate::component::{Class, Component};
use crate::needs::listens;
use crate::{ComponentType, Distribution, Duration, Need, Stability};

/// Answers probes on `/`. Without it nothing listens on port 13133, and every probe fails.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HealthCheck {
    /// The address that it listens on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub endpoint: String,
    /// The path that it answers: `/` where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// Its successor, which is the one that Jaeger contains.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HealthCheckV2 {
    /// Whether the settings are those of the second version.
    pub use_v2: bool,
    /// Health over HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HealthHttp>,
}

/// Health over HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HealthHttp {
    /// The address that it listens on.
    pub endpoint: String,
    /// Where the status is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<HealthPath>,
}

/// A path that may be off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthPath {
    /// Whether it is answered.
    pub enabled: bool,
    /// The path.
    pub path: String,
}

/// Keeps queues and read positions in files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileStorage {
    /// Where the files lie.
    pub directory: String,
    /// How long it waits for a lock on a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Whether each write is forced to the disk.
    #[serde(skip_serializing_if = "is_default")]
    pub fsync: bool,
    /// Whether a missing directory is made.
    #[serde(skip_serializing_if = "is_default")]
    pub create_directory: bool,
    /// When files are made smaller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compaction: Option<Compaction>,
}

/// When storage files are made smaller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Compaction {
    /// When the collector starts.
    #[serde(skip_serializing_if = "is_default")]
    pub on_start: bool,
    /// When a full file has become emptier.
    #[serde(skip_serializing_if = "is_default")]
    pub on_rebound: bool,
    /// Where it works.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub directory: String,
    /// Whether leftovers of a run that was ended are removed.
    #[serde(skip_serializing_if = "is_default")]
    pub cleanup_on_start: bool,
}

impl Component for HealthCheck {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Extension, "health_check")
            .within(Distribution::CORE)
            .ripe(Stability::Alpha);

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

    fn needs(&self) -> Vec<Need> {
        let http = self.http.as_ref();
        let port = http.and_then(|http| listens("health", &http.endpoint, 13133));
        port.into_iter().collect()
    }
}

impl Component for FileStorage {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Extension, "file_storage").ripe(Stability::Beta);

    fn mistakes(&self) -> Vec<String> {
        if self.directory.is_empty() {
            vec!["`directory` is missing".to_owned()]
        } else {
            Vec::new()
        }
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::Storage(self.directory.clone())]
    }
}
