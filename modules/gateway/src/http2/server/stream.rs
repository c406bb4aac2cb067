//! Which streams are open, and which were lately?

use std::collections::{BTreeMap, VecDeque};

use tokio::time::Instant;

use super::{
    answer::Rest,
    request::{Answer, Request},
};
use crate::{
    http2::{ReceiveWindow, SendWindow},
    receive::incoming::Incoming,
};

/// How many streams are remembered that have ended.
const REMEMBERED: usize = 256;

/// One stream.
#[derive(Debug)]
pub(super) struct Stream {
    /// What may be sent on it.
    pub(super) send: SendWindow,
    /// What may come on it.
    pub(super) window: ReceiveWindow,
    /// Whether the peer still sends.
    pub(super) peer: Peer,
    pub(super) phase: Phase,
}

/// Whether the peer still sends on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    Sends,
    HasEnded,
    /// It wants no answer any more.
    IsGone,
    /// It gets no answer any more, and may have sent more before it knew.
    WasReset,
}

/// How far a stream has come.
#[derive(Debug)]
pub(super) enum Phase {
    /// Its message comes.
    Receiving(Receiving),
    /// Its message is somebody else's now, and not answered for yet.
    Working,
    /// Some of its answer may not be sent yet, since then.
    Answering(Rest, Instant),
    /// It was answered before all of its message had come. The rest is passed over for a while: a client that is reset
    /// while it still sends may lose the answer that it has.
    Answered(Unheard),
}

/// What still comes of a message that was answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unheard {
    /// How many bytes of it may come.
    pub(super) left: u64,
    pub(super) until: Instant,
    /// When the last bytes came.
    pub(super) heard: Instant,
}

/// A message that comes.
#[derive(Debug)]
pub(super) struct Receiving {
    pub(super) message: Coming,
    /// How many bytes have to come, if that was said.
    pub(super) left: Option<u64>,
    pub(super) began: Instant,
    pub(super) heard: Instant,
    /// Since when its peer was listened to without a pause.
    pub(super) listened: Instant,
}

impl Receiving {
    /// How many bytes are here of a message for which room was made.
    pub(super) fn here(&self) -> Option<u64> {
        match &self.message {
            Coming::Wanted { body, .. } => body.here(),
            Coming::Unwanted { .. } => None,
        }
    }
}

/// What is done with a message that comes.
#[derive(Debug)]
pub(super) enum Coming {
    /// It is kept.
    Wanted { request: Request, body: Incoming },
    /// It is passed over, so many bytes of it until now: a sender hears best why who has sent everything.
    Unwanted { answer: Answer, passed: usize },
}

/// Who ended a stream that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The peer, and must not send any more.
    ByPeer,
    /// We, and the peer may have sent more before it knew.
    ByUs,
}

/// The streams of a connection.
#[derive(Debug, Default)]
pub(super) struct Streams {
    open: BTreeMap<u32, Stream>,
    ended: VecDeque<(u32, Ended)>,
    /// The highest stream that the peer began.
    pub(super) highest: u32,
}

impl Streams {
    /// How many are open.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn get(&mut self, id: u32) -> Option<&mut Stream> {
        self.open.get_mut(&id)
    }

    pub(super) fn insert(&mut self, id: u32, stream: Stream) {
        self.open.insert(id, stream);
    }

    /// All that are open, in their order.
    pub(super) fn iter(&mut self) -> impl Iterator<Item = (u32, &mut Stream)> {
        self.open.iter_mut().map(|(id, stream)| (*id, stream))
    }

    /// Whether none waits for an answer.
    pub(super) fn are_answered(&self) -> bool {
        let mut open = self.open.values();
        open.all(|stream| matches!(stream.phase, Phase::Answered(_)))
    }

    /// Ends one.
    pub(super) fn remove(&mut self, id: u32, by: Ended) -> Option<Stream> {
        self.remember(id, by);
        self.open.remove(&id)
    }

    /// Notes one that is over, or never was.
    pub(super) fn remember(&mut self, id: u32, by: Ended) {
        if self.ended.len() == REMEMBERED {
            self.ended.pop_front();
        }
        self.ended.push_back((id, by));
    }

    /// Who ended a stream, if it is known.
    pub(super) fn ended(&self, id: u32) -> Option<Ended> {
        let found = self.ended.iter().rev().find(|(ended, _)| *ended == id);
        found.map(|(_, by)| *by)
    }
}
