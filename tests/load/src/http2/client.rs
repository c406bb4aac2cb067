//! How are requests sent over HTTP/2? All frames of a message in one `writev`, within the windows of the other side.

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::TcpStream,
    rc::Rc,
};

use crate::{
    answer::{Answer, Outcome, rejects},
    client::Client,
    compress::Encoding,
    http2::{
        frame::{
            DEFAULT_FRAME, DEFAULT_WINDOW, Head, LARGEST_WINDOW, PREFACE, content, flag, frame,
            kind, read_increment, read_settings, setting, settings, window_update,
        },
        hpack::{Decoder, remembered},
    },
    wire::{Input, Output},
};

/// The first index of the dynamic table, in a byte that refers to it.
const REFER: u8 = 0xbe;

/// How much waits in the output at most before more is made: senders with much in flight have it as numbers, and what
/// is measured is not how they fill their memory.
const AHEAD: u64 = 1 << 20;

/// A connection that sends gRPC requests.
pub(crate) struct Http2 {
    socket: TcpStream,
    input: Input,
    output: Output,
    decoder: Decoder,
    /// Headers of the first request, remembered by the other side; later ones refer to them.
    names: Vec<(&'static str, String)>,
    next: u32,
    /// What the other side allows.
    window: i64,
    first_window: i64,
    largest_frame: usize,
    streams: usize,
    /// Requests whose bytes are not all in the output.
    sending: VecDeque<Sending>,
    open: HashMap<u32, Open>,
    /// A header block that is not at its end, and whose.
    block: Vec<u8>,
    going: bool,
}

struct Sending {
    stream: u32,
    request: u64,
    /// None as long as nothing of it was in the output.
    message: Option<Rc<Vec<u8>>>,
    sent: usize,
    window: i64,
}

#[derive(Default)]
struct Open {
    request: u64,
    status: Option<u16>,
    http: Option<u16>,
    advised: bool,
    body: Vec<u8>,
}

impl Http2 {
    /// A connection over that socket.
    pub(crate) fn new(socket: TcpStream, authority: String, encoding: Encoding) -> Self {
        let mut names = vec![
            (":authority", authority),
            (
                ":path",
                "/opentelemetry.proto.collector.trace.v1.TraceService/Export".into(),
            ),
            ("content-type", "application/grpc".into()),
            ("te", "trailers".into()),
            ("user-agent", "otelier-load".into()),
        ];
        if encoding != Encoding::None {
            names.push(("grpc-encoding", encoding.name().into()));
        }
        let mut output = Output::default();
        output.own(PREFACE.to_vec());
        output.own(settings(&[(setting::INITIAL_WINDOW_SIZE, 1 << 20)]));
        output.own(window_update(0, LARGEST_WINDOW - 65_535));
        Self {
            socket,
            input: Input::default(),
            output,
            decoder: Decoder::default(),
            names,
            next: 1,
            window: DEFAULT_WINDOW,
            first_window: DEFAULT_WINDOW,
            largest_frame: DEFAULT_FRAME,
            streams: usize::MAX,
            sending: VecDeque::new(),
            open: HashMap::new(),
            block: Vec::new(),
            going: false,
        }
    }

    fn headers(&self) -> Vec<u8> {
        let mut block = vec![0x83, 0x86]; // POST, http
        for (place, (name, value)) in self.names.iter().enumerate() {
            if self.next == 1 {
                block.extend(remembered(name, value));
            } else {
                // The last one that was remembered has the lowest index.
                block.push(REFER + u8::try_from(self.names.len() - 1 - place).unwrap_or_default());
            }
        }
        frame(kind::HEADERS, flag::END_HEADERS, self.next, &block)
    }

    /// Moves what the windows allow to the output, until much is there.
    fn pump(&mut self, make: &mut dyn FnMut(u64) -> Vec<u8>) {
        let mut place = 0;
        while place < self.sending.len() && self.window > 0 && self.output.left() < AHEAD {
            let each = &mut self.sending[place];
            if each.window <= 0 {
                place += 1;
                continue;
            }
            let request = each.request;
            let message = each.message.get_or_insert_with(|| Rc::new(make(request)));
            loop {
                let left = message.len() - each.sent;
                let room = usize::try_from(each.window.min(self.window).max(0)).unwrap_or_default();
                let length = left.min(room).min(self.largest_frame);
                if length == 0 {
                    break;
                }
                let flags = if length == left { flag::END_STREAM } else { 0 };
                let head = Head {
                    length,
                    kind: kind::DATA,
                    flags,
                    stream: each.stream,
                };
                self.output.head(head.bytes());
                self.output.part(message, each.sent..each.sent + length);
                each.sent += length;
                each.window -= length as i64;
                self.window -= length as i64;
            }
            if each.sent == message.len() {
                self.sending.remove(place);
            } else {
                place += 1;
            }
        }
    }

    /// Handles one frame: true if there was a whole one.
    fn frame(&mut self, answers: &mut Vec<Answer>) -> io::Result<bool> {
        let broken = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let Some(head) = Head::read(self.input.bytes()) else {
            return Ok(false);
        };
        let whole = Head::LENGTH + head.length;
        let Some(payload) = self.input.bytes().get(Head::LENGTH..whole) else {
            return Ok(false);
        };
        match head.kind {
            kind::SETTINGS if head.flags & flag::ACK == 0 => {
                let said: Vec<_> = read_settings(payload).collect();
                self.obey(&said);
                self.output.own(frame(kind::SETTINGS, flag::ACK, 0, &[]));
            }
            kind::PING if head.flags & flag::ACK == 0 => {
                self.output.own(frame(kind::PING, flag::ACK, 0, payload));
            }
            kind::WINDOW_UPDATE => {
                let by = read_increment(payload);
                if head.stream == 0 {
                    self.window += by;
                } else if let Some(each) = self.sending.iter_mut().find(|s| s.stream == head.stream)
                {
                    each.window += by;
                }
            }
            kind::HEADERS | kind::CONTINUATION => {
                self.block
                    .extend(content(head, payload).ok_or_else(|| broken("padding"))?);
                if head.flags & flag::END_HEADERS != 0 {
                    self.headers_of(head.stream)
                        .ok_or_else(|| broken("header block"))?;
                }
            }
            kind::DATA => {
                if let Some(open) = self.open.get_mut(&head.stream) {
                    open.body
                        .extend(content(head, payload).ok_or_else(|| broken("padding"))?);
                }
            }
            kind::RST_STREAM => {
                // Refused streams (7) were not looked at; others might have been.
                let code = read_increment(payload);
                if let Some(open) = self.forget(head.stream) {
                    let status = if code == 7 { 14 } else { 13 };
                    answers.push(Answer {
                        request: open.request,
                        outcome: Outcome::of_grpc(status, false),
                    });
                }
            }
            kind::GOAWAY => self.going = true,
            _ => {}
        }
        let ends =
            matches!(head.kind, kind::DATA | kind::HEADERS) && head.flags & flag::END_STREAM != 0;
        if ends && let Some(open) = self.forget(head.stream) {
            answers.push(open.answer());
        }
        self.input.used(whole);
        Ok(true)
    }

    fn obey(&mut self, said: &[(u16, u32)]) {
        for (name, value) in said {
            match *name {
                setting::INITIAL_WINDOW_SIZE => {
                    let change = i64::from(*value) - self.first_window;
                    self.first_window += change;
                    self.sending
                        .iter_mut()
                        .for_each(|each| each.window += change);
                }
                setting::MAX_FRAME_SIZE => self.largest_frame = *value as usize,
                setting::MAX_CONCURRENT_STREAMS => self.streams = *value as usize,
                _ => {}
            }
        }
    }

    fn headers_of(&mut self, stream: u32) -> Option<()> {
        let mut ignored = Open::default();
        let open = self.open.get_mut(&stream).unwrap_or(&mut ignored);
        self.decoder.read(&self.block, |name, value| match name {
            ":status" => open.http = value.parse().ok(),
            "grpc-status" => open.status = value.parse().ok(),
            "grpc-status-details-bin" => open.advised = true,
            _ => {}
        })?;
        self.block.clear();
        Some(())
    }

    fn forget(&mut self, stream: u32) -> Option<Open> {
        self.sending.retain(|each| each.stream != stream);
        self.open.remove(&stream)
    }
}

impl Open {
    fn answer(self) -> Answer {
        let outcome = match (self.status, self.http) {
            (Some(status), _) => Outcome::of_grpc(status, self.advised),
            (None, Some(http)) if http != 200 => Outcome::of_http(http),
            _ => Outcome::Never(2),
        };
        let partial = outcome == Outcome::Accepted && self.body.get(5..).is_some_and(rejects);
        Answer {
            request: self.request,
            outcome: if partial { Outcome::Partial } else { outcome },
        }
    }
}

impl Client for Http2 {
    fn socket(&self) -> &TcpStream {
        &self.socket
    }

    fn has_room(&self) -> bool {
        !self.going && self.open.len() < self.streams && self.next < LARGEST_WINDOW - 2
    }

    fn send(&mut self, request: u64) {
        let headers = self.headers();
        self.output.own(headers);
        self.open.insert(
            self.next,
            Open {
                request,
                ..Open::default()
            },
        );
        self.sending.push_back(Sending {
            stream: self.next,
            request,
            message: None,
            sent: 0,
            window: self.first_window,
        });
        self.next += 2;
    }

    fn flush(&mut self, message: &mut dyn FnMut(u64) -> Vec<u8>) -> io::Result<bool> {
        loop {
            self.pump(message);
            // Where there was much, there may be more.
            let much = self.output.left() >= AHEAD;
            if !self.output.flush(&self.socket)? {
                return Ok(false);
            }
            if !much {
                return Ok(true);
            }
        }
    }

    fn read(&mut self, answers: &mut Vec<Answer>) -> io::Result<()> {
        self.input.fill(&self.socket)?;
        while self.frame(answers)? {}
        if self.going && self.open.is_empty() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }

    fn unanswered(&self) -> Vec<u64> {
        self.open.values().map(|open| open.request).collect()
    }

    fn written(&self) -> u64 {
        self.output.total
    }

    fn spent(&mut self) -> &mut Vec<Vec<u8>> {
        &mut self.output.spent
    }
}
