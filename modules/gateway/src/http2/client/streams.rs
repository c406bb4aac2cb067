//! Which calls are open, and what has come of their answers?

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::{
    Answer, Lost,
    call::Call,
    inbox::{Reply, Waiting},
};
use crate::http2::{Code, Error, ReceiveWindow, SendWindow, Settings};

/// How much of an answer may come before it is read: answers are small.
pub(super) const WINDOW: u32 = 64 << 10;
/// The last number that a stream can have.
const LAST: u32 = (1 << 31) - 1;

/// A call that has a stream.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) id: u64,
    pub(super) reply: Reply,
    /// What of the body was not sent.
    pub(super) call: Call,
    pub(super) window: SendWindow,
    /// Whether it waits for its window, and is in no line.
    pub(super) blocked: bool,
    received: ReceiveWindow,
    answer: Answer,
    headers: Headers,
    /// When the call was made.
    pub(super) since: Instant,
}

/// Which headers come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Headers {
    First,
    Trailers,
}

/// What is to be done with a stream after it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// It goes on.
    Nothing,
    /// It goes on, and its window grows.
    Grow(u32),
    /// It is complete.
    Complete,
    /// It is given up.
    Lost(Code, &'static str),
}

/// The streams of a connection: their numbers only grow.
#[derive(Debug)]
pub(super) struct Streams {
    open: BTreeMap<u32, Stream>,
    next: u32,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            open: BTreeMap::new(),
            next: 1,
        }
    }
}

impl Streams {
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn get_mut(&mut self, stream: u32) -> Option<&mut Stream> {
        self.open.get_mut(&stream)
    }

    /// Whether every number was used.
    pub(super) fn used_up(&self) -> bool {
        self.next > LAST
    }

    /// Gives a call a stream.
    pub(super) fn begin(&mut self, waiting: Waiting, peer: &Settings) -> u32 {
        let Waiting {
            id,
            since,
            call,
            reply,
        } = waiting;
        let number = self.next;
        self.next += 2;
        let stream = Stream {
            id,
            reply,
            call,
            window: SendWindow::new(peer.initial_window_size),
            blocked: false,
            received: ReceiveWindow::new(WINDOW),
            answer: Answer::default(),
            headers: Headers::First,
            since,
        };
        self.open.insert(number, stream);
        number
    }

    /// Whether a stream can be spoken of: it was begun, by us.
    pub(super) fn known(&self, stream: u32) -> Result<(), Error> {
        if stream < self.next && stream % 2 == 1 {
            return Ok(());
        }
        Err(Error::protocol("a stream is spoken of that never began"))
    }

    /// The stream of a call.
    pub(super) fn of_call(&self, id: u64) -> Option<u32> {
        let mut all = self.open.iter();
        all.find_map(|(number, stream)| (stream.id == id).then_some(*number))
    }

    /// Takes a stream out.
    pub(super) fn remove(&mut self, stream: u32) -> Option<Stream> {
        self.open.remove(&stream)
    }

    /// Takes out all streams after one.
    pub(super) fn after(&mut self, last: u32) -> BTreeMap<u32, Stream> {
        self.open.split_off(&last.saturating_add(1))
    }

    /// The peer has other windows for new streams, and those that are there move with them. Says which may go on.
    pub(super) fn resize(&mut self, old: u32, new: u32) -> Result<Vec<u32>, Error> {
        let mut free = Vec::new();
        for (number, stream) in &mut self.open {
            stream.window.resize(old, new)?;
            if stream.blocked && stream.window.available() > 0 {
                stream.blocked = false;
                free.push(*number);
            }
        }
        Ok(free)
    }
}

impl Stream {
    /// Notes a field, which may be of the headers or of the trailers.
    pub(super) fn note(&mut self, name: &[u8], value: &[u8]) {
        self.answer.note(name, value);
    }

    /// Notes that headers are complete, and whether anything follows.
    pub(super) fn headers(&mut self, end: bool) -> After {
        match self.headers {
            _ if end => return After::Complete,
            // Those were of an answer before the answer.
            Headers::First if (100..200).contains(&self.answer.status) => {
                self.answer = Answer::default();
            }
            Headers::First => self.headers = Headers::Trailers,
            Headers::Trailers => {
                return After::Lost(
                    Code::Protocol,
                    "there are trailers, and they are not the end",
                );
            }
        }
        After::Nothing
    }

    /// Notes a part of the answer, which has `most` bytes at most.
    pub(super) fn data(&mut self, bytes: &[u8], flow: u32, end: bool, most: usize) -> After {
        if self.headers == Headers::First {
            return After::Lost(Code::Protocol, "the answer has no headers");
        }
        if self.received.take(flow).is_none() {
            return After::Lost(Code::FlowControl, "the answer is more than was asked for");
        }
        if self.answer.body.len() + bytes.len() > most {
            return After::Lost(Code::Cancel, "the answer is too long");
        }
        self.answer.body.extend_from_slice(bytes);
        if end {
            return After::Complete;
        }
        let more = self.received.release(flow);
        more.map_or(After::Nothing, After::Grow)
    }

    /// Hands on what came.
    pub(super) fn complete(self) {
        // Nobody may wait any more: a call was given up.
        let _ = self.reply.send(Ok(self.answer));
    }

    /// Says why nothing came.
    pub(super) fn lose(self, lost: Lost) {
        let _ = self.reply.send(Err(lost));
    }
}
