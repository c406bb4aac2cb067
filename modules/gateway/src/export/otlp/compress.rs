//! How is a message made smaller before it is sent?

use std::{cell::RefCell, io, io::Write as _};

use bytes::Bytes;
use libdeflater::{CompressionLvl, Compressor};
use lz4_flex::frame::{FrameEncoder, FrameInfo};

use crate::{Chunks, Encoding, settings::WireCompression};

/// What suits a gateway: little work, for what is sent is read at once.
const LEVEL: i32 = 1;

thread_local! {
    static GZIP: RefCell<Option<(i32, Compressor)>> = const { RefCell::new(None) };
}

/// Which encoding a setting means, if any.
pub(crate) fn encoding(compression: WireCompression) -> Option<Encoding> {
    match compression {
        WireCompression::None => None,
        WireCompression::Gzip(_) => Some(Encoding::Gzip),
        WireCompression::Zstd(_) => Some(Encoding::Zstd),
        WireCompression::Snappy => Some(Encoding::Snappy),
        WireCompression::SnappyBlock => Some(Encoding::SnappyBlock),
        WireCompression::Lz4 => Some(Encoding::Lz4),
    }
}

/// How many bytes [`compress`] may make: none where it is sent as it is, or as it came.
pub(super) fn most(body: &Chunks, compression: WireCompression) -> u64 {
    match encoding(compression) {
        Some(encoding) if body.packed(encoding).is_none() => body.len() as u64,
        Some(_) | None => 0,
    }
}

/// The message as it is sent, and in which encoding. What came compressed in the same way is sent as it came.
pub(super) fn compress(
    body: &Chunks,
    compression: WireCompression,
) -> io::Result<(Chunks, Option<Encoding>)> {
    let Some(encoding) = encoding(compression) else {
        return Ok((body.clone(), None));
    };
    if let Some(packed) = body.packed(encoding) {
        return Ok((Chunks::from(packed.clone()), Some(encoding)));
    }
    let whole = body.joined();
    let mut packed = match compression {
        WireCompression::None => return Ok((body.clone(), None)),
        WireCompression::Gzip(level) => gzip(&whole, level.unwrap_or(LEVEL))?,
        WireCompression::Zstd(level) => zstd::bulk::compress(&whole, level.unwrap_or(LEVEL))?,
        WireCompression::Snappy => {
            let mut encoder = snap::write::FrameEncoder::new(Vec::new());
            encoder.write_all(&whole)?;
            encoder
                .into_inner()
                .map_err(|error| io::Error::other(error.to_string()))?
        }
        WireCompression::SnappyBlock => snap::raw::Encoder::new().compress_vec(&whole)?,
        WireCompression::Lz4 => lz4(&whole)?,
    };
    // Some make room for the worst case, and it is kept until all has arrived.
    packed.shrink_to_fit();
    Ok((Chunks::from(Bytes::from(packed)), Some(encoding)))
}

fn lz4(whole: &[u8]) -> io::Result<Vec<u8>> {
    // As the collector writes it: whoever reads can tell that all is as it was.
    let frame = FrameInfo::new().content_checksum(true);
    let mut encoder = FrameEncoder::with_frame_info(frame, Vec::new());
    encoder.write_all(whole)?;
    Ok(encoder.finish()?)
}

fn gzip(whole: &[u8], level: i32) -> io::Result<Vec<u8>> {
    GZIP.with_borrow_mut(|kept| {
        if kept.as_ref().is_none_or(|(known, _)| *known != level) {
            // The collector's levels: -1 is what the library takes for granted, -2 is the least work.
            let wanted = match level {
                -1 => CompressionLvl::default(),
                level => CompressionLvl::new(level.clamp(1, 12))
                    .map_err(|_| io::Error::other("there is no such level of gzip"))?,
            };
            *kept = Some((level, Compressor::new(wanted)));
        }
        let Some((_, compressor)) = kept else {
            return Err(io::Error::other("there is no compressor"));
        };
        let mut packed = vec![0; compressor.gzip_compress_bound(whole.len())];
        let length = compressor
            .gzip_compress(whole, &mut packed)
            .map_err(|error| io::Error::other(error.to_string()))?;
        packed.truncate(length);
        Ok(packed)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn what_is_compressed_can_be_read_again() {
        let text = b"some text, some text, some text".repeat(100);
        let body: Chunks = [&text[..10], &text[10..]]
            .map(Bytes::copy_from_slice)
            .into_iter()
            .collect();
        let cases = [
            WireCompression::Gzip(None),
            WireCompression::Gzip(Some(9)),
            WireCompression::Gzip(Some(-1)),
            WireCompression::Zstd(None),
            WireCompression::Snappy,
            WireCompression::SnappyBlock,
            WireCompression::Lz4,
        ];
        for case in cases {
            let (packed, encoding) = compress(&body, case).unwrap();
            let packed = packed.joined();
            assert!(packed.len() < text.len() / 2);
            let mut out = Vec::new();
            match encoding.unwrap() {
                Encoding::Gzip => flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut out),
                Encoding::Zlib => flate2::read::ZlibDecoder::new(&packed[..]).read_to_end(&mut out),
                Encoding::Zstd => zstd::Decoder::new(&packed[..])
                    .unwrap()
                    .read_to_end(&mut out),
                Encoding::Snappy => {
                    snap::read::FrameDecoder::new(&packed[..]).read_to_end(&mut out)
                }
                Encoding::SnappyBlock => {
                    out = snap::raw::Decoder::new().decompress_vec(&packed).unwrap();
                    Ok(out.len())
                }
                Encoding::Lz4 => {
                    lz4_flex::frame::FrameDecoder::new(&packed[..]).read_to_end(&mut out)
                }
            }
            .unwrap();
            assert!(out == text, "{case:?}");
        }
    }

    #[test]
    fn what_came_compressed_goes_as_it_came() {
        let body = Chunks::from(Bytes::from_static(b"text"))
            .with_packed(Encoding::Gzip, Bytes::from_static(b"packed"));
        let (sent, _) = compress(&body, WireCompression::Gzip(None)).unwrap();
        assert_eq!(sent.joined(), b"packed".as_slice());
        let (sent, _) = compress(&body, WireCompression::None).unwrap();
        assert_eq!(sent.joined(), b"text".as_slice());
        let mut changed = body;
        changed.push(Bytes::from_static(b" more"));
        assert!(changed.packed(Encoding::Gzip).is_none());
    }
}
