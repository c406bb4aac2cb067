//! What do ten thousand connections cost on which nothing happens, or not enough?

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Resource, getrlimit, setrlimit};
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde_json::json;

use crate::{
    program::{
        running::{Running, free, receiving},
        secured::Identity,
    },
    support::{Folder, PATIENCE, TRACES, call, needs::left_out, spans},
};

const MANY: usize = 10_000;
/// With TLS it is fewer, for each has its keys made anew.
const SECURE: usize = 2000;
/// What each of them is charged for, in bytes: `http2::server::session::CONNECTION`.
const HTTP2: u64 = 8 << 10;
/// The same of HTTP/1.1: `receive::heads::CONNECTION`.
const HTTP1: u64 = 32 << 10;
/// What TLS is charged for, beside what it carries: `receive::connection::TLS`.
const TLS: u64 = 40 << 10;

/// How many connections this process and the gateway, which has its limits, may have open.
fn allowed() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    let most = limit
        .maximum
        .map_or(usize::MAX, |most| usize::try_from(most).unwrap());
    let allowed = MANY.min(most - 500);
    if allowed < MANY {
        left_out(&format!(
            "only {allowed} of {MANY} connections can be made: let this user open more files (`ulimit -Hn`)"
        ));
    }
    allowed
}

/// The resident memory of a process, in bytes.
fn resident(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib << 10
}

/// Somebody who has come.
fn guest(to: SocketAddr) -> TcpStream {
    let end = Instant::now() + PATIENCE;
    let stream = loop {
        match TcpStream::connect(to) {
            Ok(stream) => break stream,
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
        thread::sleep(Duration::from_millis(10));
    };
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Exchanges settings.
fn greet<S: Read + Write>(mut stream: S) -> S {
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .unwrap();
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).unwrap();
    let mut settings = [0; 9];
    stream.read_exact(&mut settings).unwrap();
    assert_eq!(settings[3], 4, "settings come first");
    stream
}

/// Asks something, and is answered.
fn ask(mut stream: TcpStream) -> TcpStream {
    let request = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n";
    stream.write_all(request).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 404");
    stream
}

/// Begins a head, and does not end it.
fn hesitate(mut stream: TcpStream) -> TcpStream {
    let head = format!("POST /v1/traces HTTP/1.1\r\nx: {}", "a".repeat(7 << 10));
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// What each of so many takes of the gateway's memory.
async fn each<T>(gateway: &Running, probe: SocketAddr, many: usize, one: impl Fn() -> T) -> u64 {
    drop(one());
    let before = resident(gateway.id());
    let crowd: Vec<_> = (0..many).map(|_| one()).collect();
    // Who comes last is heard last.
    assert_eq!(call(probe, TRACES, &spans(1)).await.code, "0");
    let each = resident(gateway.id()).saturating_sub(before) / many as u64;
    drop(crowd);
    assert_eq!(call(probe, TRACES, &spans(1)).await.code, "0");
    each
}

#[tokio::test]
async fn ten_thousand_idle_connections_cost_no_more_than_they_are_charged_for() {
    let to = free();
    let config = receiving(&json!({ "grpc": { "endpoint": to } }));
    let gateway = Running::start(&config);
    let each = each(&gateway, to, allowed(), || greet(guest(to))).await;
    assert!(each <= HTTP2, "{each} bytes for a connection");
}

#[tokio::test]
async fn so_do_those_of_http_1_that_have_asked_something() {
    let (to, probe) = (free(), free());
    let protocols = json!({ "http": { "endpoint": to }, "grpc": { "endpoint": probe } });
    let config = receiving(&protocols);
    let gateway = Running::start(&config);
    let each = each(&gateway, probe, allowed(), || ask(guest(to))).await;
    assert!(each <= HTTP1, "{each} bytes for a connection");
}

#[tokio::test]
async fn so_do_those_that_do_not_end_what_they_ask() {
    let (to, probe) = (free(), free());
    let protocols = json!({ "http": { "endpoint": to }, "grpc": { "endpoint": probe } });
    let config = receiving(&protocols);
    let gateway = Running::start(&config);
    let each = each(&gateway, probe, allowed(), || hesitate(guest(to))).await;
    assert!(each <= HTTP1, "{each} bytes for a connection");
}

fn secure(to: SocketAddr, config: &Arc<ClientConfig>) -> StreamOwned<ClientConnection, TcpStream> {
    let name = "127.0.0.1".try_into().unwrap();
    let client = ClientConnection::new(Arc::clone(config), name).unwrap();
    StreamOwned::new(client, guest(to))
}

#[tokio::test]
async fn so_do_those_with_tls() {
    let (to, probe, folder) = (free(), free(), Folder::new());
    let known = Identity::new();
    known.write(&folder);
    let tls = json!({
        "cert_file": folder.file("certificate.pem"),
        "key_file": folder.file("key.pem"),
    });
    let protocols = json!({
        "http": { "endpoint": to, "tls": tls },
        "grpc": { "endpoint": probe },
    });
    let config = receiving(&protocols);
    let gateway = Running::start(&config);
    let client = known.known_to(None);
    let many = SECURE.min(allowed());
    let each = each(&gateway, probe, many, || greet(secure(to, &client))).await;
    assert!(each <= TLS + HTTP2, "{each} bytes for a connection");
}
