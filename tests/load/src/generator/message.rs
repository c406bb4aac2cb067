//! What are the bytes of a request? They are made when its connection has room for them, and their memory is used again.

use crate::{
    compress::{Codec, Encoding},
    ledger::Ledger,
    template::Template,
};

/// Who makes the bytes.
pub(super) struct Messages<'a> {
    template: &'a Template,
    ledger: &'a Ledger,
    encoding: Encoding,
    raw: Vec<u8>,
    codec: Codec,
    /// Memory of those that were written.
    pub(super) free: Vec<Vec<u8>>,
}

impl<'a> Messages<'a> {
    pub(super) fn new(template: &'a Template, ledger: &'a Ledger, encoding: Encoding) -> Self {
        Self {
            template,
            ledger,
            encoding,
            raw: template.bytes().to_vec(),
            codec: Codec::default(),
            free: Vec::new(),
        }
    }

    /// The bytes of a request, after the five of gRPC.
    pub(super) fn make(&mut self, request: u64) -> Vec<u8> {
        let (ids, run) = (self.ledger.ids, self.ledger.layout.run(request));
        let mut message = self.free.pop().unwrap_or_default();
        if self.encoding == Encoding::None {
            let whole = self.template.bytes().len() + 5;
            if message.len() != whole {
                message.clear();
                message.extend([0; 5]);
                message.extend(self.template.bytes());
            }
            self.template.write(&mut message[5..], ids, run);
        } else {
            self.template.write(&mut self.raw, ids, run);
            message.clear();
            message.extend([1, 0, 0, 0, 0]);
            self.codec.encode(self.encoding, &self.raw, &mut message);
        }
        let length = u32::try_from(message.len() - 5).unwrap_or(u32::MAX);
        message[1..5].copy_from_slice(&length.to_be_bytes());
        message
    }
}
