//! What does each side of a connection make of whatever its peer says?
//!
//! For the fuzz targets: a side is driven over a line whose other end says given bytes and hangs up. What it says itself
//! must be HTTP/2, and it must come to an end that gives everything back.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use collector_config::Signal;
use futures::future::{BoxFuture, join_all};
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    runtime,
    sync::watch,
    time::timeout,
};

use super::{
    Event, Limits, MAX_FRAME, PREFACE, Parser,
    client::{Call, Client, Keepalive},
    server,
};
use crate::{
    Budget, Chunks, Payload, Refusal,
    pipeline::{Pipeline, Take},
    receive::{Intake, Serving, TlsError},
    settings::{Address, Grpc, Http, Http2, HttpPaths, Keepalive as ServerKeepalive},
};

/// How long the longest message is that is taken: short, so that there is always room for all of them.
const MOST: u64 = 64 << 10;
/// Room for all of them.
const BUDGET: u64 = 64 << 20;
/// How many calls a client makes.
const CALLS: usize = 3;
/// How long it may take: all of it is in memory.
const PATIENCE: Duration = Duration::from_secs(30);

/// What must not be.
#[derive(Debug, Error)]
pub enum Wrong {
    /// There is no server to be driven.
    #[error("could not make a server")]
    Unmade(#[from] TlsError),
    /// It says what is no frame.
    #[error("after {0} bytes it says what is no HTTP/2: {1}")]
    Said(usize, String),
    /// It goes on with a stream that it has ended.
    #[error("it goes on with stream {0}, which it has ended")]
    Ended(u32),
    /// It goes on with what is over.
    #[error("it does not come to an end")]
    Endless,
    /// It keeps what it was lent.
    #[error("it keeps {0} bytes of the budget")]
    Keeps(u64),
}

/// Which protocol a server speaks over HTTP/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// That of gRPC.
    Grpc,
    /// That of OTLP over HTTP.
    Http,
}

/// Lets a client say these bytes to a server, so many at a time.
pub fn to_server(port: Port, bytes: &[u8], piece: usize) -> Result<(), Wrong> {
    let budget = Budget::new(BUDGET);
    let intake = Intake::new(Arc::clone(&budget));
    let pipeline = Arc::new(Pipeline::new(Vec::new(), Arc::new(Nowhere)));
    let intake = Arc::new(intake.with(Signal::Traces, vec![pipeline], None));
    let made = match port {
        Port::Grpc => Serving::grpc(intake, &grpc(), Http2::Own),
        Port::Http => Serving::http(intake, &http(), Http2::Own),
    };
    let serving = Arc::new(made?);
    let line = Line::new(bytes, piece, 0);
    let told = Arc::clone(&line.told);
    run(async {
        let (_stop, stopped) = watch::channel(false);
        server::serve(line, serving, stopped, &[]).await;
    })?;
    is_http2(&lock(&told).0)?;
    match budget.used() {
        0 => Ok(()),
        kept => Err(Wrong::Keeps(kept)),
    }
}

/// Lets a server say these bytes to a client that makes a few calls, so many at a time.
pub fn to_client(bytes: &[u8], piece: usize) -> Result<(), Wrong> {
    // It is listened to once the client has begun to speak.
    let line = Line::new(bytes, piece, PREFACE.len());
    let told = Arc::clone(&line.told);
    run(async {
        let client = Client::start(line, Keepalive::default(), 4096);
        let message = Chunks::from(Bytes::from_static(&[7; 1000]));
        let calls =
            (0..CALLS).filter_map(|_| Call::new(Bytes::from_static(b"\x83"), &message, false));
        join_all(calls.map(|call| client.call(call))).await;
    })?;
    let told = lock(&told);
    match told.0.strip_prefix(PREFACE) {
        Some(frames) => is_http2(frames),
        None => Err(Wrong::Said(0, "there is no preface".to_owned())),
    }
}

fn run(work: impl Future<Output = ()>) -> Result<(), Wrong> {
    let runtime = runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime without sockets needs nothing that could be missing");
    let done = runtime.block_on(async { timeout(PATIENCE, work).await });
    done.map_err(|_| Wrong::Endless)
}

/// Whether frames are frames, and come in an order that there is.
fn is_http2(said: &[u8]) -> Result<(), Wrong> {
    let mut parser = Parser::new(Limits {
        max_frame: MAX_FRAME,
        max_block: 1 << 20,
    });
    let (mut input, mut ended) = (said, BTreeSet::new());
    let mut headers = BTreeMap::<u32, u32>::new();
    loop {
        let at = said.len() - input.len();
        let event = parser
            .next(&mut input)
            .map_err(|error| Wrong::Said(at, error.to_string()))?;
        let (stream, ends) = match event {
            None => return Ok(()),
            Some(Event::Headers { stream, end, .. }) => {
                *headers.entry(stream).or_default() += 1;
                (stream, end)
            }
            Some(Event::Data { stream, end, .. }) => (stream, end),
            // What was ended may be ended by force, too.
            Some(Event::Reset { stream, .. }) => {
                ended.insert(stream);
                continue;
            }
            Some(_) => continue,
        };
        let is_new = if ends {
            ended.insert(stream)
        } else {
            !ended.contains(&stream)
        };
        if !is_new || headers.get(&stream).is_none_or(|count| *count > 2) {
            return Err(Wrong::Ended(stream));
        }
    }
}

/// What was told to the other end, and who waits for that.
type Told = Arc<Mutex<(Vec<u8>, Option<Waker>)>>;

fn lock(told: &Told) -> MutexGuard<'_, (Vec<u8>, Option<Waker>)> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A line whose other end says given bytes and hangs up.
struct Line {
    says: Vec<u8>,
    said: usize,
    /// How much it says at a time.
    piece: usize,
    /// How much it wants to hear first.
    first: usize,
    told: Told,
}

impl Line {
    fn new(says: &[u8], piece: usize, first: usize) -> Self {
        Self {
            says: says.to_vec(),
            said: 0,
            piece: piece.max(1),
            first,
            told: Arc::default(),
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut told = lock(&self.told);
        if told.0.len() < self.first {
            told.1 = Some(context.waker().clone());
            return Poll::Pending;
        }
        drop(told);
        let rest = &self.says[self.said..];
        let next = rest.len().min(self.piece).min(buffer.remaining());
        buffer.put_slice(&rest[..next]);
        self.said += next;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut told = lock(&self.told);
        told.0.extend_from_slice(bytes);
        if let Some(waker) = told.1.take() {
            waker.wake();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Takes whatever comes.
struct Nowhere;

impl Take for Nowhere {
    fn take(&self, _: Payload) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async { Ok(()) })
    }
}

fn grpc() -> Grpc {
    Grpc {
        address: Address::Tcp(String::new()),
        tls: None,
        max_message: MOST,
        max_concurrent_streams: Some(100),
        keepalive: ServerKeepalive {
            max_age: None,
            max_age_grace: None,
            max_idle: None,
            ping_after: Duration::from_hours(2),
            ping_timeout: Duration::from_secs(20),
            min_ping_interval: Duration::from_mins(5),
            ping_without_calls: false,
        },
        include_metadata: false,
    }
}

fn http() -> Http {
    Http {
        address: Address::Tcp(String::new()),
        tls: None,
        max_body: MOST,
        cors: None,
        encodings: None,
        response_headers: BTreeMap::new(),
        read_timeout: None,
        read_header_timeout: None,
        write_timeout: None,
        idle_timeout: None,
        keep_alive: true,
        paths: HttpPaths {
            traces: "/v1/traces".to_owned(),
            metrics: "/v1/metrics".to_owned(),
            logs: "/v1/logs".to_owned(),
        },
        include_metadata: false,
    }
}
