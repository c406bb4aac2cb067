//! A peer made of the package `h2`, and one whose every byte is ours.

use std::{collections::VecDeque, io, time::Duration};

use bytes::{Bytes, BytesMut};
use h2::server;
use http::{HeaderMap, Response};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    time::timeout,
};

use crate::{
    Chunks,
    http2::{
        Event, Limits, Outbox, PREFACE, Parser, Settings,
        client::{Answer, Call, Client, Keepalive, fields},
        hpack::put_field,
    },
};

/// How long nothing at all may happen.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// What the peer has to say to a call.
pub(super) type Served = (http::Request<h2::RecvStream>, server::SendResponse<Bytes>);

/// A call whose message is so long, and each byte of it the same.
pub(super) fn call(length: usize, byte: u8) -> Call {
    let block = fields("http", "peer", "/method", &HeaderMap::new());
    // Many pieces, as batches have them.
    let message = vec![byte; length];
    let pieces = message.chunks(7_001).map(Bytes::copy_from_slice);
    let message: Chunks = pieces.collect();
    Call::new(block.into(), &message, false).unwrap()
}

/// A client, and the other end of its connection, through which so many bytes go at once.
pub(super) fn client(buffer: usize, keepalive: Keepalive) -> (Client, DuplexStream) {
    let (ours, theirs) = duplex(buffer);
    (Client::start(ours, keepalive, 100_000), theirs)
}

/// Waits for something that must happen.
pub(super) async fn soon<F: Future>(what: F) -> F::Output {
    timeout(PATIENCE, what).await.expect("it happens")
}

/// Reads a whole body, in whatever pieces the windows allow.
pub(super) async fn body(body: &mut h2::RecvStream) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(part) = body.data().await {
        let part = part.unwrap();
        all.extend_from_slice(&part);
        body.flow_control().release_capacity(part.len()).unwrap();
    }
    all
}

/// Answers with a message and a status.
pub(super) fn answer(respond: &mut server::SendResponse<Bytes>, message: Bytes, status: &str) {
    let response = Response::builder().header("content-type", "application/grpc");
    let mut stream = respond
        .send_response(response.body(()).unwrap(), false)
        .unwrap();
    stream.send_data(message, false).unwrap();
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", status.parse().unwrap());
    trailers.insert("grpc-message", "as it is".parse().unwrap());
    stream.send_trailers(trailers).unwrap();
}

/// Answers a call with the first bytes of its body, its last byte, and its length.
pub(super) async fn echo((request, mut respond): Served) {
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri().path(), "/method");
    let all = body(&mut request.into_body()).await;
    answer(&mut respond, echoed(&all), "0");
}

fn echoed(body: &[u8]) -> Bytes {
    let mut said = BytesMut::from(&body[..5]);
    said.extend_from_slice(&body[body.len() - 1..]);
    said.extend_from_slice(&body.len().to_be_bytes());
    said.freeze()
}

/// What [`echo`] says to [`call`].
pub(super) fn expected(length: usize, byte: u8) -> Answer {
    let prefix = u32::try_from(length).unwrap().to_be_bytes();
    let body = [&[0], &prefix[..], &vec![byte; length]].concat();
    Answer {
        status: 200,
        code: Some(0),
        message: "as it is".to_owned(),
        details: None,
        body: echoed(&body).to_vec(),
    }
}

/// Serves a connection with [`echo`] until it ends.
pub(super) async fn serve(builder: server::Builder, stream: DuplexStream) {
    let mut connection = builder.handshake(stream).await.unwrap();
    while let Some(served) = connection.accept().await {
        let Ok(served) = served else { return };
        tokio::spawn(echo(served));
    }
}

/// A peer that says what it is told to, and remembers what it heard.
pub(super) struct Peer {
    pub(super) stream: DuplexStream,
    parser: Parser,
    pub(super) outbox: Outbox,
    heard: VecDeque<Heard>,
}

/// What it heard.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Headers(u32, Vec<u8>),
    Data(u32, usize, bool),
    Other(String),
}

impl Peer {
    /// One that has read the preface, and said what it takes.
    pub(super) async fn new(mut stream: DuplexStream, settings: &Settings) -> Self {
        let mut preface = [0; PREFACE.len()];
        soon(stream.read_exact(&mut preface)).await.unwrap();
        assert_eq!(&preface, PREFACE);
        let limits = Limits {
            max_frame: settings.max_frame_size,
            max_block: 1000,
        };
        let mut peer = Self {
            stream,
            parser: Parser::new(limits),
            outbox: Outbox::default(),
            heard: VecDeque::new(),
        };
        peer.outbox.settings(settings);
        peer.say().await;
        peer
    }

    /// Writes what is in the outbox.
    pub(super) async fn say(&mut self) {
        let Self { outbox, stream, .. } = self;
        let write = std::future::poll_fn(|context| outbox.poll_write(stream, context));
        soon(write).await.unwrap();
    }

    /// Writes any bytes.
    pub(super) async fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Says headers without a message.
    pub(super) fn headers(
        &mut self,
        stream: u32,
        flags: crate::http2::Flags,
        all: &[(&str, &str)],
    ) {
        let mut block = Vec::new();
        for (name, value) in all {
            put_field(&mut block, name.as_bytes(), value.as_bytes());
        }
        self.outbox.headers(stream, flags, &block, 16_384);
    }

    /// What it hears next; nothing at the end.
    pub(super) async fn hear(&mut self) -> Option<Heard> {
        let mut buffer = vec![0; 1 << 20];
        while self.heard.is_empty() {
            let length = soon(self.stream.read(&mut buffer)).await.unwrap();
            if length == 0 {
                return None;
            }
            let mut input = &buffer[..length];
            while let Some(event) = self.parser.next(&mut input).unwrap() {
                let heard = match event {
                    Event::Headers { stream, block, .. } => Heard::Headers(stream, block.to_vec()),
                    Event::Data {
                        stream, bytes, end, ..
                    } => Heard::Data(stream, bytes.len(), end),
                    other => Heard::Other(format!("{other:?}")),
                };
                self.heard.push_back(heard);
            }
        }
        self.heard.pop_front()
    }

    /// Hears until it hears something like this.
    pub(super) async fn until(&mut self, like: impl Fn(&Heard) -> bool) -> Heard {
        loop {
            let heard = self.hear().await.expect("it is said before the end");
            if like(&heard) {
                return heard;
            }
        }
    }

    /// Hears until a body is complete, and says of which stream.
    pub(super) async fn whole(&mut self) -> u32 {
        match self
            .until(|heard| matches!(heard, Heard::Data(_, _, true)))
            .await
        {
            Heard::Data(stream, ..) => stream,
            _ => 0,
        }
    }

    /// Hears until it is told something with this in it.
    pub(super) async fn told(&mut self, what: &str) {
        self.until(|heard| matches!(heard, Heard::Other(text) if text.contains(what)))
            .await;
    }
}
