//! How a record gets into its segment.

use std::io;

use super::{
    disk::{DiskFile, write_all},
    format::{RECORD_HEADER, TERMINATOR, stride},
    segments::Filled,
};
use crate::Chunks;

/// Writes a record, and after it what says that nothing follows yet.
pub(super) fn write_record(place: &Filled, header: &[u8], body: &Chunks) -> io::Result<()> {
    let written = RECORD_HEADER + body.len() as u64;
    let padding = (stride(body.len() as u64) - written) as usize;
    let room = place.size.saturating_sub(place.used + written) as usize;
    let zeros = [0; 2 * TERMINATOR.len()];
    let tail = &zeros[..(padding + TERMINATOR.len()).min(room)];
    let mut pieces: smallvec::SmallVec<[&[u8]; 8]> = smallvec::smallvec![header];
    pieces.extend(body.iter().map(AsRef::as_ref));
    pieces.push(tail);
    let file: &dyn DiskFile = &*place.segment.file;
    write_all(file, place.used, &pieces)
}

/// The body in LZ4, if that is shorter.
pub(super) fn compress(body: &Chunks) -> Option<Chunks> {
    let joined = body.joined();
    let small = lz4_flex::block::compress(&joined);
    (small.len() < joined.len()).then(|| bytes::Bytes::from(small).into())
}
