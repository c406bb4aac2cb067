//! Are blocks read as the specification shows, as another implementation writes them, and whatever they hold?

mod against_h2;
mod bounds;
mod vectors;

use super::{DecodeError, Decoder, Listed};

/// What a block says.
fn fields(decoder: &mut Decoder, block: &[u8]) -> Result<Vec<(String, String)>, DecodeError> {
    let mut fields = Vec::new();
    let listed = decoder.decode(block, 1 << 20, |name, value| {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        fields.push((text(name), text(value)));
    });
    assert!(!matches!(listed, Ok(Listed::TooLarge)));
    listed.map(|_| fields)
}
