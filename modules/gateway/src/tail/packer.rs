//! How does a block take less room while its spans wait?

use lz4_flex::block::{compress_into, decompress_into, get_maximum_output_size};

/// Packs blocks with LZ4 and unpacks them, in a buffer that it keeps.
#[derive(Default)]
pub(super) struct Packer(Vec<u8>);

impl Packer {
    /// How many bytes it takes once it has packed one of so many.
    pub(super) fn bytes(block: usize) -> usize {
        get_maximum_output_size(block)
    }

    /// How many bytes it takes.
    pub(super) fn taken(&self) -> usize {
        self.0.capacity()
    }

    /// The same bytes in fewer; none where that does not pay.
    pub(super) fn packed(&mut self, bytes: &[u8]) -> Option<Box<[u8]>> {
        let room = Self::bytes(bytes.len());
        if self.0.len() < room {
            self.0 = vec![0; room];
        }
        let packed = compress_into(bytes, &mut self.0).ok()?;
        (packed < bytes.len() / 4 * 3).then(|| self.0[..packed].into())
    }

    /// The bytes again that were packed.
    pub(super) fn unpacked(&mut self, packed: &[u8], bytes: usize) -> &[u8] {
        if self.0.len() < bytes {
            self.0 = vec![0; bytes];
        }
        let unpacked = decompress_into(packed, &mut self.0);
        debug_assert_eq!(unpacked.ok(), Some(bytes), "it was packed here");
        &self.0[..bytes]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_the_same_again_and_what_does_not_shrink_is_left() {
        let mut packer = Packer::default();
        let alike = b"a span is much like another".repeat(99);
        let packed = packer.packed(&alike).unwrap();
        assert!(packed.len() < alike.len() / 9);
        assert_eq!(packer.unpacked(&packed, alike.len()), alike);
        assert_eq!(packer.taken(), Packer::bytes(alike.len()));
        let mut dice = fastrand::Rng::with_seed(7);
        let noise: Vec<u8> = (0..999).map(|_| dice.u8(..)).collect();
        assert_eq!(packer.packed(&noise), None);
        assert_eq!(Packer::default().unpacked(&packed, alike.len()), alike);
    }
}
