//! Which fields can be passed over at once?
//!
//! Nearly all bytes of a request are in fields that have short keys and lengths and hold nothing that holds something:
//! those are passed over here, many in a row. What is not just so is left to the walk that knows everything.

/// What a field must look like to be passed over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Simple {
    /// It is left to the walk.
    No,
    /// One byte.
    Short,
    Fixed64,
    Fixed32,
    Bytes,
    Text,
    Id8,
    Id16,
    Attribute,
}

/// What a field must look like, by its key, if that is one byte.
pub(super) type Table = [Simple; 128];

/// The rest of a message after the simple fields at its front.
#[inline]
pub(super) fn pass<'a>(table: &Table, message: &'a [u8]) -> &'a [u8] {
    let mut rest = message;
    while let [key, after @ ..] = rest
        && let Some(simple) = table.get(usize::from(*key))
    {
        let next = match simple {
            Simple::No => None,
            Simple::Short => match after {
                [0..0x80, next @ ..] => Some(next),
                _ => None,
            },
            Simple::Fixed64 => after.get(8..),
            Simple::Fixed32 => after.get(4..),
            Simple::Bytes => short(after).map(|(_, next)| next),
            Simple::Text => short(after).and_then(|(text, next)| ascii(text).then_some(next)),
            Simple::Id8 => match after {
                [8, next @ ..] => next.get(8..),
                _ => None,
            },
            Simple::Id16 => match after {
                [16, next @ ..] => next.get(16..),
                _ => None,
            },
            Simple::Attribute => {
                short(after).and_then(|(inner, next)| is_plain_attribute(inner).then_some(next))
            }
        };
        let Some(next) = next else { break };
        rest = next;
    }
    rest
}

/// What has a length of one byte before it, and what comes after.
#[inline]
fn short(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    match bytes {
        [length @ 0..0x80, rest @ ..] => rest.split_at_checked(usize::from(*length)),
        _ => None,
    }
}

/// Whether it is an attribute as nearly all are: a short key in ASCII, then a short string in ASCII or a number.
#[inline]
fn is_plain_attribute(bytes: &[u8]) -> bool {
    let [0x0a, after @ ..] = bytes else {
        return false;
    };
    let Some((key, [0x12, value @ ..])) = short(after) else {
        return false;
    };
    let Some((value, [])) = short(value) else {
        return false;
    };
    match value {
        [0x0a, text @ ..] => match short(text) {
            // All of it is: looking at both strings at once is quicker.
            Some((_, [])) => ascii(bytes),
            _ => false,
        },
        [0x10 | 0x18, number @ ..] => is_varint(number) && ascii(key),
        [0x21, number @ ..] => number.len() == 8 && ascii(key),
        [] => ascii(key),
        _ => false,
    }
}

/// Whether it is one varint that certainly fits.
#[inline]
fn is_varint(bytes: &[u8]) -> bool {
    match bytes.split_last() {
        Some((0..0x80, more)) => more.len() < 9 && more.iter().all(|byte| *byte >= 0x80),
        _ => false,
    }
}

/// Whether all bytes are ASCII: eight at a time, the last ones once more where they are no eight.
#[inline]
pub(super) fn ascii(bytes: &[u8]) -> bool {
    const HIGH: u64 = u64::MAX / 0xff * 0x80;
    let Some(last) = bytes.last_chunk::<8>() else {
        return bytes.iter().fold(0, |all, byte| all | byte) < 0x80;
    };
    let (words, _) = bytes.as_chunks::<8>();
    let all = words.iter().fold(u64::from_ne_bytes(*last), |all, word| {
        all | u64::from_ne_bytes(*word)
    });
    all & HIGH == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_attributes_are_told_from_others() {
        let cases: [(&[u8], bool); 14] = [
            (b"\x0a\x01k\x12\x03\x0a\x01v", true),
            (b"\x0a\x01k\x12\x02\x18\x05", true),
            (b"\x0a\x01k\x12\x03\x18\xc8\x01", true),
            (b"\x0a\x01k\x12\x02\x10\x01", true),
            (
                b"\x0a\x01k\x12\x09\x21\xff\xff\xff\xff\xff\xff\xff\xff",
                true,
            ),
            (b"\x0a\x01k\x12\x00", true),
            (b"\x0a\x01\xff\x12\x02\x18\x05", false),
            (b"\x0a\x01k\x12\x03\x0a\x01\xff", false),
            (b"\x0a\x01k\x12\x02\x18\xc8", false),
            (b"\x0a\x01k\x12\x04\x0a\x01v\x00", false),
            (b"\x0a\x01k\x12\x03\x0a\x02v", false),
            (b"\x0a\x01k\x12\x03\x0a\x01v\x00", false),
            (b"\x0a\x02k", false),
            (b"", false),
        ];
        for (bytes, expected) in cases {
            assert_eq!(is_plain_attribute(bytes), expected, "{bytes:x?}");
        }
    }

    proptest! {
        #[test]
        fn ascii_is_what_the_library_says(
            bytes in proptest::collection::vec(0..0x80_u8, 0..40),
            at in 0..60_usize,
        ) {
            let mut bytes = bytes;
            if let Some(byte) = bytes.get_mut(at) {
                *byte |= 0x80;
            }
            prop_assert_eq!(ascii(&bytes), bytes.is_ascii());
        }
    }
}
