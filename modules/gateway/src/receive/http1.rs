//! How is OTLP received over HTTP, of whatever version?

use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER},
    request::Parts,
};
use http_body::Body;
use tokio::time::timeout;

use super::{
    Serving,
    body::{discard, http_message},
    cors,
    incoming::Message,
    reply::Reply,
    service::Http,
    status::{Code, Status},
};
use crate::{Encoding, Refusal, Signal, json, settings::Encodings};

/// How a request is written, and so its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Protobuf,
    Json,
}

impl Format {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let full = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let kind = full.split(';').next().unwrap_or_default().trim();
        match kind.to_ascii_lowercase().as_str() {
            "application/x-protobuf" => Some(Self::Protobuf),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }

    fn name(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        })
    }
}

/// What a request asks for, before its body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) signal: Signal,
    format: Format,
    encoding: Option<Encoding>,
}

/// Answers one request.
pub(super) async fn answer<B>(
    request: Request<B>,
    serving: &Serving,
    http: &Http,
) -> Response<Reply>
where
    B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
{
    let (head, mut body) = request.into_parts();
    if let Some(preflight) = preflight(&head, http) {
        return preflight;
    }
    let result = match asked(&head, serving, http) {
        Err(status) => Err(status),
        Ok(asked) => export(&head, asked, &mut body, serving, http.read_timeout).await,
    };
    if result.is_err() {
        discard(&mut body, 4 * serving.max_message).await;
    }
    respond(&head, result, http)
}

/// Why a request is not read to its end that takes too long.
pub(crate) fn late() -> Refusal {
    Refusal::busy("the request did not come in time")
}

/// The answer to a browser that asks before it sends.
pub(crate) fn preflight(head: &Parts, http: &Http) -> Option<Response<Reply>> {
    let mut response = cors::preflight(head, http.cors.as_ref())?;
    response.headers_mut().extend(http.response_headers.clone());
    Some(response)
}

/// What a request asks for, if that can be had here.
pub(crate) fn asked(head: &Parts, serving: &Serving, http: &Http) -> Result<Asked, Status> {
    let (signal, format) = routed(head, Format::of(&head.headers), http)?;
    serving.intake.way(signal)?;
    Ok(Asked {
        signal,
        format,
        encoding: encoding(&head.headers, http.encodings.as_ref())?,
    })
}

/// The answer to a request that went so.
pub(crate) fn respond(head: &Parts, result: Result<(), Status>, http: &Http) -> Response<Reply> {
    let format = Format::of(&head.headers);
    let mut response = match result {
        Ok(()) => accepted(format.unwrap_or(Format::Protobuf)),
        Err(status) => refused(&status, format),
    };
    if !http.response_headers.is_empty() {
        response.headers_mut().extend(http.response_headers.clone());
    }
    cors::allow(head, http.cors.as_ref(), response.headers_mut());
    response
}

/// Which signal a request is for, and how it is written.
fn routed(head: &Parts, format: Option<Format>, http: &Http) -> Result<(Signal, Format), Status> {
    let path = head.uri.path();
    let signal = Signal::ALL
        .into_iter()
        .find(|signal| http.paths[*signal as usize] == path);
    let signal = signal.ok_or_else(|| {
        let message = format!("there is nothing at {path}");
        Status::of(Code::NotFound, StatusCode::NOT_FOUND, message)
    })?;
    if head.method != Method::POST {
        let message = "the method is not POST";
        let status = StatusCode::METHOD_NOT_ALLOWED;
        return Err(Status::of(Code::Unknown, status, message));
    }
    let format = format.ok_or_else(|| {
        let message = "the content type is neither application/x-protobuf nor application/json";
        Status::of(Code::Unknown, StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    })?;
    Ok((signal, format))
}

/// Takes a request that comes within that time; what becomes of it then may take longer.
async fn export<B>(
    head: &Parts,
    asked: Asked,
    body: &mut B,
    serving: &Serving,
    within: Option<Duration>,
) -> Result<(), Status>
where
    B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
{
    let unread = |refusal: &Refusal| serving.tallies.unread(asked.signal, refusal);
    let metadata = serving.metadata(head).inspect_err(unread)?;
    let limits = serving.intake.limits(serving.max_message);
    let message = timeout(within.unwrap_or(Duration::MAX), http_message(body, &limits)).await;
    let message = message.unwrap_or_else(|_| Err(late()));
    let mut message = message.inspect_err(unread)?;
    message.metadata = metadata;
    take(asked, message, serving).await
}

/// Hands on what came.
pub(crate) async fn take(asked: Asked, message: Message, serving: &Serving) -> Result<(), Status> {
    let Asked {
        signal,
        format,
        encoding,
    } = asked;
    let Serving {
        intake,
        max_message,
        tallies,
        ..
    } = serving;
    let (message, encoding) = match format {
        Format::Protobuf => (message, encoding),
        Format::Json => {
            let message = from_json(message, encoding, signal, serving).await;
            (
                message.inspect_err(|refusal| tallies.unread(signal, refusal))?,
                None,
            )
        }
    };
    let accepted = intake.accept(message, encoding, signal, *max_message, tallies);
    Ok(accepted.await?)
}

/// A message in protobuf that came in JSON.
async fn from_json(
    mut message: Message,
    encoding: Option<Encoding>,
    signal: Signal,
    serving: &Serving,
) -> Result<Message, Refusal> {
    let limits = serving.intake.limits(serving.max_message);
    if let Some(encoding) = encoding {
        let (bytes, charge) = super::inflate::inflate(encoding, &message.bytes, &limits).await?;
        message.bytes = bytes.into();
        message.charge = charge;
    }
    let most = message.bytes.len().saturating_mul(json::EXPANSION) as u64;
    let mut charge = limits.scratch(most).await?;
    let written = json::to_protobuf(signal, &message.bytes);
    let written = written.map_err(|error| {
        let why =
            std::error::Error::source(&error).map_or_else(String::new, |why| format!(": {why}"));
        Refusal::invalid(format!("{error}{why}"))
    })?;
    charge.shrink_to(written.capacity() as u64);
    message.bytes = written.into();
    message.charge = charge;
    Ok(message)
}

/// How a body is compressed, in one of the ways that are taken.
fn encoding(headers: &HeaderMap, taken: Option<&Encodings>) -> Result<Option<Encoding>, Status> {
    let name = headers
        .get(CONTENT_ENCODING)
        .and_then(|name| name.to_str().ok());
    let name = match name.map(|name| name.trim().to_ascii_lowercase()) {
        None => String::new(),
        Some(name) if name == "identity" => String::new(),
        Some(name) => name,
    };
    let refused = || {
        let message = match name.as_str() {
            "" => "bodies are not taken without an encoding".to_owned(),
            name => format!("bodies are not taken in the encoding {name}"),
        };
        Status::of(Code::InvalidArgument, StatusCode::BAD_REQUEST, message)
    };
    match taken {
        Some(taken) if taken.named.is_empty() => return Ok(None),
        Some(taken) if !taken.named.contains(&name) => return Err(refused()),
        _ if name.is_empty() => return Ok(None),
        _ => {}
    }
    Encoding::http_named(&name).map(Some).ok_or_else(refused)
}

/// Success: an empty message, for nothing was rejected.
fn accepted(format: Format) -> Response<Reply> {
    let mut response = Response::new(Reply {
        data: (format == Format::Json).then_some(Bytes::from_static(b"{}")),
        trailers: None,
    });
    response.headers_mut().insert(CONTENT_TYPE, format.name());
    response
}

/// Failure: a status in the format of the request.
fn refused(status: &Status, format: Option<Format>) -> Response<Reply> {
    let format = format.unwrap_or(Format::Json);
    let body = match format {
        Format::Protobuf => status.encode(),
        Format::Json => status.json(),
    };
    let mut response = Response::new(Reply {
        data: Some(body.into()),
        trailers: None,
    });
    *response.status_mut() = status.http;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, format.name());
    if status.http == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("POST"));
    }
    if let Some(after) = status.after {
        headers.insert(RETRY_AFTER, whole_seconds(after).into());
    }
    response
}

/// Whole seconds, and not too early.
fn whole_seconds(after: Duration) -> u64 {
    after.as_secs() + u64::from(after.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_asked_to_come_again_too_early() {
        for (after, seconds) in [(0, 0), (1, 1), (999, 1), (1000, 1), (1001, 2)] {
            assert_eq!(
                whole_seconds(Duration::from_millis(after)),
                seconds,
                "{after} ms"
            );
        }
    }
}
