//! How is OTLP received over gRPC?

use std::fmt::Write as _;

use base64::Engine as _;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Request, Response, StatusCode, header::CONTENT_TYPE, request::Parts,
};
use http_body::Body;

use super::{
    Serving,
    body::grpc_message,
    incoming::{Compressed, Message},
    reply::Reply,
    status::{Code, Status},
};
use crate::{Encoding, Refusal, Signal};

/// What the fields of an answer are called.
pub(crate) mod name {
    /// The code.
    pub(crate) const STATUS: &str = "grpc-status";
    /// What a person reads.
    pub(crate) const MESSAGE: &str = "grpc-message";
    /// What a program reads.
    pub(crate) const DETAILS: &str = "grpc-status-details-bin";
    /// How messages are compressed.
    pub(crate) const ENCODING: &str = "grpc-encoding";
    /// How they may be.
    pub(crate) const ACCEPT: &str = "grpc-accept-encoding";
}

/// What the content types of all calls begin with.
pub(crate) const CONTENT: &str = "application/grpc";
/// The answer to a call that went well: an empty message, for nothing was rejected.
pub(crate) const EMPTY: [u8; 5] = [0; 5];

/// Which signal a method is for.
pub(crate) fn signal(path: &[u8]) -> Option<Signal> {
    let method = path.strip_prefix(b"/opentelemetry.proto.collector.")?;
    match method {
        b"trace.v1.TraceService/Export" => Some(Signal::Traces),
        b"metrics.v1.MetricsService/Export" => Some(Signal::Metrics),
        b"logs.v1.LogsService/Export" => Some(Signal::Logs),
        _ => None,
    }
}

/// What is said to a call of something else.
pub(crate) fn unknown_method(path: &str) -> Status {
    let message = format!("there is no method {path}");
    Status::of(Code::Unimplemented, StatusCode::NOT_FOUND, message)
}

/// What is said of a message that is compressed in another way.
pub(crate) fn unknown_encoding(name: &str) -> Status {
    let message = format!("messages are not taken in the encoding {name}");
    Status::of(Code::Unimplemented, StatusCode::BAD_REQUEST, message)
}

/// What is said to a request that is no call: most likely a person reads it.
pub(crate) fn foreign() -> Response<Reply> {
    let mut response = Response::new(Reply {
        data: Some(Bytes::from_static(b"only gRPC is spoken here\n")),
        trailers: None,
    });
    *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, text);
    response
}

/// Hands on a message.
pub(crate) async fn take(
    message: Message,
    encoding: Option<Encoding>,
    signal: Signal,
    serving: &Serving,
) -> Result<(), Status> {
    let Serving {
        intake,
        max_message,
        tallies,
        ..
    } = serving;
    let accepted = intake.accept(message, encoding, signal, *max_message, tallies);
    Ok(accepted.await?)
}

/// The fields that say why a call failed; all of them stand in the headers.
pub(crate) fn failure(status: &Status, mut put: impl FnMut(&'static str, &[u8])) {
    put(name::STATUS, (status.code as u16).to_string().as_bytes());
    if status.code == Code::Unimplemented {
        put(name::ACCEPT, b"gzip,zstd,snappy");
    }
    put(name::MESSAGE, percent_encoded(&status.message).as_bytes());
    let details = base64::engine::general_purpose::STANDARD_NO_PAD.encode(status.encode());
    put(name::DETAILS, details.as_bytes());
}

/// Answers one call.
pub(super) async fn answer<B>(request: Request<B>, serving: &Serving) -> Response<Reply>
where
    B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
{
    let (head, mut body) = request.into_parts();
    if !is_grpc(&head) {
        return foreign();
    }
    match export(&head, &mut body, serving).await {
        Ok(()) => accepted(),
        Err(status) => refused(&status),
    }
}

fn is_grpc(head: &Parts) -> bool {
    let content_type = head.headers.get(CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(CONTENT.as_bytes()))
}

async fn export<B>(head: &Parts, body: &mut B, serving: &Serving) -> Result<(), Status>
where
    B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
{
    let path = head.uri.path();
    let signal = signal(path.as_bytes()).filter(|_| head.method == http::Method::POST);
    let signal = signal.ok_or_else(|| unknown_method(path))?;
    serving.intake.way(signal)?;
    let unread = |refusal: &Refusal| serving.tallies.unread(signal, refusal);
    let metadata = serving.metadata(head).inspect_err(unread)?;
    let limits = serving.intake.limits(serving.max_message);
    let mut message = grpc_message(body, &limits).await.inspect_err(unread)?;
    message.metadata = metadata;
    let encoding = match message.compressed {
        Compressed::No => None,
        Compressed::Yes => Some(encoding(&head.headers)?),
    };
    take(message, encoding, signal, serving).await
}

/// How a message is compressed that says that it is.
fn encoding(headers: &HeaderMap) -> Result<Encoding, Status> {
    let name = headers.get(name::ENCODING);
    let name = name.and_then(|name| name.to_str().ok());
    let name = name.unwrap_or("identity");
    Encoding::grpc_named(name).ok_or_else(|| unknown_encoding(name))
}

/// Success: an empty message, for nothing was rejected.
fn accepted() -> Response<Reply> {
    let mut trailers = HeaderMap::with_capacity(1);
    trailers.insert(name::STATUS, HeaderValue::from_static("0"));
    let mut response = Response::new(Reply {
        data: Some(Bytes::from_static(&EMPTY)),
        trailers: Some(trailers),
    });
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(CONTENT));
    response
}

/// Failure: all of it in the headers.
fn refused(status: &Status) -> Response<Reply> {
    let mut response = Response::new(Reply::default());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(CONTENT));
    failure(status, |name, value| {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.insert(name, value);
        }
    });
    response
}

/// A message as the header may hold it: printable ASCII, the rest and `%` as `%XX`.
fn percent_encoded(message: &str) -> String {
    let mut encoded = String::with_capacity(message.len());
    for byte in message.bytes() {
        match byte {
            b' '..=b'$' | b'&'..=b'~' => encoded.push(byte.into()),
            _ => {
                // A text takes whatever is written to it.
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}
