//! How are numbers written (RFC 7541, section 5.1)?

use super::DecodeError;

/// Reads a number whose first `bits` bits stand at the end of the first byte.
pub(super) fn read(input: &mut &[u8], bits: u32) -> Result<u32, DecodeError> {
    let most = (1_u32 << bits) - 1;
    let mut number = u32::from(next(input)?) & most;
    if number < most {
        return Ok(number);
    }
    // Four bytes of seven bits are more than any index, length or size here can need.
    for shift in [0, 7, 14, 21] {
        let byte = next(input)?;
        number += u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(DecodeError::Number)
}

/// Writes one: `first` holds the bits before it.
pub(super) fn put(block: &mut Vec<u8>, first: u8, bits: u32, number: usize) {
    let most = (1_usize << bits) - 1;
    if number < most {
        block.push(first | low(number));
        return;
    }
    block.push(first | low(most));
    let mut rest = number - most;
    while rest >= 0x80 {
        block.push(0x80 | low(rest & 0x7f));
        rest >>= 7;
    }
    block.push(low(rest));
}

fn next(input: &mut &[u8]) -> Result<u8, DecodeError> {
    let (first, rest) = input.split_first().ok_or(DecodeError::Short)?;
    *input = rest;
    Ok(*first)
}

fn low(number: usize) -> u8 {
    u8::try_from(number & 0xff).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_specification_shows() {
        // RFC 7541, C.1
        let cases: [(u32, usize, &[u8]); 3] = [
            (5, 10, &[0x0a]),
            (5, 1337, &[0x1f, 0x9a, 0x0a]),
            (8, 42, &[0x2a]),
        ];
        for (bits, number, bytes) in cases {
            let mut block = Vec::new();
            put(&mut block, 0, bits, number);
            assert_eq!(block, bytes);
            assert_eq!(read(&mut &*block, bits), Ok(u32::try_from(number).unwrap()));
        }
    }

    #[test]
    fn a_number_comes_back_or_is_too_large() {
        for bits in 1..=8 {
            for number in (0..40).map(|power| (1_usize << power) - 1) {
                let mut block = Vec::new();
                put(&mut block, 0, bits, number);
                let read = read(&mut &*block, bits);
                if number < 1 << 28 {
                    assert_eq!(read, Ok(u32::try_from(number).unwrap()), "{bits} {number}");
                } else if number > 1 << 29 {
                    assert_eq!(read, Err(DecodeError::Number), "{bits} {number}");
                }
            }
        }
    }

    #[test]
    fn half_a_number_and_an_endless_one_are_refused() {
        assert_eq!(read(&mut [].as_slice(), 7), Err(DecodeError::Short));
        assert_eq!(
            read(&mut [0x7f, 0x80].as_slice(), 7),
            Err(DecodeError::Short)
        );
        assert_eq!(
            read(&mut [0xff; 100].as_slice(), 7),
            Err(DecodeError::Number)
        );
    }
}
