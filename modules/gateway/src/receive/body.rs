//! How does a message come out of the body of a request, without more memory than was charged?

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::{Buf, Bytes};
use http_body::Body;
use http_body_util::BodyExt;

use crate::{Budget, Charge, Refusal};

/// A message as it came.
pub(super) struct Message {
    /// Its bytes.
    pub(super) bytes: Bytes,
    /// When its first byte was here.
    pub(super) arrived: Instant,
    /// What they take of the budget.
    pub(super) charge: Charge,
    /// Whether they are compressed, as the frame says.
    pub(super) compressed: Compressed,
}

/// Whether a gRPC message says that it is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compressed {
    /// As it is.
    No,
    /// In the encoding that the headers name.
    Yes,
}

/// How much may be taken.
pub(super) struct Limits<'a> {
    /// The most bytes of one message.
    pub(super) message: u64,
    /// What all messages share.
    pub(super) budget: &'a Arc<Budget>,
    /// How long a sender waits for room.
    pub(super) patience: Duration,
}

impl Limits<'_> {
    /// Charges so many bytes, waiting a while for them.
    async fn charge(&self, bytes: u64) -> Result<Charge, Refusal> {
        if bytes > self.message {
            return Err(Refusal::TooLarge {
                bytes,
                limit: self.message,
            });
        }
        let charge = self.budget.charge_within(bytes, self.patience).await;
        charge.ok_or_else(|| Refusal::busy("the memory for data under way is used up"))
    }
}

/// The frames of a body, read as they are asked for: what is not read here, the sender may not send.
struct Frames<'a, B> {
    body: &'a mut B,
    current: Bytes,
}

impl<B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin> Frames<'_, B> {
    /// Whether there is a byte; reads until there is one or the body ends.
    async fn more(&mut self) -> Result<bool, Refusal> {
        while self.current.is_empty() {
            match self.body.frame().await {
                None => return Ok(false),
                Some(Ok(frame)) => self.current = frame.into_data().unwrap_or_default(),
                Some(Err(error)) => {
                    return Err(Refusal::invalid(format!("the body broke off: {error}")));
                }
            }
        }
        Ok(true)
    }
}

/// Reads the one message of a unary gRPC call: a flag, four bytes of length, and the message. Its memory is charged
/// before it is allocated, and what the sender merely announces is no memory until it is written to.
pub(super) async fn grpc_message<B>(body: &mut B, limits: &Limits<'_>) -> Result<Message, Refusal>
where
    B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
{
    let mut frames = Frames {
        body,
        current: Bytes::new(),
    };
    let mut prefix = [0_u8; 5];
    for byte in &mut prefix {
        if !frames.more().await? {
            return Err(Refusal::invalid("the call has no message"));
        }
        *byte = frames.current.get_u8();
    }
    let arrived = Instant::now();
    let [flag, length @ ..] = prefix;
    let compressed = match flag {
        0 => Compressed::No,
        1 => Compressed::Yes,
        _ => return Err(Refusal::invalid("the message has an unknown flag")),
    };
    let length = u32::from_be_bytes(length);
    let charge = limits.charge(u64::from(length)).await?;
    let length = length as usize;
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        if !frames.more().await? {
            return Err(Refusal::invalid("the message is shorter than it says"));
        }
        let part = frames.current.len().min(length - bytes.len());
        bytes.extend_from_slice(&frames.current.split_to(part));
    }
    if frames.more().await? {
        return Err(Refusal::invalid("the call has more than one message"));
    }
    Ok(Message {
        bytes: bytes.into(),
        arrived,
        charge,
        compressed,
    })
}
