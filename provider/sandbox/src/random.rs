//! Where do unpredictable names and uids come from?

use std::hash::{BuildHasher, Hasher, RandomState};

/// 64 unpredictable bits. The standard library seeds each hasher from the system's randomness, which
/// is all that names and uids of a simulation need.
pub(crate) fn bits() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A version 4 UUID.
pub(crate) fn uuid() -> String {
    let (high, low) = (bits(), bits());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff,
    )
}

/// Five letters as `generateName` appends them: no vowels and no look-alikes.
pub(crate) fn suffix() -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut rest = bits();
    (0..5)
        .map(|_| {
            let letter = LETTERS[usize::try_from(rest % 27).unwrap_or_default()];
            rest /= 27;
            char::from(letter)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_uuid_has_its_shape_and_is_never_the_same() {
        let (one, other) = (super::uuid(), super::uuid());
        assert_eq!(one.len(), 36);
        assert_eq!(one.as_bytes()[14], b'4');
        assert_ne!(one, other);
        assert_eq!(super::suffix().len(), 5);
    }
}
