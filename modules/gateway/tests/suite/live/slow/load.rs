//! More than fits into its memory does not make the program larger than it may be.

use std::{
    collections::BTreeSet,
    error::Error as _,
    fs,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span,
};
use prost::Message as _;
use serde_json::json;
use tokio::{net::TcpStream, task::JoinSet, time::sleep};

use crate::{
    program::running::{File, Running, free},
    support::{Answer, Backend, Caller, TRACES, call_on, caller, framed, request_of},
};

/// How long a step may take: it is not the machine that is judged.
const PATIENCE: Duration = Duration::from_mins(5);
/// What it may be larger than its limit: what it takes itself.
const ITSELF: u64 = 16 << 20;
/// How large a request is.
const REQUEST: usize = 800_000;
/// How many spans are in one.
const SPANS: u64 = 100;

/// How much is sent at once, and how much may be kept.
pub(crate) struct Overload {
    /// Connections.
    pub(crate) senders: usize,
    /// Requests under way on each.
    pub(crate) in_flight: usize,
    /// MiB that the program may take.
    pub(crate) limit: u64,
    /// How many requests are to be acknowledged in the end.
    pub(crate) requests: u64,
}

/// A request whose spans have the ids that nobody else's have.
fn request(nth: u64) -> Bytes {
    let name = "x".repeat(REQUEST / usize::try_from(SPANS).unwrap());
    let spans = (0..SPANS).map(|index| Span {
        trace_id: [nth + 1, index].map(u64::to_be_bytes).concat(),
        span_id: (nth * SPANS + index + 1).to_be_bytes().to_vec(),
        name: name.clone(),
        ..Span::default()
    });
    framed(0, &request_of(spans)).into()
}

/// A number of what the kernel says of a process, in bytes.
fn memory(id: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib: u64 = line
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    kib << 10
}

/// The ids of a request's spans, which are all that is kept of it.
fn ids(request: &[u8]) -> Vec<u8> {
    let request = ExportTraceServiceRequest::decode(request).unwrap();
    let scopes = request
        .resource_spans
        .iter()
        .flat_map(|one| &one.scope_spans);
    let spans = scopes.flat_map(|scope| &scope.spans);
    spans.flat_map(|span| span.span_id.clone()).collect()
}

/// A connection that many send on, and that is made anew once it was ended.
struct Line {
    to: SocketAddr,
    caller: tokio::sync::Mutex<Caller>,
}

impl Line {
    async fn new(to: SocketAddr) -> Self {
        let caller = tokio::sync::Mutex::new(connect(to).await);
        Self { to, caller }
    }

    async fn send(&self, body: Bytes) -> Said {
        let mut caller = {
            let mut caller = self.caller.lock().await;
            if caller.is_closed() {
                *caller = connect(self.to).await;
            }
            caller.clone()
        };
        Said::of(call_on(&mut caller, TRACES, &[], body).await)
    }
}

async fn connect(to: SocketAddr) -> Caller {
    let since = Instant::now();
    loop {
        if let Ok(stream) = TcpStream::connect(to).await
            && let Ok(caller) = caller(stream).await
        {
            return caller;
        }
        assert!(since.elapsed() < PATIENCE, "nobody listens");
        sleep(Duration::from_millis(10)).await;
    }
}

/// What became of a request.
enum Said {
    Taken,
    /// It may come again.
    Refused,
    Other(String),
}

impl Said {
    fn of(answer: hyper::Result<Answer>) -> Self {
        match answer {
            Ok(answer) => match answer.code.as_str() {
                "0" => Self::Taken,
                "14" => Self::Refused,
                code => Self::Other(code.to_owned()),
            },
            // Not in words: its stream is refused, or its connection, for which there was no room. Who is sent away while
            // he talks may hear no more than that nobody listens.
            Err(error) => {
                let http2 = error.source().and_then(|of| of.downcast_ref::<h2::Error>());
                let refused = match http2 {
                    None => error.is_canceled() || error.is_closed(),
                    Some(http2) => {
                        let busy = [h2::Reason::REFUSED_STREAM, h2::Reason::ENHANCE_YOUR_CALM];
                        let reason = http2.reason();
                        http2.is_io() || reason.is_some_and(|reason| busy.contains(&reason))
                    }
                };
                if refused {
                    Self::Refused
                } else {
                    Self::Other(format!("{error:?}"))
                }
            }
        }
    }
}

/// What all senders share.
#[derive(Default)]
struct Sent {
    next: AtomicU64,
    taken: AtomicU64,
    refused: AtomicU64,
    /// What else was answered.
    other: Mutex<Vec<String>>,
}

impl Sent {
    /// Sends the next request as soon as one is taken; what is refused is sent again.
    async fn all(&self, on: &Line, requests: u64) {
        loop {
            let nth = self.next.fetch_add(1, Relaxed);
            if nth >= requests {
                return;
            }
            loop {
                // Made anew: what waits to be sent again takes no memory here.
                match on.send(request(nth)).await {
                    Said::Taken => break,
                    Said::Refused => self.refused.fetch_add(1, Relaxed),
                    Said::Other(said) => return self.other.lock().unwrap().push(said),
                };
                sleep(Duration::from_millis(50)).await;
            }
            self.taken.fetch_add(1, Relaxed);
        }
    }
}

impl Overload {
    fn config(&self, address: SocketAddr, to: SocketAddr) -> File {
        let config = json!({
            "receivers": { "otlp": { "protocols": { "grpc": { "endpoint": address } } } },
            "processors": { "memory_limiter": { "check_interval": "1s", "limit_mib": self.limit } },
            "exporters": { "otlp_grpc": {
                "endpoint": to.to_string(), "compression": "none", "tls": { "insecure": true },
                "sending_queue": { "queue_size": 1_000_000 },
                "retry_on_failure": { "initial_interval": "50ms", "max_interval": "100ms", "max_elapsed_time": "0s" },
            } },
            "service": {
                "telemetry": { "metrics": { "level": "none" } },
                "pipelines": { "traces": {
                    "receivers": ["otlp"], "processors": ["memory_limiter"], "exporters": ["otlp_grpc"],
                } },
            },
        });
        File::new(&config.to_string())
    }

    async fn send(&self, to: SocketAddr, sent: &Arc<Sent>) -> JoinSet<()> {
        // Who comes when there is no room is not let in: they are all there before.
        let mut lines = Vec::new();
        for _ in 0..self.senders {
            lines.push(Arc::new(Line::new(to).await));
        }
        let mut all = JoinSet::new();
        for line in lines {
            for _ in 0..self.in_flight {
                let (line, sent, most) = (Arc::clone(&line), Arc::clone(sent), self.requests);
                all.spawn(async move { sent.all(&line, most).await });
            }
        }
        all
    }

    /// Sends more than fits while nobody takes it, and then lets it flow.
    pub(crate) async fn run(&self) {
        let (address, nobody) = (free(), free());
        let config = self.config(address, nobody);
        let gateway = Running::start(&config);
        let sent = Arc::new(Sent::default());
        let mut all = self.send(address, &sent).await;
        let since = Instant::now();
        // It takes what fits, and refuses the rest so that it may come again. How much of the room has what is being read
        // is a matter of who came first.
        let counts = || (sent.taken.load(Relaxed), sent.refused.load(Relaxed));
        while counts().0 == 0 || counts().1 < 3 * self.senders as u64 {
            let waited = since.elapsed();
            assert!(waited < PATIENCE, "taken and refused: {:?}", counts());
            sleep(Duration::from_millis(10)).await;
        }
        let backend = Backend::keeping(nobody, ids).await;
        while let Some(ended) = all.join_next().await {
            ended.unwrap();
        }
        let other = std::mem::take(&mut *sent.other.lock().unwrap());
        assert!(other.is_empty(), "answered in another way: {other:?}");
        assert_eq!(sent.taken.load(Relaxed), self.requests);
        // Who was taken arrives, each span of it; some come twice, whose connection ended before their answer came.
        let since = Instant::now();
        loop {
            let got = backend.got();
            let ids = got.iter().flat_map(|got| got.body.as_chunks::<8>().0);
            let ids: BTreeSet<u64> = ids.map(|id| u64::from_be_bytes(*id)).collect();
            let missing = (1..=self.requests * SPANS).find(|id| !ids.contains(id));
            let Some(missing) = missing else { break };
            assert!(since.elapsed() < PATIENCE, "{missing} is missing");
            sleep(Duration::from_millis(200)).await;
        }
        let peak = memory(gateway.id(), "VmHWM:");
        // What is not made to be small has much more code, which is read from its file.
        // And its stacks and what its allocator keeps ready take more, the more its threads wait for a processor.
        let code = if cfg!(debug_assertions) {
            memory(gateway.id(), "RssFile:") + ITSELF
        } else {
            0
        };
        let most = (self.limit << 20) + ITSELF + code;
        assert!(peak <= most, "{peak} bytes, of {most}");
    }
}
