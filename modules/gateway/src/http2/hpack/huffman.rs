//! How is a text written in the Huffman code (RFC 7541, appendix B)?
//!
//! The code is canonical: codes of one length follow each other in the order of their symbols, and longer ones come
//! after shorter ones. So the lengths say everything, and every table here is made from them by the compiler.

use super::DecodeError;

/// The longest code, in bits.
const LONGEST: usize = 30;
/// The symbol that must not be written.
const END: usize = 256;

/// How many bits each symbol has.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
    7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
    23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
    21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

/// Codes of one length, at the left of 32 bits.
#[derive(Clone, Copy)]
struct Length {
    /// Where they begin.
    from: u32,
    /// Where those that are longer begin.
    until: u64,
    /// How many symbols have shorter codes.
    before: u32,
}

/// The symbols in the order of their codes.
const SYMBOLS: [u16; 257] = symbols();
const BY_LENGTH: [Length; LONGEST + 1] = by_length();
/// What eight bits begin with: a symbol and its length, or 0 if the code is longer.
static SHORT: [(u8, u8); 256] = short();
static CODES: [(u32, u8); 256] = codes();

const fn symbols() -> [u16; 257] {
    let mut symbols = [0; 257];
    let (mut length, mut next) = (1, 0);
    while length <= LONGEST {
        let mut symbol = 0;
        while symbol < 257 {
            if LENGTHS[symbol as usize] as usize == length {
                symbols[next] = symbol;
                next += 1;
            }
            symbol += 1;
        }
        length += 1;
    }
    symbols
}

const fn by_length() -> [Length; LONGEST + 1] {
    let none = Length {
        from: 0,
        until: 0,
        before: 0,
    };
    let mut lengths = [none; LONGEST + 1];
    let (mut length, mut next, mut code) = (1, 0, 0_u64);
    while length <= LONGEST {
        let before = next;
        while next < 257 && LENGTHS[SYMBOLS[next] as usize] as usize == length {
            next += 1;
        }
        let until = code + (((next - before) as u64) << (32 - length));
        #[expect(clippy::cast_possible_truncation, reason = "32 bits hold every code")]
        let (from, before) = (code as u32, before as u32);
        lengths[length] = Length {
            from,
            until,
            before,
        };
        code = until;
        length += 1;
    }
    lengths
}

const fn short() -> [(u8, u8); 256] {
    let mut short = [(0, 0); 256];
    let mut bits = 0_u32;
    while bits < 256 {
        let (symbol, length) = find(bits << 24);
        if length <= 8 {
            #[expect(clippy::cast_possible_truncation, reason = "short codes are of bytes")]
            let entry = (symbol as u8, length as u8);
            short[bits as usize] = entry;
        }
        bits += 1;
    }
    short
}

const fn codes() -> [(u32, u8); 256] {
    let mut codes = [(0, 0); 256];
    let mut next = 0;
    while next < 257 {
        let symbol = SYMBOLS[next] as usize;
        let length = LENGTHS[symbol];
        let Length { from, before, .. } = BY_LENGTH[length as usize];
        if symbol != END {
            #[expect(clippy::cast_possible_truncation, reason = "an index below 257")]
            let at = next as u32 - before;
            codes[symbol] = ((from >> (32 - length)) + at, length);
        }
        next += 1;
    }
    codes
}

/// The symbol whose code stands at the left of 32 bits, and its length.
const fn find(bits: u32) -> (u16, usize) {
    let mut length = 5;
    while length < LONGEST && bits as u64 >= BY_LENGTH[length].until {
        length += 1;
    }
    let Length { from, before, .. } = BY_LENGTH[length];
    let at = before + ((bits - from) >> (32 - length));
    (SYMBOLS[at as usize], length)
}

/// Adds the text that was written so.
pub(super) fn read(packed: &[u8], text: &mut Vec<u8>) -> Result<(), DecodeError> {
    text.reserve(packed.len() * 8 / 5);
    let (mut bits, mut count, mut rest) = (0_u64, 0, packed);
    loop {
        while count <= 56
            && let Some((byte, others)) = rest.split_first()
        {
            bits |= u64::from(*byte) << (56 - count);
            count += 8;
            rest = others;
        }
        let window = (bits >> 32) as u32;
        let (byte, length) = SHORT[(window >> 24) as usize];
        let (symbol, length) = match length {
            0 => find(window),
            length => (u16::from(byte), usize::from(length)),
        };
        if length > count {
            // What fills the last byte are ones, fewer than eight.
            let ones = !(u64::MAX >> count);
            let filled = count < 8 && bits == ones;
            return filled.then_some(()).ok_or(DecodeError::Huffman);
        }
        let byte = u8::try_from(symbol).map_err(|_| DecodeError::Huffman)?;
        text.push(byte);
        bits <<= length;
        count -= length;
    }
}

/// How many bytes a text becomes.
pub(super) fn length(text: &[u8]) -> usize {
    let bits = text
        .iter()
        .map(|byte| usize::from(LENGTHS[usize::from(*byte)]));
    bits.sum::<usize>().div_ceil(8)
}

/// Writes a text.
pub(super) fn put(block: &mut Vec<u8>, text: &[u8]) {
    let (mut bits, mut count) = (0_u64, 0);
    for byte in text {
        let (code, length) = CODES[usize::from(*byte)];
        bits = bits << length | u64::from(code);
        count += u32::from(length);
        while count >= 8 {
            count -= 8;
            block.push((bits >> count & 0xff) as u8);
        }
    }
    if count > 0 {
        let filled = bits << (8 - count) | 0xff >> count;
        block.push((filled & 0xff) as u8);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(packed: &[u8]) -> Result<Vec<u8>, DecodeError> {
        let mut text = Vec::new();
        read(packed, &mut text).map(|()| text)
    }

    #[test]
    fn every_byte_has_the_code_of_the_specification() {
        // Some of each length, out of appendix B.
        let cases = [
            (b'0', 0x0, 5),
            (b't', 0x9, 5),
            (b' ', 0x14, 6),
            (b':', 0x5c, 7),
            (b'z', 0x7b, 7),
            (b'&', 0xf8, 8),
            (b'Z', 0xfd, 8),
            (b'!', 0x3f8, 10),
            (b'|', 0x7fc, 11),
            (b'#', 0xffa, 12),
            (b'~', 0x1ffd, 13),
            (b'<', 0x7ffc, 15),
            (b'\\', 0x7fff0, 19),
            (0xff, 0x3ff_ffee, 26),
            (0xf9, 0xfff_fffe, 28),
            (0x16, 0x3fff_fffe, 30),
        ];
        for (byte, code, length) in cases {
            assert_eq!(CODES[usize::from(byte)], (code, length), "{byte}");
        }
    }

    #[test]
    fn a_text_is_filled_up_with_ones_and_nothing_else() {
        let (zero, end) = (0b0000_0111, [0xff; 4]);
        assert_eq!(all(&[zero]).unwrap(), b"0");
        assert_eq!(all(&[]).unwrap(), b"");
        let broken: [&[u8]; 5] = [
            &[0],
            &[0b0000_0110],
            &[zero, 0xff],
            &end,
            &[0xff, 0xff, 0xff],
        ];
        for packed in broken {
            assert_eq!(all(packed), Err(DecodeError::Huffman), "{packed:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(text in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut packed = Vec::new();
            put(&mut packed, &text);
            prop_assert_eq!(packed.len(), length(&text));
            prop_assert_eq!(all(&packed).unwrap(), text);
        }

        #[test]
        fn what_is_read_is_what_would_be_written(packed in prop::collection::vec(any::<u8>(), 0..100)) {
            if let Ok(text) = all(&packed) {
                let mut again = Vec::new();
                put(&mut again, &text);
                prop_assert_eq!(again, packed);
            }
        }
    }
}
