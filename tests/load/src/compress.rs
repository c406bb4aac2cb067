//! How is a message made smaller, and large again?

use std::io::Read as _;

use libdeflater::{CompressionLvl, Compressor, Decompressor};

/// How a message is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Encoding {
    /// As it is.
    #[default]
    None,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
}

impl Encoding {
    /// Its name in HTTP and gRPC headers.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// What a message is, by its first bytes: no OTLP request begins as gzip and zstd do.
    pub fn of(message: &[u8]) -> Self {
        match message {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// Keeps what encoding and decoding need, so that no message allocates it anew.
pub struct Codec {
    deflate: Compressor,
    inflate: Decompressor,
    buffer: Vec<u8>,
}

impl Default for Codec {
    fn default() -> Self {
        Self {
            deflate: Compressor::new(CompressionLvl::new(1).expect("there is a level 1")),
            inflate: Decompressor::new(),
            buffer: Vec::new(),
        }
    }
}

impl Codec {
    /// Adds the encoded message to `out`.
    pub fn encode(&mut self, encoding: Encoding, message: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        match encoding {
            Encoding::None => out.extend_from_slice(message),
            Encoding::Gzip => {
                let bound = self.deflate.gzip_compress_bound(message.len());
                out.resize(start + bound, 0);
                let written = self.deflate.gzip_compress(message, &mut out[start..]);
                out.truncate(start + written.expect("the bound is the compressor's own"));
            }
            Encoding::Zstd => {
                let encoded = zstd::bulk::compress(message, 1);
                out.extend(encoded.expect("compressing memory into memory does not fail"));
            }
        }
    }

    /// The message that was encoded, or none if it is broken.
    pub fn decode<'a>(&'a mut self, message: &'a [u8]) -> Option<&'a [u8]> {
        match Encoding::of(message) {
            Encoding::None => return Some(message),
            Encoding::Gzip => self.gunzip(message)?,
            Encoding::Zstd => {
                self.buffer.clear();
                zstd::stream::read::Decoder::with_buffer(message)
                    .ok()?
                    .read_to_end(&mut self.buffer)
                    .ok()?;
            }
        }
        Some(&self.buffer)
    }

    /// One member at once, as its trailer says how large it is; several, which nearly nobody sends, bit by bit.
    fn gunzip(&mut self, message: &[u8]) -> Option<()> {
        let size = u32::from_le_bytes(*message.last_chunk()?) as usize;
        self.buffer.clear();
        if size < message.len().saturating_mul(1100) {
            self.buffer.resize(size, 0);
            let written = self.inflate.gzip_decompress(message, &mut self.buffer);
            // A second member with the same length after the first would be overlooked but for its bytes.
            if written == Ok(size) && Self::members(message) == 1 {
                return Some(());
            }
        }
        self.buffer.clear();
        flate2::read::MultiGzDecoder::new(message)
            .read_to_end(&mut self.buffer)
            .ok()
            .map(drop)
    }

    /// How many members there might be: starts of one are looked for only where a whole header stands.
    fn members(message: &[u8]) -> usize {
        let start = [0x1f, 0x8b, 8, 0];
        message.windows(4).filter(|four| *four == start).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_comes_back() {
        let message = b"\x0a\x05hello".repeat(500);
        let mut codec = Codec::default();
        for encoding in [Encoding::None, Encoding::Gzip, Encoding::Zstd] {
            let mut encoded = Vec::new();
            codec.encode(encoding, &message, &mut encoded);
            assert_eq!(Encoding::of(&encoded), encoding);
            assert_eq!(codec.decode(&encoded), Some(&message[..]));
            if encoding != Encoding::None {
                let twice = [&encoded[..], &encoded].concat();
                assert_eq!(codec.decode(&twice).unwrap().len(), 2 * message.len());
                assert_eq!(codec.decode(&encoded[..encoded.len() / 2]), None);
            }
        }
    }
}
