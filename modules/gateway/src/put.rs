//! How is protobuf written?

/// How a field's value is laid out.
#[derive(Clone, Copy)]
pub(crate) enum Layout {
    Varint = 0,
    Eight = 1,
    Delimited = 2,
    Four = 5,
}

pub(crate) fn tag(out: &mut Vec<u8>, number: u32, layout: Layout) {
    varint(out, u64::from(number << 3 | layout as u32));
}

pub(crate) fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// A signed number so that small ones are short on both sides of zero.
pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// Writes the key and the length of a field that has its length before it.
pub(crate) fn prefix(out: &mut Vec<u8>, number: u32, length: usize) {
    tag(out, number, Layout::Delimited);
    varint(out, length as u64);
}

/// Writes a field of bytes.
pub(crate) fn bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    prefix(out, number, bytes.len());
    out.extend_from_slice(bytes);
}

/// Writes a number's field.
pub(crate) fn number(out: &mut Vec<u8>, field: u32, value: u64) {
    tag(out, field, Layout::Varint);
    varint(out, value);
}

/// Writes a double's field.
pub(crate) fn double(out: &mut Vec<u8>, field: u32, value: f64) {
    tag(out, field, Layout::Eight);
    out.extend(value.to_le_bytes());
}

/// Writes a field whose length is known only behind it: room for a length below 128, and more made where it is larger.
pub(crate) fn delimited<E>(
    out: &mut Vec<u8>,
    number: u32,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    tag(out, number, Layout::Delimited);
    let start = out.len() + 1;
    out.push(0);
    write(out)?;
    let length = out.len() - start;
    let more = varint_length(length as u64) - 1;
    out.resize(out.len() + more, 0);
    out.copy_within(start..start + length, start + more);
    let (prefix, last) = out[start - 1..].split_at_mut(more);
    let mut rest = length;
    for byte in prefix {
        *byte = rest.to_le_bytes()[0] | 0x80;
        rest >>= 7;
    }
    last[0] = rest.to_le_bytes()[0];
    Ok(())
}

/// Writes a message's field where nothing can go wrong.
pub(crate) fn message(out: &mut Vec<u8>, number: u32, write: impl FnOnce(&mut Vec<u8>)) {
    let written: Result<(), std::convert::Infallible> = delimited(out, number, |out| {
        write(out);
        Ok(())
    });
    let Ok(()) = written;
}

/// How many bytes a number takes as a varint.
fn varint_length(value: u64) -> usize {
    (value | 1).ilog2() as usize / 7 + 1
}
