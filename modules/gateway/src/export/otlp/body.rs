//! What does the body of a request look like?

use std::{
    collections::VecDeque,
    convert::Infallible,
    io::IoSlice,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};

use crate::Chunks;

/// Pieces of memory that are written one after the other, without being copied together.
#[derive(Debug, Default)]
pub(crate) struct Pieces(VecDeque<Bytes>);

impl Buf for Pieces {
    fn remaining(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    fn chunk(&self) -> &[u8] {
        self.0.front().map_or(&[], |piece| piece)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let filled = slices.iter_mut().zip(&self.0);
        filled
            .map(|(slice, piece)| *slice = IoSlice::new(piece))
            .count()
    }

    fn advance(&mut self, mut count: usize) {
        while let Some(piece) = self.0.front_mut() {
            if count < piece.len() {
                piece.advance(count);
                return;
            }
            count -= piece.len();
            self.0.pop_front();
        }
        debug_assert_eq!(count, 0, "advanced over the end");
    }
}

impl FromIterator<Bytes> for Pieces {
    fn from_iter<T: IntoIterator<Item = Bytes>>(pieces: T) -> Self {
        let pieces = pieces.into_iter().filter(|piece| !piece.is_empty());
        Self(pieces.collect())
    }
}

/// The body of a request.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pieces: Option<Pieces>,
    length: Option<u64>,
}

impl Outgoing {
    /// A gRPC message: a flag, its length, and itself.
    pub(super) fn grpc(message: &Chunks, compressed: bool) -> Option<Self> {
        let length = u32::try_from(message.len()).ok()?;
        let mut prefix = [0; 5];
        prefix[0] = compressed.into();
        prefix[1..].copy_from_slice(&length.to_be_bytes());
        let prefix = Bytes::copy_from_slice(&prefix);
        let pieces = std::iter::once(prefix).chain(message.iter().cloned());
        Some(Self {
            pieces: Some(pieces.collect()),
            length: None,
        })
    }

    /// The message itself.
    pub(crate) fn http(message: &Chunks) -> Self {
        Self {
            length: Some(message.len() as u64),
            pieces: Some(message.iter().cloned().collect()),
        }
    }
}

impl Body for Outgoing {
    type Data = Pieces;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Pieces>, Infallible>>> {
        Poll::Ready(self.pieces.take().map(|pieces| Ok(Frame::data(pieces))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_read_as_if_they_were_one() {
        let pieces = ["ab", "", "cde"].map(|piece| Bytes::from_static(piece.as_bytes()));
        let mut pieces: Pieces = pieces.into_iter().collect();
        let mut slices = [IoSlice::new(&[]); 4];
        assert_eq!(pieces.chunks_vectored(&mut slices), 2);
        pieces.advance(1);
        assert_eq!((pieces.remaining(), pieces.chunk()), (4, b"b".as_slice()));
        pieces.advance(2);
        assert_eq!(pieces.chunk(), b"de");
        pieces.advance(2);
        assert!(!pieces.has_remaining());
    }
}
