//! How does a body become a message, piece by piece, without more memory than was charged?
//!
//! Nothing waits here: whoever reads, by whichever transport, hands in what came and gets room where it is asked for.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;

use super::body::Limits;
use crate::{Charge, Metadata, Refusal};

/// What is charged at first for a body that does not say how long it is.
const FIRST: u64 = 16 << 10;

/// A message as it came.
#[derive(Debug)]
pub(crate) struct Message {
    /// Its bytes.
    pub(crate) bytes: Bytes,
    /// When its first byte was here.
    pub(crate) arrived: Instant,
    /// What they take of the budget.
    pub(crate) charge: Charge,
    /// Whether they are compressed, as the frame of gRPC says.
    pub(crate) compressed: Compressed,
    /// What its sender said in headers that somebody asks for, if anything.
    pub(crate) metadata: Option<Arc<Metadata>>,
}

/// Whether a gRPC message says that it is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compressed {
    /// As it is.
    No,
    /// In the encoding that the headers name.
    Yes,
}

/// What has to happen before more can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// More has to come, or the end.
    More,
    /// So many bytes have to be charged and granted.
    Room(u64),
}

/// A body that has begun.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// The one message of a unary gRPC call: a flag, four bytes of length, and the message.
    Grpc {
        /// The flag and the length, as far as they are here.
        prefix: [u8; 5],
        /// How much of that is here.
        here: usize,
        /// What follows.
        kept: Option<Kept>,
    },
    /// All bytes of a request.
    Http {
        /// How many there will be, if that was said.
        said: Option<u64>,
        /// Those that are here.
        kept: Option<Kept>,
    },
}

/// What is here of a message.
#[derive(Debug)]
pub(crate) struct Kept {
    bytes: Vec<u8>,
    arrived: Instant,
    charge: Charge,
}

impl Kept {
    fn new(charge: Charge) -> Self {
        // What was charged is there at once. What a sender merely announces is no memory until it is written to.
        let length = usize::try_from(charge.bytes()).unwrap_or(0);
        Self {
            bytes: Vec::with_capacity(length),
            arrived: Instant::now(),
            charge,
        }
    }

    fn grow(&mut self, charge: Charge) {
        self.charge.merge(charge);
        let room = usize::try_from(self.charge.bytes()).unwrap_or(usize::MAX);
        let more = room.saturating_sub(self.bytes.len());
        self.bytes.reserve_exact(more);
    }

    fn message(self, compressed: Compressed) -> Message {
        let Self {
            bytes,
            arrived,
            charge,
        } = self;
        Message {
            bytes: bytes.into(),
            arrived,
            charge,
            compressed,
            metadata: None,
        }
    }
}

impl Incoming {
    /// The body of a unary gRPC call.
    pub(crate) fn grpc() -> Self {
        Self::Grpc {
            prefix: [0; 5],
            here: 0,
            kept: None,
        }
    }

    /// The body of a request over HTTP.
    pub(crate) fn http(said: Option<u64>) -> Self {
        Self::Http { said, kept: None }
    }

    /// Takes what it can of `input`. Where it wants room, it is to be handed the rest once that was granted.
    pub(crate) fn push(&mut self, input: &mut &[u8], limits: &Limits<'_>) -> Result<Want, Refusal> {
        match self {
            Self::Grpc { prefix, here, kept } => {
                let missing = prefix.len() - *here;
                let (part, rest) = input.split_at(input.len().min(missing));
                prefix[*here..][..part.len()].copy_from_slice(part);
                *here += part.len();
                *input = rest;
                if *here < prefix.len() {
                    return Ok(Want::More);
                }
                grpc(*prefix, kept.as_mut(), input, limits)
            }
            Self::Http { said, kept } => http(*said, kept.as_mut(), input, limits),
        }
    }

    /// Gives it the room that it asked for.
    pub(crate) fn grant(&mut self, charge: Charge) {
        let (Self::Grpc { kept, .. } | Self::Http { kept, .. }) = self;
        match kept {
            Some(kept) => kept.grow(charge),
            None => *kept = Some(Kept::new(charge)),
        }
    }

    /// How many bytes of it are here, if room was made for them.
    pub(crate) fn here(&self) -> Option<u64> {
        let (Self::Grpc { kept, .. } | Self::Http { kept, .. }) = self;
        kept.as_ref().map(|kept| kept.bytes.len() as u64)
    }

    /// What came, once nothing more comes.
    pub(crate) fn finish(self) -> Result<Message, Refusal> {
        match self {
            Self::Grpc {
                prefix: [flag, length @ ..],
                kept,
                ..
            } => {
                let kept = kept.ok_or_else(|| Refusal::invalid("the call has no message"))?;
                if kept.bytes.len() < u32::from_be_bytes(length) as usize {
                    return Err(Refusal::invalid("the message is shorter than it says"));
                }
                Ok(kept.message(compressed(flag)?))
            }
            Self::Http { kept, .. } => {
                let mut kept = kept.ok_or_else(|| Refusal::invalid("the request has no body"))?;
                let length = kept.bytes.len();
                if kept.bytes.capacity() > length + length / 8 {
                    kept.bytes.shrink_to_fit();
                }
                kept.charge.shrink_to(kept.bytes.capacity() as u64);
                Ok(kept.message(Compressed::No))
            }
        }
    }
}

fn compressed(flag: u8) -> Result<Compressed, Refusal> {
    match flag {
        0 => Ok(Compressed::No),
        1 => Ok(Compressed::Yes),
        _ => Err(Refusal::invalid("the message has an unknown flag")),
    }
}

fn grpc(
    [flag, length @ ..]: [u8; 5],
    kept: Option<&mut Kept>,
    input: &mut &[u8],
    limits: &Limits<'_>,
) -> Result<Want, Refusal> {
    let length = u32::from_be_bytes(length);
    let Some(kept) = kept else {
        compressed(flag)?;
        limits.fits(length.into())?;
        return Ok(Want::Room(length.into()));
    };
    let missing = (length as usize).saturating_sub(kept.bytes.len());
    let (part, rest) = input.split_at(input.len().min(missing));
    kept.bytes.extend_from_slice(part);
    *input = rest;
    if !rest.is_empty() {
        return Err(Refusal::invalid("the call has more than one message"));
    }
    Ok(Want::More)
}

/// What is said of the length is charged at once, and otherwise what comes, before it is kept.
fn http(
    said: Option<u64>,
    kept: Option<&mut Kept>,
    input: &mut &[u8],
    limits: &Limits<'_>,
) -> Result<Want, Refusal> {
    let Some(kept) = kept else {
        let first = said.unwrap_or(FIRST.min(limits.message));
        limits.fits(first)?;
        return Ok(Want::Room(first));
    };
    let needed = (kept.bytes.len() + input.len()) as u64;
    limits.fits(needed)?;
    let charged = kept.charge.bytes();
    if needed > charged {
        let target = (charged * 2).clamp(needed, limits.message);
        return Ok(Want::Room(target - charged));
    }
    kept.bytes.extend_from_slice(input);
    *input = &[];
    Ok(Want::More)
}
