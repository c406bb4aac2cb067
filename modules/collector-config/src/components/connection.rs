//! How connections are made and accepted: TLS, keepalive.

use serde::{Deserialize, Serialize};

use super::is_default;
use crate::Duration;

/// TLS on the side that calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientTls {
    /// Whether there is none at all.
    #[serde(skip_serializing_if = "is_default")]
    pub insecure: bool,
    /// The certificate authority that the server's certificate must come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// The client's own certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_file: Option<String>,
    /// Its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
    /// The name that the server's certificate must have, where the address is not it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name_override: Option<String>,
    /// How often the files are read again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reload_interval: Option<Duration>,
}

/// TLS on the side that is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerTls {
    /// The server's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_file: Option<String>,
    /// Its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
    /// The certificate authority that clients' certificates must come from; asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ca_file: Option<String>,
    /// How often the files are read again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reload_interval: Option<Duration>,
}

/// Keepalive of a gRPC server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keepalive {
    /// When connections are ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_parameters: Option<ServerParameters>,
}

/// When a gRPC server ends connections.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerParameters {
    /// The age at which clients are asked to connect anew. Without it an HTTP/2 connection stays with the
    /// replica that it found first, and new replicas get nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_connection_age: Option<Duration>,
    /// How long calls under way may go on after that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_connection_age_grace: Option<Duration>,
    /// How long a connection may be idle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_connection_idle: Option<Duration>,
    /// After how much silence a ping is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Duration>,
    /// How long the answer to it may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
}

impl ClientTls {
    /// No TLS.
    pub fn none() -> Self {
        Self {
            insecure: true,
            ..Self::default()
        }
    }
}

impl Keepalive {
    /// Connections live this long, and calls under way a little longer.
    pub fn max_age(age: Duration, grace: Duration) -> Self {
        let parameters = ServerParameters {
            max_connection_age: Some(age),
            max_connection_age_grace: Some(grace),
            ..ServerParameters::default()
        };
        Self {
            server_parameters: Some(parameters),
        }
    }
}
