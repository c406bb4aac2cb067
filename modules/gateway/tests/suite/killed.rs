//! What was acknowledged arrives, however often the program is killed.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::{task::JoinSet, time::sleep};

use crate::support::{
    Backend,
    crash::{Load, Program, Taken, arrived, kills},
    free, request_of,
};

/// How many spans are in each request.
const SPANS: u64 = 20;

/// A configuration that keeps everything in files before it sends it.
pub(crate) fn config(
    to: SocketAddr,
    durability: &str,
    page: Option<SocketAddr>,
) -> impl FnOnce(SocketAddr, &Path) -> String {
    move |address, files| {
        let files = files.display();
        let metrics = page.map_or("level: none".to_owned(), |page| {
            let (host, port) = (page.ip(), page.port());
            format!("readers: [{{pull: {{exporter: {{prometheus: {{host: '{host}', port: {port}}}}}}}}}]")
        });
        format!(
            "receivers: {{otlp: {{protocols: {{grpc: {{endpoint: '{address}'}}}}}}}}
extensions: {{file_storage: {{directory: '{files}', create_directory: true, durability: {durability}}}}}
exporters:
  otlp_grpc:
    endpoint: '{to}'
    compression: none
    timeout: 60s
    tls: {{insecure: true}}
    sending_queue: {{storage: file_storage, queue_size: 1000000}}
    retry_on_failure: {{initial_interval: 50ms, max_interval: 200ms, max_elapsed_time: 0s}}
service:
  extensions: [file_storage]
  telemetry: {{metrics: {{{metrics}}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [otlp_grpc]}}}}
"
        )
    }
}

/// The n-th request: each of its spans has an id that no other has.
pub(crate) fn message(nth: u64) -> Vec<u8> {
    let spans = (0..SPANS).map(|index| Span {
        trace_id: [nth + 1, index].map(u64::to_be_bytes).concat(),
        span_id: (nth * SPANS + index + 1).to_be_bytes().to_vec(),
        name: "GET /checkout".to_owned(),
        ..Span::default()
    });
    request_of(spans)
}

/// Which of the spans that were acknowledged have not arrived.
fn missing(acknowledged: &[Taken], arrived: &BTreeMap<u64, u64>) -> Vec<u64> {
    let ids = acknowledged
        .iter()
        .flat_map(|taken| (1..=SPANS).map(move |index| taken.request * SPANS + index));
    ids.filter(|id| !arrived.contains_key(id)).collect()
}

/// Everything that was acknowledged arrives within a minute; says how many spans came more than once.
pub(crate) async fn settle(backend: &Backend, load: &Load) -> u64 {
    let acknowledged = load.acknowledged();
    let began = Instant::now();
    loop {
        let arrived = arrived(backend);
        let missing = missing(&acknowledged, &arrived);
        if missing.is_empty() {
            return arrived.values().map(|times| times - 1).sum();
        }
        let of = acknowledged.len() as u64 * SPANS;
        let late = began.elapsed() > Duration::from_mins(1);
        assert!(
            !late,
            "{} of {of} spans are lost: {:?} …",
            missing.len(),
            &missing[..1]
        );
        sleep(Duration::from_millis(200)).await;
    }
}

/// Ends the load: what was acknowledged arrives; says how many spans came more than once.
pub(crate) async fn end(load: &Load, senders: JoinSet<()>, backend: &Backend) -> u64 {
    load.stop.store(true, Relaxed);
    senders.join_all().await;
    settle(backend, load).await
}

/// Kills it under load so many times; everything that it acknowledged arrives.
async fn under_load(durability: &str, kills: usize) {
    let (backend, address) = Backend::start().await;
    let mut program = Program::start(
        &format!("killed-{durability}"),
        config(address, durability, None),
    );
    let (load, senders) = Load::start(program.address, message);
    for _ in 0..kills {
        load.some_more(fastrand::usize(1..40)).await;
        program.kill();
        program.again();
    }
    load.some_more(10).await;
    let twice = end(&load, senders, &backend).await;
    // At most what ten senders had under way when it was killed.
    let most = kills as u64 * 10 * SPANS;
    assert!(twice <= most, "{twice} spans came twice in {kills} kills");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_is_killed_under_load_loses_nothing_that_it_acknowledged() {
    under_load("process", kills(24)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_one_that_waits_for_the_medium() {
    under_load("power", kills(6)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_is_killed_while_it_starts_or_ends_loses_nothing() {
    let (backend, address) = Backend::start().await;
    let mut program = Program::start("restarting", config(address, "process", None));
    let (load, senders) = Load::start(program.address, message);
    for nth in 0..kills(12) {
        load.some_more(10).await;
        if nth % 3 == 0 {
            // It is told to end, and killed while it does.
            let id = rustix::process::Pid::from_child(&program.child);
            rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
            sleep(Duration::from_millis(fastrand::u64(0..15))).await;
        }
        program.kill();
        program.again();
        // A second time, somewhere in its start.
        sleep(Duration::from_millis(fastrand::u64(0..40))).await;
        program.kill();
        program.again();
    }
    load.some_more(10).await;
    end(&load, senders, &backend).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_backend_that_is_gone_survives_every_kill() {
    let gone = free();
    let mut program = Program::start("backlog", config(gone, "process", None));
    let (load, senders) = Load::start(program.address, message);
    for _ in 0..kills(6) {
        load.some_more(30).await;
        program.kill();
        program.again();
    }
    load.stop.store(true, Relaxed);
    senders.join_all().await;
    program.kill();
    // One bit of what nobody has yet: one request is gone, and all others are there.
    let longest = program
        .segments()
        .into_iter()
        .max_by_key(|path| path.metadata().unwrap().len());
    let path = longest.unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    std::fs::write(&path, bytes).unwrap();

    let backend = Backend::start_on(gone).await;
    program.again();
    let acknowledged = load.acknowledged();
    let began = Instant::now();
    let lost = loop {
        let lost = missing(&acknowledged, &arrived(&backend)).len() as u64;
        if lost <= SPANS || began.elapsed() > Duration::from_mins(1) {
            break lost;
        }
        sleep(Duration::from_millis(100)).await;
    };
    assert!(
        lost <= SPANS,
        "{lost} spans of {} requests are lost",
        acknowledged.len()
    );
}
