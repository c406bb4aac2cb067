//! How is OTLP received over gRPC?

use std::fmt::Write as _;

use base64::Engine as _;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header::CONTENT_TYPE,
    request::Parts,
};
use http_body::Body;

use super::{
    Serving,
    body::grpc_message,
    incoming::Compressed,
    reply::Reply,
    status::{Code, Status},
};
use crate::{Encoding, Signal};

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const ACCEPTED: HeaderValue = HeaderValue::from_static("gzip,zstd,snappy");

/// Which signal a method is for.
fn signal(path: &str) -> Option<Signal> {
    let method = path.strip_prefix("/opentelemetry.proto.collector.")?;
    match method {
        "trace.v1.TraceService/Export" => Some(Signal::Traces),
        "metrics.v1.MetricsService/Export" => Some(Signal::Metrics),
        "logs.v1.LogsService/Export" => Some(Signal::Logs),
        _ => None,
    }
}

/// Answers one call.
pub(super) async fn answer<B>(request: Request<B>, serving: &Serving) -> Response<Reply>
where
    B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
{
    let (head, mut body) = request.into_parts();
    if !is_grpc(&head) {
        let mut response = Response::new(Reply::default());
        *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return response;
    }
    match export(&head, &mut body, serving).await {
        Ok(()) => accepted(),
        Err(status) => refused(&status),
    }
}

fn is_grpc(head: &Parts) -> bool {
    let content_type = head.headers.get(CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

async fn export<B>(head: &Parts, body: &mut B, serving: &Serving) -> Result<(), Status>
where
    B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
{
    let signal = signal(head.uri.path()).filter(|_| head.method == http::Method::POST);
    let unknown = || {
        let message = format!("there is no method {}", head.uri.path());
        Status::of(Code::Unimplemented, StatusCode::NOT_FOUND, message)
    };
    let signal = signal.ok_or_else(unknown)?;
    let Serving {
        intake,
        max_message,
        tallies,
        ..
    } = serving;
    intake.way(signal)?;
    let limits = intake.limits(*max_message);
    let message = grpc_message(body, &limits).await;
    let message = message.inspect_err(|_| tallies.unread.add(signal, 1))?;
    let encoding = match message.compressed {
        Compressed::No => None,
        Compressed::Yes => Some(encoding(&head.headers)?),
    };
    let accepted = intake.accept(message, encoding, signal, *max_message, tallies);
    Ok(accepted.await?)
}

/// How a message is compressed that says that it is.
fn encoding(headers: &HeaderMap) -> Result<Encoding, Status> {
    let name = headers.get(ENCODING).and_then(|name| name.to_str().ok());
    let name = name.unwrap_or("identity");
    Encoding::named(name).ok_or_else(|| {
        let message = format!("messages are not taken in the encoding {name}");
        Status::of(Code::Unimplemented, StatusCode::BAD_REQUEST, message)
    })
}

/// Success: an empty message, for nothing was rejected.
fn accepted() -> Response<Reply> {
    let mut trailers = HeaderMap::with_capacity(1);
    trailers.insert(STATUS, HeaderValue::from_static("0"));
    let mut response = Response::new(Reply {
        data: Some(Bytes::from_static(&[0; 5])),
        trailers: Some(trailers),
    });
    response.headers_mut().insert(CONTENT_TYPE, GRPC);
    response
}

/// Failure: all of it in the headers.
fn refused(status: &Status) -> Response<Reply> {
    let mut response = Response::new(Reply::default());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, GRPC);
    headers.insert(STATUS, (status.code as u16).into());
    if status.code == Code::Unimplemented {
        headers.insert(ACCEPT, ACCEPTED);
    }
    if let Ok(message) = HeaderValue::try_from(percent_encoded(&status.message)) {
        headers.insert(MESSAGE, message);
    }
    let details = base64::engine::general_purpose::STANDARD_NO_PAD.encode(status.encode());
    if let Ok(details) = HeaderValue::try_from(details) {
        headers.insert(DETAILS, details);
    }
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
