//! How does hyper carry a call?

use bytes::Bytes;
use http::{HeaderMap, Request, Uri, Version};
use http_body_util::{BodyExt, Limited};
use hyper::{
    body::Incoming,
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::Mutex;

use super::{
    super::{MAX_ANSWER, answer, body::Outgoing},
    Destination, Message, path, too_long,
};
use crate::{
    Signal,
    export::{Delivered, Failure, MakeError},
};

/// How much the answers to one connection may be before they are read: they are small.
const WINDOW: u32 = 256 << 10;

/// What makes calls.
pub(super) struct Calls {
    to: Destination,
    methods: [Uri; 3],
    /// The connection that all senders share, made anew when it broke.
    current: Mutex<Option<SendRequest<Outgoing>>>,
}

impl Calls {
    pub(super) fn new(to: Destination) -> Result<Self, MakeError> {
        let method = |signal| {
            Uri::builder()
                .scheme(to.scheme)
                .authority(to.authority.as_str())
                .path_and_query(path(signal))
                .build()
                .map_err(|_| MakeError::Endpoint(to.settings.endpoint.clone()))
        };
        let [traces, metrics, logs] = Signal::ALL.map(method);
        Ok(Self {
            methods: [traces?, metrics?, logs?],
            to,
            current: Mutex::new(None),
        })
    }

    /// What sends a request. One sender connects, the others wait for it.
    async fn connection(&self) -> Result<SendRequest<Outgoing>, Failure> {
        let mut current = self.current.lock().await;
        if let Some(sender) = current.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(sender.clone());
        }
        let stream = self.to.door.open().await;
        let stream = stream.map_err(|error| self.to.unreachable(&error))?;
        let settings = &self.to.settings;
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .keep_alive_interval(settings.ping_after)
            .keep_alive_timeout(settings.ping_timeout)
            .keep_alive_while_idle(settings.ping_without_calls);
        let (sender, connection) = builder
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.to.unreachable(&error))?;
        // Its end is seen by the requests on it, and by `is_closed`.
        tokio::spawn(connection);
        *current = Some(sender.clone());
        Ok(sender)
    }

    fn request(&self, message: &Message) -> Result<Request<Outgoing>, Failure> {
        let body = Outgoing::grpc(&message.body, message.compressed).ok_or_else(too_long)?;
        let mut request = Request::new(body);
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.methods[message.signal as usize].clone();
        *request.version_mut() = Version::HTTP_2;
        request.headers_mut().clone_from(&self.to.headers);
        Ok(request)
    }

    pub(super) async fn call(&self, message: &Message) -> Result<Delivered, Failure> {
        let mut connection = self.connection().await?;
        let request = self.request(message)?;
        let broke = |error: hyper::Error| Failure::passing(format!("the call broke off: {error}"));
        let response = connection.send_request(request).await.map_err(broke)?;
        read(response).await
    }
}

async fn read(response: http::Response<Incoming>) -> Result<Delivered, Failure> {
    let (head, body) = response.into_parts();
    if let Some(result) = status(&head.headers) {
        return result.map(|()| Delivered::default());
    }
    let body = Limited::new(body, MAX_ANSWER).collect().await;
    let body = body.map_err(|error| Failure::passing(format!("the answer broke off: {error}")))?;
    match body.trailers().and_then(status) {
        Some(result) => result?,
        None => return Err(answer::no_grpc(head.status)),
    }
    let message: Bytes = body.to_bytes();
    Ok(answer::delivered(message.get(5..).unwrap_or_default()))
}

/// What headers or trailers say, if they end a call.
fn status(headers: &HeaderMap) -> Option<Result<(), Failure>> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let code = text("grpc-status")?.parse().unwrap_or(2);
    let message = text("grpc-message").unwrap_or_default();
    let details = text("grpc-status-details-bin");
    Some(answer::grpc(code, message, details))
}
