//! What is asked, and what is answered?

use std::borrow::Cow;

use bytes::Bytes;
use http::HeaderMap;
use smallvec::SmallVec;
use thiserror::Error;

use crate::{
    Chunks,
    http2::hpack::{put_field, put_secret},
};

/// A call: one request of gRPC.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Its headers, compressed: they depend on no table, so that one block serves many calls.
    pub(crate) block: Bytes,
    /// Its body in pieces, the last one first; none is empty, and there is one at least.
    pub(super) body: SmallVec<[Bytes; 2]>,
    /// How long the body is.
    pub(super) length: usize,
}

/// What a destination said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status of HTTP; 0 before it is known.
    pub(crate) status: u16,
    /// `grpc-status`, if there was one. What is no number is 2, unknown.
    pub(crate) code: Option<u16>,
    /// `grpc-message`.
    pub(crate) message: String,
    /// `grpc-status-details-bin`, still in its text.
    pub(crate) details: Option<String>,
    /// The body: messages with their prefixes.
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer. The reasons are for people.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Lost {
    /// The destination has done nothing with the call: it may be made again at once, elsewhere.
    #[error("{0}")]
    Untouched(Cow<'static, str>),
    /// Nobody knows what the destination has done with it.
    #[error("{0}")]
    Broken(Cow<'static, str>),
}

impl Call {
    /// A call with one message. None if that is longer than gRPC can say.
    pub(crate) fn new(block: Bytes, message: &Chunks, compressed: bool) -> Option<Self> {
        let length = message.len();
        let mut prefix = [0; 5];
        prefix[0] = compressed.into();
        prefix[1..].copy_from_slice(&u32::try_from(length).ok()?.to_be_bytes());
        let prefix = Bytes::copy_from_slice(&prefix);
        let pieces = std::iter::once(&prefix).chain(message.iter());
        let mut body: SmallVec<_> = pieces.filter(|piece| !piece.is_empty()).cloned().collect();
        body.reverse();
        Some(Self {
            block,
            body,
            length: length + 5,
        })
    }
}

impl Answer {
    /// Notes a field of the headers or of the trailers.
    pub(super) fn note(&mut self, name: &[u8], value: &[u8]) {
        let text = || String::from_utf8_lossy(value).into_owned();
        match name {
            b":status" => self.status = text().parse().unwrap_or(0),
            b"grpc-status" => self.code = Some(text().parse().unwrap_or(2)),
            b"grpc-message" => self.message = text(),
            b"grpc-status-details-bin" => self.details = Some(text()),
            _ => {}
        }
    }
}

/// The headers of a call, compressed. What belongs to connections of HTTP/1.1 is left out, as it must be.
pub(crate) fn fields(scheme: &str, authority: &str, path: &str, headers: &HeaderMap) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in [
        (":method", "POST"),
        (":scheme", scheme),
        (":path", path),
        (":authority", authority),
    ] {
        put_field(&mut block, name.as_bytes(), value.as_bytes());
    }
    for (name, value) in headers {
        let (name, secret) = (name.as_str(), value.is_sensitive());
        match name {
            "connection" | "host" | "keep-alive" | "proxy-connection" | "transfer-encoding"
            | "upgrade" => {}
            _ if secret => put_secret(&mut block, name.as_bytes(), value.as_bytes()),
            _ => put_field(&mut block, name.as_bytes(), value.as_bytes()),
        }
    }
    block
}
