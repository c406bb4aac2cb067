//! What is a frame?

/// What a client says first.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// What a sender may assume before the other side's settings are here.
pub(crate) const DEFAULT_WINDOW: i64 = 65_535;
/// The same for the size of frames.
pub(crate) const DEFAULT_FRAME: usize = 16_384;
/// The largest window there is.
pub(crate) const LARGEST_WINDOW: u32 = (1 << 31) - 1;

/// Kinds of frames, as numbers.
pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const RST_STREAM: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const PING: u8 = 6;
    pub(crate) const GOAWAY: u8 = 7;
    pub(crate) const WINDOW_UPDATE: u8 = 8;
    pub(crate) const CONTINUATION: u8 = 9;
}

/// Flags of frames.
pub(crate) mod flag {
    pub(crate) const ACK: u8 = 1;
    pub(crate) const END_STREAM: u8 = 1;
    pub(crate) const END_HEADERS: u8 = 4;
    pub(crate) const PADDED: u8 = 8;
    pub(crate) const PRIORITY: u8 = 32;
}

/// Settings that are looked at or said.
pub(crate) mod setting {
    pub(crate) const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub(crate) const INITIAL_WINDOW_SIZE: u16 = 4;
    pub(crate) const MAX_FRAME_SIZE: u16 = 5;
}

/// The nine bytes before a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Bytes after the head.
    pub length: usize,
    /// One of [`kind`].
    pub kind: u8,
    /// Some of [`flag`].
    pub flags: u8,
    /// Which stream; zero is the connection.
    pub stream: u32,
}

impl Head {
    /// How long a head is.
    pub(crate) const LENGTH: usize = 9;

    /// As it stands on the wire.
    pub(crate) fn bytes(self) -> [u8; 9] {
        let mut bytes = [0; Self::LENGTH];
        bytes[..4].copy_from_slice(&((self.length as u32) << 8).to_be_bytes());
        bytes[3] = self.kind;
        bytes[4] = self.flags;
        bytes[5..].copy_from_slice(&self.stream.to_be_bytes());
        bytes
    }

    /// Reads one, if it is there in whole.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let [a, b, c, kind, flags, stream @ ..] = *bytes.first_chunk::<9>()?;
        Some(Self {
            length: u32::from_be_bytes([0, a, b, c]) as usize,
            kind,
            flags,
            stream: u32::from_be_bytes(stream) & LARGEST_WINDOW,
        })
    }
}

/// A whole frame as bytes.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let head = Head {
        length: payload.len(),
        kind,
        flags,
        stream,
    };
    [&head.bytes()[..], payload].concat()
}

/// A frame that says settings.
pub(crate) fn settings(of: &[(u16, u32)]) -> Vec<u8> {
    let payload: Vec<u8> = of
        .iter()
        .flat_map(|(name, value)| [&name.to_be_bytes()[..], &value.to_be_bytes()].concat())
        .collect();
    frame(kind::SETTINGS, 0, 0, &payload)
}

/// The settings that a frame says.
pub(crate) fn read_settings(payload: &[u8]) -> impl Iterator<Item = (u16, u32)> {
    payload.as_chunks::<6>().0.iter().map(|[a, b, c, d, e, f]| {
        (
            u16::from_be_bytes([*a, *b]),
            u32::from_be_bytes([*c, *d, *e, *f]),
        )
    })
}

/// A frame that widens a window.
pub(crate) fn window_update(stream: u32, by: u32) -> Vec<u8> {
    frame(kind::WINDOW_UPDATE, 0, stream, &by.to_be_bytes())
}

/// The number in the payload of a window update.
pub(crate) fn read_increment(payload: &[u8]) -> i64 {
    payload.first_chunk::<4>().map_or(0, |bytes| {
        i64::from(u32::from_be_bytes(*bytes) & LARGEST_WINDOW)
    })
}

/// A payload without padding and priority.
pub(crate) fn content(head: Head, payload: &[u8]) -> Option<&[u8]> {
    let mut rest = payload;
    let mut padding = 0;
    if head.flags & flag::PADDED != 0 {
        let (&length, after) = rest.split_first()?;
        padding = usize::from(length);
        rest = after;
    }
    if head.kind == kind::HEADERS && head.flags & flag::PRIORITY != 0 {
        rest = rest.get(5..)?;
    }
    rest.get(..rest.len().checked_sub(padding)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_was_written() {
        let head = Head {
            length: 0x01_02_03,
            kind: kind::HEADERS,
            flags: flag::END_HEADERS,
            stream: 0x7fff_fffe,
        };
        assert_eq!(Head::read(&head.bytes()), Some(head));
        assert_eq!(Head::read(&head.bytes()[..8]), None);
    }

    #[test]
    fn padding_and_priority_are_left_out() {
        let head = |kind, flags| Head {
            length: 0,
            kind,
            flags,
            stream: 1,
        };
        let padded = [2, b'a', b'b', 0, 0];
        assert_eq!(
            content(head(kind::DATA, flag::PADDED), &padded),
            Some(&b"ab"[..])
        );
        assert_eq!(content(head(kind::DATA, flag::PADDED), &[9, 1]), None);
        let prioritised = [0, 0, 0, 0, 16, b'x'];
        assert_eq!(
            content(head(kind::HEADERS, flag::PRIORITY), &prioritised),
            Some(&b"x"[..])
        );
    }

    #[test]
    fn settings_are_read_as_they_were_said() {
        let said = [
            (setting::MAX_FRAME_SIZE, 1 << 20),
            (setting::INITIAL_WINDOW_SIZE, 7),
        ];
        let bytes = settings(&said);
        assert_eq!(read_settings(&bytes[9..]).collect::<Vec<_>>(), said);
    }
}
