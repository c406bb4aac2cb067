//! What does the OTLP receiver listen for?

use std::time::Duration;

use collector_config::components::{
    connection::{Auth, Keepalive as KeepaliveText, Middleware},
    otlp::{Cors as CorsText, GrpcServer, HttpServer, Otlp as OtlpText, Protocols},
};

use super::super::at::At;
use super::{NO_AUTHENTICATORS, NO_MIDDLEWARES, connection, or_default, unless_zero};
use crate::settings::{Cors, Grpc, Http, HttpPaths, Keepalive, Otlp};

const MIB: u64 = 1 << 20;

/// The OTLP receiver.
pub(in super::super) fn otlp(text: OtlpText, at: &At<'_>) -> Otlp {
    let Protocols {
        grpc: rpc,
        http: web,
    } = text.protocols;
    let at = at.key("protocols");
    Otlp {
        grpc: rpc.map(|server| grpc(server, &at.key("grpc"))),
        http: web.map(|server| http(server, &at.key("http"))),
    }
}

/// What neither server can have.
fn neither(auth: Option<&Auth>, middlewares: &[Middleware], at: &At<'_>) {
    if auth.is_some_and(|auth| auth.authenticator.is_some()) {
        at.key("auth").refuse(NO_AUTHENTICATORS);
    }
    if !middlewares.is_empty() {
        at.key("middlewares").refuse(NO_MIDDLEWARES);
    }
}

const NO_BUFFERS: &str = "does nothing: the gateway chooses the sizes of its buffers itself";
const NO_METADATA: &str =
    "does nothing: headers of requests are not kept, and nothing here reads them";

fn grpc(server: GrpcServer, at: &At<'_>) -> Grpc {
    neither(server.auth.as_ref(), &server.middlewares, at);
    at.moot("read_buffer_size", &server.read_buffer_size, NO_BUFFERS);
    at.moot("write_buffer_size", &server.write_buffer_size, NO_BUFFERS);
    at.moot("include_metadata", &server.include_metadata, NO_METADATA);
    let max_message = server.max_recv_msg_size_mib.filter(|size| *size > 0);
    Grpc {
        address: connection::address(&server.endpoint, server.transport, "localhost:4317", at),
        tls: server.tls.and_then(|tls| connection::server(tls, at)),
        max_message: u64::from(max_message.unwrap_or(4)) * MIB,
        max_concurrent_streams: server.max_concurrent_streams.filter(|calls| *calls > 0),
        keepalive: keepalive(server.keepalive.unwrap_or_default()),
    }
}

fn keepalive(text: KeepaliveText) -> Keepalive {
    let server = text.server_parameters.unwrap_or_default();
    let clients = text.enforcement_policy.unwrap_or_default();
    let time = |given, default| or_default(given, None).unwrap_or(default);
    let usual = Keepalive::default();
    Keepalive {
        max_age: or_default(server.max_connection_age, None),
        max_age_grace: or_default(server.max_connection_age_grace, None),
        max_idle: or_default(server.max_connection_idle, None),
        ping_after: time(server.time, usual.ping_after),
        ping_timeout: time(server.timeout, usual.ping_timeout),
        min_ping_interval: time(clients.min_time, usual.min_ping_interval),
        ping_without_calls: clients.permit_without_stream,
    }
}

fn http(server: HttpServer, at: &At<'_>) -> Http {
    neither(server.auth.as_ref(), &server.middlewares, at);
    at.moot("include_metadata", &server.include_metadata, NO_METADATA);
    encodings(
        &server.compression_algorithms,
        &at.key("compression_algorithms"),
    );
    Http {
        address: connection::address(&server.endpoint, server.transport, "localhost:4318", at),
        tls: server.tls.and_then(|tls| connection::server(tls, at)),
        max_body: server
            .max_request_body_size
            .filter(|size| *size > 0)
            .unwrap_or(20 * MIB),
        cors: server
            .cors
            .map(cors)
            .filter(|cors| !cors.allowed_origins.is_empty()),
        response_headers: server.response_headers,
        read_timeout: or_default(server.read_timeout, None),
        // The collector has none here, so that slow senders can hold connections for ever.
        read_header_timeout: or_default(server.read_header_timeout, Some(Duration::from_mins(1))),
        write_timeout: or_default(server.write_timeout, None),
        idle_timeout: or_default(server.idle_timeout, None),
        keep_alive: server.keep_alives_enabled.unwrap_or(true),
        paths: HttpPaths {
            traces: path(
                server.traces_url_path,
                "/v1/traces",
                &at.key("traces_url_path"),
            ),
            metrics: path(
                server.metrics_url_path,
                "/v1/metrics",
                &at.key("metrics_url_path"),
            ),
            logs: path(server.logs_url_path, "/v1/logs", &at.key("logs_url_path")),
        },
    }
}

fn encodings(named: &[String], at: &At<'_>) {
    const READ: [&str; 3] = ["", "gzip", "zstd"];
    for name in named.iter().filter(|name| !READ.contains(&name.as_str())) {
        at.note(format!("`{name}` is not read; `gzip` and `zstd` are"));
    }
}

fn path(given: Option<String>, default: &str, at: &At<'_>) -> String {
    let path = given.filter(|path| !path.is_empty());
    let path = path.unwrap_or_else(|| default.to_owned());
    // The collector puts the slash in front by itself.
    let path = if path.starts_with('/') {
        path
    } else {
        format!("/{path}")
    };
    if path.contains(['?', '#', ' ']) {
        at.refuse(format!("`{path}` is not a path"));
    }
    path
}

fn cors(text: CorsText) -> Cors {
    let max_age = text.max_age.map(collector_config::Duration::seconds);
    Cors {
        allowed_origins: text.allowed_origins,
        allowed_headers: text.allowed_headers,
        exposed_headers: text.exposed_headers,
        max_age: max_age.and_then(unless_zero),
    }
}
