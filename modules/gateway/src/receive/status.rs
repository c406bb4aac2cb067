//! What is a sender told whose payload was not taken?

use std::{borrow::Cow, time::Duration};

use http::StatusCode;
use serde_json::json;

use crate::{Refusal, put};

/// When a sender may come again if nobody knows better.
const SOON: Duration = Duration::from_secs(1);

/// The types of details.
const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";
const BAD_REQUEST: &str = "type.googleapis.com/google.rpc.BadRequest";

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

    /// As the message `google.rpc.Status`, with what a sender's program can read of it.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut status = Vec::new();
        put::number(&mut status, 1, self.code as u64);
        put::bytes(&mut status, 2, self.message.as_bytes());
        if let Some(after) = self.after {
            detail(&mut status, RETRY_INFO, |info| {
                put::message(info, 1, |duration| {
                    put::number(duration, 1, after.as_secs());
                    put::number(duration, 2, after.subsec_nanos().into());
                });
            });
        }
        if self.code == Code::InvalidArgument {
            // Of a field that has no name: it is the request as a whole, and the words say where in it.
            detail(&mut status, BAD_REQUEST, |bad| {
                put::message(bad, 1, |violation| {
                    put::bytes(violation, 2, self.message.as_bytes());
                });
            });
        }
        status
    }

    /// The same in JSON.
    pub(crate) fn json(&self) -> Vec<u8> {
        let mut details = Vec::new();
        if let Some(after) = self.after {
            let delay = format!("{}s", after.as_secs_f64());
            details.push(json!({ "@type": RETRY_INFO, "retryDelay": delay }));
        }
        if self.code == Code::InvalidArgument {
            let violations = json!([{ "description": self.message }]);
            details.push(json!({ "@type": BAD_REQUEST, "fieldViolations": violations }));
        }
        let mut status = json!({ "code": self.code as u8, "message": self.message });
        if !details.is_empty() {
            status["details"] = details.into();
        }
        status.to_string().into_bytes()
    }
}

/// Adds a detail of a type to a status.
fn detail(status: &mut Vec<u8>, kind: &str, detail: impl FnOnce(&mut Vec<u8>)) {
    put::message(status, 3, |any| {
        put::bytes(any, 1, kind.as_bytes());
        put::message(any, 2, detail);
    });
}
