//! What stands in `elasticsearch.yml`?

use serde::{Deserialize, Serialize};

/// `elasticsearch.yml`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
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
    /// What the member does; everything, where nothing is said.
    #[serde(rename = "node.roles", skip_serializing_if = "Option::is_none")]
    pub node_roles: Option<Vec<String>>,
    /// The Kubernetes node that the member is on.
    #[serde(rename = "node.attr.k8s_node", skip_serializing_if = "Option::is_none")]
    pub node_attribute: Option<String>,
    /// The zone that the member is in.
    #[serde(rename = "node.attr.zone", skip_serializing_if = "Option::is_none")]
    pub zone_attribute: Option<String>,
    /// Copies of the same data go to members that differ in these.
    #[serde(
        rename = "cluster.routing.allocation.awareness.attributes",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub awareness: Vec<String>,
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
    /// Whether members talk over TLS.
    #[serde(
        rename = "xpack.security.transport.ssl.enabled",
        skip_serializing_if = "Option::is_none"
    )]
    pub transport_tls: Option<bool>,
    /// What is asked of another member's certificate.
    #[serde(
        rename = "xpack.security.transport.ssl.verification_mode",
        skip_serializing_if = "Option::is_none"
    )]
    pub transport_verification: Option<String>,
    /// The member's key, a path below the directory of this file.
    #[serde(
        rename = "xpack.security.transport.ssl.key",
        skip_serializing_if = "Option::is_none"
    )]
    pub transport_key: Option<String>,
    /// Its certificate.
    #[serde(
        rename = "xpack.security.transport.ssl.certificate",
        skip_serializing_if = "Option::is_none"
    )]
    pub transport_certificate: Option<String>,
    /// Who signed the others' certificates.
    #[serde(
        rename = "xpack.security.transport.ssl.certificate_authorities",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub transport_authorities: Vec<String>,
    /// Whether clients talk over TLS.
    #[serde(
        rename = "xpack.security.http.ssl.enabled",
        skip_serializing_if = "Option::is_none"
    )]
    pub http_tls: Option<bool>,
    /// The key that clients meet.
    #[serde(
        rename = "xpack.security.http.ssl.key",
        skip_serializing_if = "Option::is_none"
    )]
    pub http_key: Option<String>,
    /// The certificate that clients meet.
    #[serde(
        rename = "xpack.security.http.ssl.certificate",
        skip_serializing_if = "Option::is_none"
    )]
    pub http_certificate: Option<String>,
    /// Who answers for snapshots instead of Amazon, as a URL.
    #[serde(
        rename = "s3.client.default.endpoint",
        skip_serializing_if = "Option::is_none"
    )]
    pub s3_endpoint: Option<String>,
    /// The region of the bucket.
    #[serde(
        rename = "s3.client.default.region",
        skip_serializing_if = "Option::is_none"
    )]
    pub s3_region: Option<String>,
    /// Whether requests name the bucket in the path.
    #[serde(
        rename = "s3.client.default.path_style_access",
        skip_serializing_if = "Option::is_none"
    )]
    pub s3_path_style: Option<bool>,
    /// Machine learning, which starts programs of its own.
    #[serde(rename = "xpack.ml.enabled")]
    pub machine_learning: bool,
    /// Whether it fetches address tables from the internet.
    #[serde(rename = "ingest.geoip.downloader.enabled")]
    pub geoip_download: bool,
}
