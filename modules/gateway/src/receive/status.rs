//! What is a sender told whose payload was not taken?

use std::time::Duration;

use crate::Refusal;

/// The codes of gRPC that are used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Code {
    InvalidArgument = 3,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Unavailable = 14,
}

/// A refusal as the protocols tell it.
pub(super) struct Status {
    /// Its class.
    pub(super) code: Code,
    /// What a person reads.
    pub(super) message: String,
    /// When to come again.
    pub(super) after: Option<Duration>,
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let (code, after) = match &refusal {
            Refusal::Busy { after, .. } => (Code::Unavailable, *after),
            Refusal::TooLarge { .. } => (Code::ResourceExhausted, None),
            Refusal::Invalid { .. } => (Code::InvalidArgument, None),
            Refusal::Unwanted(_) => (Code::Unimplemented, None),
        };
        Self {
            code,
            message: refusal.to_string(),
            after,
        }
    }
}

impl Status {
    /// As the message `google.rpc.Status`, with a `RetryInfo` if it says when to come again.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut status = vec![1 << 3, self.code as u8];
        field(&mut status, 2, self.message.as_bytes());
        if let Some(after) = self.after {
            let mut duration = vec![1 << 3];
            varint(&mut duration, after.as_secs());
            duration.push(2 << 3);
            varint(&mut duration, after.subsec_nanos().into());
            let mut info = Vec::new();
            field(&mut info, 1, &duration);
            let mut any = Vec::new();
            field(&mut any, 1, b"type.googleapis.com/google.rpc.RetryInfo");
            field(&mut any, 2, &info);
            field(&mut status, 3, &any);
        }
        status
    }
}

fn field(message: &mut Vec<u8>, number: u8, value: &[u8]) {
    message.push(number << 3 | 2);
    varint(message, value.len() as u64);
    message.extend_from_slice(value);
}

fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push((value & 0x7f) as u8);
}
