//! How is OTLP received over gRPC?

use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header::CONTENT_TYPE};
use http_body::Body;

use super::{
    Intake, PATIENCE,
    body::{Compressed, Limits, grpc_message},
    reply::Reply,
    status::Status,
};
use crate::{Refusal, Signal};

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

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
pub(super) async fn answer<B>(
    request: Request<B>,
    intake: &Intake,
    max_message: u64,
) -> Response<Reply>
where
    B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
{
    match export(request, intake, max_message).await {
        Ok(()) => accepted(),
        Err(status) => refused(&status),
    }
}

async fn export<B>(request: Request<B>, intake: &Intake, max_message: u64) -> Result<(), Status>
where
    B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
{
    let (head, mut body) = request.into_parts();
    let signal = signal(head.uri.path()).ok_or_else(|| Status {
        code: super::status::Code::Unimplemented,
        message: format!("there is no method {}", head.uri.path()),
        after: None,
    })?;
    intake.pipeline(signal)?;
    let limits = Limits {
        message: max_message,
        budget: &intake.budget,
        patience: PATIENCE,
    };
    let message = grpc_message(&mut body, &limits).await?;
    if message.compressed == Compressed::Yes {
        return Err(Refusal::invalid("the message is compressed").into());
    }
    Ok(intake.accept(message, signal).await?)
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
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
