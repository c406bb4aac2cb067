//! What do ten thousand connections cost on which nothing happens?

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::json;

use crate::{
    program::running::{File, Running, free},
    support::{PATIENCE, TRACES, call, spans},
};

const MANY: usize = 10_000;
/// What each of them is charged for, in bytes: `http2::server::session::CONNECTION`.
const CHARGED: u64 = 8 << 10;

/// How many connections this process and the gateway, which has its limits, may have open.
#[expect(
    clippy::print_stderr,
    reason = "who tests less than it says has to say so"
)]
fn allowed() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    let most = limit
        .maximum
        .map_or(usize::MAX, |most| usize::try_from(most).unwrap());
    let allowed = MANY.min(most - 500);
    if allowed < MANY {
        eprintln!("only {allowed} connections: no more files may be open here");
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

/// A connection whose settings are exchanged.
fn idle(to: SocketAddr) -> TcpStream {
    let end = Instant::now() + PATIENCE;
    let mut stream = loop {
        match TcpStream::connect(to) {
            Ok(stream) => break stream,
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
        thread::sleep(Duration::from_millis(10));
    };
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .unwrap();
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).unwrap();
    let mut settings = [0; 9];
    stream.read_exact(&mut settings).unwrap();
    assert_eq!(settings[3], 4, "settings come first");
    stream
}

#[tokio::test]
async fn ten_thousand_idle_connections_cost_no_more_than_they_are_charged_for() {
    let to = free();
    let config = json!({
        "receivers": { "otlp": { "protocols": { "grpc": { "endpoint": to } } } },
        "exporters": { "nop": {} },
        "service": {
            "telemetry": { "metrics": { "level": "none" } },
            "pipelines": { "traces": { "receivers": ["otlp"], "exporters": ["nop"] } },
        },
    });
    let config = File::new(&config.to_string());
    let many = allowed();
    let gateway = Running::start(&config);
    drop(idle(to));
    let before = resident(gateway.id());
    let crowd: Vec<_> = (0..many).map(|_| idle(to)).collect();
    let each = (resident(gateway.id()) - before) / many as u64;
    assert!(each <= CHARGED, "{each} bytes for a connection");
    assert_eq!(call(to, TRACES, &spans(1)).await.code, "0");
    drop(crowd);
    assert_eq!(call(to, TRACES, &spans(1)).await.code, "0");
}
