//! What is a request made of that was made from another?

use std::ops::Range;

use bytes::Bytes;

use super::view::Node;
use crate::{Chunks, put};

/// Below this, bytes are copied together: a piece of shared memory costs more than they do.
const SHARE: usize = 512;
/// What a new request is made of: ranges of an old one, and bytes of its own between them.
#[derive(Default)]
pub(super) struct Pieces {
    len: usize,
    pieces: Vec<Piece>,
}

enum Piece {
    Shared(Range<usize>),
    Own(Vec<u8>),
}

impl Pieces {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds a resource or scope with its own header and these children.
    pub(super) fn wrap(&mut self, node: Node<'_>, children: Self) {
        let mut prefix = Vec::new();
        put::prefix(
            &mut prefix,
            node.number(),
            node.header_bytes() + children.len,
        );
        self.own(prefix);
        for range in node.header() {
            self.share(range);
        }
        self.append(children);
    }

    pub(super) fn share(&mut self, range: Range<usize>) {
        self.len += range.len();
        match self.pieces.last_mut() {
            Some(Piece::Shared(last)) if last.end == range.start => last.end = range.end,
            _ => self.pieces.push(Piece::Shared(range)),
        }
    }

    pub(super) fn own(&mut self, bytes: Vec<u8>) {
        self.len += bytes.len();
        self.pieces.push(Piece::Own(bytes));
    }

    /// Adds a message of its own.
    pub(super) fn own_message(&mut self, number: u32, message: Vec<u8>) {
        let mut prefix = Vec::new();
        put::prefix(&mut prefix, number, message.len());
        self.own(prefix);
        self.own(message);
    }

    pub(super) fn append(&mut self, other: Self) {
        for piece in other.pieces {
            match piece {
                Piece::Shared(range) => self.share(range),
                Piece::Own(bytes) => self.own(bytes),
            }
        }
    }

    pub(super) fn chunks(self, body: &Bytes) -> Chunks {
        let mut chunks = Chunks::default();
        let mut copied = Vec::new();
        for piece in self.pieces {
            match piece {
                Piece::Shared(range) if range.len() >= SHARE => {
                    if !copied.is_empty() {
                        chunks.push(whole(std::mem::take(&mut copied)));
                    }
                    chunks.push(body.slice(range));
                }
                Piece::Shared(range) => copied.extend_from_slice(&body[range]),
                Piece::Own(bytes) => copied.extend_from_slice(&bytes),
            }
        }
        if !copied.is_empty() {
            chunks.push(whole(copied));
        }
        chunks
    }
}

/// Bytes without the room that was made for more: they may be kept for long.
fn whole(mut bytes: Vec<u8>) -> Bytes {
    bytes.shrink_to_fit();
    bytes.into()
}
