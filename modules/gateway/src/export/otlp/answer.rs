//! What did a destination say?

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::{StatusCode, header::RETRY_AFTER, response};

use crate::{
    export::{Delivered, Failure},
    settings::Encoding,
    wire::{Fields, bytes_of, number_of},
};

/// Headers of bytes come with or without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What the status of a gRPC call means.
pub(super) fn grpc(code: u16, message: &str, details: Option<&str>) -> Result<(), Failure> {
    if code == 0 {
        return Ok(());
    }
    let why: Cow<'static, str> = format!("the destination answered {code}: {message}").into();
    let details = details.and_then(|text| LENIENT.decode(text).ok());
    let after = details.as_deref().and_then(retry_info);
    Err(match code {
        // Cancelled, deadline exceeded, aborted, out of range, unavailable, data loss.
        1 | 4 | 10 | 11 | 14 | 15 => Failure::Passing { why, after },
        // Resource exhausted: only if it says when to come again.
        8 if after.is_some() => Failure::Passing { why, after },
        8 => Failure::TooLarge(why),
        _ => Failure::Lasting(why),
    })
}

/// What an answer without a status of gRPC means: a proxy gave it, or something that speaks no gRPC.
pub(super) fn no_grpc(status: StatusCode) -> Failure {
    let why = format!("the destination gave no gRPC status, and HTTP {status}");
    match status.as_u16() {
        // As the gRPC specification maps them: internal, unauthenticated, permission denied, unimplemented.
        400 | 401 | 403 | 404 => Failure::Lasting(why.into()),
        _ => Failure::passing(why),
    }
}

/// What an answer over HTTP means.
pub(super) fn http(
    head: &response::Parts,
    body: &[u8],
    encoding: Encoding,
) -> Result<Delivered, Failure> {
    let status = head.status;
    if status.is_success() {
        // Whatever the body is: it has arrived.
        return Ok(match encoding {
            Encoding::Proto => delivered(body),
            Encoding::Json => delivered_json(body),
        });
    }
    let why: Cow<'static, str> = format!("the destination answered {status}").into();
    Err(match status.as_u16() {
        429 | 502 | 503 | 504 => {
            let after = retry_after(head);
            Failure::Passing { why, after }
        }
        413 => Failure::TooLarge(why),
        _ => Failure::Lasting(why),
    })
}

/// When to come again, if the answer is of those that say so.
pub(crate) fn retry_after(head: &response::Parts) -> Option<Duration> {
    let wants = matches!(head.status.as_u16(), 429 | 503);
    let value = head.headers.get(RETRY_AFTER).filter(|_| wants)?;
    later(value.to_str().ok()?, SystemTime::now())
}

/// When to come again: in so many seconds, or at a date.
fn later(text: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    let date: SystemTime = date.timestamp().into();
    Some(date.duration_since(now).unwrap_or_default())
}

/// The same as [`delivered`], of an answer in JSON.
fn delivered_json(response: &[u8]) -> Delivered {
    let response: serde_json::Value = serde_json::from_slice(response).unwrap_or_default();
    let partial = &response["partialSuccess"];
    let counts = ["rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"];
    let count = |name: &str| {
        let value = &partial[name];
        let text = value.as_str().and_then(|text| text.parse().ok());
        value.as_u64().or(text)
    };
    Delivered {
        rejected: counts.into_iter().find_map(count).unwrap_or_default(),
        message: partial["errorMessage"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        ..Delivered::default()
    }
}

/// When to come again, as the details of a `google.rpc.Status` say it.
fn retry_info(status: &[u8]) -> Option<Duration> {
    let infos = Fields::of(status).filter(|field| field.number == 3);
    for any in infos.filter_map(|field| field.value.bytes()) {
        if !bytes_of(any, 1).ends_with(b"/google.rpc.RetryInfo") {
            continue;
        }
        let info = bytes_of(any, 2);
        let delay = bytes_of(info, 1);
        let seconds = u64::try_from(number_of(delay, 1).cast_signed()).unwrap_or_default();
        let nanos = u32::try_from(number_of(delay, 2)).unwrap_or_default();
        return Some(Duration::new(seconds, nanos.min(999_999_999)));
    }
    None
}

/// What an `Export…ServiceResponse` says of what was not wanted. What cannot be read says nothing: a success is one.
pub(super) fn delivered(response: &[u8]) -> Delivered {
    let partial = bytes_of(response, 1);
    let message = bytes_of(partial, 2);
    Delivered {
        rejected: number_of(partial, 1),
        message: String::from_utf8_lossy(message).into_owned(),
        ..Delivered::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_come_again_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 - 5);
        let cases = [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(5)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("soon", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(later(text, now), seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn only_what_the_specification_lists_is_sent_again() {
        let info: &[u8] =
            b"\x08\x08\x1a\x2e\x0a\x28type.googleapis.com/google.rpc.RetryInfo\x12\x02\x0a\x00";
        let info = LENIENT.encode(info);
        for code in 1..=16_u16 {
            let passing = |details| {
                let result = grpc(code, "", details);
                matches!(result, Err(Failure::Passing { .. }))
            };
            let expected = matches!(code, 1 | 4 | 10 | 11 | 14 | 15);
            assert_eq!(passing(None), expected, "{code}");
            assert_eq!(
                passing(Some(&info)),
                expected || code == 8,
                "{code} with a time"
            );
        }
    }

    #[test]
    fn what_was_not_wanted_is_counted() {
        let partial: &[u8] = b"\x0a\x06\x08\x03\x12\x02no";
        let expected = Delivered {
            rejected: 3,
            message: "no".to_owned(),
            ..Delivered::default()
        };
        assert_eq!(delivered(partial), expected);
        let json = br#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"no"}}"#;
        assert_eq!(delivered_json(json), expected);
        assert_eq!(delivered(b"rubbish"), Delivered::default());
    }
}
