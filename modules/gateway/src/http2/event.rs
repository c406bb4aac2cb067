//! What does a frame say?

use super::{Code, Error, Flags, Head, Kind};

/// The largest frame that is neither DATA nor headers: nobody needs more.
const MAX_CONTROL: usize = 16 << 10;

/// What a peer says. What it says of the past (priorities) and what nobody knows is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    /// Bytes of a body: all of a frame, or a part of it as it came.
    Data {
        /// Of which stream: never 0.
        stream: u32,
        /// The bytes; there may be none.
        bytes: &'a [u8],
        /// How many bytes of the windows of stream and connection this takes: with padding, that is more.
        flow: u32,
        /// Whether the stream ends with it.
        end: bool,
    },
    /// Headers, complete and compressed. They must be decompressed even if nobody wants them: the tables of both sides
    /// stay equal only so.
    Headers {
        /// Of which stream: never 0.
        stream: u32,
        /// The compressed headers.
        block: &'a [u8],
        /// Whether the stream ends with it.
        end: bool,
    },
    /// The end of a stream.
    Reset {
        /// Of which: never 0.
        stream: u32,
        /// Why.
        code: Code,
    },
    /// The payload of a SETTINGS frame, for [`Settings::apply`](super::Settings::apply); it wants an acknowledgement.
    Settings(&'a [u8]),
    /// Our settings are minded.
    SettingsAck,
    /// Wants the same back.
    Ping([u8; 8]),
    /// The answer to ours.
    Pong([u8; 8]),
    /// The connection ends.
    GoAway {
        /// Streams of ours after this one were not looked at.
        last: u32,
        /// Why.
        code: Code,
        /// More about it, for people.
        debug: &'a [u8],
    },
    /// More may be sent.
    WindowUpdate {
        /// On a stream, or on the connection: 0.
        stream: u32,
        /// So many bytes: never 0.
        increment: u32,
    },
}

/// Whether a frame has a size that it can have.
pub(super) fn fits(head: Head) -> Result<(), Error> {
    let length = head.length as usize;
    let good = match head.kind {
        Kind::Reset | Kind::WindowUpdate => length == 4,
        Kind::Settings if head.flags.has(Flags::ACK) => length == 0,
        Kind::Settings => length.is_multiple_of(6),
        Kind::Ping => length == 8,
        Kind::GoAway => length >= 8,
        Kind::Data => length >= usize::from(head.flags.has(Flags::PADDED)),
        Kind::Priority if length != 5 => {
            let why = "a priority has five bytes";
            return Err(Error::Stream(head.stream, Code::FrameSize, why));
        }
        _ => true,
    };
    if !good {
        return Err(Error::size("a frame has a size that it cannot have"));
    }
    if length > MAX_CONTROL && matches!(head.kind, Kind::Settings | Kind::GoAway) {
        let why = "a frame says more than anybody needs";
        return Err(Error::Connection(Code::EnhanceYourCalm, why));
    }
    Ok(())
}

/// The headers in a HEADERS frame, without padding and priority.
pub(super) fn unpadded(head: Head, payload: &[u8]) -> Result<&[u8], Error> {
    let broken = Error::protocol("the padding is longer than the frame");
    let mut rest = payload;
    let mut padding = 0;
    if head.flags.has(Flags::PADDED) {
        let (first, more) = rest.split_first().ok_or(broken)?;
        (padding, rest) = (usize::from(*first), more);
    }
    if head.flags.has(Flags::PRIORITY) {
        let (priority, more) = rest.split_first_chunk::<5>().ok_or(broken)?;
        let [a, b, c, d, _] = *priority;
        if u32::from_be_bytes([a, b, c, d]) & (u32::MAX >> 1) == head.stream {
            return Err(Error::protocol("a stream depends on itself"));
        }
        rest = more;
    }
    let end = rest.len().checked_sub(padding).ok_or(broken)?;
    Ok(&rest[..end])
}

/// What a complete frame says that is neither DATA nor headers.
pub(super) fn event(head: Head, payload: &[u8]) -> Result<Event<'_>, Error> {
    // Sizes were checked with the head.
    let number = |at: usize| {
        let bytes = payload.get(at..).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |bytes| u32::from_be_bytes(*bytes))
    };
    let Head { flags, stream, .. } = head;
    Ok(match head.kind {
        Kind::Reset => Event::Reset {
            stream,
            code: Code::of(number(0)),
        },
        Kind::Settings if flags.has(Flags::ACK) => Event::SettingsAck,
        Kind::Settings => Event::Settings(payload),
        Kind::Ping => {
            let payload = payload.first_chunk().copied().unwrap_or_default();
            if flags.has(Flags::ACK) {
                Event::Pong(payload)
            } else {
                Event::Ping(payload)
            }
        }
        Kind::GoAway => Event::GoAway {
            last: number(0) & (u32::MAX >> 1),
            code: Code::of(number(4)),
            debug: payload.get(8..).unwrap_or_default(),
        },
        Kind::WindowUpdate => {
            let increment = number(0) & (u32::MAX >> 1);
            let why = "a window grows by nothing";
            match (increment, stream) {
                (0, 0) => return Err(Error::protocol(why)),
                (0, stream) => return Err(Error::Stream(stream, Code::Protocol, why)),
                (increment, stream) => Event::WindowUpdate { stream, increment },
            }
        }
        _ => return Err(Error::Connection(Code::Internal, "a frame went astray")),
    })
}
