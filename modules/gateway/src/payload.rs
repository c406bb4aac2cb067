//! What travels through the gateway: the bytes of a request, and what is known of them.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use collector_config::Signal;
use smallvec::SmallVec;

use crate::Charge;

/// Pieces of memory whose bytes, one after the other, are one message.
#[derive(Clone, Debug, Default)]
pub struct Chunks(SmallVec<[Bytes; 1]>);

impl Chunks {
    /// How many bytes there are in all.
    pub fn len(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Bytes::is_empty)
    }

    /// The pieces in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Bytes> + Clone {
        self.0.iter()
    }

    /// Adds a piece at the end.
    pub fn push(&mut self, piece: Bytes) {
        self.0.push(piece);
    }

    /// Adds all pieces of another at the end. Two OTLP requests of one signal joined so are one request with the
    /// resources of both, because a request is one repeated field.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// All bytes in one piece: copied only if there are several pieces.
    pub fn joined(&self) -> Bytes {
        match self.0.as_slice() {
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
        Self(SmallVec::from_buf([piece]))
    }
}

impl FromIterator<Bytes> for Chunks {
    fn from_iter<T: IntoIterator<Item = Bytes>>(pieces: T) -> Self {
        Self(pieces.into_iter().collect())
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
