//! Does a reload lose anything, or send it twice, while what a kill left undecided is still read again?

use std::{fs, net::SocketAddr, path::Path, process::Command, sync::atomic::Ordering::Relaxed};

use opentelemetry_proto::tonic::trace::v1::Span;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::{
    program::running::post,
    support::{
        Backend,
        crash::{Load, Program, arrived},
        free, request_of, until,
    },
};

/// How many spans are in each request, each of a trace of its own.
const SPANS: u64 = 200;
/// How many requests it has still to read.
const UNREAD: &str = "otelcol_gateway_tail_sampling_unread_requests";
/// What it says once it has read all of them.
const READ: &str = "read again what was undecided";
/// And of a new configuration.
const RUNS: &str = "the new configuration runs";

fn message(nth: u64) -> Vec<u8> {
    let spans = (0..SPANS).map(|index| Span {
        trace_id: [nth + 1, index + 1].map(u64::to_be_bytes).concat(),
        span_id: (nth * SPANS + index + 1).to_be_bytes().to_vec(),
        name: "GET /checkout".to_owned(),
        ..Span::default()
    });
    request_of(spans)
}

/// Where it listens and sends to.
#[derive(Clone, Copy)]
struct Places {
    address: SocketAddr,
    page: SocketAddr,
    to: SocketAddr,
}

impl Places {
    /// Keeps every trace, once it has waited so long; all that it takes is in files.
    fn config(&self, wait: &str, files: &Path) -> String {
        let reader = json!({ "host": self.page.ip(), "port": self.page.port() });
        json!({
            "receivers": { "otlp": { "protocols": { "grpc": { "endpoint": self.address } } } },
            "extensions": { "file_storage": { "directory": files, "create_directory": true } },
            "processors": { "tail_sampling": {
                "decision_wait": wait, "num_traces": 10_000_000,
                "policies": [{ "name": "all", "type": "always_sample" }],
            } },
            "exporters": { "otlp_grpc": {
                "endpoint": self.to.to_string(), "compression": "none", "timeout": "60s", "tls": { "insecure": true },
                "sending_queue": { "storage": "file_storage", "queue_size": 1_000_000 },
            } },
            "service": {
                "extensions": ["file_storage"],
                "telemetry": {
                    "logs": { "encoding": "json" },
                    "metrics": { "readers": [{ "pull": { "exporter": { "prometheus": reader } } }] },
                },
                "pipelines": { "traces": {
                    "receivers": ["otlp"], "processors": ["tail_sampling"], "exporters": ["otlp_grpc"],
                } },
            },
        })
        .to_string()
    }

    /// How many requests are unread, once there is a page that says so.
    async fn unread(&self) -> u64 {
        let page = || {
            let text = post(self.page, "GET /metrics HTTP/1.0\r\n\r\n")?;
            let line = text.lines().find(|line| line.starts_with(UNREAD))?;
            line.rsplit(' ').next()?.parse().ok()
        };
        until("it says what is unread", || page().is_some()).await;
        page().unwrap_or_default()
    }
}

/// The program, which writes its log into its folder.
fn logging(folder: &Path) -> Command {
    let log = fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
    command
        .arg("--config")
        .arg(folder.join("gateway.yaml"))
        .stderr(log);
    command
}

/// What its log says, in its order.
fn said(program: &Program) -> Vec<Value> {
    let log = fs::read_to_string(program.files().with_file_name("log")).unwrap();
    let lines = log.lines();
    lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// The place of the first line that says so.
fn place(said: &[Value], what: &str) -> Option<usize> {
    said.iter().position(|line| line["msg"] == what)
}

/// Kills it with so many requests undecided, and has it take a new configuration while it reads them again; whether that
/// was soon enough.
async fn reloaded(requests: usize) -> bool {
    let (backend, to) = Backend::start().await;
    let page = free();
    let mut places = None;
    let name = format!("reading-{requests}");
    let config = |address: SocketAddr, files: &Path| {
        let all = places.insert(Places { address, page, to });
        all.config("1h", files)
    };
    let mut program = Program::start_by(&name, config, logging);
    let (places, files) = (places.unwrap(), program.files());
    let (load, senders) = Load::start(program.address, message);
    load.some_more(requests).await;
    load.stop.store(true, Relaxed);
    senders.join_all().await;
    program.kill();
    assert_eq!(backend.got().len(), 0, "nothing was decided");

    let soon = places.config("2s", &files);
    fs::write(files.with_file_name("gateway.yaml"), soon).unwrap();
    program.again();
    if places.unread().await == 0 {
        return false;
    }
    program.reload(&places.config("3s", &files));
    until("it reads all of it", || {
        let said = said(&program);
        place(&said, RUNS).is_some() && place(&said, READ).is_some()
    })
    .await;
    let log = said(&program);
    let (runs, read) = (place(&log, RUNS).unwrap(), place(&log, READ).unwrap());
    if read < runs {
        return false;
    }
    let again = log[read]["requests"].as_u64().unwrap();
    assert!(again > 0, "the new one reads what the old one left");

    let acknowledged = load.acknowledged();
    until("all arrives", || {
        let arrived = arrived(&backend);
        let ids = |request| (1..=SPANS).map(move |index| request * SPANS + index);
        let mut all = acknowledged.iter().flat_map(|taken| ids(taken.request));
        all.all(|id| arrived.contains_key(&id))
    })
    .await;
    // What it would send twice it sends before its end.
    kill_process(Pid::from_child(&program.child), Signal::TERM).unwrap();
    let ended = program.child.wait().unwrap();
    assert!(ended.success(), "{ended}");
    let twice = arrived(&backend).into_values().filter(|times| *times > 1);
    assert_eq!(twice.count(), 0, "of {again} requests that were read again");
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_while_a_restart_reads_what_was_undecided_loses_nothing_and_sends_nothing_twice() {
    // How many are more than are read before it is told is a matter of how fast the machine is.
    for requests in [300, 1200, 5000] {
        if reloaded(requests).await {
            return;
        }
    }
    panic!("all was read before the new configuration was taken");
}
