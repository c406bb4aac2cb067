//! What does the OTLP receiver listen for?

use std::{collections::BTreeSet, time::Duration};

use collector_config::components::{
    connection::{Auth, Keepalive as KeepaliveText, Middleware},
    otlp::{Cors as CorsText, GrpcServer, HttpServer, Otlp as OtlpText, Protocols},
};

use super::super::at::At;
use super::{NO_AUTHENTICATORS, NO_MIDDLEWARES, client, connection, or_default, unless_zero};
use crate::settings::{Cors, Encodings, Grpc, Http, HttpPaths, Keepalive, Otlp};

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

fn grpc(server: GrpcServer, at: &At<'_>) -> Grpc {
    neither(server.auth.as_ref(), &server.middlewares, at);
    at.moot("read_buffer_size", &server.read_buffer_size, NO_BUFFERS);
    at.moot("write_buffer_size", &server.write_buffer_size, NO_BUFFERS);
    let max_message = server.max_recv_msg_size_mib.filter(|size| *size > 0);
    Grpc {
        address: connection::address(&server.endpoint, server.transport, "localhost:4317", at),
        tls: server.tls.and_then(|tls| connection::server(tls, at)),
        max_message: u64::from(max_message.unwrap_or(4)) * MIB,
        max_concurrent_streams: server.max_concurrent_streams.filter(|calls| *calls > 0),
        keepalive: keepalive(server.keepalive.unwrap_or_default()),
        include_metadata: server.include_metadata,
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
        // As the collector's gRPC library has it: nobody is asked more than once a second.
        ping_after: time(server.time, usual.ping_after).max(Duration::from_secs(1)),
        ping_timeout: time(server.timeout, usual.ping_timeout),
        min_ping_interval: time(clients.min_time, usual.min_ping_interval),
        ping_without_calls: clients.permit_without_stream,
    }
}

fn http(server: HttpServer, at: &At<'_>) -> Http {
    neither(server.auth.as_ref(), &server.middlewares, at);
    let encodings = encodings(
        server.compression_algorithms,
        &at.key("compression_algorithms"),
    );
    if let Some(cors) = &server.cors
        && cors.allowed_origins.is_empty()
    {
        let why = "does nothing without `allowed_origins`";
        let at = at.key("cors");
        at.moot("allowed_headers", &cors.allowed_headers, why);
        at.moot("exposed_headers", &cors.exposed_headers, why);
    }
    let headers = at.key("response_headers");
    for (name, value) in &server.response_headers {
        client::header(name, value, &headers);
    }
    // What is nothing is as long as reading all of a request may take, as Go's servers have it.
    let read = or_default(server.read_timeout, None);
    let first = read.or(Some(Duration::from_mins(1)));
    Http {
        encodings,
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
        read_timeout: read,
        // The collector has none where nothing is said, so that slow senders can hold connections for ever.
        read_header_timeout: server
            .read_header_timeout
            .map_or(first, |limit| unless_zero(limit).or(read)),
        write_timeout: or_default(server.write_timeout, None),
        idle_timeout: or_default(server.idle_timeout, None).or(read),
        keep_alive: server.keep_alives_enabled.unwrap_or(true),
        include_metadata: server.include_metadata,
        paths: paths(
            [
                server.traces_url_path,
                server.metrics_url_path,
                server.logs_url_path,
            ],
            at,
        ),
    }
}

/// The paths of the three signals, each its own.
fn paths(given: [Option<String>; 3], at: &At<'_>) -> HttpPaths {
    const KEYS: [(&str, &str); 3] = [
        ("traces_url_path", "/v1/traces"),
        ("metrics_url_path", "/v1/metrics"),
        ("logs_url_path", "/v1/logs"),
    ];
    let mut taken = BTreeSet::new();
    let mut keys = KEYS.into_iter();
    let [traces, metrics, logs] = given.map(|given| {
        let (key, default) = keys.next().unwrap_or_default();
        let path = path(given, default, &at.key(key));
        if !taken.insert(path.clone()) {
            let what = format!("`{path}` is the path of another signal already");
            at.key(key).refuse(what);
        }
        path
    });
    HttpPaths {
        traces,
        metrics,
        logs,
    }
}

fn encodings(named: Option<Vec<String>>, at: &At<'_>) -> Option<Encodings> {
    const READ: [&str; 8] = [
        "",
        "gzip",
        "zstd",
        "zlib",
        "deflate",
        "snappy",
        "x-snappy-framed",
        "lz4",
    ];
    let named: BTreeSet<_> = named?.into_iter().collect();
    for name in named.iter().filter(|name| !READ.contains(&name.as_str())) {
        at.note(format!(
            "`{name}` is not read; `gzip`, `zstd`, `zlib`, `deflate`, `snappy`, `x-snappy-framed` and `lz4` are"
        ));
    }
    Some(Encodings { named })
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
