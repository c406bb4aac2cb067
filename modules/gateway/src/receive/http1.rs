//! How is OTLP received over HTTP, of whatever version?

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER},
    request::Parts,
};
use http_body::Body;

use super::{
    Serving,
    body::{discard, http_message},
    cors,
    incoming::Message,
    reply::Reply,
    service::Http,
    status::{Code, Status},
};
use crate::{Encoding, Refusal, Signal, json};

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
    if let Some(preflight) = cors::preflight(&head, http.cors.as_ref()) {
        return preflight;
    }
    let result = match asked(&head, serving, http) {
        Err(status) => Err(status),
        Ok(asked) => {
            let export = export(asked, &mut body, serving);
            match http.read_timeout {
                None => export.await,
                Some(limit) => tokio::time::timeout(limit, export)
                    .await
                    .unwrap_or_else(|_| Err(late().into())),
            }
        }
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
    cors::preflight(head, http.cors.as_ref())
}

/// What a request asks for, if that can be had here.
pub(crate) fn asked(head: &Parts, serving: &Serving, http: &Http) -> Result<Asked, Status> {
    let (signal, format) = routed(head, Format::of(&head.headers), http)?;
    serving.intake.way(signal)?;
    Ok(Asked {
        signal,
        format,
        encoding: encoding(&head.headers)?,
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

async fn export<B>(asked: Asked, body: &mut B, serving: &Serving) -> Result<(), Status>
where
    B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
{
    let limits = serving.intake.limits(serving.max_message);
    let message = http_message(body, &limits).await;
    let message = message.inspect_err(|_| serving.tallies.unread.add(asked.signal, 1))?;
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
                message.inspect_err(|_| tallies.unread.add(signal, 1))?,
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

/// How a body is compressed.
fn encoding(headers: &HeaderMap) -> Result<Option<Encoding>, Status> {
    let name = headers
        .get(CONTENT_ENCODING)
        .and_then(|name| name.to_str().ok());
    match name.map(str::trim) {
        None | Some("" | "identity") => Ok(None),
        Some(name) => {
            let unknown = || {
                let message = format!("bodies are not taken in the encoding {name}");
                Status::of(Code::InvalidArgument, StatusCode::BAD_REQUEST, message)
            };
            Encoding::named(&name.to_ascii_lowercase())
                .map(Some)
                .ok_or_else(unknown)
        }
    }
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
        // Whole seconds, and not too early.
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        headers.insert(RETRY_AFTER, seconds.into());
    }
    response
}
