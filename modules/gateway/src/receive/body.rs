//! How does a message come out of the body of a request, without more memory than was charged?

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::{Buf, Bytes};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::{Budget, Charge, Refusal};

/// How long a sender may be silent in the middle of a message. Room that was charged for it is kept from others.
pub(super) const SILENCE: Duration = Duration::from_secs(10);
/// What is charged at first for a body that does not say how long it is.
const FIRST: u64 = 16 << 10;

/// A message as it came.
#[derive(Debug)]
pub(super) struct Message {
    /// Its bytes.
    pub(super) bytes: Bytes,
    /// When its first byte was here.
    pub(super) arrived: Instant,
    /// What they take of the budget.
    pub(super) charge: Charge,
    /// Whether they are compressed, as the frame of gRPC says.
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
    /// How long a sender may be silent.
    pub(super) silence: Duration,
}

impl Limits<'_> {
    /// Charges so many bytes of a message, waiting a while for them.
    pub(super) async fn charge(&self, bytes: u64) -> Result<Charge, Refusal> {
        self.fits(bytes)?;
        self.scratch(bytes).await
    }

    /// Charges so many bytes that are no message yet.
    pub(super) async fn scratch(&self, bytes: u64) -> Result<Charge, Refusal> {
        let limit = self.budget.limit();
        if bytes > limit {
            return Err(Refusal::TooLarge { bytes, limit });
        }
        let charge = self.budget.charge_within(bytes, self.patience).await;
        charge.ok_or_else(|| Refusal::busy("the memory for data under way is used up"))
    }

    fn fits(&self, bytes: u64) -> Result<(), Refusal> {
        let limit = self.message;
        if bytes > limit {
            return Err(Refusal::TooLarge { bytes, limit });
        }
        Ok(())
    }
}

/// The frames of a body, read as they are asked for: what is not read here, the sender may not send.
struct Frames<'a, B> {
    body: &'a mut B,
    silence: Duration,
    current: Bytes,
}

impl<B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin> Frames<'_, B> {
    /// Whether there is a byte; reads until there is one or the body ends.
    async fn more(&mut self) -> Result<bool, Refusal> {
        while self.current.is_empty() {
            let frame = timeout(self.silence, self.body.frame()).await;
            let frame = frame.map_err(|_| Refusal::busy("the rest of the message did not come"))?;
            match frame {
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

/// Reads and forgets what is left of a refused body, up to so many bytes and for a second: a sender that still writes
/// when the connection ends sees that it broke, and never why it was refused.
pub(super) async fn discard<B: Body<Data = Bytes> + Unpin>(body: &mut B, most: u64) {
    let mut left = most;
    let rest = async {
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
            let Some(less) = left.checked_sub(bytes) else {
                return;
            };
            left = less;
        }
    };
    let _ = timeout(Duration::from_secs(1), rest).await;
}

/// Reads the one message of a unary gRPC call: a flag, four bytes of length, and the message. Its memory is charged
/// before it is allocated, and what the sender merely announces is no memory until it is written to.
pub(super) async fn grpc_message<B>(body: &mut B, limits: &Limits<'_>) -> Result<Message, Refusal>
where
    B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
{
    let mut frames = Frames {
        body,
        silence: limits.silence,
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

/// Reads a body to its end. What it says of its length is charged at once, and otherwise what comes, before it is kept.
pub(super) async fn http_message<B>(body: &mut B, limits: &Limits<'_>) -> Result<Message, Refusal>
where
    B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
{
    let said = body.size_hint().exact();
    let arrived = Instant::now();
    let first = said.unwrap_or(FIRST.min(limits.message));
    let mut charge = limits.charge(first).await?;
    let mut bytes = Vec::with_capacity(usize::try_from(first).unwrap_or(0));
    let mut frames = Frames {
        body,
        silence: limits.silence,
        current: Bytes::new(),
    };
    while frames.more().await? {
        let needed = (bytes.len() + frames.current.len()) as u64;
        limits.fits(needed)?;
        if needed > charge.bytes() {
            let target = (charge.bytes() * 2).clamp(needed, limits.message);
            charge.merge(limits.scratch(target - charge.bytes()).await?);
            let room = usize::try_from(target).unwrap_or(usize::MAX);
            bytes.reserve_exact(room.saturating_sub(bytes.len()));
        }
        bytes.extend_from_slice(&std::mem::take(&mut frames.current));
    }
    if bytes.capacity() > bytes.len() + bytes.len() / 8 {
        bytes.shrink_to_fit();
    }
    charge.shrink_to(bytes.capacity() as u64);
    Ok(Message {
        bytes: bytes.into(),
        arrived,
        charge,
        compressed: Compressed::No,
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;

    fn body(frames: Vec<Vec<u8>>) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
        let frames = frames
            .into_iter()
            .map(|frame| Ok(Frame::data(Bytes::from(frame))));
        StreamBody::new(futures::stream::iter(frames))
    }

    fn limits(budget: &Arc<Budget>) -> Limits<'_> {
        Limits {
            message: 100,
            budget,
            patience: Duration::ZERO,
            silence: Duration::from_millis(20),
        }
    }

    #[tokio::test]
    async fn a_message_may_come_in_any_pieces() {
        let budget = Budget::new(50);
        let whole = [&[0, 0, 0, 0, 3][..], b"abc"].concat();
        for size in 1..=whole.len() {
            let frames = whole.chunks(size).map(<[u8]>::to_vec).collect();
            let message = grpc_message(&mut body(frames), &limits(&budget))
                .await
                .unwrap();
            assert_eq!(
                (message.bytes.as_ref(), budget.used()),
                (b"abc".as_slice(), 3)
            );
        }
        assert_eq!(budget.used(), 0);
    }

    #[tokio::test]
    async fn what_is_no_message_is_refused_before_it_takes_memory() {
        let budget = Budget::new(50);
        let cases: [(&[u8], &str); 6] = [
            (&[0, 0, 0, 0], "the call has no message"),
            (&[2, 0, 0, 0, 0], "the message has an unknown flag"),
            (&[0, 0, 0, 0, 2, 1], "the message is shorter than it says"),
            (&[0, 0, 0, 0, 1, 1, 0], "the call has more than one message"),
            (
                &[0, 255, 255, 255, 255],
                "the message has 4294967295 bytes (or more) and 100 are taken",
            ),
            (
                &[0, 0, 0, 0, 60],
                "the message has 60 bytes (or more) and 50 are taken",
            ),
        ];
        for (bytes, why) in cases {
            let refusal = grpc_message(&mut body(vec![bytes.to_vec()]), &limits(&budget)).await;
            assert_eq!(refusal.unwrap_err().to_string(), why);
        }
        assert_eq!(budget.used(), 0);
    }

    async fn read(frames: Vec<usize>, budget: &Arc<Budget>) -> Result<Message, Refusal> {
        let frames = frames.into_iter().map(|length| vec![1; length]).collect();
        http_message(&mut body(frames), &limits(budget)).await
    }

    #[tokio::test]
    async fn a_body_of_unknown_length_is_charged_as_it_comes() {
        let budget = Budget::new(90);
        let message = read(vec![7, 60], &budget).await;
        // A hundred bytes may come, but there are only ninety.
        assert!(
            matches!(message, Err(Refusal::TooLarge { limit: 90, .. })),
            "{message:?}"
        );
        let budget = Budget::new(200);
        assert_eq!(read(vec![7, 60], &budget).await.unwrap().bytes.len(), 67);
        let message = read(vec![60, 60], &budget).await;
        assert!(matches!(message, Err(Refusal::TooLarge { limit: 100, .. })));
        assert_eq!(budget.used(), 0);
    }

    #[tokio::test]
    async fn who_falls_silent_is_not_waited_for() {
        let budget = Budget::new(200);
        let frames =
            futures::stream::iter([Ok::<_, Infallible>(Frame::data(Bytes::from_static(&[
                0, 0, 0, 0, 9,
            ])))]);
        let frames = futures::StreamExt::chain(frames, futures::stream::pending());
        let refusal = grpc_message(&mut StreamBody::new(frames), &limits(&budget)).await;
        assert!(matches!(refusal, Err(Refusal::Busy { .. })));
        assert_eq!(budget.used(), 0);
    }
}
