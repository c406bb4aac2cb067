//! Which number do some bytes make? FNV-1a, by which others decide too, and of 64 bits what is on disk.

/// The hash of 64 bits.
pub(crate) fn of_64(bytes: &[u8]) -> u64 {
    with_64(0xcbf2_9ce4_8422_2325, bytes)
}

/// The same of what `before` is the hash of and the bytes after it.
pub(crate) fn with_64(before: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(before, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The hash of 32 bits.
pub(crate) fn of_32<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    bytes.fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_what_others_say_they_are() {
        for (text, short, long) in [
            ("", 0x811c_9dc5, 0xcbf2_9ce4_8422_2325),
            ("a", 0xe40c_292c, 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0xbf9c_f968, 0x8594_4171_f739_67e8),
        ] {
            assert_eq!(of_32(text.as_bytes().iter()), short, "{text}");
            assert_eq!(of_64(text.as_bytes()), long, "{text}");
        }
        assert_eq!(with_64(of_64(b"foo"), b"bar"), of_64(b"foobar"));
    }
}
