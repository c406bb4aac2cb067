//! What does a frame change?

use std::time::Duration;

use super::{
    Keepalive, Lost,
    inbox::{Standing, Waiting},
    keepalive::Watch,
    outgoing::Outgoing,
    streams::{After, Streams, WINDOW},
};
use crate::http2::{
    Code, Error, Event, FIRST_WINDOW, Flags, Outbox, PREFACE, ReceiveWindow, Settings,
    hpack::{Decoder, Listed},
};

/// How much of all answers may come before it is read.
const CONNECTION_WINDOW: u32 = 1 << 20;
/// The largest list of headers of an answer, and the longest block of compressed ones.
pub(super) const HEADERS: u32 = 16 << 10;
/// A peer that let calls wait so long and said nothing at all meanwhile gets no new ones.
const SILENCE: Duration = Duration::from_secs(1);

/// A connection, without what carries its bytes.
pub(super) struct State {
    decoder: Decoder,
    pub(super) outbox: Outbox,
    received: ReceiveWindow,
    pub(super) streams: Streams,
    pub(super) outgoing: Outgoing,
    pub(super) watch: Watch,
    pub(super) standing: Standing,
    /// How long an answer may be.
    most: usize,
}

impl State {
    /// One that has said what it takes.
    pub(super) fn new(keepalive: Keepalive, most: usize) -> Self {
        let settings = Settings {
            enable_push: 0,
            initial_window_size: WINDOW,
            max_header_list_size: Some(HEADERS),
            ..Settings::default()
        };
        let mut outbox = Outbox::default();
        outbox.put(|own| own.extend_from_slice(PREFACE));
        outbox.settings(&settings);
        outbox.window_update(0, CONNECTION_WINDOW - FIRST_WINDOW);
        Self {
            decoder: Decoder::new(settings.header_table_size as usize),
            outbox,
            received: ReceiveWindow::new(CONNECTION_WINDOW),
            streams: Streams::default(),
            outgoing: Outgoing::default(),
            watch: Watch::new(keepalive),
            standing: Standing::Open,
            most,
        }
    }

    /// Minds what the peer says.
    pub(super) fn mind(&mut self, event: Event<'_>) -> Result<(), Error> {
        match event {
            Event::Headers { stream, block, end } => self.headers(stream, block, end),
            Event::Data {
                stream,
                bytes,
                flow,
                end,
            } => self.data(stream, bytes, flow, end),
            Event::Reset { stream, code } => self.reset(stream, code),
            Event::Settings(payload) => {
                self.outgoing.settings(payload, &mut self.streams)?;
                self.outbox.settings_ack();
                Ok(())
            }
            Event::Ping(payload) => {
                self.outbox.ping(Flags::ACK, payload);
                Ok(())
            }
            Event::SettingsAck | Event::Pong(_) => Ok(()),
            Event::GoAway { last, code, .. } => {
                self.go_away(last, code);
                Ok(())
            }
            Event::WindowUpdate {
                stream: 0,
                increment,
            } => self.outgoing.grow(increment),
            Event::WindowUpdate { stream, increment } => {
                self.streams.known(stream)?;
                match self.streams.get_mut(stream) {
                    Some(open) => self.outgoing.grow_stream(stream, open, increment),
                    None => Ok(()),
                }
            }
        }
    }

    /// Minds what is wrong: a stream ends, or all of them do.
    pub(super) fn wrong(&mut self, error: Error) -> Result<(), Error> {
        let Error::Stream(stream, code, why) = error else {
            return Err(error);
        };
        self.settle(stream, After::Lost(code, why));
        Ok(())
    }

    fn headers(&mut self, number: u32, block: &[u8], end: bool) -> Result<(), Error> {
        self.streams.known(number)?;
        let mut stream = self.streams.get_mut(number);
        let listed = self.decoder.decode(block, HEADERS as usize, |name, value| {
            if let Some(stream) = &mut stream {
                stream.note(name, value);
            }
        });
        let listed = listed.map_err(|_| {
            Error::Connection(Code::Compression, "the headers cannot be decompressed")
        })?;
        let after = match (stream, listed) {
            (None, _) => return Ok(()),
            (Some(stream), Listed::Whole) => stream.headers(end),
            (Some(_), Listed::TooLarge) => {
                After::Lost(Code::Cancel, "the headers of the answer are too long")
            }
        };
        self.settle(number, after);
        Ok(())
    }

    fn data(&mut self, number: u32, bytes: &[u8], flow: u32, end: bool) -> Result<(), Error> {
        self.streams.known(number)?;
        if self.received.take(flow).is_none() {
            let why = "more comes than was asked for";
            return Err(Error::Connection(Code::FlowControl, why));
        }
        if let Some(increment) = self.received.release(flow) {
            self.outbox.window_update(0, increment);
        }
        if let Some(stream) = self.streams.get_mut(number) {
            let after = stream.data(bytes, flow, end, self.most);
            self.settle(number, after);
        }
        Ok(())
    }

    /// Does what is to be done with a stream.
    fn settle(&mut self, number: u32, after: After) {
        match after {
            After::Nothing => {}
            After::Grow(increment) => self.outbox.window_update(number, increment),
            After::Complete => {
                if let Some(stream) = self.streams.remove(number) {
                    if stream.call.length > 0 {
                        // What was not sent was not needed.
                        self.outbox.reset(number, Code::Cancel);
                    }
                    stream.complete();
                }
            }
            After::Lost(code, why) => {
                if let Some(stream) = self.streams.remove(number) {
                    self.outbox.reset(number, code);
                    stream.lose(Lost::Broken(why.into()));
                }
            }
        }
    }

    fn reset(&mut self, number: u32, code: Code) -> Result<(), Error> {
        self.streams.known(number)?;
        if let Some(stream) = self.streams.remove(number) {
            stream.lose(match code {
                Code::RefusedStream => Lost::Untouched("the destination refused the call".into()),
                code => Lost::Broken(format!("the destination ended the call: {code:?}").into()),
            });
        }
        Ok(())
    }

    fn go_away(&mut self, last: u32, code: Code) {
        let why = format!("the destination ended the connection: {code:?}");
        for stream in self.streams.after(last).into_values() {
            stream.lose(Lost::Untouched(why.clone().into()));
        }
        self.leave(&why);
    }

    /// Begins no more calls on this connection.
    pub(super) fn leave(&mut self, why: &str) {
        if self.standing == Standing::Open {
            self.standing = Standing::Full;
        }
        for waiting in self.outgoing.waiting.drain(..) {
            turn_away(waiting, why);
        }
    }

    /// Nobody waits for a call any more.
    pub(super) fn give_up(&mut self, id: u64) {
        let since = if let Some(number) = self.streams.of_call(id) {
            self.outbox.reset(number, Code::Cancel);
            self.streams.remove(number).map(|stream| stream.since)
        } else {
            self.outgoing.forget(id)
        };
        if let Some(since) = since
            && self.watch.silence(since) > SILENCE
        {
            self.leave("the destination says nothing");
        }
    }

    /// The end: nothing more comes.
    pub(super) fn lose_all(&mut self, why: &str) {
        for stream in self.streams.after(0).into_values() {
            stream.lose(Lost::Broken(why.to_owned().into()));
        }
        self.leave(why);
    }
}

/// Lets a call be made elsewhere.
pub(super) fn turn_away(waiting: Waiting, why: &str) {
    let lost = Lost::Untouched(why.to_owned().into());
    // Nobody may wait any more: the call was given up.
    let _ = waiting.reply.send(Err(lost));
}
