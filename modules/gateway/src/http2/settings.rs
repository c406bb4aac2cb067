//! What can a peer take?

use super::{Code, Error, FIRST_WINDOW, Flags, Head, Kind, MAX_FRAME, MAX_WINDOW};

/// What one side of a connection said that it takes: what RFC 9113 takes for granted before it says anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The largest table that the other side may use to compress headers, in bytes.
    pub(crate) header_table_size: u32,
    /// Whether a server may begin streams: 0 or 1.
    pub(crate) enable_push: u32,
    /// How many streams the other side may have open; any number before it is said.
    pub(crate) max_concurrent_streams: Option<u32>,
    /// The window of a new stream.
    pub(crate) initial_window_size: u32,
    /// The largest payload of a frame.
    pub(crate) max_frame_size: u32,
    /// The largest list of headers, as RFC 9113 counts it; advice.
    pub(crate) max_header_list_size: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            header_table_size: 4096,
            enable_push: 1,
            max_concurrent_streams: None,
            initial_window_size: FIRST_WINDOW,
            max_frame_size: MAX_FRAME,
            max_header_list_size: None,
        }
    }
}

impl Settings {
    /// Applies the payload of a SETTINGS frame, whose length [`Parser`](super::Parser) has checked. Unknown settings
    /// mean nothing.
    pub(crate) fn apply(&mut self, payload: &[u8]) -> Result<(), Error> {
        for setting in payload.chunks_exact(6) {
            let &[high, low, ref value @ ..] = setting else {
                break;
            };
            let value = value.try_into().map_or(0, u32::from_be_bytes);
            match u16::from_be_bytes([high, low]) {
                1 => self.header_table_size = value,
                2 if value > 1 => return Err(Error::protocol("push is neither on nor off")),
                2 => self.enable_push = value,
                3 => self.max_concurrent_streams = Some(value),
                4 if value > MAX_WINDOW => {
                    let why = "the first window is larger than there may be";
                    return Err(Error::Connection(Code::FlowControl, why));
                }
                4 => self.initial_window_size = value,
                5 if !(MAX_FRAME..1 << 24).contains(&value) => {
                    return Err(Error::protocol("frames cannot have that size"));
                }
                5 => self.max_frame_size = value,
                6 => self.max_header_list_size = Some(value),
                _ => {}
            }
        }
        Ok(())
    }

    /// The frame that says them: those that are not taken for granted.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        let usual = Self::default();
        let all = [
            (1, self.header_table_size, usual.header_table_size),
            (2, self.enable_push, usual.enable_push),
            (4, self.initial_window_size, usual.initial_window_size),
            (5, self.max_frame_size, usual.max_frame_size),
        ];
        let said = all.into_iter().filter(|(_, value, usual)| value != usual);
        let said = said.map(|(id, value, _)| (id, value));
        let limits = [
            (3, self.max_concurrent_streams),
            (6, self.max_header_list_size),
        ];
        let limits = limits
            .into_iter()
            .filter_map(|(id, value)| Some((id, value?)));
        let said: Vec<(u16, u32)> = said.chain(limits).collect();
        let head = Head::new(said.len() * 6, Kind::Settings, Flags::NONE, 0);
        out.extend_from_slice(&head.bytes());
        for (id, value) in said {
            out.extend_from_slice(&id.to_be_bytes());
            out.extend_from_slice(&value.to_be_bytes());
        }
    }
}
