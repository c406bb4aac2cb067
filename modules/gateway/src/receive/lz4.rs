//! How is lz4 read, in its frame format, so that what was cut off is not taken for the end?

use std::io::{self, Read};

use lz4_flex::frame::FrameDecoder;

/// Reads lz4, frame after frame.
pub(super) struct Lz4<'a>(FrameDecoder<Packed<'a>>);

/// What is still to be read. The decoder asks for the beginning of a frame with `read`, where there may be no more, and
/// for all else with `read_exact`; it takes it for the end wherever there is no more, which it is not within a frame.
struct Packed<'a> {
    rest: &'a [u8],
    begun: bool,
}

impl<'a> Lz4<'a> {
    pub(super) fn new(packed: &'a [u8]) -> Self {
        let begun = false;
        Self(FrameDecoder::new(Packed {
            rest: packed,
            begun,
        }))
    }
}

impl Read for Lz4<'_> {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.0.read(piece)?;
            if count > 0 || self.0.get_ref().rest.is_empty() {
                return Ok(count);
            }
            // A frame has ended, and another one follows.
            self.0.get_mut().begun = false;
        }
    }
}

impl Read for Packed<'_> {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        if self.begun && self.rest.is_empty() {
            return Err(cut_off());
        }
        self.begun = true;
        self.rest.read(piece)
    }

    fn read_exact(&mut self, piece: &mut [u8]) -> io::Result<()> {
        // Not as an end of the file: the decoder would not say it.
        self.rest.read_exact(piece).map_err(|_| cut_off())
    }
}

fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it ends within a frame")
}
