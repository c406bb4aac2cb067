//! What is to be written, and how is it written at once?

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

use super::{Code, Flags, Head, Kind, Settings};

/// How many pieces of memory one call writes.
const PIECES: usize = 64;
/// What is shorter is copied: a piece more costs more.
const SHORT: usize = 512;
/// What is kept for the next time of a buffer that was used up.
const KEPT: usize = 16 << 10;

/// Frames that wait to be written, in order. Heads and small frames are bytes of its own; bodies are shared.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    own: Vec<u8>,
    /// How much of `own` was written.
    written: usize,
    pieces: VecDeque<Piece>,
    /// How many bytes wait.
    length: usize,
}

#[derive(Debug)]
enum Piece {
    /// The next so many bytes of `own`.
    Own(usize),
    Shared(Bytes),
}

impl Outbox {
    /// How many bytes wait. Whoever puts more in than a peer takes should stop at some length.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Lets bytes be appended that are complete frames.
    pub(crate) fn put(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        let before = self.own.len();
        append(&mut self.own);
        let more = self.own.len() - before;
        self.length += more;
        match self.pieces.back_mut() {
            _ if more == 0 => {}
            Some(Piece::Own(length)) => *length += more,
            _ => self.pieces.push_back(Piece::Own(more)),
        }
    }

    /// Appends bytes that are shared, or copied where that is cheaper.
    pub(crate) fn share(&mut self, bytes: Bytes) {
        if bytes.len() <= SHORT {
            self.put(|own| own.extend_from_slice(&bytes));
            return;
        }
        self.length += bytes.len();
        self.pieces.push_back(Piece::Shared(bytes));
    }

    /// A frame that is written down whole.
    pub(crate) fn frame(&mut self, kind: Kind, flags: Flags, stream: u32, payload: &[u8]) {
        let head = Head::new(payload.len(), kind, flags, stream).bytes();
        self.put(|own| {
            own.extend_from_slice(&head);
            own.extend_from_slice(payload);
        });
    }

    /// The head of a frame whose payload is put in next, by [`put`](Self::put) and [`share`](Self::share).
    pub(crate) fn head(&mut self, length: usize, kind: Kind, flags: Flags, stream: u32) {
        let head = Head::new(length, kind, flags, stream).bytes();
        self.put(|own| own.extend_from_slice(&head));
    }

    /// Headers, already compressed, in as many frames as it takes. `flags`: [`Flags::END_STREAM`] or none.
    pub(crate) fn headers(&mut self, stream: u32, flags: Flags, block: &[u8], max_frame: u32) {
        let (mut kind, mut flags) = (Kind::Headers, flags);
        let mut rest = block;
        loop {
            let (part, more) = rest.split_at(rest.len().min(max_frame as usize));
            if more.is_empty() {
                flags = flags.and(Flags::END_HEADERS);
            }
            self.frame(kind, flags, stream, part);
            if more.is_empty() {
                return;
            }
            (kind, flags, rest) = (Kind::Continuation, Flags::NONE, more);
        }
    }

    /// What we can take.
    pub(crate) fn settings(&mut self, settings: &Settings) {
        self.put(|own| settings.put(own));
    }

    /// The peer's settings are minded from here on.
    pub(crate) fn settings_ack(&mut self) {
        self.frame(Kind::Settings, Flags::ACK, 0, &[]);
    }

    /// A question whether the peer is there, or with [`Flags::ACK`] the answer to one.
    pub(crate) fn ping(&mut self, flags: Flags, payload: [u8; 8]) {
        self.frame(Kind::Ping, flags, 0, &payload);
    }

    /// More may come: on a stream, or on the connection (0).
    pub(crate) fn window_update(&mut self, stream: u32, increment: u32) {
        let increment = increment.to_be_bytes();
        self.frame(Kind::WindowUpdate, Flags::NONE, stream, &increment);
    }

    /// The end of a stream.
    pub(crate) fn reset(&mut self, stream: u32, code: Code) {
        let code = code.number().to_be_bytes();
        self.frame(Kind::Reset, Flags::NONE, stream, &code);
    }

    /// The end of the connection: streams after `last` were not looked at.
    pub(crate) fn go_away(&mut self, last: u32, code: Code, why: &str) {
        let mut payload = [0; 8];
        payload[..4].copy_from_slice(&last.to_be_bytes());
        payload[4..].copy_from_slice(&code.number().to_be_bytes());
        self.head(8 + why.len(), Kind::GoAway, Flags::NONE, 0);
        self.put(|own| {
            own.extend_from_slice(&payload);
            own.extend_from_slice(why.as_bytes());
        });
    }

    /// Writes until nothing is left or the stream takes no more, and flushes it where that means anything.
    pub(crate) fn poll_write<S>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>>
    where
        S: AsyncWrite + Unpin,
    {
        let mut stream = Pin::new(stream);
        while !self.is_empty() {
            let written = {
                let mut slices = [IoSlice::new(&[]); PIECES];
                let count = self.slices(&mut slices);
                if stream.is_write_vectored() {
                    ready!(
                        stream
                            .as_mut()
                            .poll_write_vectored(context, &slices[..count])
                    )?
                } else {
                    ready!(stream.as_mut().poll_write(context, &slices[0]))?
                }
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        stream.poll_flush(context)
    }

    /// The first pieces in their order, and how many they are.
    fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>; PIECES]) -> usize {
        let mut own = &self.own[self.written..];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
            *slice = IoSlice::new(match piece {
                Piece::Shared(bytes) => bytes,
                Piece::Own(length) => {
                    let (first, rest) = own.split_at(*length);
                    own = rest;
                    first
                }
            });
            count += 1;
        }
        count
    }

    fn advance(&mut self, mut count: usize) {
        self.length -= count;
        while let Some(piece) = self.pieces.front_mut() {
            let (left, own) = match piece {
                Piece::Own(length) => (*length, true),
                Piece::Shared(bytes) => (bytes.len(), false),
            };
            let part = left.min(count);
            count -= part;
            if own {
                self.written += part;
            }
            if part < left {
                match piece {
                    Piece::Own(length) => *length -= part,
                    Piece::Shared(bytes) => bytes.advance(part),
                }
                return;
            }
            self.pieces.pop_front();
        }
        self.own.clear();
        self.own.shrink_to(KEPT);
        self.written = 0;
    }
}
