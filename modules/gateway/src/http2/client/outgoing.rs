//! What is sent next?

use std::collections::VecDeque;

use tokio::time::Instant;

use super::{
    inbox::Waiting,
    streams::{Stream, Streams},
};
use crate::http2::{Code, Error, Flags, Kind, Outbox, SendWindow, Settings};

/// How much is put together for one write. What comes later is more than the socket takes at once.
const FILL: usize = 512 << 10;
/// The largest frame that is made, whatever the peer takes: acknowledgements should not wait for more.
const LARGEST: usize = 256 << 10;
/// The start of a block of headers: the table has no bytes.
const NO_TABLE: [u8; 1] = [0x20];

/// What waits for a stream, for its turn, or for the peer.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// What the peer takes.
    pub(super) peer: Settings,
    /// What it takes on all streams together.
    window: SendWindow,
    /// Calls without a stream.
    pub(super) waiting: VecDeque<Waiting>,
    /// Streams whose bodies are not sent and that may send: the first one goes on until it is done or may not.
    line: VecDeque<u32>,
    heard: Heard,
}

/// What is known of what the peer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    /// Nothing. No call begins: it might be one too many, and refused.
    Nothing,
    /// It has said so.
    Settings,
    /// The same; and the next headers must say that we use no table, for the peer allows less than was allowed.
    Table,
}

impl Default for Outgoing {
    fn default() -> Self {
        let peer = Settings::default();
        Self {
            window: SendWindow::new(peer.initial_window_size),
            peer,
            waiting: VecDeque::new(),
            line: VecDeque::new(),
            heard: Heard::Nothing,
        }
    }
}

impl Outgoing {
    /// The peer says what it takes.
    pub(super) fn settings(&mut self, payload: &[u8], streams: &mut Streams) -> Result<(), Error> {
        let Settings {
            initial_window_size: old,
            header_table_size: table,
            ..
        } = self.peer;
        self.peer.apply(payload)?;
        if self.peer.header_table_size < table {
            self.heard = Heard::Table;
        } else if self.heard == Heard::Nothing {
            self.heard = Heard::Settings;
        }
        let free = streams.resize(old, self.peer.initial_window_size)?;
        self.line.extend(free);
        Ok(())
    }

    /// More may be sent on the connection.
    pub(super) fn grow(&mut self, increment: u32) -> Result<(), Error> {
        let wrong = |why| Error::Connection(Code::FlowControl, why);
        self.window.grow(increment).map_err(wrong)
    }

    /// More may be sent on a stream.
    pub(super) fn grow_stream(
        &mut self,
        number: u32,
        stream: &mut Stream,
        increment: u32,
    ) -> Result<(), Error> {
        let wrong = |why| Error::Stream(number, Code::FlowControl, why);
        stream.window.grow(increment).map_err(wrong)?;
        if stream.blocked && stream.window.available() > 0 {
            stream.blocked = false;
            self.line.push_back(number);
        }
        Ok(())
    }

    /// Forgets a call that waits, and says since when it has.
    pub(super) fn forget(&mut self, id: u64) -> Option<Instant> {
        let place = self.waiting.iter().position(|waiting| waiting.id == id)?;
        self.waiting.remove(place).map(|waiting| waiting.since)
    }

    /// Puts frames into the outbox, as many as fit and as windows allow. Calls begin once those before them are sent.
    pub(super) fn fill(&mut self, streams: &mut Streams, outbox: &mut Outbox) {
        while outbox.len() < FILL {
            let sent = match self.line.front() {
                Some(&number) => match streams.get_mut(number) {
                    Some(stream) if stream.call.length > 0 => self.body(number, stream, outbox),
                    // Sent, or given up.
                    _ => Sent::Done,
                },
                None => Sent::Done,
            };
            match sent {
                Sent::More => {}
                Sent::Done => {
                    if self.line.pop_front().is_none() && !self.begin(streams, outbox) {
                        return;
                    }
                }
                Sent::Blocked => return,
            }
        }
    }

    /// Begins a call, if there is one and it may.
    fn begin(&mut self, streams: &mut Streams, outbox: &mut Outbox) -> bool {
        let most = self.peer.max_concurrent_streams.unwrap_or(u32::MAX);
        if self.heard == Heard::Nothing || streams.len() >= most as usize || streams.used_up() {
            return false;
        }
        while let Some(waiting) = self.waiting.pop_front() {
            if waiting.reply.is_closed() {
                continue;
            }
            let mut block = waiting.call.block.clone();
            if self.heard == Heard::Table {
                self.heard = Heard::Settings;
                block = [&NO_TABLE, &*block].concat().into();
            }
            let number = streams.begin(waiting, &self.peer);
            outbox.headers(number, Flags::NONE, &block, self.peer.max_frame_size);
            self.line.push_back(number);
            return true;
        }
        false
    }

    /// One frame of a body.
    fn body(&mut self, number: u32, stream: &mut Stream, outbox: &mut Outbox) -> Sent {
        let window = self.window.available();
        if window == 0 {
            return Sent::Blocked;
        }
        let largest = LARGEST.min(self.peer.max_frame_size as usize);
        let call = &mut stream.call;
        let size = call
            .length
            .min(stream.window.available())
            .min(window)
            .min(largest);
        if size == 0 {
            stream.blocked = true;
            return Sent::Done;
        }
        self.window.take(size);
        stream.window.take(size);
        call.length -= size;
        let flags = if call.length == 0 {
            Flags::END_STREAM
        } else {
            Flags::NONE
        };
        outbox.head(size, Kind::Data, flags, number);
        let mut left = size;
        while left > 0
            && let Some(piece) = call.body.last_mut()
        {
            let part = if piece.len() <= left {
                call.body.pop().unwrap_or_default()
            } else {
                piece.split_to(left)
            };
            left -= part.len();
            outbox.share(part);
        }
        debug_assert_eq!(left, 0, "the length of a body is that of its pieces");
        Sent::More
    }
}

/// How far a body has come.
enum Sent {
    /// A frame of it was put in.
    More,
    /// It is not its turn any more.
    Done,
    /// Nothing may be sent on the whole connection.
    Blocked,
}
