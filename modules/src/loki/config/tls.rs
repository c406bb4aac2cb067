//! How do Loki's parts prove to each other who they are?

use serde::{Deserialize, Serialize};

/// A server's certificate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerTlsYaml {
    /// The file with the certificate.
    pub cert_file: String,
    /// The file with its key.
    pub key_file: String,
}

/// Whom a part trusts, and how it proves who it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientTlsYaml {
    /// Whether it speaks TLS.
    pub tls_enabled: bool,
    /// The file with its certificate.
    pub tls_cert_path: String,
    /// The file with the key.
    pub tls_key_path: String,
    /// The file with whom it trusts.
    pub tls_ca_path: String,
    /// The name that the other must have: parts call each other by address.
    pub tls_server_name: String,
}

/// How one part calls another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrpcClient {
    /// As a client.
    pub grpc_client_config: ClientTlsYaml,
}

/// How those who answer call the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    /// Those who ask.
    pub query_frontend_grpc_client: ClientTlsYaml,
    /// Those who share work out.
    pub query_scheduler_grpc_client: ClientTlsYaml,
}
