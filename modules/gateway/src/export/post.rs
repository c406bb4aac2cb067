//! How is something posted over HTTP/1.1, on connections that are kept?

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, header, response};
use http_body_util::{BodyExt, Limited};
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;

use super::{
    Failure, MakeError,
    connect::{Door, Place},
    otlp::{MAX_ANSWER, Outgoing},
};
use crate::{Chunks, settings::ClientTls};

/// A URL that is posted to.
pub(crate) struct Post {
    path: Uri,
    host: HeaderValue,
    door: Door,
    idle: Idle,
    kept: Mutex<Vec<(SendRequest<Outgoing>, Instant)>>,
}

/// What becomes of connections that nobody uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Idle {
    /// Whether they are kept.
    pub(crate) keep: bool,
    /// For how long; none for as long as the other side keeps them.
    pub(crate) timeout: Option<Duration>,
}

impl Post {
    /// Posts to that URL, with TLS if it says `https`.
    pub(crate) fn new(url: &str, tls: &ClientTls, idle: Idle) -> Result<Self, MakeError> {
        let wrong = || MakeError::Endpoint(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let authority = uri.authority().ok_or_else(wrong)?;
        let (port, tls) = match uri.scheme_str() {
            Some("http") => (80, None),
            Some("https") => (443, Some(tls)),
            _ => return Err(wrong()),
        };
        let port = authority.port_u16().unwrap_or(port);
        let place = Place::Tcp(format!("{}:{port}", authority.host()));
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            path: path.parse().map_err(|_| wrong())?,
            host: HeaderValue::from_str(authority.as_str()).map_err(|_| wrong())?,
            door: Door::new(place, tls, &[b"http/1.1"])?,
            idle,
            kept: Mutex::default(),
        })
    }

    /// Posts once: what was answered, whatever it is.
    pub(crate) async fn send(
        &self,
        headers: &HeaderMap,
        body: &Chunks,
    ) -> Result<(response::Parts, Bytes), Failure> {
        let mut request = self.request(headers, body);
        // A connection that was idle may have been ended by the other side meanwhile: then nothing was sent.
        while let Some(mut sender) = self.youngest() {
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(self.finish(sender, response).await),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(broke(error.error())),
                },
            }
        }
        let mut sender = self.connect().await?;
        let response = sender.send_request(request).await;
        let response = response.map_err(|error| broke(&error))?;
        Ok(self.finish(sender, response).await)
    }

    fn request(&self, headers: &HeaderMap, body: &Chunks) -> Request<Outgoing> {
        let mut request = Request::new(Outgoing::http(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.path.clone();
        request.headers_mut().clone_from(headers);
        // Who is named by the settings goes before who is named by the URL.
        let host = request.headers_mut().entry(header::HOST);
        host.or_insert_with(|| self.host.clone());
        request
    }

    async fn finish(
        &self,
        sender: SendRequest<Outgoing>,
        response: Response<Incoming>,
    ) -> (response::Parts, Bytes) {
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await;
        if self.idle.keep && body.is_ok() && !sender.is_closed() {
            self.kept().push((sender, Instant::now()));
        }
        let body = body.map(http_body_util::Collected::to_bytes);
        (head, body.unwrap_or_default())
    }

    fn kept(&self) -> MutexGuard<'_, Vec<(SendRequest<Outgoing>, Instant)>> {
        // A list of connections is whole whoever panicked.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that was kept and is not too old; the youngest first, so that those not needed grow old.
    fn youngest(&self) -> Option<SendRequest<Outgoing>> {
        let limit = self.idle.timeout;
        let mut kept = self.kept();
        kept.retain(|(sender, since)| {
            !sender.is_closed() && limit.is_none_or(|limit| since.elapsed() < limit)
        });
        kept.pop().map(|(sender, _)| sender)
    }

    async fn connect(&self) -> Result<SendRequest<Outgoing>, Failure> {
        let place = &self.door.place;
        let failed =
            |error: String| Failure::passing(format!("could not connect to {place}: {error}"));
        let stream = self.door.open().await;
        let stream = stream.map_err(|error| failed(error.to_string()))?;
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(|error| failed(error.to_string()))?;
        // Its end is seen by the request on it, and by `is_closed`.
        tokio::spawn(connection);
        Ok(sender)
    }
}

fn broke(error: &hyper::Error) -> Failure {
    Failure::passing(format!("the request broke off: {error}"))
}
