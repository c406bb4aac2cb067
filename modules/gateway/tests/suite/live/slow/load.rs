//! More than fits into its memory does not make the program larger than it may be.

use std::{
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
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::json;
use tokio::{net::TcpStream, task::JoinSet, time::sleep};

use crate::{
    program::running::{File, Running, free},
    support::{Backend, TRACES, framed, request_of},
};

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

type Sender = http2::SendRequest<Full<Bytes>>;

async fn connect(to: SocketAddr) -> Sender {
    let since = Instant::now();
    loop {
        if let Ok(stream) = TcpStream::connect(to).await {
            let builder = http2::Builder::new(TokioExecutor::new());
            if let Ok((sender, connection)) = builder.handshake(TokioIo::new(stream)).await {
                tokio::spawn(connection);
                return sender;
            }
        }
        assert!(since.elapsed() < Duration::from_secs(30), "nobody listens");
        sleep(Duration::from_millis(10)).await;
    }
}

/// The status of one call, or why there is none.
async fn call(mut sender: Sender, to: SocketAddr, body: Bytes) -> Result<String, hyper::Error> {
    let request = Request::post(format!("http://{to}{TRACES}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(body))
        .unwrap();
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    let mut headers = response.headers().clone();
    let body = response.into_body().collect().await?;
    headers.extend(body.trailers().cloned().unwrap_or_default());
    Ok(headers["grpc-status"].to_str().unwrap().to_owned())
}

/// What all senders share.
#[derive(Default)]
struct Sent {
    next: AtomicU64,
    taken: AtomicU64,
    refused: AtomicU64,
    /// What else was answered.
    other: Mutex<Vec<Result<String, hyper::Error>>>,
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

    /// Each sends the next request as soon as one is answered; what is refused is sent again.
    async fn send(&self, to: SocketAddr, sent: &Arc<Sent>) -> JoinSet<()> {
        // Who comes when there is no room is not let in: they are all there before.
        let mut senders = Vec::new();
        for _ in 0..self.senders {
            senders.push(connect(to).await);
        }
        let mut all = JoinSet::new();
        for sender in senders {
            for _ in 0..self.in_flight {
                let (sender, sent, most) = (sender.clone(), Arc::clone(sent), self.requests);
                all.spawn(async move {
                    loop {
                        let nth = sent.next.fetch_add(1, Relaxed);
                        if nth >= most {
                            return;
                        }
                        loop {
                            // Made anew: what waits to be sent again takes no memory here.
                            let answer = call(sender.clone(), to, request(nth)).await;
                            let refused = |error: &hyper::Error| {
                                let source = error.source();
                                let http2 =
                                    source.and_then(|error| error.downcast_ref::<h2::Error>());
                                http2.and_then(h2::Error::reason)
                                    == Some(h2::Reason::REFUSED_STREAM)
                            };
                            match answer.as_deref() {
                                Ok("0") => {
                                    sent.taken.fetch_add(1, Relaxed);
                                    break;
                                }
                                // In words, or by the stream alone: both may come again.
                                Ok("14") => sent.refused.fetch_add(1, Relaxed),
                                Err(error) if refused(error) => sent.refused.fetch_add(1, Relaxed),
                                _ => return sent.other.lock().unwrap().push(answer),
                            };
                            sleep(Duration::from_millis(50)).await;
                        }
                    }
                });
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
        // It takes what fits, and refuses the rest so that it may come again.
        while sent.refused.load(Relaxed) < 3 * self.senders as u64 {
            assert!(
                since.elapsed() < Duration::from_secs(90),
                "nobody is refused"
            );
            sleep(Duration::from_millis(10)).await;
        }
        // How much of the room has what is being read is a matter of who came first.
        assert!(sent.taken.load(Relaxed) > 0, "it takes nothing");
        let backend = Backend::start_on(nobody).await;
        while let Some(ended) = all.join_next().await {
            ended.unwrap();
        }
        let other = std::mem::take(&mut *sent.other.lock().unwrap());
        assert!(other.is_empty(), "answered in another way: {other:?}");
        assert_eq!(sent.taken.load(Relaxed), self.requests);
        let arrived = usize::try_from(self.requests).unwrap();
        let since = Instant::now();
        while backend.got().len() < arrived {
            let late = since.elapsed() > Duration::from_mins(1);
            assert!(!late, "{} of {arrived} arrived", backend.got().len());
            sleep(Duration::from_millis(50)).await;
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
