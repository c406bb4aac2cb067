//! What does a frame begin with?

/// The length of what every frame begins with.
pub(crate) const HEAD: usize = 9;
/// The largest payload of a frame if nothing else was agreed on.
pub(crate) const MAX_FRAME: u32 = 16_384;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Bytes of a body.
    Data,
    /// The beginning of a stream, or its end.
    Headers,
    /// What nobody minds any more.
    Priority,
    /// The end of a stream that did not go well.
    Reset,
    /// What the sender of it can take.
    Settings,
    /// A stream that the server begins.
    PushPromise,
    /// Whether somebody is there.
    Ping,
    /// The end of a connection.
    GoAway,
    /// More may be sent.
    WindowUpdate,
    /// More of the headers.
    Continuation,
    /// Something that is to be passed over.
    Unknown(u8),
}

/// The flags of a frame. Which bit means what depends on its kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(pub(crate) u8);

/// What every frame begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// How many bytes follow: less than 2²⁴.
    pub(crate) length: u32,
    /// What it is.
    pub(crate) kind: Kind,
    /// Its flags.
    pub(crate) flags: Flags,
    /// The stream that it is about; 0 is the connection. Less than 2³¹.
    pub(crate) stream: u32,
}

impl Kind {
    fn of(byte: u8) -> Self {
        match byte {
            0 => Self::Data,
            1 => Self::Headers,
            2 => Self::Priority,
            3 => Self::Reset,
            4 => Self::Settings,
            5 => Self::PushPromise,
            6 => Self::Ping,
            7 => Self::GoAway,
            8 => Self::WindowUpdate,
            9 => Self::Continuation,
            other => Self::Unknown(other),
        }
    }

    fn byte(self) -> u8 {
        match self {
            Self::Data => 0,
            Self::Headers => 1,
            Self::Priority => 2,
            Self::Reset => 3,
            Self::Settings => 4,
            Self::PushPromise => 5,
            Self::Ping => 6,
            Self::GoAway => 7,
            Self::WindowUpdate => 8,
            Self::Continuation => 9,
            Self::Unknown(byte) => byte,
        }
    }
}

impl Flags {
    /// None.
    pub(crate) const NONE: Self = Self(0);
    /// DATA, HEADERS: nothing follows on this stream.
    pub(crate) const END_STREAM: Self = Self(1);
    /// SETTINGS, PING: it is the answer to one.
    pub(crate) const ACK: Self = Self(1);
    /// HEADERS, CONTINUATION: the headers are complete.
    pub(crate) const END_HEADERS: Self = Self(4);
    /// DATA, HEADERS: a byte says how many bytes at the end mean nothing.
    pub(crate) const PADDED: Self = Self(8);
    /// HEADERS: five bytes of priority come first.
    pub(crate) const PRIORITY: Self = Self(0x20);

    /// Whether these are set.
    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Head {
    /// One.
    pub(crate) fn new(length: usize, kind: Kind, flags: Flags, stream: u32) -> Self {
        debug_assert!(length < 1 << 24, "a frame is shorter than 16 MiB");
        Self {
            #[expect(clippy::cast_possible_truncation, reason = "asserted above")]
            length: length as u32,
            kind,
            flags,
            stream,
        }
    }

    /// As it is on the wire; the reserved bit is passed over.
    pub(crate) fn parse(bytes: [u8; HEAD]) -> Self {
        let [a, b, c, kind, flags, stream @ ..] = bytes;
        Self {
            length: u32::from_be_bytes([0, a, b, c]),
            kind: Kind::of(kind),
            flags: Flags(flags),
            stream: u32::from_be_bytes(stream) & (u32::MAX >> 1),
        }
    }

    /// As it goes on the wire.
    pub(crate) fn bytes(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[..3].copy_from_slice(&self.length.to_be_bytes()[1..]);
        bytes[3..5].copy_from_slice(&[self.kind.byte(), self.flags.0]);
        bytes[5..].copy_from_slice(&self.stream.to_be_bytes());
        bytes
    }
}
