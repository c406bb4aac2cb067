//! The OTLP receiver: gRPC and HTTP.

use serde::{Deserialize, Serialize};

use super::connection::{Auth, Keepalive, Middleware, ServerTls};
use crate::component::{Class, Component};
use crate::needs::listens;
use crate::{ComponentId, ComponentType, Distribution, Duration, Need, Signal, Stability};

/// The OTLP receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Otlp {
    /// What it listens for.
    pub protocols: Protocols,
}

/// What an OTLP receiver listens for; at least one. A protocol that is named without settings is on.
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

settings! {
    /// A gRPC server.
    #[derive(Eq)]
    pub struct GrpcServer {
        /// The address that it listens on, or the path of a socket: `localhost:4317` where nothing is said.
        pub endpoint: String,
        /// What the address is one of: `tcp` where nothing is said.
        pub transport: Option<Transport>,
        /// TLS; none where nothing is said.
        pub tls: Option<ServerTls>,
        /// Who clients have to be; anyone, where nothing is said.
        pub auth: Option<Auth>,
        /// The largest message that it accepts: 4 MiB where nothing is said.
        pub max_recv_msg_size_mib: Option<u32>,
        /// How many calls one connection may have open.
        pub max_concurrent_streams: Option<u32>,
        /// How many bytes are read at a time: 512 KiB where nothing is said.
        pub read_buffer_size: Option<u64>,
        /// How many bytes are written at a time: 32 KiB where nothing is said.
        pub write_buffer_size: Option<u64>,
        /// When connections are ended.
        pub keepalive: Option<Keepalive>,
        /// Whether request headers are handed on.
        pub include_metadata: bool,
        /// Extensions that look at requests.
        pub middlewares: Vec<Middleware>,
    }

    /// An HTTP server.
    #[derive(Eq)]
    pub struct HttpServer {
        /// The address that it listens on, or the path of a socket: `localhost:4318` where nothing is said.
        pub endpoint: String,
        /// What the address is one of: `tcp` where nothing is said.
        pub transport: Option<Transport>,
        /// TLS; none where nothing is said.
        pub tls: Option<ServerTls>,
        /// Who clients have to be; anyone, where nothing is said.
        pub auth: Option<Auth>,
        /// The largest body that it accepts, in bytes: 20 MiB where nothing is said.
        pub max_request_body_size: Option<u64>,
        /// Which web pages may send to it.
        pub cors: Option<Cors>,
        /// Whether request headers are handed on.
        pub include_metadata: bool,
        /// Headers of every answer.
        pub response_headers: std::collections::BTreeMap<String, String>,
        /// How requests may be compressed.
        pub compression_algorithms: Option<Vec<String>>,
        /// How long reading a request may take.
        pub read_timeout: Option<Duration>,
        /// How long reading its headers may take: 1 min where nothing is said.
        pub read_header_timeout: Option<Duration>,
        /// How long writing the answer may take: 30 s where nothing is said.
        pub write_timeout: Option<Duration>,
        /// How long a connection may be idle: 1 min where nothing is said.
        pub idle_timeout: Option<Duration>,
        /// Whether connections are kept: they are, where nothing is said.
        pub keep_alives_enabled: Option<bool>,
        /// Extensions that look at requests.
        pub middlewares: Vec<Middleware>,
        /// The path for traces: `/v1/traces` where nothing is said.
        pub traces_url_path: Option<String>,
        /// The path for metrics: `/v1/metrics` where nothing is said.
        pub metrics_url_path: Option<String>,
        /// The path for logs: `/v1/logs` where nothing is said.
        pub logs_url_path: Option<String>,
    }

    /// Which web pages may send to an HTTP server.
    #[derive(Eq)]
    pub struct Cors {
        /// Where they come from.
        pub allowed_origins: Vec<String>,
        /// The headers that they may send.
        pub allowed_headers: Vec<String>,
        /// The headers of answers that they may see.
        pub exposed_headers: Vec<String>,
        /// How many seconds the answer holds.
        pub max_age: Option<u64>,
    }
}

/// What an address is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// A host and a port.
    Tcp,
    /// A host and a port, of IPv4 alone.
    Tcp4,
    /// A host and a port, of IPv6 alone.
    Tcp6,
    /// The path of a socket, for containers of the same Pod.
    Unix,
}

impl GrpcServer {
    /// A server on a socket at this path, for the containers of one Pod.
    pub fn on_socket(path: &str) -> Self {
        Self {
            endpoint: path.to_owned(),
            transport: Some(Transport::Unix),
            ..Self::default()
        }
    }
}

/// What is wrong with an address.
fn mistake(endpoint: &str, transport: Option<Transport>) -> Option<String> {
    let rule = match transport {
        Some(Transport::Unix) if endpoint.contains("://") => {
            "a socket is a path, without `unix://`"
        }
        Some(Transport::Unix) if endpoint.is_empty() => "a socket needs a path as its `endpoint`",
        Some(Transport::Unix) => return None,
        _ if endpoint.contains("://") => "`endpoint` is `host:port`, without a scheme",
        _ => return None,
    };
    Some(rule.to_owned())
}

impl Component for Otlp {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Receiver, "otlp")
        .in_gateway()
        .within(Distribution::ALL)
        .signals(&Signal::ALL)
        .ripe(Stability::Stable);

    fn extensions(&self) -> Vec<ComponentId> {
        let Protocols { grpc, http } = &self.protocols;
        let grpc = grpc.iter().map(|grpc| (&grpc.auth, &grpc.middlewares));
        let http = http.iter().map(|http| (&http.auth, &http.middlewares));
        let named = grpc.chain(http).flat_map(|(auth, middlewares)| {
            let middlewares = middlewares.iter().filter_map(|one| one.id.clone());
            Auth::extension(auth.as_ref())
                .into_iter()
                .chain(middlewares)
        });
        named.collect()
    }

    fn mistakes(&self) -> Vec<String> {
        let Protocols { grpc, http } = &self.protocols;
        if grpc.is_none() && http.is_none() {
            return vec!["protocols: at least one of `grpc` and `http` is needed".to_owned()];
        }
        let grpc = grpc
            .iter()
            .map(|grpc| ("grpc", &grpc.tls, &grpc.endpoint, grpc.transport));
        let http = http
            .iter()
            .map(|http| ("http", &http.tls, &http.endpoint, http.transport));
        let found = grpc
            .chain(http)
            .flat_map(|(protocol, tls, endpoint, transport)| {
                let tls = tls.iter().flat_map(ServerTls::mistakes);
                let wrong = tls.chain(mistake(endpoint, transport));
                wrong.map(move |wrong| format!("protocols.{protocol}: {wrong}"))
            });
        found.collect()
    }

    fn needs(&self) -> Vec<Need> {
        let Protocols { grpc, http } = &self.protocols;
        let grpc = grpc
            .iter()
            .map(|grpc| ("otlp-grpc", &grpc.endpoint, 4317, grpc.transport));
        let http = http
            .iter()
            .map(|http| ("otlp-http", &http.endpoint, 4318, http.transport));
        let ports = grpc
            .chain(http)
            .filter(|(.., transport)| *transport != Some(Transport::Unix));
        ports
            .filter_map(|(name, endpoint, default, _)| listens(name, endpoint, default))
            .collect()
    }
}
