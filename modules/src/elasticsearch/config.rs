//! What stands in `elasticsearch.yml`?

use serde::{Deserialize, Serialize};

/// `elasticsearch.yml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are the program's own settings"
)]
pub struct ElasticsearchYml {
    /// The cluster's name; members of another refuse to talk.
    #[serde(rename = "cluster.name")]
    pub cluster_name: String,
    /// The member's name.
    #[serde(rename = "node.name")]
    pub node_name: String,
    /// The address that it listens on.
    #[serde(rename = "network.host")]
    pub network_host: String,
    /// The address that it tells the others.
    #[serde(rename = "network.publish_host")]
    pub publish_host: String,
    /// Where the others are looked for.
    #[serde(rename = "discovery.seed_hosts")]
    pub seed_hosts: Vec<String>,
    /// A port that accepts connections while the member is part of a cluster.
    #[serde(rename = "readiness.port")]
    pub readiness_port: u16,
    /// Whether index files are mapped into memory, which needs a kernel setting that only root can change.
    #[serde(rename = "node.store.allow_mmap")]
    pub allow_mmap: bool,
    /// Whether members and users have to say who they are.
    #[serde(rename = "xpack.security.enabled")]
    pub security: bool,
    /// Machine learning, which starts programs of its own.
    #[serde(rename = "xpack.ml.enabled")]
    pub machine_learning: bool,
    /// Whether it fetches address tables from the internet.
    #[serde(rename = "ingest.geoip.downloader.enabled")]
    pub geoip_download: bool,
}
