//! How is an answer written?

use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderMap, Response};

use super::request::Answer;
use crate::{
    http2::{Flags, HEAD, Head, Kind, MAX_FRAME, Outbox, SendWindow, hpack::put_field},
    receive::{
        grpc::{self, name},
        reply::Reply,
        status::Status,
    },
};

/// All frames of the answer that nearly every call gets, written once.
static ACCEPTED: LazyLock<Accepted> = LazyLock::new(Accepted::new);

/// Frames in which only the stream is missing.
struct Accepted {
    frames: Vec<u8>,
    /// Where frames begin.
    heads: [usize; 3],
}

/// What follows the head of an answer.
#[derive(Debug)]
pub(super) struct Rest {
    data: Bytes,
    trailers: Option<Vec<u8>>,
}

/// Whether all of an answer was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It was: the stream has ended on our side.
    All,
    /// The peer lets no more be sent.
    Part,
}

/// What limits what may be written.
pub(super) struct Line<'a> {
    pub(super) outbox: &'a mut Outbox,
    /// What may be sent on the connection.
    pub(super) connection: &'a mut SendWindow,
    /// What may be sent on the stream.
    pub(super) stream: &'a mut SendWindow,
    pub(super) id: u32,
}

impl Accepted {
    fn new() -> Self {
        let (mut head, mut trailers) = (Vec::new(), Vec::new());
        put_field(&mut head, b":status", b"200");
        put_field(&mut head, b"content-type", grpc::CONTENT.as_bytes());
        put_field(&mut trailers, name::STATUS.as_bytes(), b"0");
        let last = Flags::END_HEADERS.and(Flags::END_STREAM);
        let parts = [
            (Kind::Headers, Flags::END_HEADERS, head.as_slice()),
            (Kind::Data, Flags::NONE, &grpc::EMPTY),
            (Kind::Headers, last, &trailers),
        ];
        let mut frames = Vec::new();
        let heads = parts.map(|(kind, flags, payload)| {
            let at = frames.len();
            frames.extend(Head::new(payload.len(), kind, flags, 0).bytes());
            frames.extend(payload);
            at
        });
        Self { frames, heads }
    }

    fn put(&self, out: &mut Vec<u8>, stream: u32) {
        let start = out.len();
        out.extend_from_slice(&self.frames);
        for at in self.heads {
            let end = start + at + HEAD;
            out[end - 4..end].copy_from_slice(&stream.to_be_bytes());
        }
    }
}

/// Writes an answer as far as it may be sent, and gives back what may not.
pub(super) fn put(answer: Answer, line: &mut Line<'_>) -> Option<Rest> {
    let room = line.connection.available().min(line.stream.available());
    let (block, mut rest) = match answer {
        Answer::Accepted if room >= grpc::EMPTY.len() => {
            line.connection.take(grpc::EMPTY.len());
            line.stream.take(grpc::EMPTY.len());
            let id = line.id;
            line.outbox.put(|own| ACCEPTED.put(own, id));
            return None;
        }
        Answer::Accepted => accepted(),
        Answer::Refused(status) => (refused(&status), Rest::none()),
        Answer::Http(response) => http(*response),
    };
    let flags = if rest.is_none() {
        Flags::END_STREAM
    } else {
        Flags::NONE
    };
    line.outbox.headers(line.id, flags, &block, MAX_FRAME);
    if rest.is_none() || rest.put(line) == Written::All {
        return None;
    }
    Some(rest)
}

impl Rest {
    fn none() -> Self {
        Self {
            data: Bytes::new(),
            trailers: None,
        }
    }

    fn is_none(&self) -> bool {
        self.data.is_empty() && self.trailers.is_none()
    }

    /// Writes as much as may be sent.
    pub(super) fn put(&mut self, line: &mut Line<'_>) -> Written {
        while !self.data.is_empty() {
            let room = line.connection.available().min(line.stream.available());
            let most = room.min(MAX_FRAME as usize).min(self.data.len());
            if most == 0 {
                return Written::Part;
            }
            line.connection.take(most);
            line.stream.take(most);
            let part = self.data.split_to(most);
            let last = self.data.is_empty() && self.trailers.is_none();
            let flags = if last { Flags::END_STREAM } else { Flags::NONE };
            line.outbox.frame(Kind::Data, flags, line.id, &part);
        }
        if let Some(trailers) = self.trailers.take() {
            line.outbox
                .headers(line.id, Flags::END_STREAM, &trailers, MAX_FRAME);
        }
        Written::All
    }
}

/// Success of a call in parts, where a peer does not even let five bytes be sent.
fn accepted() -> (Vec<u8>, Rest) {
    let (mut head, mut trailers) = (Vec::new(), Vec::new());
    put_field(&mut head, b":status", b"200");
    put_field(&mut head, b"content-type", grpc::CONTENT.as_bytes());
    put_field(&mut trailers, name::STATUS.as_bytes(), b"0");
    let rest = Rest {
        data: Bytes::from_static(&grpc::EMPTY),
        trailers: Some(trailers),
    };
    (head, rest)
}

/// Failure of a call: all of it in the headers.
fn refused(status: &Status) -> Vec<u8> {
    let mut block = Vec::new();
    put_field(&mut block, b":status", b"200");
    put_field(&mut block, b"content-type", grpc::CONTENT.as_bytes());
    grpc::failure(status, |name, value| {
        put_field(&mut block, name.as_bytes(), value);
    });
    block
}

fn http(response: Response<Reply>) -> (Vec<u8>, Rest) {
    let (head, Reply { data, trailers }) = response.into_parts();
    let mut block = Vec::new();
    put_field(&mut block, b":status", head.status.as_str().as_bytes());
    put_fields(&mut block, &head.headers);
    let rest = Rest {
        data: data.unwrap_or_default(),
        trailers: trailers.map(|trailers| {
            let mut block = Vec::new();
            put_fields(&mut block, &trailers);
            block
        }),
    };
    (block, rest)
}

fn put_fields(block: &mut Vec<u8>, fields: &HeaderMap) {
    for (name, value) in fields {
        put_field(block, name.as_str().as_bytes(), value.as_bytes());
    }
}
