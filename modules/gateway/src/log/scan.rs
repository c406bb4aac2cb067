//! Which records are in a segment, whatever happened to it?

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::{
    disk::{DiskFile, read_full},
    format::{Codec, Header, Life, RECORD_HEADER, RECORD_MAGIC, SEGMENT_HEADER, TERMINATOR},
};

/// How many bytes are read at a time: large enough that a call costs little beside them.
const WINDOW: usize = 256 << 10;
/// What is read at a time where the larger read failed, and where the next header is far.
const PAGE: usize = 4 << 10;
/// Records so far apart are not read on the way to the next header: who wants a body reads that alone.
const FAR: u64 = WINDOW as u64 / 4;

/// What comes next in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A record whose header is sound.
    Record { at: u64, header: Header },
    /// Bytes that are no record although one was expected.
    Damage { bytes: u64 },
}

/// Goes through a segment from record to record.
#[derive(Debug)]
pub(crate) struct Scan {
    file: Arc<dyn DiskFile>,
    life: Life,
    at: u64,
    end: u64,
    window: Vec<u8>,
    window_at: u64,
    /// How far the last record reached; at first nobody knows whether any is near.
    stride: u64,
    unreadable: bool,
}

impl Scan {
    /// A scan of the bytes of a file from `at` to `end`.
    pub(crate) fn new(file: Arc<dyn DiskFile>, life: Life, at: u64, end: u64) -> Self {
        Self {
            file,
            life,
            at: at.max(SEGMENT_HEADER),
            end,
            window: Vec::new(),
            window_at: 0,
            stride: FAR,
            unreadable: false,
        }
    }

    /// Lets the scan see what was appended since.
    pub(crate) fn extend_to(&mut self, end: u64) {
        // What was read before stays as it is: nothing is written twice.
        self.end = self.end.max(end);
    }

    /// The next record, or what is there instead; none at the end.
    pub(crate) fn next(&mut self) -> Option<Found> {
        if self.at + RECORD_HEADER > self.end {
            return None;
        }
        if let Some(header) = self.header_at(self.at) {
            let at = self.at;
            self.stride = header.stride();
            self.at += self.stride;
            return Some(Found::Record { at, header });
        }
        // What is searched is read in large steps.
        self.stride = 0;
        let from = self.at;
        let unused = self.look(from, TERMINATOR.len()) == TERMINATOR;
        let next = self.search(from + 8);
        self.at = next.unwrap_or(self.end);
        match next {
            // What ends in zeros is a segment that was not full.
            None if unused => None,
            None => Some(Found::Damage {
                bytes: RECORD_HEADER,
            }),
            Some(at) => Some(Found::Damage { bytes: at - from }),
        }
    }

    /// Whether the disk would not read some of it.
    pub(crate) fn is_unreadable(&self) -> bool {
        self.unreadable
    }

    /// The stored body of a record, if it is what was written.
    pub(crate) fn body(&mut self, at: u64, header: &Header) -> Option<Bytes> {
        let (start, length) = (at + RECORD_HEADER, header.stored as usize);
        let mut body = BytesMut::zeroed(length);
        let offset = start
            .checked_sub(self.window_at)
            .map(|offset| offset as usize);
        match offset.and_then(|offset| self.window.get(offset..offset + length)) {
            Some(bytes) => body.copy_from_slice(bytes),
            None => match read_full(&*self.file, start, &mut body) {
                Ok(read) if read == length => {}
                Ok(_) => return None,
                Err(_) => {
                    self.unreadable = true;
                    return None;
                }
            },
        }
        let sound = self.life.body_is_sound(header, &body);
        sound.then(|| body.freeze())
    }

    /// The body of a record as it was appended.
    pub(crate) fn appended(&mut self, at: u64, header: &Header) -> Option<Bytes> {
        let stored = self.body(at, header)?;
        match header.codec {
            Codec::Plain => Some(stored),
            Codec::Lz4 => lz4_flex::block::decompress(&stored, header.length as usize)
                .ok()
                .map(Bytes::from),
        }
    }

    fn header_at(&mut self, at: u64) -> Option<Header> {
        let (life, end) = (self.life, self.end);
        let header = Header::decode(self.look(at, RECORD_HEADER as usize), life)?;
        (at + RECORD_HEADER + u64::from(header.stored) <= end).then_some(header)
    }

    /// The first place from `at` on where the header of a record is.
    fn search(&mut self, mut at: u64) -> Option<u64> {
        while at + RECORD_HEADER <= self.end {
            let bytes = self.look(at, PAGE);
            if bytes.len() < RECORD_MAGIC.len() {
                return None;
            }
            let candidate = bytes
                .chunks(8)
                .position(|eight| eight.starts_with(&RECORD_MAGIC));
            match candidate {
                None => at += (bytes.len() as u64).next_multiple_of(8),
                Some(nth) => {
                    at += nth as u64 * 8;
                    if self.header_at(at).is_some() {
                        return Some(at);
                    }
                    at += 8;
                }
            }
        }
        None
    }

    /// Up to that many bytes from there on: fewer only at the end.
    fn look(&mut self, at: u64, length: usize) -> &[u8] {
        let wanted = length.min((self.end.saturating_sub(at)) as usize);
        let have = (self.window_at + self.window.len() as u64).saturating_sub(at) as usize;
        if at < self.window_at || have < wanted {
            self.fill(at);
        }
        let offset = ((at - self.window_at) as usize).min(self.window.len());
        let until = (offset + wanted).min(self.window.len());
        &self.window[offset..until]
    }

    fn fill(&mut self, at: u64) {
        let window = if self.stride < FAR { WINDOW } else { PAGE };
        let length = window.min((self.end.saturating_sub(at)) as usize);
        self.window.clear();
        self.window.resize(length, 0);
        self.window_at = at;
        let file = Arc::clone(&self.file);
        match read_full(&*file, at, &mut self.window) {
            Ok(read) => self.window.truncate(read),
            // What cannot be read counts as zeros, page by page, so that the rest is found.
            Err(_) => {
                for (nth, page) in self.window.chunks_mut(PAGE).enumerate() {
                    if read_full(&*file, at + (nth * PAGE) as u64, page).is_err() {
                        page.fill(0);
                        self.unreadable = true;
                    }
                }
            }
        }
    }
}
