//! How is a message inflated, without more memory than was charged?

use std::{cell::RefCell, io, io::Read, sync::LazyLock};

use bytes::Bytes;
use regex::bytes::Regex;
use zstd::{stream::raw, stream::raw::Operation, zstd_safe};

use super::{body::Limits, lz4::Lz4};
use crate::{Charge, Encoding, Refusal};

/// No compression of these formats makes more than so many bytes of one.
const MOST: u64 = 1032;
/// How much is asked for at a time where the size is not known.
const STEP: usize = 64 << 10;
/// The largest window of zstd that is followed, as a power of two: what no encoder here exceeds by default.
const ZSTD_WINDOW: u32 = 23;

/// What begins the framed form of snappy. Clients of the collector sent it by the name of the other one for years.
const FRAMES: &[u8] = b"\xff\x06\x00\x00sNaPpY";

/// What begins a member of gzip. Where it stands inside of a message there may be a second one.
static MEMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u)\x1f\x8b\x08").expect("the expression is a constant, and tested")
});

thread_local! {
    static GZIP: RefCell<libdeflater::Decompressor> = RefCell::new(libdeflater::Decompressor::new());
}

/// Inflates a message. What it will take is charged before; if it does not say how much that is, as it goes.
pub(super) async fn inflate(
    encoding: Encoding,
    packed: &Bytes,
    limits: &Limits<'_>,
) -> Result<(Vec<u8>, Charge), Refusal> {
    let said = said_size(encoding, packed);
    let most = (packed.len() as u64).saturating_mul(MOST);
    let expected = said.unwrap_or(4 * packed.len() as u64).min(most);
    // One that says more than it may be is refused before it takes anything.
    let first = if said.is_some() {
        expected
    } else {
        expected.min(limits.message)
    };
    let charge = limits.charge(first).await?;
    let mut out = Out {
        bytes: Vec::new(),
        charge,
        limit: limits.message,
    };
    out.inflate(encoding, packed)?;
    let Out {
        mut bytes,
        mut charge,
        ..
    } = out;
    if bytes.capacity() > bytes.len() + bytes.len() / 8 {
        bytes.shrink_to_fit();
    }
    charge.shrink_to(bytes.capacity() as u64);
    Ok((bytes, charge))
}

/// How large a message says that it becomes.
fn said_size(encoding: Encoding, packed: &[u8]) -> Option<u64> {
    match encoding {
        Encoding::Gzip => {
            let last = packed.last_chunk::<4>()?;
            Some(u64::from(u32::from_le_bytes(*last)))
        }
        Encoding::Zstd => zstd_safe::get_frame_content_size(packed).ok().flatten(),
        Encoding::SnappyBlock if !packed.starts_with(FRAMES) => {
            let length = snap::raw::decompress_len(packed).ok()?;
            Some(length as u64)
        }
        Encoding::Zlib | Encoding::Snappy | Encoding::SnappyBlock | Encoding::Lz4 => None,
    }
}

/// What was inflated so far, and may be.
struct Out {
    bytes: Vec<u8>,
    charge: Charge,
    limit: u64,
}

impl Out {
    fn inflate(&mut self, encoding: Encoding, packed: &[u8]) -> Result<(), Refusal> {
        match encoding {
            Encoding::Gzip if self.whole_gzip(packed) => Ok(()),
            Encoding::Gzip => self.read(flate2::bufread::MultiGzDecoder::new(packed)),
            Encoding::Zlib => self.read(flate2::bufread::ZlibDecoder::new(packed)),
            Encoding::Zstd => self.read(Zstd::new(packed).map_err(|error| broken(&error))?),
            Encoding::Lz4 => self.read(Lz4::new(packed)),
            // Nothing in frames is nothing, too.
            Encoding::SnappyBlock if packed.is_empty() => Ok(()),
            Encoding::SnappyBlock if !packed.starts_with(FRAMES) => self.block(packed),
            Encoding::Snappy | Encoding::SnappyBlock => {
                self.read(snap::read::FrameDecoder::new(packed))
            }
        }
    }

    /// A block of snappy, which said how large it becomes; that was charged.
    fn block(&mut self, packed: &[u8]) -> Result<(), Refusal> {
        let length = snap::raw::decompress_len(packed).map_err(|error| broken(&error.into()))?;
        if length as u64 > self.charge.bytes() {
            return Err(Refusal::invalid(
                "the message says that it is larger than it can be",
            ));
        }
        let inflated = snap::raw::Decoder::new().decompress_vec(packed);
        self.bytes = inflated.map_err(|error| broken(&error.into()))?;
        Ok(())
    }

    /// The quick way, for a message of one member, as nearly all are.
    fn whole_gzip(&mut self, packed: &[u8]) -> bool {
        let size = usize::try_from(self.charge.bytes()).unwrap_or(usize::MAX);
        if packed.get(1..).is_none_or(|rest| MEMBER.is_match(rest)) {
            return false;
        }
        self.bytes = vec![0; size];
        let inflated = GZIP.with_borrow_mut(|gzip| gzip.gzip_decompress(packed, &mut self.bytes));
        if inflated == Ok(size) {
            return true;
        }
        self.bytes = Vec::new();
        false
    }

    /// The way of any size.
    fn read(&mut self, mut from: impl Read) -> Result<(), Refusal> {
        // What was charged is there at once, and the rest grows.
        self.bytes
            .reserve_exact(usize::try_from(self.charge.bytes()).unwrap_or(0));
        let mut piece = [0_u8; 16 << 10];
        loop {
            match from.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(count) => self.push(&piece[..count])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(&error)),
            }
        }
    }

    fn push(&mut self, piece: &[u8]) -> Result<(), Refusal> {
        let bytes = (self.bytes.len() + piece.len()) as u64;
        if bytes > self.limit {
            let limit = self.limit;
            return Err(Refusal::TooLarge { bytes, limit });
        }
        let short = bytes.saturating_sub(self.charge.bytes());
        if short > 0 {
            let step = (self.bytes.len() / 2).max(STEP) as u64;
            let more = short.max(step.min(self.limit - self.charge.bytes()));
            if !self.charge.grow(more) {
                return Err(Refusal::used_up());
            }
            let room = usize::try_from(self.charge.bytes()).unwrap_or(usize::MAX);
            self.bytes
                .reserve_exact(room.saturating_sub(self.bytes.len()));
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }
}

fn broken(error: &io::Error) -> Refusal {
    Refusal::invalid(format!("the message cannot be inflated: {error}"))
}

/// Reads zstd, frame after frame.
struct Zstd<'a> {
    decoder: raw::Decoder<'static>,
    input: zstd_safe::InBuffer<'a>,
    within: bool,
}

impl<'a> Zstd<'a> {
    fn new(packed: &'a [u8]) -> io::Result<Self> {
        let mut decoder = raw::Decoder::new()?;
        decoder.set_parameter(zstd_safe::DParameter::WindowLogMax(ZSTD_WINDOW))?;
        Ok(Self {
            decoder,
            input: zstd_safe::InBuffer::around(packed),
            within: true,
        })
    }
}

impl Read for Zstd<'_> {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        loop {
            let all = self.input.pos() == self.input.src.len();
            if all && !self.within {
                return Ok(0);
            }
            let mut output = zstd_safe::OutBuffer::around(piece);
            let before = self.input.pos();
            self.within = self.decoder.run(&mut self.input, &mut output)? != 0;
            if output.pos() > 0 {
                return Ok(output.pos());
            }
            if self.within && all && self.input.pos() == before {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, sync::Arc, time::Duration};

    use super::*;
    use crate::Budget;

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn snappy(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = snap::write::FrameEncoder::new(Vec::new());
        encoder.write_all(bytes).unwrap();
        encoder.into_inner().unwrap()
    }

    fn block(bytes: &[u8]) -> Vec<u8> {
        snap::raw::Encoder::new().compress_vec(bytes).unwrap()
    }

    fn lz4(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// As the collector sends it, and with all else that a frame may have.
    fn linked_lz4(bytes: &[u8]) -> Vec<u8> {
        let info = lz4_flex::frame::FrameInfo::new()
            .block_mode(lz4_flex::frame::BlockMode::Linked)
            .block_checksums(true)
            .content_checksum(true)
            .content_size(Some(bytes.len() as u64));
        let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 1).unwrap()
    }

    async fn run(
        encoding: Encoding,
        packed: Vec<u8>,
        budget: &Arc<Budget>,
    ) -> Result<Vec<u8>, Refusal> {
        let limits = Limits {
            message: 1 << 20,
            budget,
            patience: Duration::ZERO,
            silence: Duration::ZERO,
        };
        let (bytes, charge) = inflate(encoding, &packed.into(), &limits).await?;
        assert_eq!(charge.bytes(), bytes.capacity() as u64);
        assert!(charge.bytes() <= bytes.len() as u64 * 2 + 64);
        Ok(bytes)
    }

    #[tokio::test]
    async fn what_was_compressed_comes_back() {
        let budget = Budget::new(8 << 20);
        for size in [0, 1, 1000, 1 << 20] {
            let text: Vec<u8> = (0..=250).cycle().take(size).collect();
            let cases = [
                (Encoding::Gzip, gzip(&text)),
                (Encoding::Zlib, zlib(&text)),
                (Encoding::Zstd, zstd(&text)),
                (Encoding::Zstd, zstd::bulk::compress(&text, 1).unwrap()),
                (Encoding::Snappy, snappy(&text)),
                (Encoding::SnappyBlock, block(&text)),
                (Encoding::SnappyBlock, snappy(&text)),
                (Encoding::Lz4, lz4(&text)),
                (Encoding::Lz4, linked_lz4(&text)),
            ];
            for (encoding, packed) in cases {
                let out = run(encoding, packed, &budget).await.unwrap();
                assert!(out == text, "{encoding:?} of {size}");
            }
        }
        assert_eq!(budget.used(), 0);
    }

    #[tokio::test]
    async fn several_members_are_one_message() {
        let budget = Budget::new(8 << 20);
        // Twice the same: the last one says of itself what is true of the first, too.
        for parts in [["ab", "ab"], ["abcdef", "g"], ["", "x"]] {
            let packed = [gzip(parts[0].as_bytes()), gzip(parts[1].as_bytes())].concat();
            let out = run(Encoding::Gzip, packed, &budget).await.unwrap();
            assert_eq!(out, parts.concat().as_bytes());
            let packed = [zstd(parts[0].as_bytes()), zstd(parts[1].as_bytes())].concat();
            let out = run(Encoding::Zstd, packed, &budget).await.unwrap();
            assert_eq!(out, parts.concat().as_bytes());
            let packed = [lz4(parts[0].as_bytes()), linked_lz4(parts[1].as_bytes())].concat();
            let out = run(Encoding::Lz4, packed, &budget).await.unwrap();
            assert_eq!(out, parts.concat().as_bytes());
        }
    }

    #[tokio::test]
    async fn a_bomb_is_refused_for_good_and_takes_no_more_than_the_limit() {
        let budget = Budget::new(2 << 20);
        let zeros = vec![0; 64 << 20];
        let mut lying = gzip(&zeros);
        let end = lying.len() - 4;
        lying[end..].copy_from_slice(&100_u32.to_le_bytes());
        let cases = [
            (Encoding::Gzip, gzip(&zeros)),
            (Encoding::Gzip, lying),
            (Encoding::Gzip, [gzip(&zeros), gzip(b"end")].concat()),
            (Encoding::Zlib, zlib(&zeros)),
            (Encoding::Zstd, zstd(&zeros)),
            (Encoding::Snappy, snappy(&zeros)),
            (Encoding::SnappyBlock, block(&zeros)),
            (Encoding::Lz4, lz4(&zeros)),
            (Encoding::Lz4, linked_lz4(&zeros)),
        ];
        for (index, (encoding, packed)) in cases.into_iter().enumerate() {
            let refusal = run(encoding, packed, &budget).await.unwrap_err();
            assert!(
                matches!(
                    refusal,
                    Refusal::TooLarge {
                        limit: 0x0010_0000,
                        ..
                    }
                ),
                "{index}: {refusal:?}"
            );
        }
        assert_eq!(budget.used(), 0);
    }

    #[tokio::test]
    async fn what_is_broken_is_refused_for_good() {
        let budget = Budget::new(2 << 20);
        for encoding in [
            Encoding::Gzip,
            Encoding::Zlib,
            Encoding::Zstd,
            Encoding::Snappy,
            Encoding::SnappyBlock,
            Encoding::Lz4,
        ] {
            let whole = match encoding {
                Encoding::Gzip => gzip(b"some text"),
                Encoding::Zlib => zlib(b"some text"),
                Encoding::Zstd => zstd(b"some text"),
                Encoding::Snappy => snappy(b"some text"),
                Encoding::SnappyBlock => block(b"some text"),
                Encoding::Lz4 => lz4(b"some text"),
            };
            for packed in [whole[..whole.len() - 1].to_vec(), b"no such thing".to_vec()] {
                let refusal = run(encoding, packed, &budget).await.unwrap_err();
                assert!(
                    matches!(refusal, Refusal::Invalid { .. }),
                    "{encoding:?}: {refusal:?}"
                );
            }
        }
    }

    #[tokio::test]
    async fn lz4_that_was_cut_off_is_refused_wherever_that_was() {
        let budget = Budget::new(2 << 20);
        let mut in_blocks = lz4_flex::frame::FrameEncoder::new(Vec::new());
        for block in ["a", "aaaaaaaaaaaaaaaaaaaaaaaa", "bcd"] {
            in_blocks.write_all(block.as_bytes()).unwrap();
            in_blocks.flush().unwrap();
        }
        let in_blocks = in_blocks.finish().unwrap();
        let boundary = in_blocks.len();
        for whole in [
            linked_lz4(b"some text, some text"),
            [in_blocks, linked_lz4(b"b")].concat(),
        ] {
            for end in (1..whole.len()).filter(|end| *end != boundary) {
                let refusal = run(Encoding::Lz4, whole[..end].to_vec(), &budget).await;
                let refusal = refusal.map(|bytes| bytes.len()).unwrap_err();
                assert!(
                    matches!(refusal, Refusal::Invalid { .. }),
                    "{end}: {refusal:?}"
                );
            }
            for at in 0..whole.len() {
                let mut changed = whole.clone();
                changed[at] ^= 0x55;
                // Only frames that carry a sum of their content tell every change.
                let _ = run(Encoding::Lz4, changed, &budget).await;
            }
        }
        assert_eq!(budget.used(), 0);
    }
}
