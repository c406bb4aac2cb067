//! What does a header block say? All of HPACK's structure; of its Huffman code the part that names and numbers use.

use std::collections::VecDeque;

/// Codes of five to eight bits in the order of their values; longer ones occur in nothing that is looked at.
const SHORT: [(u32, &[u8]); 4] = [
    (5, b"012aceiost"),
    (6, b" %-./3456789=A_bdfghlmnpru"),
    (7, b":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"),
    (8, b"&*,;XZ"),
];

/// The static table's entries that answers use: `:status` with its values.
const STATUS: [&str; 7] = ["200", "204", "206", "304", "400", "404", "500"];
const FIRST_STATUS: usize = 8;
/// The first index of the dynamic table.
const DYNAMIC: usize = 62;
/// Entries are at least 32 bytes of the 4096 that we never change, so that no more can be alive.
const ALIVE: usize = 128;

/// A name and a value; what cannot be read is empty.
type Header = (String, String);

/// What was said before and may be referred to.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    dynamic: VecDeque<Header>,
}

impl Decoder {
    /// Calls back with each header of a block; none if it is broken.
    pub(crate) fn read(
        &mut self,
        mut block: &[u8],
        mut each: impl FnMut(&str, &str),
    ) -> Option<()> {
        while let Some(&first) = block.first() {
            if first & 0x80 != 0 {
                let index = integer(&mut block, 7)?;
                let (name, value) = self.entry(index)?;
                each(&name, &value);
            } else if first & 0xe0 == 0x20 {
                integer(&mut block, 5)?; // a new size of the table: only smaller ones are allowed
            } else {
                let remembered = first & 0x40 != 0;
                let index = integer(&mut block, if remembered { 6 } else { 4 })?;
                let name = match index {
                    0 => string(&mut block)?,
                    _ => self.entry(index)?.0,
                };
                let value = string(&mut block)?;
                each(&name, &value);
                if remembered {
                    self.dynamic.push_front((name, value));
                    self.dynamic.truncate(ALIVE);
                }
            }
        }
        Some(())
    }

    fn entry(&self, index: usize) -> Option<Header> {
        if let Some(place) = index.checked_sub(DYNAMIC) {
            return self.dynamic.get(place).cloned();
        }
        let status = index.checked_sub(FIRST_STATUS).and_then(|n| STATUS.get(n));
        Some(status.map_or_else(Header::default, |value| (":status".into(), (*value).into())))
    }
}

/// A literal header that is not to be remembered.
pub(crate) fn literal(name: &str, value: &str) -> Vec<u8> {
    [vec![0], text(name), text(value)].concat()
}

/// A literal header that is to be remembered.
pub(crate) fn remembered(name: &str, value: &str) -> Vec<u8> {
    [vec![0x40], text(name), text(value)].concat()
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let length = text.len();
    if let Ok(short @ ..127) = u8::try_from(length) {
        bytes.push(short);
    } else {
        bytes.push(127);
        let mut rest = length - 127;
        while rest >= 0x80 {
            bytes.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push((rest & 0x7f) as u8);
    }
    bytes.extend(text.as_bytes());
    bytes
}

fn integer(block: &mut &[u8], prefix: u32) -> Option<usize> {
    let (&first, rest) = block.split_first()?;
    *block = rest;
    let full = (1_usize << prefix) - 1;
    let mut value = usize::from(first) & full;
    if value < full {
        return Some(value);
    }
    for shift in (0..28).step_by(7) {
        let (&byte, rest) = block.split_first()?;
        *block = rest;
        value += usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn string(block: &mut &[u8]) -> Option<String> {
    let coded = block.first()? & 0x80 != 0;
    let length = integer(block, 7)?;
    let (bytes, rest) = block.split_at_checked(length)?;
    *block = rest;
    let plain = if coded {
        huffman(bytes)
    } else {
        Some(bytes.to_vec())
    };
    Some(
        plain
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .unwrap_or_default(),
    )
}

/// None if there is a code longer than eight bits.
fn huffman(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut bits, mut count) = (0_u32, 0_u32);
    let mut bytes = bytes.iter();
    loop {
        while count <= 24
            && let Some(byte) = bytes.next()
        {
            bits = bits << 8 | u32::from(*byte);
            count += 8;
        }
        // At the end there are less than eight bits, all ones.
        if count < 8 && (bits & ((1 << count) - 1)) == (1 << count) - 1 {
            return Some(out);
        }
        let (symbol, length) = symbol(bits, count)?;
        out.push(symbol);
        count -= length;
    }
}

/// The symbol that the last `count` bits begin with. Codes of one length follow each other, and each length begins
/// where the one before ended.
fn symbol(bits: u32, count: u32) -> Option<(u8, u32)> {
    let mut first = 0;
    for (length, symbols) in SHORT {
        let code = (bits >> count.checked_sub(length)?) & ((1 << length) - 1);
        if let Some(symbol) = symbols.get(code.checked_sub(first)? as usize) {
            return Some((*symbol, length));
        }
        first = (first + u32::try_from(symbols.len()).ok()?) << 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(decoder: &mut Decoder, block: &[u8]) -> Vec<Header> {
        let mut headers = Vec::new();
        decoder
            .read(block, |name, value| {
                headers.push((name.into(), value.into()));
            })
            .expect("the block is whole");
        headers
    }

    #[test]
    fn a_block_of_the_rfc_is_read() {
        // RFC 7541, C.4.1: custom-key and no-cache in Huffman code.
        assert_eq!(
            huffman(&[0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf]),
            Some(b"no-cache".to_vec())
        );
        let key = [0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xa9, 0x7d, 0x7f];
        assert_eq!(huffman(&key), Some(b"custom-key".to_vec()));
    }

    #[test]
    fn what_is_remembered_can_be_referred_to() {
        let mut decoder = Decoder::default();
        let block = [
            vec![0x88],
            remembered("grpc-status", "0"),
            literal("a", &"b".repeat(300)),
        ]
        .concat();
        let headers = read(&mut decoder, &block);
        assert_eq!(headers[0], (":status".into(), "200".into()));
        assert_eq!(headers[1], ("grpc-status".into(), "0".into()));
        assert_eq!(headers[2].1.len(), 300);
        assert_eq!(
            read(&mut decoder, &[0xbe]),
            [("grpc-status".into(), "0".into())]
        );
        // The same name with another value.
        let again = [vec![0x7e], text("14")].concat();
        assert_eq!(
            read(&mut decoder, &again),
            [("grpc-status".into(), "14".into())]
        );
        assert_eq!(read(&mut decoder, &[0xbe, 0xbf])[1].1, "0");
        assert!(decoder.read(&[0xff], |_, _| {}).is_none());
    }
}
