//! What did a destination say?

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::{
    StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
    response,
};

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

/// What the codes of gRPC are called.
const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// What the status of a gRPC call means.
pub(super) fn grpc(code: u16, message: &str, details: Option<&str>) -> Result<(), Failure> {
    if code == 0 {
        return Ok(());
    }
    let name = NAMES.get(usize::from(code)).unwrap_or(&"unknown");
    let why: Cow<'static, str> = format!(
        "the destination answered {name} ({code}): {}",
        short(message)
    )
    .into();
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
    let said = said(head, body);
    let said = short(&said);
    let colon = if said.is_empty() { "" } else { ": " };
    let why: Cow<'static, str> = format!("the destination answered {status}{colon}{said}").into();
    Err(match status.as_u16() {
        429 | 502 | 503 | 504 => {
            let after = retry_after(head);
            Failure::Passing { why, after }
        }
        413 => Failure::TooLarge(why),
        _ => Failure::Lasting(why),
    })
}

/// What an answer that is no success says in words: the message of a `google.rpc.Status`, or else what a proxy wrote.
fn said(head: &response::Parts, body: &[u8]) -> String {
    let kind = head.headers.get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/x-protobuf") {
        return String::from_utf8_lossy(bytes_of(body, 2)).into_owned();
    }
    let status = serde_json::from_slice::<serde_json::Value>(body).ok();
    let message = status
        .as_ref()
        .and_then(|status| status["message"].as_str());
    message.map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned)
}

/// The first line, and not more of it than a log has use for.
fn short(text: &str) -> &str {
    let line = text.trim().lines().next().unwrap_or_default();
    &line[..line.floor_char_boundary(200)]
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
    fn why_something_was_not_taken_is_said_in_the_words_of_who_did_not() {
        let cases: [(&str, &[u8], &str); 5] = [
            ("application/x-protobuf", b"\x08\x03\x12\x02no", ": no"),
            ("application/json", br#"{"code":3,"message":"no"}"#, ": no"),
            ("text/html", b"\n<h1>No</h1>\n<p>", ": <h1>No</h1>"),
            (
                "text/plain",
                &[b'x'; 300],
                &format!(": {}", "x".repeat(200)),
            ),
            ("application/x-protobuf", b"", ""),
        ];
        for (kind, body, expected) in cases {
            let response = http::Response::builder().status(400);
            let response = response.header("content-type", kind).body(()).unwrap();
            let failure = http(&response.into_parts().0, body, Encoding::Proto).unwrap_err();
            assert_eq!(
                failure.to_string(),
                format!("the destination answered 400 Bad Request{expected}")
            );
        }
        let failure = grpc(16, "who are you?\nsay", None).unwrap_err();
        let expected = "the destination answered UNAUTHENTICATED (16): who are you?";
        assert_eq!(failure.to_string(), expected);
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
