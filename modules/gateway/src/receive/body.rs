//! How does a message come out of the body of a request, without more memory than was charged?

use std::{sync::Arc, time::Duration};

use bytes::{Buf, Bytes};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout};

use super::incoming::{Incoming, Message, Want};
use crate::{Budget, Charge, Refusal};

/// How long a sender may be silent in the middle of a message. Room that was charged for it is kept from others.
pub(crate) const SILENCE: Duration = Duration::from_secs(10);
/// How many bytes a second have to come of a message while there is little room: who sends one at a time would keep
/// for ever what was charged for all that it announced.
const SLOWEST: u64 = 16 << 10;

/// How much may be taken.
pub(crate) struct Limits<'a> {
    /// The most bytes of one message.
    pub(crate) message: u64,
    /// What all messages share.
    pub(crate) budget: &'a Arc<Budget>,
    /// How long a sender waits for room.
    pub(crate) patience: Duration,
    /// How long a sender may be silent.
    pub(crate) silence: Duration,
}

impl Limits<'_> {
    /// Charges so many bytes of a message, waiting a while for them.
    pub(super) async fn charge(&self, bytes: u64) -> Result<Charge, Refusal> {
        self.fits(bytes)?;
        self.scratch(bytes).await
    }

    /// Charges so many bytes that are no message yet.
    pub(crate) async fn scratch(&self, bytes: u64) -> Result<Charge, Refusal> {
        if let Some(charge) = self.at_once(bytes)? {
            return Ok(charge);
        }
        let charge = self.budget.charge_within(bytes, self.patience).await;
        charge.ok_or_else(Refusal::used_up)
    }

    /// The same without waiting: nothing, if there is no room now.
    pub(crate) fn at_once(&self, bytes: u64) -> Result<Option<Charge>, Refusal> {
        let limit = self.budget.limit();
        if bytes > limit {
            return Err(Refusal::TooLarge { bytes, limit });
        }
        Ok(self.budget.charge(bytes))
    }

    /// Whether a message for which room was made so long ago, and of which so many bytes are here, comes too slowly.
    pub(crate) fn is_too_slow(&self, took: Duration, here: Option<u64>) -> bool {
        let enough = |here| self.silence + Duration::from_secs(here / SLOWEST);
        self.budget.is_low() && here.is_some_and(|here| took > enough(here))
    }

    /// Whether a message may have so many bytes.
    pub(crate) fn fits(&self, bytes: u64) -> Result<(), Refusal> {
        let limit = self.message;
        if bytes > limit {
            return Err(Refusal::TooLarge { bytes, limit });
        }
        Ok(())
    }
}

/// Why a sender is not waited for any longer.
pub(crate) fn silent() -> Refusal {
    Refusal::busy("the rest of the message did not come")
}

/// Why a sender that is heard is not waited for.
pub(crate) fn slow() -> Refusal {
    Refusal::busy("the message came too slowly while there is little memory")
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
            let frame = frame.map_err(|_| silent())?;
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

/// Reads the one message of a unary gRPC call.
pub(super) async fn grpc_message<B>(body: &mut B, limits: &Limits<'_>) -> Result<Message, Refusal>
where
    B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
{
    message(body, Incoming::grpc(), limits).await
}

/// Reads a body to its end.
pub(super) async fn http_message<B>(body: &mut B, limits: &Limits<'_>) -> Result<Message, Refusal>
where
    B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
{
    let said = body.size_hint().exact();
    message(body, Incoming::http(said), limits).await
}

async fn message<B>(
    body: &mut B,
    mut incoming: Incoming,
    limits: &Limits<'_>,
) -> Result<Message, Refusal>
where
    B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
{
    let mut frames = Frames {
        body,
        silence: limits.silence,
        current: Bytes::new(),
    };
    let mut granted = Instant::now();
    loop {
        let mut input = frames.current.as_ref();
        let want = incoming.push(&mut input, limits)?;
        let used = frames.current.len() - input.len();
        frames.current.advance(used);
        match want {
            Want::Room(bytes) => {
                incoming.grant(limits.scratch(bytes).await?);
                granted = Instant::now();
            }
            Want::More if frames.more().await? => {
                if limits.is_too_slow(granted.elapsed(), incoming.here()) {
                    return Err(slow());
                }
            }
            Want::More => return incoming.finish(),
        }
    }
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

    #[test]
    fn who_sends_a_byte_at_a_time_is_waited_for_where_there_is_room() {
        let budget = Budget::new(1 << 20);
        let limits = limits(&budget);
        let (began, later) = (Duration::from_millis(20), Duration::from_millis(1021));
        assert!(!limits.is_too_slow(later, Some(1)), "there is room");
        let _held = budget.charge(1 << 20);
        assert!(limits.is_too_slow(later, Some(1)));
        assert!(!limits.is_too_slow(began, Some(1)), "it has only begun");
        assert!(!limits.is_too_slow(later, Some(2 * SLOWEST)), "it is fast");
        assert!(!limits.is_too_slow(later, None), "nothing is kept for it");
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
