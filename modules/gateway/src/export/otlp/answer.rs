//! What did a destination say?

use std::{borrow::Cow, time::Duration};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::HeaderMap;

use super::super::{Delivered, Failure};

/// Headers of bytes come with or without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What the status of a gRPC call means.
pub(super) fn grpc(headers: &HeaderMap) -> Option<Result<(), Failure>> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let code: u16 = text("grpc-status")?.parse().unwrap_or(2);
    if code == 0 {
        return Some(Ok(()));
    }
    let message = text("grpc-message").unwrap_or_default();
    let why: Cow<'static, str> = format!("the destination answered {code}: {message}").into();
    let details = text("grpc-status-details-bin").and_then(|text| LENIENT.decode(text).ok());
    let after = details.as_deref().and_then(retry_info);
    Some(Err(match code {
        // Cancelled, deadline exceeded, aborted, out of range, unavailable, data loss.
        1 | 4 | 10 | 11 | 14 | 15 => Failure::Passing { why, after },
        // Resource exhausted: only if it says when to come again.
        8 if after.is_some() => Failure::Passing { why, after },
        8 => Failure::TooLarge(why),
        _ => Failure::Lasting(why),
    }))
}

/// When to come again, as the details of a `google.rpc.Status` say it.
fn retry_info(status: &[u8]) -> Option<Duration> {
    let infos = fields(status).filter(|(number, _)| *number == 3);
    for (_, value) in infos {
        let Value::Bytes(any) = value else { continue };
        let is_retry_info = fields(any).any(|(number, value)| {
            number == 1
                && matches!(value, Value::Bytes(url) if url.ends_with(b"/google.rpc.RetryInfo"))
        });
        if !is_retry_info {
            continue;
        }
        let info = bytes_of(any, 2).unwrap_or_default();
        let delay = bytes_of(info, 1).unwrap_or_default();
        let nanos = u32::try_from(number_of(delay, 2)).unwrap_or_default();
        return Some(Duration::new(number_of(delay, 1), nanos.min(999_999_999)));
    }
    None
}

/// What an `Export…ServiceResponse` says of what was not wanted. What cannot be read says nothing: a success is one.
pub(super) fn delivered(response: &[u8]) -> Delivered {
    let partial = bytes_of(response, 1).unwrap_or_default();
    let message = bytes_of(partial, 2).unwrap_or_default();
    Delivered {
        rejected: number_of(partial, 1),
        message: String::from_utf8_lossy(message).into_owned(),
    }
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn bytes_of(message: &[u8], wanted: u64) -> Option<&[u8]> {
    fields(message).find_map(|(number, value)| match value {
        Value::Bytes(bytes) if number == wanted => Some(bytes),
        _ => None,
    })
}

fn number_of(message: &[u8], wanted: u64) -> u64 {
    let found = fields(message).find_map(|(number, value)| match value {
        Value::Number(found) if number == wanted => Some(found),
        _ => None,
    });
    found.unwrap_or_default()
}

/// The fields of a message, as far as they can be read.
fn fields(mut message: &[u8]) -> impl Iterator<Item = (u64, Value<'_>)> {
    std::iter::from_fn(move || {
        let key = varint(&mut message)?;
        let value = match key & 7 {
            0 => Value::Number(varint(&mut message)?),
            kind @ (1 | 2 | 5) => {
                let length = match kind {
                    1 => 8,
                    5 => 4,
                    _ => usize::try_from(varint(&mut message)?).ok()?,
                };
                let (value, rest) = message.split_at_checked(length)?;
                message = rest;
                Value::Bytes(value)
            }
            _ => return None,
        };
        Some((key >> 3, value))
    })
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
