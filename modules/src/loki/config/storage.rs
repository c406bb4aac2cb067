//! Where does Loki keep logs, and how are they laid out?

use serde::{Deserialize, Serialize};

/// Where chunks lie on a disk.
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

/// Where logs are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageConfig {
    /// Which of its two sets of clients is used. Always said: the next major version turns the default around.
    pub use_thanos_objstore: bool,
    /// The bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_store: Option<BucketYaml>,
}

/// A bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BucketYaml {
    /// What the names of all objects begin with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub storage_prefix: String,
    /// What speaks Amazon's API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3: Option<S3Yaml>,
    /// Google's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gcs: Option<GcsYaml>,
}

/// A bucket of what speaks Amazon's API; the credentials come from the environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3Yaml {
    /// Its name.
    pub bucket_name: String,
    /// Who answers, without a scheme.
    pub endpoint: String,
    /// Its region.
    pub region: String,
    /// Whether the traffic is not encrypted.
    pub insecure: bool,
    /// Where requests name it: `path` or `virtual-hosted`.
    pub bucket_lookup_type: String,
}

/// A bucket of Google's; the credentials come from the environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GcsYaml {
    /// Its name.
    pub bucket_name: String,
}

/// How logs are laid out. Only ever appended to: what is written stays as it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaConfig {
    /// By the day from which each holds.
    pub configs: Vec<PeriodYaml>,
}

/// How logs are laid out from one day on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeriodYaml {
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
