//! How are header fields written into bytes, and read out of them (RFC 7541)?
//!
//! ```text
//!  block ─► Decoder (dynamic table, bounded) ─► name, value; name, value; …
//!  name, value ─► put_field (no state) ─► block, written once and sent as often as it is needed
//! ```
//!
//! * What is read is bounded twice: by the size of the table, and by that of the list. A list that is too large is
//!   read to its end all the same, because the table has to stay what the peer believes that it is.
//! * What is written refers to the static table alone, so that a block does not depend on those before it.

mod decode;
mod encode;
mod fixed;
mod huffman;
mod number;
mod table;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub use decode::{Decoder, Listed};
pub use encode::{put_field, put_secret};

/// Why a block cannot be read: for HTTP/2 all of them are a `COMPRESSION_ERROR`, after which the table is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// It ends within a field.
    #[error("the header block ends within a field")]
    Short,
    /// A number is larger than anything that it could stand for.
    #[error("a number in the header block is too large")]
    Number,
    /// Nothing stands at an index.
    #[error("the header block refers to entry {0} of the table, which does not exist")]
    Index(u32),
    /// A text is not what the Huffman code can make.
    #[error("a text of the header block is not valid in the Huffman code")]
    Huffman,
    /// The table is to become larger than we allowed, or not at the beginning of a block.
    #[error("the header block changes the size of the table where or how it may not")]
    Size,
}
