//! How does a request come in?

use http::StatusCode;

use super::{
    HEADERS, WINDOW,
    head::{Head, Kept},
    request::{self, Answer, Request},
    session::{Life, Session, Then},
    stall::Stall,
    stream::{Coming, Ended, Peer, Phase, Receiving, Stream},
};
use crate::{
    Refusal,
    http2::{Code, Error, ReceiveWindow, SendWindow, hpack::Listed},
    receive::incoming::Want,
};

/// How much of a message is passed over before its sender is told that it is not wanted.
const PASSED: usize = 64 << 10;

impl Session {
    /// Headers: of a new stream, or the trailers of one that is open.
    pub(super) fn headers(&mut self, id: u32, block: &[u8], end: bool) -> Result<(), Error> {
        let begins = id > self.streams.highest;
        let mut head = if begins {
            request::empty(&self.serving)
        } else {
            Head::new(Kept::Trailers)
        };
        let listed = self.decoder.decode(block, HEADERS as usize, |name, value| {
            head.field(name, value);
        });
        let listed = listed
            .map_err(|_| Error::Connection(Code::Compression, "the headers cannot be read"))?;
        let result = if begins {
            self.begin(id, head, listed, end)
        } else {
            self.trailers(id, &head, listed, end)
        };
        result.or_else(|error| self.broken(&error))
    }

    fn trailers(&mut self, id: u32, head: &Head, listed: Listed, end: bool) -> Result<(), Error> {
        let Some(stream) = self.streams.get(id) else {
            return match self.streams.ended(id) {
                Some(Ended::ByUs) => Ok(()),
                Some(Ended::ByPeer) => {
                    let why = "headers come after the end of their stream";
                    Err(Error::Connection(Code::StreamClosed, why))
                }
                None => Err(Error::protocol(
                    "streams begin in the order of their numbers",
                )),
            };
        };
        if stream.peer == Peer::WasReset {
            return Ok(());
        }
        if stream.peer != Peer::Sends {
            let why = "headers come after the end of their stream";
            return Err(Error::Stream(id, Code::StreamClosed, why));
        }
        if !end || head.wrong().is_some() || listed == Listed::TooLarge {
            let why = "the trailers are not well-formed";
            return Err(Error::Stream(id, Code::Protocol, why));
        }
        self.ended(id)
    }

    fn begin(&mut self, id: u32, head: Head, listed: Listed, end: bool) -> Result<(), Error> {
        if id.is_multiple_of(2) {
            return Err(Error::protocol(
                "a client begins a stream with an even number",
            ));
        }
        self.streams.highest = id;
        if self.phase == Life::Last {
            // Who was told which stream was the last one sends this one to somebody else.
            self.streams.remember(id, Ended::ByUs);
            return Ok(());
        }
        if self.streams.len() >= self.most_streams() || !self.afford_stream() {
            return Err(Error::Stream(id, Code::RefusedStream, "too many streams"));
        }
        if listed == Listed::Whole
            && let Some(why) = head.wrong()
        {
            return Err(Error::Stream(id, Code::Protocol, why));
        }
        let length = head.length;
        let routed = match listed {
            Listed::Whole => Request::routed(head, &self.serving),
            Listed::TooLarge => Err(Answer::status(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)),
        };
        let message = match routed {
            Ok(request) => Coming::Wanted {
                body: request.body(if end { Some(0) } else { length }),
                request,
            },
            Err(answer) => Coming::Unwanted { answer, passed: 0 },
        };
        let receiving = Receiving {
            message,
            left: length,
            began: self.now,
            heard: self.now,
            listened: self.now,
        };
        let stream = Stream {
            send: SendWindow::new(self.peer.initial_window_size),
            window: ReceiveWindow::new(WINDOW),
            peer: Peer::Sends,
            phase: Phase::Receiving(receiving),
        };
        self.streams.insert(id, stream);
        if end { self.ended(id) } else { Ok(()) }
    }

    /// Bytes of a body.
    pub(super) fn data(
        &mut self,
        id: u32,
        bytes: &[u8],
        flow: u32,
        end: bool,
    ) -> Result<Then, Error> {
        if flow == 0 && !end {
            self.tolerance.spend(self.now, "too many empty frames")?;
        }
        let why = "more comes than the window of the connection allows";
        let taken = self.window.take(flow);
        taken.ok_or(Error::Connection(Code::FlowControl, why))?;
        // Bytes are kept where they were charged or nowhere, so the connection as a whole always goes on.
        if let Some(more) = self.window.release(flow) {
            self.outbox.window_update(0, more);
        }
        let then = self.of_stream(id, bytes, flow, end);
        then.or_else(|error| self.broken(&error).map(|()| Then::GoOn))
    }

    fn of_stream(&mut self, id: u32, bytes: &[u8], flow: u32, end: bool) -> Result<Then, Error> {
        let highest = self.streams.highest;
        let Some(stream) = self.streams.get(id) else {
            return match self.streams.ended(id) {
                _ if id > highest => Err(Error::protocol("data comes on a stream that never was")),
                Some(Ended::ByUs) => Ok(Then::GoOn),
                _ => Err(Error::Stream(
                    id,
                    Code::StreamClosed,
                    "data comes after the end",
                )),
            };
        };
        match stream.peer {
            Peer::Sends => {}
            Peer::WasReset => return Ok(Then::GoOn),
            Peer::HasEnded | Peer::IsGone => {
                let why = "data comes after the end";
                return Err(Error::Stream(id, Code::StreamClosed, why));
            }
        }
        let why = "more comes than the window of the stream allows";
        let taken = stream.window.take(flow);
        taken.ok_or(Error::Stream(id, Code::FlowControl, why))?;
        let Phase::Receiving(receiving) = &mut stream.phase else {
            return self.pass_over(id, flow, end);
        };
        if let Some(left) = &mut receiving.left {
            let rest = left.checked_sub(bytes.len() as u64);
            *left = rest.ok_or(Error::Stream(
                id,
                Code::Protocol,
                "more comes than was said",
            ))?;
        }
        receiving.heard = self.now;
        if !end && let Some(more) = stream.window.release(flow) {
            self.outbox.window_update(id, more);
        }
        self.message(id, bytes, end)
    }

    /// Bytes of a message that is answered already.
    fn pass_over(&mut self, id: u32, flow: u32, end: bool) -> Result<Then, Error> {
        if end {
            return self.ended(id).map(|()| Then::GoOn);
        }
        let Some(stream) = self.streams.get(id) else {
            return Ok(Then::GoOn);
        };
        if let Phase::Answered(unheard) = &mut stream.phase {
            let Some(left) = unheard.left.checked_sub(flow.into()) else {
                self.reset(id, Code::No);
                return Ok(Then::GoOn);
            };
            unheard.left = left;
            unheard.heard = self.now;
        }
        if let Some(more) = stream.window.release(flow) {
            self.outbox.window_update(id, more);
        }
        Ok(Then::GoOn)
    }

    /// Adds bytes to the message of a stream, as soon as there is room for them.
    pub(super) fn message(&mut self, id: u32, bytes: &[u8], end: bool) -> Result<Then, Error> {
        let Some(stream) = self.streams.get(id) else {
            return Ok(Then::GoOn);
        };
        let Phase::Receiving(receiving) = &mut stream.phase else {
            return Ok(Then::GoOn);
        };
        let body = match &mut receiving.message {
            Coming::Wanted { body, .. } => body,
            Coming::Unwanted { passed, .. } => {
                *passed += bytes.len();
                if end {
                    self.ended(id)?;
                } else if *passed > PASSED {
                    self.refuse(id, Refusal::used_up())?;
                }
                return Ok(Then::GoOn);
            }
        };
        let limits = self.serving.intake.limits(self.serving.max_message);
        let mut input = bytes;
        let refusal = loop {
            let room = match body.push(&mut input, &limits) {
                Ok(Want::More) if end => {
                    self.ended(id)?;
                    return Ok(Then::GoOn);
                }
                Ok(Want::More) => return Ok(Then::GoOn),
                Ok(Want::Room(bytes)) => bytes,
                Err(refusal) => break refusal,
            };
            match limits.at_once(room) {
                Ok(Some(charge)) => body.grant(charge),
                Ok(None) => match Stall::room(id, room, (input, end), &limits) {
                    Some(stall) => {
                        self.stall = Some(stall);
                        return Ok(Then::Stop);
                    }
                    None => break Refusal::used_up(),
                },
                Err(refusal) => break refusal,
            }
        };
        if end {
            stream.peer = Peer::HasEnded;
        }
        self.refuse(id, refusal)?;
        Ok(Then::GoOn)
    }

    /// The peer has sent all of a request.
    fn ended(&mut self, id: u32) -> Result<(), Error> {
        let Some(stream) = self.streams.get(id) else {
            return Ok(());
        };
        stream.peer = Peer::HasEnded;
        match &stream.phase {
            Phase::Receiving(receiving) if receiving.left.is_some_and(|left| left > 0) => {
                let why = "less comes than was said";
                return Err(Error::Stream(id, Code::Protocol, why));
            }
            Phase::Answered(_) => {
                self.close(id, Ended::ByPeer);
                // There are clients (curl 7) that notice the end of a stream only when a frame comes after it.
                if let Some(more) = self.window.settle() {
                    self.outbox.window_update(0, more);
                }
                return Ok(());
            }
            _ => {}
        }
        let Some(receiving) = self.receiving(id) else {
            return Ok(());
        };
        let (request, mut body) = match receiving.message {
            Coming::Wanted { request, body } => (request, body),
            Coming::Unwanted { answer, .. } => {
                self.answer(id, answer);
                let why = "too many requests are refused";
                return self.tolerance.spend(self.now, why);
            }
        };
        // A body without a byte asked for no room yet.
        let limits = self.serving.intake.limits(self.serving.max_message);
        if let Ok(Want::Room(0)) = body.push(&mut [].as_slice(), &limits)
            && let Ok(Some(nothing)) = limits.at_once(0)
        {
            body.grant(nothing);
        }
        match body.finish() {
            Ok(message) => {
                self.complete.push_back((id, request, message));
                Ok(())
            }
            Err(refusal) => {
                let answer = request.unread(refusal, &self.serving);
                self.answer(id, answer);
                self.tolerance
                    .spend(self.now, "too many requests are refused")
            }
        }
    }

    fn most_streams(&self) -> usize {
        let said = match &self.serving.protocol {
            crate::receive::Protocol::Grpc(grpc) => grpc.max_streams,
            crate::receive::Protocol::Http(_) => None,
        };
        said.unwrap_or(super::STREAMS) as usize
    }
}
