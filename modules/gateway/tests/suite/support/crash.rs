//! A program that is killed and started again, and senders that go on.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};

use super::{Backend, Caller, PATIENCE, TRACES, call, call_on, caller, framed, free, spans, until};

/// How many senders there are, each with a connection and one request under way.
const SENDERS: usize = 4;

/// The real program with its configuration and its folder, which go with the test.
pub(crate) struct Program {
    folder: PathBuf,
    /// How it is started, with its folder.
    command: fn(&Path) -> Command,
    pub(crate) address: SocketAddr,
    pub(crate) child: Child,
}

impl Program {
    /// Starts it with what `config` makes of where it listens and of a folder for its files.
    pub(crate) fn start(name: &str, config: impl FnOnce(SocketAddr, &Path) -> String) -> Self {
        Self::start_by(name, config, |folder| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
            command.arg("--config").arg(folder.join("gateway.yaml"));
            command
        })
    }

    /// The same with a command that becomes the program.
    pub(crate) fn start_by(
        name: &str,
        config: impl FnOnce(SocketAddr, &Path) -> String,
        command: fn(&Path) -> Command,
    ) -> Self {
        let folder = std::env::temp_dir().join(format!("gateway-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let address = free();
        let files = folder.join("files");
        let config = config(address, &files);
        std::fs::write(folder.join("gateway.yaml"), config).unwrap();
        let child = Self::spawn(command(&folder));
        Self {
            folder,
            command,
            address,
            child,
        }
    }

    fn spawn(mut command: Command) -> Child {
        command.stdout(Stdio::null()).spawn().unwrap()
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn again(&mut self) {
        self.child = Self::spawn((self.command)(&self.folder));
    }

    /// Makes it read another configuration.
    pub(crate) fn reload(&self, config: &str) {
        std::fs::write(self.folder.join("gateway.yaml"), config).unwrap();
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::HUP).unwrap();
    }

    /// Where its files are.
    pub(crate) fn files(&self) -> PathBuf {
        self.folder.join("files")
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

/// A request that was acknowledged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) request: u64,
    pub(crate) sent: Instant,
    pub(crate) acknowledged: Instant,
}

/// Senders that send until they are told to stop, and what they were told was taken.
pub(crate) struct Load {
    to: SocketAddr,
    next: AtomicU64,
    pub(crate) stop: AtomicBool,
    acknowledged: Mutex<Vec<Taken>>,
    pub(crate) refused: AtomicU64,
    /// Connections that were not made.
    pub(crate) unconnected: AtomicU64,
}

impl Load {
    /// Sends requests made of their numbers.
    pub(crate) fn start(
        to: SocketAddr,
        message: fn(u64) -> Vec<u8>,
    ) -> (Arc<Self>, tokio::task::JoinSet<()>) {
        let load = Arc::new(Self {
            to,
            next: AtomicU64::default(),
            stop: AtomicBool::default(),
            acknowledged: Mutex::default(),
            refused: AtomicU64::default(),
            unconnected: AtomicU64::default(),
        });
        let mut senders = tokio::task::JoinSet::new();
        for _ in 0..SENDERS {
            let load = Arc::clone(&load);
            senders.spawn(async move {
                while !load.stop.load(Relaxed) {
                    let Some(mut connection) = connect(to).await else {
                        load.unconnected.fetch_add(1, Relaxed);
                        sleep(Duration::from_millis(5)).await;
                        continue;
                    };
                    // Who is told that the other one ends makes a new connection.
                    while !load.stop.load(Relaxed) && connection.ready().await.is_ok() {
                        let request = load.next.fetch_add(1, Relaxed);
                        let sent = Instant::now();
                        match send(&mut connection, &message(request)).await {
                            Some(true) => {
                                let acknowledged = Instant::now();
                                let taken = Taken {
                                    request,
                                    sent,
                                    acknowledged,
                                };
                                load.acknowledged.lock().unwrap().push(taken);
                            }
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

    /// The requests that were taken.
    pub(crate) fn acknowledged(&self) -> Vec<Taken> {
        self.acknowledged.lock().unwrap().clone()
    }

    /// Waits until senders are refused, who may come again.
    pub(crate) async fn is_refused(&self) {
        let refused = || self.refused.load(Relaxed);
        let before = refused();
        until("senders are refused", || refused() > before + 20).await;
        let answer = call(self.to, TRACES, &spans(1)).await;
        assert_eq!(answer.code, "14", "who is refused may come again");
    }

    /// Waits until so many more requests were acknowledged.
    pub(crate) async fn some_more(&self, count: usize) {
        let taken = || self.acknowledged.lock().unwrap().len();
        let most = taken() + count;
        until("somebody takes something", || taken() >= most).await;
    }
}

async fn connect(to: SocketAddr) -> Option<Caller> {
    let stream = TcpStream::connect(to).await.ok()?;
    let shaken = timeout(PATIENCE, caller(stream)).await;
    shaken.ok()?.ok()
}

/// Whether a request was taken; none if nobody said.
async fn send(connection: &mut Caller, message: &[u8]) -> Option<bool> {
    let answer = call_on(connection, TRACES, &[], framed(0, message));
    let answer = timeout(PATIENCE, answer).await;
    Some(answer.ok()?.ok()?.code == "0")
}

/// How often each span arrived.
pub(crate) fn arrived(backend: &Backend) -> BTreeMap<u64, u64> {
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

/// How often the program is killed: more often where somebody has the time.
pub(crate) fn kills(few: usize) -> usize {
    let asked = std::env::var("GATEWAY_KILLS").ok();
    asked.map_or(few, |asked| asked.parse().unwrap())
}
