//! Does the server do what the specification says, frame by frame?

mod abuse;
mod anything;
mod early;
mod flow;
mod life;
mod rules;

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinHandle,
    time::timeout,
};

use crate::{
    Budget, Payload, Refusal, Signal,
    http2::{
        Code, Flags, HEAD, Head, Kind, PREFACE, Settings,
        hpack::{Decoder, put_field},
    },
    pipeline::{Pipeline, Take},
    receive::{Intake, Serving},
    settings::{Address, Grpc, Http, Http2, HttpPaths, Keepalive},
};

/// Fields, or what is written of them.
pub(super) type Fields<'a> = &'a [(&'a str, &'a str)];

pub(super) const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Takes what it has permits for.
struct Gate(Semaphore);

impl Take for Gate {
    fn take(&self, _: Payload) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async {
            self.0.acquire().await.unwrap().forget();
            Ok(())
        })
    }
}

/// A server of one connection, and its client.
pub(super) struct Pair<S = TcpStream> {
    stream: S,
    decoder: Decoder,
    pub(super) budget: Arc<Budget>,
    gate: Arc<Gate>,
    pub(super) stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    next: u32,
}

/// A frame that came.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) flags: Flags,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

pub(super) fn grpc() -> Grpc {
    Grpc {
        address: Address::Tcp(String::new()),
        tls: None,
        max_message: 1 << 20,
        max_concurrent_streams: Some(100),
        keepalive: Keepalive::default(),
        include_metadata: false,
    }
}

fn http() -> Http {
    Http {
        address: Address::Tcp(String::new()),
        tls: None,
        max_body: 1 << 20,
        cors: None,
        encodings: None,
        response_headers: std::collections::BTreeMap::new(),
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

impl Pair {
    /// A client of a gRPC server, that has said its settings and read the server's.
    pub(super) async fn grpc() -> Self {
        Self::with(&grpc(), 64 << 20).await
    }

    pub(super) async fn with(settings: &Grpc, budget: u64) -> Self {
        let mut pair = Self::silent(settings, budget).await;
        pair.greet().await;
        pair
    }

    /// The same of an HTTP server.
    pub(super) async fn http() -> Self {
        Self::of_http(&http()).await
    }

    /// The same of one that keeps no connections.
    pub(super) async fn http_once() -> Self {
        let once = Http {
            keep_alive: false,
            ..http()
        };
        Self::of_http(&once).await
    }

    async fn of_http(settings: &Http) -> Self {
        let serving = |intake| Serving::http(intake, settings, Http2::Own).unwrap();
        let mut pair = Self::serving(64 << 20, serving).await;
        pair.greet().await;
        pair
    }

    /// A client that has said nothing yet.
    pub(super) async fn silent(settings: &Grpc, budget: u64) -> Self {
        let serving = |intake| Serving::grpc(intake, settings, Http2::Own).unwrap();
        Self::serving(budget, serving).await
    }

    async fn serving(budget: u64, serving: impl FnOnce(Arc<Intake>) -> Serving) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).await;
        let ours = ours.unwrap();
        ours.set_nodelay(true).unwrap();
        let (theirs, _) = listener.accept().await.unwrap();
        Self::on(ours, theirs, budget, serving)
    }
}

impl Pair<DuplexStream> {
    /// The same without a kernel between them: nothing is under way but so many bytes in either direction.
    pub(super) async fn alone(settings: &Grpc, budget: u64, bytes: usize) -> Self {
        let (ours, theirs) = duplex(bytes);
        let serving = |intake| Serving::grpc(intake, settings, Http2::Own).unwrap();
        let mut pair = Self::on(ours, theirs, budget, serving);
        pair.greet().await;
        pair
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Pair<S> {
    fn on(ours: S, theirs: S, budget: u64, serving: impl FnOnce(Arc<Intake>) -> Serving) -> Self {
        let budget = Budget::new(budget);
        let (serving, gate) = taking(&budget, serving);
        let (stop, stopped) = watch::channel(false);
        let server = async move { super::serve(theirs, serving, stopped, &[]).await };
        Self {
            stream: ours,
            decoder: Decoder::new(4096),
            budget,
            gate,
            stop,
            server: tokio::spawn(server),
            next: 1,
        }
    }

    async fn greet(&mut self) {
        self.write(PREFACE).await;
        self.settings(&Settings::default()).await;
        let settings = self.next().await;
        assert_eq!(settings.kind, Kind::Settings);
        let ack = self.until(Kind::Settings).await;
        assert!(ack.flags.has(Flags::ACK));
    }

    /// No message is taken any more, until [`open`](Self::open).
    pub(super) fn close_gate(&self) {
        self.gate.0.forget_permits(1 << 20);
    }

    pub(super) fn open_gate(&self) {
        self.gate.0.add_permits(1 << 20);
    }

    /// How many messages would still be taken.
    pub(super) fn left(&self) -> impl Fn() -> usize + Send + 'static {
        let gate = Arc::clone(&self.gate);
        move || gate.0.available_permits()
    }

    /// Whether somebody takes this. A server that is gone does not: what it said before that is what a test looks at.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> bool {
        let written = timeout(PATIENCE, self.stream.write_all(bytes)).await;
        written.unwrap().is_ok()
    }

    pub(super) async fn frame(&mut self, kind: Kind, flags: Flags, stream: u32, payload: &[u8]) {
        self.write(&framed(kind, flags, stream, payload)).await;
    }

    pub(super) async fn settings(&mut self, settings: &Settings) {
        let mut out = Vec::new();
        settings.put(&mut out);
        self.write(&out).await;
    }

    /// Begins a call and says its number.
    pub(super) async fn begin(&mut self, flags: Flags) -> u32 {
        self.begin_with(&call(), flags).await
    }

    pub(super) async fn begin_with(&mut self, fields: Fields<'_>, flags: Flags) -> u32 {
        let stream = self.next;
        self.next += 2;
        let flags = flags.and(Flags::END_HEADERS);
        self.frame(Kind::Headers, flags, stream, &block(fields))
            .await;
        stream
    }

    /// Sends bytes in as many frames as it takes, and ends the stream.
    pub(super) async fn data(&mut self, stream: u32, bytes: &[u8]) {
        for frame in data_frames(stream, bytes) {
            self.write(&frame).await;
        }
    }

    /// Sends a whole call.
    pub(super) async fn call(&mut self, message: &[u8]) -> u32 {
        let stream = self.begin(Flags::NONE).await;
        self.data(stream, &message_of(message)).await;
        stream
    }

    /// The next frame, if there is one before the end.
    pub(super) async fn frame_or_end(&mut self) -> Option<Frame> {
        let mut head = [0; HEAD];
        timeout(PATIENCE, self.stream.read_exact(&mut head))
            .await
            .unwrap()
            .ok()?;
        let head = Head::parse(head);
        let mut payload = vec![0; head.length as usize];
        self.stream.read_exact(&mut payload).await.unwrap();
        Some(Frame {
            kind: head.kind,
            flags: head.flags,
            stream: head.stream,
            payload,
        })
    }

    pub(super) async fn next(&mut self) -> Frame {
        self.frame_or_end().await.unwrap()
    }

    /// The next frame of a kind; others are passed over.
    pub(super) async fn until(&mut self, kind: Kind) -> Frame {
        loop {
            let frame = self.next().await;
            if frame.kind == Kind::Headers && kind != Kind::Headers {
                self.fields(&frame);
            }
            if frame.kind == kind {
                return frame;
            }
        }
    }

    /// What headers say.
    pub(super) fn fields(&mut self, frame: &Frame) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        self.decoder
            .decode(&frame.payload, 1 << 20, |name, value| {
                fields.push((text(name), text(value)));
            })
            .unwrap();
        fields
    }

    /// What a call is answered with: the code of gRPC.
    pub(super) async fn status(&mut self, stream: u32) -> String {
        loop {
            let frame = self.until(Kind::Headers).await;
            let fields = self.fields(&frame);
            let status = fields.into_iter().find(|(name, _)| name == "grpc-status");
            if let Some((_, status)) = status.filter(|_| frame.stream == stream) {
                assert!(frame.flags.has(Flags::END_STREAM));
                return status;
            }
        }
    }

    /// Whether the connection still answers.
    pub(super) async fn is_there(&mut self) -> bool {
        let stream = self.call(b"").await;
        self.status(stream).await == "0"
    }

    /// The code of the GOAWAY by which the server ends the connection.
    pub(super) async fn end(&mut self) -> Code {
        let mut code = None;
        while let Some(frame) = self.frame_or_end().await {
            if frame.kind == Kind::GoAway {
                code = Some(Code::of(number(&frame.payload[4..])));
            }
        }
        code.unwrap()
    }

    /// Hangs up, and sees that the server ends well and keeps nothing.
    pub(super) async fn gone(mut self) {
        // All that was said is to be heard, so nothing is left unread; who was sent away already is gone.
        let _ = self.stream.shutdown().await;
        let mut rest = Vec::new();
        let end = self.stream.read_to_end(&mut rest);
        let _ = timeout(PATIENCE, end).await.unwrap();
        timeout(PATIENCE, self.server).await.unwrap().unwrap();
        assert_eq!(self.budget.used(), 0);
    }

    /// The stream and the code of the next stream that is reset.
    pub(super) async fn reset(&mut self) -> (u32, Code) {
        let frame = self.until(Kind::Reset).await;
        (frame.stream, Code::of(number(&frame.payload)))
    }
}

/// A server that takes spans, as far as its gate has permits.
fn taking(
    budget: &Arc<Budget>,
    serving: impl FnOnce(Arc<Intake>) -> Serving,
) -> (Arc<Serving>, Arc<Gate>) {
    let gate = Arc::new(Gate(Semaphore::new(1 << 20)));
    let pipeline = Pipeline::new(Vec::new(), Arc::clone(&gate) as Arc<dyn Take>);
    let intake = Intake::new(Arc::clone(budget));
    let intake = intake.with(Signal::Traces, vec![Arc::new(pipeline)], None);
    (Arc::new(serving(Arc::new(intake))), gate)
}

pub(super) fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(*bytes.first_chunk().unwrap())
}

/// The fields of a call.
pub(super) fn call() -> Vec<(&'static str, &'static str)> {
    vec![
        (":method", "POST"),
        (":scheme", "http"),
        (":path", TRACES),
        (":authority", "test"),
        ("content-type", "application/grpc+proto"),
        ("te", "trailers"),
    ]
}

pub(super) fn block(fields: Fields<'_>) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        put_field(&mut block, name.as_bytes(), value.as_bytes());
    }
    block
}

pub(super) fn framed(kind: Kind, flags: Flags, stream: u32, payload: &[u8]) -> Vec<u8> {
    [
        &Head::new(payload.len(), kind, flags, stream).bytes(),
        payload,
    ]
    .concat()
}

/// Bytes in as many frames as it takes; the last one ends the stream.
fn data_frames(stream: u32, bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut parts = bytes.chunks(16 << 10).peekable();
    std::iter::from_fn(move || {
        let part = parts.next()?;
        let last = parts.peek().is_none();
        let flags = if last { Flags::END_STREAM } else { Flags::NONE };
        Some(framed(Kind::Data, flags, stream, part))
    })
}

/// All frames of a call with such a message of gRPC.
pub(super) fn whole_call(stream: u32, message: &[u8]) -> Vec<u8> {
    let head = framed(Kind::Headers, Flags::END_HEADERS, stream, &block(&call()));
    std::iter::once(head)
        .chain(data_frames(stream, message))
        .flatten()
        .collect()
}

/// A message of gRPC.
pub(super) fn message_of(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0], &length[..], message].concat()
}

/// One span, with so many bytes of a name.
pub(super) fn span(bytes: usize) -> Vec<u8> {
    let mut message = Vec::new();
    crate::put::message(&mut message, 1, |resource| {
        crate::put::message(resource, 2, |scope| {
            crate::put::message(scope, 2, |span| {
                crate::put::bytes(span, 5, &vec![b'n'; bytes]);
            });
        });
    });
    message
}
