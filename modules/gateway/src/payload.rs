//! What travels through the gateway: the bytes of a request, and what is known of them.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use collector_config::Signal;
use smallvec::SmallVec;

use crate::{Charge, Encoding, Metadata};

/// Pieces of memory whose bytes, one after the other, are one message.
#[derive(Clone, Debug, Default)]
pub struct Chunks {
    pieces: SmallVec<[Bytes; 1]>,
    /// The same message as it came over the wire, if it came compressed and nothing was changed since.
    packed: Option<Arc<(Encoding, Bytes)>>,
}

impl Chunks {
    /// How many bytes there are in all.
    pub fn len(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum()
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.pieces.iter().all(Bytes::is_empty)
    }

    /// The pieces in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Bytes> + Clone {
        self.pieces.iter()
    }

    /// Adds a piece at the end.
    pub fn push(&mut self, piece: Bytes) {
        self.packed = None;
        self.pieces.push(piece);
    }

    /// Adds all pieces of another at the end. Two OTLP requests of one signal joined so are one request with the
    /// resources of both, because a request is one repeated field.
    pub fn append(&mut self, other: Self) {
        self.packed = None;
        self.pieces.extend(other.pieces);
    }

    /// The same with the compressed bytes that it came as: whoever sends it on unchanged need not compress it again.
    #[must_use]
    pub fn with_packed(mut self, encoding: Encoding, packed: Bytes) -> Self {
        self.packed = Some(Arc::new((encoding, packed)));
        self
    }

    /// The compressed bytes that it came as, if it did in this encoding.
    pub fn packed(&self, encoding: Encoding) -> Option<&Bytes> {
        let (packed, bytes) = self.packed.as_deref()?;
        (*packed == encoding).then_some(bytes)
    }

    /// How many of its bytes are in memory of their own, where it was made from another message.
    fn apart_from(&self, other: &Self) -> usize {
        let ranges = || other.pieces.iter().map(|piece| piece.as_ptr_range());
        let own = self.pieces.iter().filter(|piece| {
            let at = piece.as_ptr();
            !ranges().any(|range| range.contains(&at))
        });
        own.map(Bytes::len).sum()
    }

    /// All bytes in one piece: copied only if there are several pieces.
    pub fn joined(&self) -> Bytes {
        match self.pieces.as_slice() {
            [] => Bytes::new(),
            [one] => one.clone(),
            several => several
                .iter()
                .flatten()
                .copied()
                .collect::<Vec<u8>>()
                .into(),
        }
    }
}

impl From<Bytes> for Chunks {
    fn from(piece: Bytes) -> Self {
        Self {
            pieces: SmallVec::from_buf([piece]),
            packed: None,
        }
    }
}

impl FromIterator<Bytes> for Chunks {
    fn from_iter<T: IntoIterator<Item = Bytes>>(pieces: T) -> Self {
        Self {
            pieces: pieces.into_iter().collect(),
            packed: None,
        }
    }
}

/// A valid OTLP `Export…ServiceRequest` in its protobuf encoding. A clone shares bytes and charge.
#[derive(Clone, Debug)]
pub struct Payload {
    /// Which of the three services it is for.
    pub signal: Signal,
    /// The message.
    pub body: Chunks,
    /// How many spans, data points or log records it has.
    pub items: u64,
    /// When its first byte was here.
    pub arrived: Instant,
    /// What it takes of the budget; given back with the last clone.
    pub charge: Arc<Charge>,
    /// What its sender said in headers that somebody asks for, if anything. It is charged for itself.
    pub metadata: Option<Arc<Metadata>>,
}

impl Payload {
    /// What it retains, where it was made from this message: its own bytes, and all of the other if it shares one.
    pub fn retained(&self, from: &Chunks) -> u64 {
        let own = self.body.apart_from(from) as u64;
        if own < self.body.len() as u64 {
            own + self.charge.bytes()
        } else {
            own
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_one_message_in_their_order() {
        let mut chunks = Chunks::from(Bytes::from_static(b"ab"));
        assert_eq!(
            chunks.joined().as_ptr(),
            chunks.iter().next().unwrap().as_ptr()
        );
        chunks.append(
            [Bytes::new(), Bytes::from_static(b"c")]
                .into_iter()
                .collect(),
        );
        assert_eq!(
            (chunks.len(), chunks.joined().as_ref()),
            (3, b"abc".as_slice())
        );
        assert!(Chunks::default().is_empty());
    }
}
