//! How is a header field written?

use super::{
    fixed::{self, Known},
    huffman, number,
};

/// Adds a field to a block.
pub fn put_field(block: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    match fixed::find(name, value) {
        Known::Field(index) => number::put(block, 0x80, 7, index),
        Known::Name(index) => put_literal(block, 0, index, name, value),
        Known::No => put_literal(block, 0, 0, name, value),
    }
}

/// Adds a field that nobody on the way may remember.
pub fn put_secret(block: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    let index = match fixed::find(name, value) {
        Known::Field(index) | Known::Name(index) => index,
        Known::No => 0,
    };
    put_literal(block, 0x10, index, name, value);
}

fn put_literal(block: &mut Vec<u8>, first: u8, index: usize, name: &[u8], value: &[u8]) {
    number::put(block, first, 4, index);
    if index == 0 {
        put_text(block, name);
    }
    put_text(block, value);
}

/// Writes a text in whichever form is the shorter one.
fn put_text(block: &mut Vec<u8>, text: &[u8]) {
    let packed = huffman::length(text);
    if packed < text.len() {
        number::put(block, 0x80, 7, packed);
        huffman::put(block, text);
    } else {
        number::put(block, 0, 7, text.len());
        block.extend_from_slice(text);
    }
}
