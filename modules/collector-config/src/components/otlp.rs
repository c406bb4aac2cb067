//! The OTLP receiver: gRPC and HTTP.

use serde::{Deserialize, Serialize};

use super::{
    connection::{Keepalive, ServerTls},
    is_default,
};
use crate::component::{Class, Component};
use crate::needs::listens;
use crate::{ComponentType, Distribution, Need, Signal, Stability};

/// The OTLP receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Otlp {
    /// What it listens for.
    pub protocols: Protocols,
}

/// What an OTLP receiver listens for; at least one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Protocols {
    /// OTLP over gRPC.
    #[serde(
        deserialize_with = "super::on_where_named",
        skip_serializing_if = "Option::is_none"
    )]
    pub grpc: Option<GrpcServer>,
    /// OTLP over HTTP.
    #[serde(
        deserialize_with = "super::on_where_named",
        skip_serializing_if = "Option::is_none"
    )]
    pub http: Option<HttpServer>,
}

/// A gRPC server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrpcServer {
    /// The address that it listens on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub endpoint: String,
    /// TLS; none where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<ServerTls>,
    /// The largest message that it accepts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_recv_msg_size_mib: Option<u32>,
    /// How many calls one connection may have open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent_streams: Option<u32>,
    /// When connections are ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keepalive: Option<Keepalive>,
    /// Whether request headers are handed on.
    #[serde(skip_serializing_if = "is_default")]
    pub include_metadata: bool,
}

/// An HTTP server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpServer {
    /// The address that it listens on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub endpoint: String,
    /// TLS; none where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<ServerTls>,
    /// The largest body that it accepts, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_request_body_size: Option<u64>,
    /// Which web pages may send to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,
    /// Whether request headers are handed on.
    #[serde(skip_serializing_if = "is_default")]
    pub include_metadata: bool,
}

/// Which web pages may send to an HTTP server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cors {
    /// Where they come from.
    pub allowed_origins: Vec<String>,
    /// The headers that they may send.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_headers: Vec<String>,
    /// How many seconds the answer holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
}

impl Component for Otlp {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Receiver, "otlp")
        .within(Distribution::ALL)
        .signals(&Signal::ALL)
        .ripe(Stability::Stable);

    fn mistakes(&self) -> Vec<String> {
        let Protocols { grpc, http } = &self.protocols;
        if grpc.is_none() && http.is_none() {
            vec!["protocols: at least one of `grpc` and `http` is needed".to_owned()]
        } else {
            Vec::new()
        }
    }

    fn needs(&self) -> Vec<Need> {
        let Protocols { grpc, http } = &self.protocols;
        let grpc = grpc
            .as_ref()
            .map(|grpc| ("otlp-grpc", &grpc.endpoint, 4317));
        let http = http
            .as_ref()
            .map(|http| ("otlp-http", &http.endpoint, 4318));
        let ports = grpc.into_iter().chain(http);
        ports
            .filter_map(|(name, endpoint, default)| listens(name, endpoint, default))
            .collect()
    }
}
