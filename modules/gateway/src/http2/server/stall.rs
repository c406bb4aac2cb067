//! What is kept while there is no room for more?

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures::future::BoxFuture;

use super::{
    session::{Session, Then},
    stream::{Coming, Peer, Phase, Receiving},
};
use crate::{
    Charge, Refusal,
    http2::{Code, Error},
    receive::body::Limits,
};

/// What came and cannot be taken yet. While it waits nothing is read, so that the peer waits, too.
pub(super) struct Stall {
    why: Why,
    /// What came after it.
    pub(super) input: Vec<u8>,
    /// How many bytes are kept, and what they take of the budget beyond what a connection with streams has for them.
    kept: usize,
    charge: Charge,
}

/// What a connection with streams has charged for what it may have to keep: so much is read at once while the budget is
/// short. Otherwise there would be no room to wait just when waiting is needed.
pub(super) const RESERVE: usize = 16 << 10;

enum Why {
    /// A message needs room.
    Room {
        stream: u32,
        room: BoxFuture<'static, Option<Charge>>,
        /// What came of its message.
        data: Vec<u8>,
        end: bool,
    },
    /// The peer does not read what it was answered.
    Unread,
}

impl Stall {
    /// Waits for room for a message.
    pub(super) fn room(
        stream: u32,
        bytes: u64,
        (data, end): (&[u8], bool),
        limits: &Limits<'_>,
    ) -> Option<Self> {
        let (budget, patience) = (Arc::clone(limits.budget), limits.patience);
        let mut stall = Self {
            input: Vec::new(),
            kept: 0,
            charge: Charge::none(&budget),
            why: Why::Room {
                stream,
                room: Box::pin(async move { budget.charge_within(bytes, patience).await }),
                data: data.to_vec(),
                end,
            },
        };
        stall.afford(data.len()).then_some(stall)
    }

    /// Waits until what was answered is written.
    pub(super) fn unread(charge: Charge) -> Self {
        Self {
            why: Why::Unread,
            input: Vec::new(),
            kept: 0,
            charge,
        }
    }

    /// Keeps what came after it, if there is room for that.
    #[must_use]
    pub(super) fn keep(&mut self, input: &[u8]) -> bool {
        let room = self.afford(input.len());
        if room {
            self.input.extend_from_slice(input);
        }
        room
    }

    fn afford(&mut self, more: usize) -> bool {
        self.kept += more;
        let over = self.kept.saturating_sub(RESERVE) as u64;
        let missing = over.saturating_sub(self.charge.bytes());
        missing == 0 || self.charge.grow(missing)
    }
}

impl Session {
    /// Goes on once there is room: with what came meanwhile.
    pub(super) fn poll_stall(
        &mut self,
        context: &mut Context<'_>,
        enough: usize,
    ) -> Poll<Result<Vec<u8>, Error>> {
        let granted = match self.stall.as_mut().map(|stall| &mut stall.why) {
            Some(Why::Unread) if self.outbox.len() < enough => None,
            None | Some(Why::Unread) => return Poll::Pending,
            Some(Why::Room { room, .. }) => Some(ready!(Pin::new(room).poll(context))),
        };
        let Some(Stall { why, input, .. }) = self.stall.take() else {
            return Poll::Pending;
        };
        // Nobody was listened to meanwhile.
        for (_, stream) in self.streams.iter() {
            if let Phase::Receiving(receiving) = &mut stream.phase {
                (receiving.heard, receiving.listened) = (self.now, self.now);
            }
        }
        if let (
            Some(granted),
            Why::Room {
                stream, data, end, ..
            },
        ) = (granted, why)
            && self.granted(stream, granted, &data, end)? == Then::Stop
            && self.wait_with(&input)? == Then::Stop
        {
            return Poll::Pending;
        }
        Poll::Ready(Ok(input))
    }

    /// Keeps what came after what stalled. Where there is no room even for that, nobody waits: the message is refused.
    pub(super) fn wait_with(&mut self, input: &[u8]) -> Result<Then, Error> {
        let Some(stall) = &mut self.stall else {
            return Ok(Then::GoOn);
        };
        if stall.keep(input) {
            return Ok(Then::Stop);
        }
        let Some(Why::Room { stream, end, .. }) = self.stall.take().map(|stall| stall.why) else {
            let why = "there is no room for what came";
            return Err(Error::Connection(Code::EnhanceYourCalm, why));
        };
        self.refuse_sent(stream, end)?;
        Ok(Then::GoOn)
    }

    /// Refuses a message for want of room, of which the peer has sent all or not.
    fn refuse_sent(&mut self, id: u32, end: bool) -> Result<(), Error> {
        if end && let Some(stream) = self.streams.get(id) {
            stream.peer = Peer::HasEnded;
        }
        self.refuse(id, Refusal::used_up())
    }

    fn granted(
        &mut self,
        id: u32,
        charge: Option<Charge>,
        data: &[u8],
        end: bool,
    ) -> Result<Then, Error> {
        let Some(Phase::Receiving(receiving)) =
            self.streams.get(id).map(|stream| &mut stream.phase)
        else {
            return Ok(Then::GoOn);
        };
        if let (Some(charge), Coming::Wanted { body, .. }) = (charge, &mut receiving.message) {
            body.grant(charge);
            return self.message(id, data, end);
        }
        self.refuse_sent(id, end)?;
        Ok(Then::GoOn)
    }

    /// Answers a stream whose message was not read to its end.
    pub(super) fn refuse(&mut self, id: u32, refusal: Refusal) -> Result<(), Error> {
        let Some(receiving) = self.receiving(id) else {
            return Ok(());
        };
        // That there is no room is no fault of the client's.
        let ours = matches!(refusal, Refusal::Busy { .. });
        let answer = match receiving.message {
            Coming::Wanted { request, .. } => request.unread(refusal, &self.serving),
            Coming::Unwanted { answer, .. } => answer,
        };
        self.answer(id, answer);
        if ours {
            return Ok(());
        }
        self.tolerance
            .spend(self.now, "too many requests are refused")
    }

    /// Takes what came out of a stream that nothing more is received on.
    pub(super) fn receiving(&mut self, id: u32) -> Option<Receiving> {
        let phase = &mut self.streams.get(id)?.phase;
        match std::mem::replace(phase, Phase::Working) {
            Phase::Receiving(receiving) => Some(receiving),
            other => {
                *phase = other;
                None
            }
        }
    }
}
