//! What was acknowledged arrives, however often the program is killed.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message as _;
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::support::{Backend, TRACES, framed};

/// How many spans are in each request.
const SPANS: u64 = 20;
/// How many senders there are, each with a connection and one request under way.
const SENDERS: usize = 4;

/// The real program with its configuration and its folder, which go with the test.
pub(crate) struct Program {
    folder: PathBuf,
    pub(crate) address: SocketAddr,
    pub(crate) child: Child,
}

impl Program {
    pub(crate) fn start(
        name: &str,
        to: SocketAddr,
        durability: &str,
        page: Option<SocketAddr>,
    ) -> Self {
        let folder = std::env::temp_dir().join(format!("gateway-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        let files = folder.join("files");
        let metrics = page.map_or("level: none".to_owned(), |page| {
            let (host, port) = (page.ip(), page.port());
            format!("readers: [{{pull: {{exporter: {{prometheus: {{host: '{host}', port: {port}}}}}}}}}]")
        });
        let config = format!(
            "receivers: {{otlp: {{protocols: {{grpc: {{endpoint: '{address}'}}}}}}}}
extensions: {{file_storage: {{directory: '{}', create_directory: true, durability: {durability}}}}}
exporters:
  otlp_grpc:
    endpoint: '{to}'
    compression: none
    tls: {{insecure: true}}
    sending_queue: {{storage: file_storage, queue_size: 1000000}}
    retry_on_failure: {{initial_interval: 50ms, max_interval: 200ms, max_elapsed_time: 0s}}
service:
  extensions: [file_storage]
  telemetry: {{metrics: {{{metrics}}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [otlp_grpc]}}}}
",
            files.display()
        );
        std::fs::write(folder.join("gateway.yaml"), config).unwrap();
        let child = Self::spawn(&folder);
        Self {
            folder,
            address,
            child,
        }
    }

    fn spawn(folder: &std::path::Path) -> Child {
        Command::new(env!("CARGO_BIN_EXE_gateway"))
            .arg("--config")
            .arg(folder.join("gateway.yaml"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn again(&mut self) {
        self.child = Self::spawn(&self.folder);
    }

    /// The files of the log.
    pub(crate) fn segments(&self) -> Vec<PathBuf> {
        let files = self.folder.join("files");
        let logs = std::fs::read_dir(files).into_iter().flatten();
        logs.flat_map(|log| std::fs::read_dir(log.unwrap().path()).unwrap())
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "segment"))
            .collect()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Senders that send until they are told to stop, and what they were told was taken.
#[derive(Default)]
pub(crate) struct Load {
    next: AtomicU64,
    pub(crate) stop: AtomicBool,
    acknowledged: Mutex<Vec<u64>>,
    pub(crate) refused: AtomicU64,
}

impl Load {
    pub(crate) fn start(to: SocketAddr) -> (Arc<Self>, tokio::task::JoinSet<()>) {
        let load = Arc::new(Self::default());
        let mut senders = tokio::task::JoinSet::new();
        for _ in 0..SENDERS {
            let load = Arc::clone(&load);
            senders.spawn(async move {
                while !load.stop.load(Relaxed) {
                    let Some(mut connection) = connect(to).await else {
                        sleep(Duration::from_millis(5)).await;
                        continue;
                    };
                    while !load.stop.load(Relaxed) {
                        let request = load.next.fetch_add(1, Relaxed);
                        match send(&mut connection, to, request).await {
                            Some(true) => load.acknowledged.lock().unwrap().push(request),
                            // Refused, and the connection is good.
                            Some(false) => {
                                load.refused.fetch_add(1, Relaxed);
                                sleep(Duration::from_millis(5)).await;
                            }
                            None => break,
                        }
                    }
                }
            });
        }
        (load, senders)
    }

    pub(crate) fn acknowledged(&self) -> Vec<u64> {
        self.acknowledged.lock().unwrap().clone()
    }

    /// Waits until so many more requests were acknowledged.
    pub(crate) async fn some_more(&self, count: usize) {
        let until = self.acknowledged().len() + count;
        let began = Instant::now();
        while self.acknowledged().len() < until {
            assert!(
                began.elapsed() < Duration::from_mins(1),
                "nobody takes anything"
            );
            sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn connect(to: SocketAddr) -> Option<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(to).await.ok()?;
    let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = timeout(Duration::from_secs(5), shaken).await.ok()?.ok()?;
    tokio::spawn(connection);
    Some(sender)
}

/// Whether a request was taken; none if nobody said.
async fn send(connection: &mut SendRequest<Full<Bytes>>, to: SocketAddr, nth: u64) -> Option<bool> {
    let request = Request::post(format!("http://{to}{TRACES}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(Bytes::from(framed(0, &message(nth)))))
        .unwrap();
    let answer = async {
        connection.ready().await.ok()?;
        let response = connection.send_request(request).await.ok()?;
        let mut headers = response.headers().clone();
        let body = response.into_body().collect().await.ok()?;
        headers.extend(body.trailers().cloned().unwrap_or_default());
        Some(headers.get("grpc-status")? == "0")
    };
    timeout(Duration::from_secs(10), answer).await.ok()?
}

/// The n-th request: each of its spans has an id that no other has.
fn message(nth: u64) -> Vec<u8> {
    let spans = (0..SPANS).map(|index| Span {
        trace_id: [nth + 1, index].map(u64::to_be_bytes).concat(),
        span_id: (nth * SPANS + index + 1).to_be_bytes().to_vec(),
        name: "GET /checkout".to_owned(),
        ..Span::default()
    });
    let scope = ScopeSpans {
        spans: spans.collect(),
        ..ScopeSpans::default()
    };
    let resource = ResourceSpans {
        scope_spans: vec![scope],
        ..ResourceSpans::default()
    };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![resource],
    };
    request.encode_to_vec()
}

/// How often each span arrived.
fn arrived(backend: &Backend) -> BTreeMap<u64, u64> {
    let mut spans = BTreeMap::new();
    for got in backend.got() {
        let request = ExportTraceServiceRequest::decode(&*got.body).unwrap();
        let scopes = request
            .resource_spans
            .into_iter()
            .flat_map(|one| one.scope_spans);
        for span in scopes.flat_map(|scope| scope.spans) {
            let id = u64::from_be_bytes(*span.span_id.first_chunk().unwrap());
            *spans.entry(id).or_default() += 1;
        }
    }
    spans
}

/// Which of the spans that were acknowledged have not arrived.
fn missing(acknowledged: &[u64], arrived: &BTreeMap<u64, u64>) -> Vec<u64> {
    let ids = acknowledged
        .iter()
        .flat_map(|nth| (1..=SPANS).map(move |index| nth * SPANS + index));
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

/// How often the program is killed: more often where somebody has the time.
fn kills(few: usize) -> usize {
    let asked = std::env::var("GATEWAY_KILLS").ok();
    asked.map_or(few, |asked| asked.parse().unwrap())
}

/// Kills it under load so many times; everything that it acknowledged arrives.
async fn under_load(durability: &str, kills: usize) {
    let (backend, address) = Backend::start().await;
    let mut program = Program::start(&format!("killed-{durability}"), address, durability, None);
    let (load, senders) = Load::start(program.address);
    for _ in 0..kills {
        load.some_more(fastrand::usize(1..40)).await;
        program.kill();
        program.again();
    }
    load.some_more(10).await;
    load.stop.store(true, Relaxed);
    senders.join_all().await;
    let twice = settle(&backend, &load).await;
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
    let mut program = Program::start("restarting", address, "process", None);
    let (load, senders) = Load::start(program.address);
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
    load.stop.store(true, Relaxed);
    senders.join_all().await;
    settle(&backend, &load).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_backend_that_is_gone_survives_every_kill() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = free.local_addr().unwrap();
    drop(free);
    let mut program = Program::start("backlog", gone, "process", None);
    let (load, senders) = Load::start(program.address);
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
