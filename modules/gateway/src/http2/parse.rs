//! Which frames came?

use super::{
    Code, Error, Event, Flags, HEAD, Head, Kind,
    event::{event, fits, unpadded},
};

/// What is kept of a buffer for the next time: idle connections are many.
const KEPT: usize = 1 << 10;
/// In how many frames headers may come: a flood of empty ones costs their receiver more than their sender.
const MAX_CONTINUATIONS: u32 = 16;

/// What a peer may send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The largest payload of a frame, as our settings say it.
    pub(crate) max_frame: u32,
    /// The longest block of compressed headers.
    pub(crate) max_block: usize,
}

/// Finds frames in bytes that come in pieces. It keeps only what it cannot hand on yet: the start of a frame that is
/// not DATA. After [`Error::Connection`] it must not be asked again; after [`Error::Stream`] it may.
#[derive(Debug)]
pub(crate) struct Parser {
    limits: Limits,
    state: State,
    /// The start of a head, or of a payload.
    held: Vec<u8>,
    /// Headers that came in parts.
    block: Vec<u8>,
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// In the head of a frame.
    Head,
    /// In the payload of a frame that is handed on when it is complete.
    Payload(Head),
    /// The same, and it was handed on.
    Spent,
    /// Before the length of the padding of DATA.
    Padded(Head),
    /// In DATA: so many bytes, then so much padding.
    Data(Data),
    /// In what means nothing.
    Skip(u32),
}

/// What is left of a DATA frame.
#[derive(Clone, Copy, Debug)]
struct Data {
    stream: u32,
    end: bool,
    bytes: u32,
    padding: u32,
    /// What takes of the windows and was not told yet.
    untold: u32,
}

/// Headers that have begun.
#[derive(Clone, Copy, Debug)]
struct Open {
    stream: u32,
    end: bool,
    continuations: u32,
}

/// How far the parser has come.
enum Step<'a> {
    Again,
    Nothing,
    Event(Event<'a>),
    /// A complete payload in `held`.
    Held(Head),
    /// Complete headers in `block`.
    Block(Open),
}

impl Parser {
    /// One for the bytes after the client's preface.
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: State::Head,
            held: Vec::new(),
            block: Vec::new(),
            open: None,
        }
    }

    /// How many bytes it keeps for itself.
    pub(crate) fn kept(&self) -> usize {
        self.held.capacity() + self.block.capacity()
    }

    /// Whether what came so far ends with a frame: if the connection ends here, nothing was cut off.
    #[cfg(test)]
    pub(crate) fn between_frames(&self) -> bool {
        match self.state {
            State::Head => self.held.is_empty() && self.open.is_none(),
            State::Spent => self.open.is_none(),
            _ => false,
        }
    }

    /// The next thing that the peer says in `input`, which is moved past it; nothing when all of it is used.
    pub(crate) fn next<'a, 'i: 'a>(
        &'a mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Event<'a>>, Error> {
        loop {
            match self.step(input)? {
                Step::Again => {}
                Step::Nothing => return Ok(None),
                Step::Event(event) => return Ok(Some(event)),
                Step::Held(head) => return event(head, &self.held).map(Some),
                Step::Block(Open { stream, end, .. }) => {
                    let block = &self.block;
                    return Ok(Some(Event::Headers { stream, block, end }));
                }
            }
        }
    }

    fn step<'a>(&mut self, input: &mut &'a [u8]) -> Result<Step<'a>, Error> {
        match self.state {
            State::Spent => {
                self.held.clear();
                self.held.shrink_to(KEPT);
                self.state = State::Head;
                Ok(Step::Again)
            }
            State::Head => self.head(input),
            State::Payload(head) => self.payload(head, input),
            State::Padded(head) => self.padded(head, input),
            State::Data(data) => Ok(self.data(data, input)),
            State::Skip(left) => {
                let part = cut(input, left as usize);
                let left = left - length(part);
                if left > 0 {
                    self.state = State::Skip(left);
                    return Ok(Step::Nothing);
                }
                self.state = State::Head;
                Ok(Step::Again)
            }
        }
    }

    fn head<'a>(&mut self, input: &mut &'a [u8]) -> Result<Step<'a>, Error> {
        let head = if self.held.is_empty()
            && let Some((bytes, rest)) = input.split_first_chunk()
        {
            *input = rest;
            Head::parse(*bytes)
        } else {
            let missing = HEAD - self.held.len();
            self.held.extend_from_slice(cut(input, missing));
            let Ok(bytes) = <[u8; HEAD]>::try_from(self.held.as_slice()) else {
                return Ok(Step::Nothing);
            };
            self.held.clear();
            Head::parse(bytes)
        };
        self.state = State::Skip(head.length);
        self.check(head)?;
        self.state = match head.kind {
            Kind::Unknown(_) | Kind::Priority => State::Skip(head.length),
            Kind::Data if head.flags.has(Flags::PADDED) => State::Padded(head),
            Kind::Data => State::Data(Data {
                stream: head.stream,
                end: head.flags.has(Flags::END_STREAM),
                bytes: head.length,
                padding: 0,
                untold: 0,
            }),
            _ => State::Payload(head),
        };
        Ok(Step::Again)
    }

    /// Whether a frame may come here, and have this size.
    fn check(&mut self, head: Head) -> Result<(), Error> {
        if head.length > self.limits.max_frame {
            return Err(Error::size("a frame is larger than was agreed on"));
        }
        match (self.open, head.kind) {
            (None, Kind::Continuation) => {
                return Err(Error::protocol("a CONTINUATION continues nothing"));
            }
            (Some(open), Kind::Continuation) if open.stream == head.stream => {}
            (Some(_), _) => return Err(Error::protocol("headers were left unfinished")),
            (None, _) => {}
        }
        let of_a_stream = match head.kind {
            Kind::Unknown(_) | Kind::WindowUpdate => return fits(head),
            Kind::Settings | Kind::Ping | Kind::GoAway => false,
            Kind::PushPromise => return Err(Error::protocol("nobody may push")),
            _ => true,
        };
        if of_a_stream != (head.stream != 0) {
            let why = "a frame is about a stream and should not be, or the other way round";
            return Err(Error::protocol(why));
        }
        fits(head)
    }

    /// A payload that is handed on when it is complete.
    fn payload<'a>(&mut self, head: Head, input: &mut &'a [u8]) -> Result<Step<'a>, Error> {
        let missing = head.length - length(&self.held);
        let part = cut(input, missing as usize);
        if !self.held.is_empty() || length(part) < missing {
            self.held.extend_from_slice(part);
            if length(part) < missing {
                return Ok(Step::Nothing);
            }
            self.state = State::Spent;
            if !matches!(head.kind, Kind::Headers | Kind::Continuation) {
                return Ok(Step::Held(head));
            }
            let held = std::mem::take(&mut self.held);
            let step = self.fragment(head, &held);
            self.held = held;
            return Ok(step?.map_or(Step::Again, Step::Block));
        }
        self.state = State::Head;
        match head.kind {
            Kind::Headers if head.flags.has(Flags::END_HEADERS) => {
                Ok(Step::Event(Event::Headers {
                    stream: head.stream,
                    block: self.short_enough(unpadded(head, part)?)?,
                    end: head.flags.has(Flags::END_STREAM),
                }))
            }
            Kind::Headers | Kind::Continuation => {
                let open = self.fragment(head, part)?;
                Ok(open.map_or(Step::Again, Step::Block))
            }
            _ => event(head, part).map(Step::Event),
        }
    }

    /// A part of headers; they are told of when it was the last.
    fn fragment(&mut self, head: Head, payload: &[u8]) -> Result<Option<Open>, Error> {
        let (mut open, part) = if let Some(open) = self.open.take() {
            (open, payload)
        } else {
            self.block.clear();
            self.block.shrink_to(KEPT);
            let open = Open {
                stream: head.stream,
                end: head.flags.has(Flags::END_STREAM),
                continuations: 0,
            };
            (open, unpadded(head, payload)?)
        };
        self.block.extend_from_slice(part);
        self.short_enough(&self.block)?;
        if head.flags.has(Flags::END_HEADERS) {
            return Ok(Some(open));
        }
        open.continuations += 1;
        if open.continuations > MAX_CONTINUATIONS {
            let why = "headers come in too many frames";
            return Err(Error::Connection(Code::EnhanceYourCalm, why));
        }
        self.open = Some(open);
        Ok(None)
    }

    fn short_enough<'a>(&self, block: &'a [u8]) -> Result<&'a [u8], Error> {
        if block.len() > self.limits.max_block {
            let why = "headers are longer than anybody needs";
            return Err(Error::Connection(Code::EnhanceYourCalm, why));
        }
        Ok(block)
    }

    fn padded<'a>(&mut self, head: Head, input: &mut &'a [u8]) -> Result<Step<'a>, Error> {
        let Some((&padding, rest)) = input.split_first() else {
            return Ok(Step::Nothing);
        };
        *input = rest;
        let padding = u32::from(padding);
        let Some(bytes) = (head.length - 1).checked_sub(padding) else {
            return Err(Error::protocol("the padding is longer than the frame"));
        };
        self.state = State::Data(Data {
            stream: head.stream,
            end: head.flags.has(Flags::END_STREAM),
            bytes,
            padding,
            untold: 1,
        });
        Ok(Step::Again)
    }

    /// As much of DATA as there is. Its end is told only with its last byte.
    fn data<'a>(&mut self, mut data: Data, input: &mut &'a [u8]) -> Step<'a> {
        let bytes = cut(input, data.bytes as usize);
        data.bytes -= length(bytes);
        let padding = if data.bytes == 0 {
            length(cut(input, data.padding as usize))
        } else {
            0
        };
        data.padding -= padding;
        let flow = data.untold + length(bytes) + padding;
        data.untold = 0;
        let complete = data.bytes == 0 && data.padding == 0;
        self.state = if complete {
            State::Head
        } else {
            State::Data(data)
        };
        if flow == 0 && !complete {
            return Step::Nothing;
        }
        Step::Event(Event::Data {
            stream: data.stream,
            bytes,
            flow,
            end: data.end && complete,
        })
    }
}

/// Takes so many bytes off the front of the input, or all there are.
fn cut<'a>(input: &mut &'a [u8], most: usize) -> &'a [u8] {
    let (part, rest) = input.split_at(input.len().min(most));
    *input = rest;
    part
}

/// A length that is less than that of a frame.
#[expect(
    clippy::cast_possible_truncation,
    reason = "frames are shorter than 16 MiB"
)]
fn length(bytes: &[u8]) -> u32 {
    bytes.len() as u32
}
