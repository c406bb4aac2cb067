//! What is a sender told whose payload was not taken?

use std::{borrow::Cow, time::Duration};

use http::StatusCode;
use serde_json::json;

use crate::{Refusal, put};

/// When a sender may come again if nobody knows better.
const SOON: Duration = Duration::from_secs(1);

/// The codes of gRPC that are used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    Unknown = 2,
    InvalidArgument = 3,
    NotFound = 5,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
}

/// A refusal as the protocols tell it.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    /// Its class in gRPC.
    pub(crate) code: Code,
    /// Its class in HTTP.
    pub(crate) http: StatusCode,
    /// What a person reads.
    pub(crate) message: Cow<'static, str>,
    /// When to come again; without it, never.
    pub(crate) after: Option<Duration>,
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let (code, http, after) = match &refusal {
            Refusal::Busy { after, .. } => (
                Code::Unavailable,
                StatusCode::SERVICE_UNAVAILABLE,
                Some(after.unwrap_or(SOON)),
            ),
            // Without a time to come again, which would make it retryable.
            Refusal::TooLarge { .. } => {
                (Code::ResourceExhausted, StatusCode::PAYLOAD_TOO_LARGE, None)
            }
            Refusal::Invalid { .. } => (Code::InvalidArgument, StatusCode::BAD_REQUEST, None),
            // The collector's answer to what is refused for good and is not the sender's mistake.
            Refusal::TooVarious { .. } => (Code::Internal, StatusCode::INTERNAL_SERVER_ERROR, None),
            Refusal::Unwanted(_) => (Code::Unimplemented, StatusCode::NOT_FOUND, None),
        };
        Self {
            code,
            http,
            message: refusal.to_string().into(),
            after,
        }
    }
}

impl Status {
    /// One that the protocol itself gives, before there is a payload.
    pub(crate) fn of(code: Code, http: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            http,
            message: message.into(),
            after: None,
        }
    }

    /// As the message `google.rpc.Status`, with a `RetryInfo` if it says when to come again.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut status = Vec::new();
        put::number(&mut status, 1, self.code as u64);
        put::bytes(&mut status, 2, self.message.as_bytes());
        if let Some(after) = self.after {
            put::message(&mut status, 3, |any| {
                put::bytes(any, 1, b"type.googleapis.com/google.rpc.RetryInfo");
                put::message(any, 2, |info| {
                    put::message(info, 1, |duration| {
                        put::number(duration, 1, after.as_secs());
                        put::number(duration, 2, after.subsec_nanos().into());
                    });
                });
            });
        }
        status
    }

    /// The same in JSON.
    pub(crate) fn json(&self) -> Vec<u8> {
        let mut status = json!({ "code": self.code as u8, "message": self.message });
        if let Some(after) = self.after {
            let delay = format!("{}s", after.as_secs_f64());
            let kind = "type.googleapis.com/google.rpc.RetryInfo";
            status["details"] = json!([{ "@type": kind, "retryDelay": delay }]);
        }
        status.to_string().into_bytes()
    }
}
