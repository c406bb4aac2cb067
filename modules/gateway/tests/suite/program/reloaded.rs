//! Who sends while a new configuration is taken notices nothing of it.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::time::sleep;

use super::running::{free, get, post};
use crate::{
    killed::{message, settle},
    support::{
        Backend,
        crash::{Load, Program, arrived},
    },
};

/// How often a configuration is taken.
const RELOADS: u64 = 6;

/// Where a program listens and sends to, and what it keeps in files, if anything.
struct Places<'a> {
    grpc: SocketAddr,
    http: SocketAddr,
    health: SocketAddr,
    to: SocketAddr,
    files: Option<&'a std::path::Path>,
}

impl Places<'_> {
    /// The n-th configuration: its health is asked for by its number.
    fn config(&self, nth: u64) -> String {
        let mut config = json!({
            "receivers": { "otlp": { "protocols": {
                "grpc": { "endpoint": self.grpc }, "http": { "endpoint": self.http },
            } } },
            "exporters": { "otlp_grpc": {
                "endpoint": self.to.to_string(), "compression": "none", "timeout": "60s", "tls": { "insecure": true },
                "sending_queue": { "queue_size": 1_000_000 },
                "retry_on_failure": { "initial_interval": "50ms" },
            } },
            "extensions": { "health_check": { "endpoint": self.health, "path": format!("/{nth}") } },
            "service": {
                "extensions": ["health_check"],
                "telemetry": { "metrics": { "level": "none" } },
                "pipelines": { "traces": { "receivers": ["otlp"], "exporters": ["otlp_grpc"] } },
            },
        });
        if let Some(files) = self.files {
            config["extensions"]["file_storage"] =
                json!({ "directory": files, "create_directory": true });
            config["service"]["extensions"] = json!(["health_check", "file_storage"]);
            config["exporters"]["otlp_grpc"]["sending_queue"]["storage"] = json!("file_storage");
        }
        config.to_string()
    }
}

/// One who makes a connection for each request, until it is told to stop: how many were answered.
fn newcomer(
    to: SocketAddr,
    stop: Arc<AtomicBool>,
) -> (Arc<AtomicU64>, std::thread::JoinHandle<()>) {
    let taken = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&taken);
    let body = r#"{"resourceSpans":[]}"#;
    let request = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let ask = move || {
        while !stop.load(Relaxed) {
            let answer = post(to, &request).expect("a connection that is answered");
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
            count.fetch_add(1, Relaxed);
        }
    };
    (taken, std::thread::spawn(ask))
}

/// Takes new configurations under load; whether everybody was served all the time, and everything arrives.
async fn under_load(name: &str, stored: bool) {
    let (backend, to) = Backend::start().await;
    let (http, health) = (free(), free());
    let mut grpc = None;
    let mut program = Program::start(name, |address, files| {
        grpc = Some(address);
        let files = stored.then_some(files);
        Places {
            grpc: address,
            http,
            health,
            to,
            files,
        }
        .config(0)
    });
    let files = program.files();
    let places = Places {
        grpc: grpc.unwrap(),
        http,
        health,
        to,
        files: stored.then_some(&files),
    };
    let (load, senders) = Load::start(program.address, message);
    load.some_more(20).await;
    // From now on nobody has a reason to be turned away.
    let before = load.unconnected.load(Relaxed);
    let stop = Arc::new(AtomicBool::new(false));
    let (taken, newcomer) = newcomer(http, Arc::clone(&stop));
    for nth in 1..=RELOADS {
        program.reload(&places.config(nth));
        let began = Instant::now();
        let path = format!("/{nth}");
        while !get(health, &path).is_some_and(|page| page.starts_with("HTTP/1.1 200 ")) {
            assert!(began.elapsed() < Duration::from_mins(1), "it is not taken");
            sleep(Duration::from_millis(5)).await;
        }
        load.some_more(30).await;
        let some = taken.load(Relaxed) + 3;
        while taken.load(Relaxed) < some && !newcomer.is_finished() {
            sleep(Duration::from_millis(2)).await;
        }
    }
    stop.store(true, Relaxed);
    newcomer.join().expect("every newcomer is served");
    load.stop.store(true, Relaxed);
    senders.join_all().await;
    let turned_away = (
        load.unconnected.load(Relaxed) - before,
        load.refused.load(Relaxed),
    );
    assert_eq!(turned_away, (0, 0), "connections, requests");
    let twice = settle(&backend, &load).await;
    assert_eq!(twice, 0, "nothing had to be sent again");
    // A call may have come too late on a connection that ends, and be sent again on another: then it was not taken.
    let asked: BTreeSet<u64> = load
        .acknowledged()
        .iter()
        .map(|taken| taken.request)
        .collect();
    assert_eq!(arrived(&backend).len(), asked.len() * 20);
    assert!(program.child.try_wait().unwrap().is_none(), "it goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_under_load_turns_nobody_away_and_loses_nothing() {
    under_load("reloaded", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_does_one_that_hands_a_storage_over() {
    under_load("handed-over", true).await;
}
