//! What does a connection make of what its peer says?
//!
//! Nothing here reads, writes or waits: frames come in, frames go to the outbox, and what is to be done elsewhere
//! stands in `complete` and `stall`.

use std::{collections::VecDeque, sync::Arc};

use tokio::time::Instant;

use super::{
    FRAME, HEADERS, STREAMS, WINDOW,
    answer::{self, Line},
    pings::Pings,
    request::{Answer, Request},
    stall::{RESERVE, Stall},
    stream::{Ended, Peer, Phase, Streams, Unheard},
    times::Times,
    tolerance::Tolerance,
};
use crate::{
    Charge,
    http2::{
        Code, Error, Event, Flags, Outbox, ReceiveWindow, SendWindow, Settings, hpack::Decoder,
    },
    receive::{Protocol, Serving, body::SILENCE, incoming::Message},
};

/// The payload of the ping by which we learn that a peer knows that it has to go.
pub(super) const LEAVING: [u8; 8] = *b"leaving!";
/// The payload of the pings by which we learn that a peer is there.
pub(super) const THERE: [u8; 8] = *b"there?..";
/// How much of a request is passed over at least after it was answered, before its sender is told to stop.
const HEARD_OUT: u64 = 16 << 20;
/// What streams take of the budget: their books, and the future of their answer.
const STREAM: u64 = 2 << 10;
/// In what steps a connection takes more of the budget.
const STEP: u64 = 16 << 10;
/// What a connection takes of the budget as long as it is there.
pub(crate) const CONNECTION: u64 = 8 << 10;

/// A connection without its socket.
pub(super) struct Session {
    pub(super) serving: Arc<Serving>,
    pub(super) outbox: Outbox,
    pub(super) streams: Streams,
    /// Messages that are complete.
    pub(super) complete: VecDeque<(u32, Request, Message)>,
    /// Why nothing more is read.
    pub(super) stall: Option<Stall>,
    pub(super) times: Times,
    pub(super) decoder: Decoder,
    /// What may come on the connection.
    pub(super) window: ReceiveWindow,
    /// What may be sent on it.
    pub(super) send: SendWindow,
    pub(super) peer: Settings,
    pub(super) tolerance: Tolerance,
    pub(super) phase: Life,
    /// When what is read now was there.
    pub(super) now: Instant,
    pings: Option<Pings>,
    /// What it takes of the budget for itself.
    charge: Charge,
    settled: bool,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// Streams may begin.
    Open,
    /// The peer was asked to go, and may not know it yet.
    Asked,
    /// No stream may begin any more.
    Last,
    /// Nothing that comes is looked at.
    Over,
}

/// What is to happen after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    GoOn,
    /// No further event can be taken, until the stall is over.
    Stop,
}

impl Session {
    /// One that has said its settings.
    pub(super) fn new(serving: Arc<Serving>, charge: Charge, now: Instant) -> Self {
        let mut outbox = Outbox::default();
        let (pings, streams) = match &serving.protocol {
            Protocol::Grpc(grpc) => (Some(Pings::new(&grpc.keepalive)), grpc.max_streams),
            Protocol::Http(_) => (None, None),
        };
        outbox.settings(&Settings {
            max_concurrent_streams: Some(streams.unwrap_or(STREAMS)),
            initial_window_size: WINDOW,
            max_frame_size: FRAME,
            max_header_list_size: Some(HEADERS),
            ..Settings::default()
        });
        let mut window = ReceiveWindow::new(crate::http2::FIRST_WINDOW);
        if let Some(more) = window.enlarge(WINDOW) {
            outbox.window_update(0, more);
        }
        Self {
            times: Times::new(&serving.protocol, now),
            serving,
            outbox,
            streams: Streams::default(),
            complete: VecDeque::new(),
            stall: None,
            decoder: Decoder::new(4096),
            window,
            send: SendWindow::new(crate::http2::FIRST_WINDOW),
            peer: Settings::default(),
            tolerance: Tolerance::new(now),
            phase: Life::Open,
            now,
            pings,
            charge,
            settled: false,
        }
    }

    /// Takes one event.
    pub(super) fn event(&mut self, event: Event<'_>) -> Result<Then, Error> {
        if !self.settled {
            if !matches!(event, Event::Settings(_)) {
                return Err(Error::protocol("the settings do not come first"));
            }
            self.settled = true;
        }
        match event {
            Event::Data {
                stream,
                bytes,
                flow,
                end,
            } => return self.data(stream, bytes, flow, end),
            Event::Headers { stream, block, end } => self.headers(stream, block, end)?,
            Event::Reset { stream, .. } => self.was_reset(stream)?,
            Event::Settings(payload) => self.settings(payload)?,
            Event::SettingsAck => {}
            Event::Ping(payload) => self.ping(payload)?,
            Event::Pong(LEAVING) if self.phase == Life::Open => {}
            Event::Pong(LEAVING) | Event::GoAway { .. } => self.last(),
            Event::Pong(_) => self.times.pong(),
            Event::WindowUpdate { stream, increment } => self.grow(stream, increment)?,
        }
        Ok(Then::GoOn)
    }

    /// What the parser or an event says of a stream, or of everything.
    pub(super) fn broken(&mut self, error: &Error) -> Result<(), Error> {
        match *error {
            Error::Stream(id, code, _) => {
                self.reset(id, code);
                self.tolerance.spend(self.now, "too many broken streams")
            }
            error @ Error::Connection(..) => Err(error),
        }
    }

    /// Ends a stream without an answer, or after it.
    pub(super) fn reset(&mut self, id: u32, code: Code) {
        self.outbox.reset(id, code);
        // What its sender has on the way is passed over.
        match self.streams.get(id) {
            Some(stream) if matches!(stream.phase, Phase::Working) => stream.peer = Peer::WasReset,
            _ => self.close(id, Ended::ByUs),
        }
    }

    /// Forgets a stream that nothing is done for any more. What somebody works for is never forgotten before the work
    /// is done, whoever reset it: otherwise resets would be a way to begin any number of calls.
    pub(super) fn close(&mut self, id: u32, by: Ended) {
        self.streams.remove(id, by);
        if self.streams.len() == 0 {
            self.times.idle(self.now);
            let kept = match &self.serving.protocol {
                Protocol::Grpc(_) => true,
                Protocol::Http(http) => http.keep_alive,
            };
            if !kept {
                self.leave();
            }
        }
    }

    fn was_reset(&mut self, id: u32) -> Result<(), Error> {
        if id > self.streams.highest {
            return Err(Error::protocol("a stream ends that never was"));
        }
        let Some(stream) = self.streams.get(id) else {
            return Ok(());
        };
        match stream.phase {
            Phase::Working => stream.peer = Peer::IsGone,
            // It has its answer, and no longer sends what nobody reads.
            Phase::Answered(_) => {
                self.close(id, Ended::ByPeer);
                return Ok(());
            }
            _ => self.close(id, Ended::ByPeer),
        }
        self.tolerance.spend(self.now, "too many streams are reset")
    }

    fn settings(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.tolerance.spend(self.now, "too many settings")?;
        let before = self.peer.initial_window_size;
        self.peer.apply(payload)?;
        self.outbox.settings_ack();
        let after = self.peer.initial_window_size;
        if before != after {
            for (_, stream) in self.streams.iter() {
                stream.send.resize(before, after)?;
            }
            self.go_on_answering();
        }
        Ok(())
    }

    fn ping(&mut self, payload: [u8; 8]) -> Result<(), Error> {
        self.tolerance.spend(self.now, "too many pings")?;
        if let Some(pings) = &mut self.pings {
            pings.came(self.now, self.streams.len())?;
        }
        self.outbox.ping(Flags::ACK, payload);
        Ok(())
    }

    fn grow(&mut self, id: u32, increment: u32) -> Result<(), Error> {
        if id == 0 {
            let grown = self.send.grow(increment);
            grown.map_err(|why| Error::Connection(Code::FlowControl, why))?;
        } else if id > self.streams.highest {
            return Err(Error::protocol("a window grows of a stream that never was"));
        } else if let Some(stream) = self.streams.get(id)
            && stream.peer != Peer::WasReset
        {
            let grown = stream.send.grow(increment);
            grown.map_err(|why| Error::Stream(id, Code::FlowControl, why))?;
        }
        self.go_on_answering();
        Ok(())
    }

    /// Writes what could not be sent before, as far as it can be now.
    fn go_on_answering(&mut self) {
        let mut done = Vec::new();
        for (id, stream) in self.streams.iter() {
            let Phase::Answering(rest, _) = &mut stream.phase else {
                continue;
            };
            let mut line = Line {
                outbox: &mut self.outbox,
                connection: &mut self.send,
                stream: &mut stream.send,
                id,
            };
            if rest.put(&mut line) == answer::Written::All {
                done.push((id, stream.peer));
            }
        }
        for (id, peer) in done {
            self.answered(id, peer);
        }
    }

    /// Answers a stream that is open.
    pub(super) fn answer(&mut self, id: u32, answer: Answer) {
        let Some(stream) = self.streams.get(id) else {
            return;
        };
        let mut line = Line {
            outbox: &mut self.outbox,
            connection: &mut self.send,
            stream: &mut stream.send,
            id,
        };
        if matches!(answer, Answer::Accepted) {
            self.tolerance.earn();
        }
        if matches!(stream.peer, Peer::IsGone | Peer::WasReset) {
            let peer = stream.peer;
            return self.answered(id, peer);
        }
        if let Some(rest) = answer::put(answer, &mut line) {
            stream.phase = Phase::Answering(rest, self.now);
            self.times.unheard(self.now);
        } else {
            let peer = stream.peer;
            self.answered(id, peer);
        }
    }

    /// The answer is complete: a peer that still sends is heard out for a while.
    fn answered(&mut self, id: u32, peer: Peer) {
        if let Some(pings) = &mut self.pings {
            pings.answered();
        }
        match peer {
            Peer::HasEnded | Peer::IsGone => self.close(id, Ended::ByPeer),
            Peer::WasReset => self.close(id, Ended::ByUs),
            Peer::Sends => {
                let unheard = Unheard {
                    left: HEARD_OUT.max(self.serving.max_message),
                    until: self.now + SILENCE,
                    heard: self.now,
                };
                self.times.hears_out = true;
                if let Some(stream) = self.streams.get(id) {
                    stream.phase = Phase::Answered(unheard);
                }
            }
        }
    }

    /// Takes as much of the budget as one more stream needs.
    pub(super) fn afford_stream(&mut self) -> bool {
        let more = STREAM * self.streams.len() as u64 + RESERVE as u64;
        self.afford(more)
    }

    /// Takes as much of the budget as a connection needs that keeps so many bytes for itself.
    pub(super) fn afford(&mut self, bytes: u64) -> bool {
        let needed = CONNECTION + bytes;
        let missing = needed.saturating_sub(self.charge.bytes());
        missing == 0 || self.charge.grow(missing.next_multiple_of(STEP))
    }

    /// Gives back what a connection without streams does not need: after a while all, at once all but one step.
    pub(super) fn thrift(&mut self, kept: u64) {
        self.charge.shrink_to(CONNECTION + kept);
    }
}
