//! What can be wrong with what a peer sends?

use thiserror::Error;

/// What RFC 9113 calls an error code, section 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Code {
    /// Nothing is wrong: the end of a connection.
    No = 0,
    /// The peer broke a rule that has no code of its own.
    Protocol = 1,
    /// We did.
    Internal = 2,
    /// The peer sent more than its window.
    FlowControl = 3,
    /// Settings were never acknowledged.
    SettingsTimeout = 4,
    /// A frame came for a stream that its sender had closed.
    StreamClosed = 5,
    /// A frame has a size that it cannot have.
    FrameSize = 6,
    /// Nothing was done for the stream: it may be sent again.
    RefusedStream = 7,
    /// The stream is no longer wanted.
    Cancel = 8,
    /// The compression of headers cannot be kept up.
    Compression = 9,
    /// The connection of a `CONNECT` broke.
    Connect = 10,
    /// The peer does what only an attacker would.
    EnhanceYourCalm = 11,
    /// The transport is not secure enough.
    InadequateSecurity = 12,
    /// HTTP/1.1 must be spoken.
    Http11Required = 13,
}

/// What a frame makes of the connection that it came on. The reasons are for logs and for `GOAWAY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum Error {
    /// The connection is over: `GOAWAY`, and nothing that comes after this is read.
    #[error("{1}")]
    Connection(Code, &'static str),
    /// This stream is over: `RST_STREAM`, and the connection goes on.
    #[error("stream {0}: {2}")]
    Stream(u32, Code, &'static str),
}

impl Code {
    /// What a number means; unknown ones are to be taken as [`Code::Internal`].
    pub(crate) fn of(number: u32) -> Self {
        match number {
            0 => Self::No,
            1 => Self::Protocol,
            3 => Self::FlowControl,
            4 => Self::SettingsTimeout,
            5 => Self::StreamClosed,
            6 => Self::FrameSize,
            7 => Self::RefusedStream,
            8 => Self::Cancel,
            9 => Self::Compression,
            10 => Self::Connect,
            11 => Self::EnhanceYourCalm,
            12 => Self::InadequateSecurity,
            13 => Self::Http11Required,
            _ => Self::Internal,
        }
    }

    /// Its number on the wire.
    pub(crate) fn number(self) -> u32 {
        self as u32
    }
}

impl Error {
    /// The commonest of all: a broken rule that ends the connection.
    pub(crate) const fn protocol(why: &'static str) -> Self {
        Self::Connection(Code::Protocol, why)
    }

    /// A frame of a size that it cannot have.
    pub(crate) const fn size(why: &'static str) -> Self {
        Self::Connection(Code::FrameSize, why)
    }

    /// The code that the peer is told.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Connection(code, _) | Self::Stream(_, code, _) => *code,
        }
    }
}
