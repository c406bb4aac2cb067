//! How are payloads exported over HTTP?

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Limited};
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::{sync::Semaphore, time::timeout};

use super::{MAX_ANSWER, answer, body::Outgoing, compress::compress, headers::headers};
use crate::{
    Chunks, Payload, Signal,
    export::{
        Delivered, Failure, MakeError, Sender,
        connect::{Door, Place},
    },
    json,
    settings::{Encoding, OtlpHttp},
};

/// An exporter over HTTP/1.1.
pub struct Http {
    settings: OtlpHttp,
    timeout: Duration,
    targets: [Option<Target>; 3],
    headers: HeaderMap,
    /// How many connections there may be.
    connections: Semaphore,
}

/// Where one signal goes.
struct Target {
    path: Uri,
    host: HeaderValue,
    door: Door,
    idle: Mutex<Vec<(SendRequest<Outgoing>, Instant)>>,
}

impl Http {
    /// An exporter that connects when it first has something to send.
    pub fn new(settings: &OtlpHttp, timeout: Option<Duration>) -> Result<Arc<Self>, MakeError> {
        let target = |url: &Option<String>| {
            let url = url.as_deref();
            url.map(|url| Target::new(url, settings)).transpose()
        };
        let mut headers = headers(&settings.headers, None)?;
        let content_type = match settings.encoding {
            Encoding::Proto => "application/x-protobuf",
            Encoding::Json => "application/json",
        };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        let most = settings
            .max_connections
            .map_or(Semaphore::MAX_PERMITS, |most| most as usize);
        Ok(Arc::new(Self {
            targets: [
                target(&settings.traces)?,
                target(&settings.metrics)?,
                target(&settings.logs)?,
            ],
            timeout: timeout.unwrap_or(Duration::MAX),
            headers,
            connections: Semaphore::new(most),
            settings: settings.clone(),
        }))
    }

    fn request(&self, payload: &Payload, target: &Target) -> Result<Request<Outgoing>, Failure> {
        let lasting = |error: &dyn std::error::Error| Failure::Lasting(error.to_string().into());
        let body = match self.settings.encoding {
            Encoding::Proto => payload.body.clone(),
            Encoding::Json => to_json(payload.signal, &payload.body)?,
        };
        let (body, encoding) =
            compress(&body, self.settings.compression).map_err(|error| lasting(&error))?;
        let mut request = Request::new(Outgoing::http(&body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = target.path.clone();
        let headers = request.headers_mut();
        headers.clone_from(&self.headers);
        headers.insert(header::HOST, target.host.clone());
        if let Some(encoding) = encoding {
            let name = HeaderValue::from_static(encoding.http_name());
            headers.insert(header::CONTENT_ENCODING, name);
        }
        Ok(request)
    }

    async fn call(&self, payload: &Payload) -> Result<Delivered, Failure> {
        let target = self.targets[payload.signal as usize].as_ref();
        let target = target.ok_or(Failure::Lasting("there is no URL for this signal".into()))?;
        let mut request = self.request(payload, target)?;
        let permit = self.connections.acquire().await;
        let _permit = permit.map_err(|_| Failure::passing("the exporter has ended"))?;
        // A connection that was idle may have been ended by the other side meanwhile: then nothing was sent.
        while let Some(mut sender) = target.kept(self.settings.idle_timeout) {
            match sender.try_send_request(request).await {
                Ok(response) => return self.finish(target, sender, response).await,
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(broke(error.error())),
                },
            }
        }
        let mut sender = target.connect().await?;
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| broke(&error))?;
        self.finish(target, sender, response).await
    }

    async fn finish(
        &self,
        target: &Target,
        sender: SendRequest<Outgoing>,
        response: Response<Incoming>,
    ) -> Result<Delivered, Failure> {
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await;
        if self.settings.keep_alive && body.is_ok() && !sender.is_closed() {
            target.idle().push((sender, Instant::now()));
        }
        let body = body
            .map(http_body_util::Collected::to_bytes)
            .unwrap_or_default();
        answer::http(&head, &body, self.settings.encoding)
    }
}

fn broke(error: &hyper::Error) -> Failure {
    Failure::passing(format!("the request broke off: {error}"))
}

fn to_json(signal: Signal, body: &Chunks) -> Result<Chunks, Failure> {
    let mut text = Vec::with_capacity(body.len() * 2);
    json::from_protobuf(signal, &body.joined(), &mut text)
        .map_err(|error| Failure::Lasting(error.to_string().into()))?;
    Ok(Chunks::from(Bytes::from(text)))
}

impl Target {
    fn new(url: &str, settings: &OtlpHttp) -> Result<Self, MakeError> {
        let wrong = || MakeError::Endpoint(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let authority = uri.authority().ok_or_else(wrong)?;
        let (port, tls) = match uri.scheme_str() {
            Some("http") => (80, None),
            Some("https") => (443, Some(&settings.tls)),
            _ => return Err(wrong()),
        };
        let port = authority.port_u16().unwrap_or(port);
        let place = Place::Tcp(format!("{}:{port}", authority.host()));
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            path: path.parse().map_err(|_| wrong())?,
            host: HeaderValue::from_str(authority.as_str()).map_err(|_| wrong())?,
            door: Door::new(place, tls, &[b"http/1.1"])?,
            idle: Mutex::default(),
        })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(SendRequest<Outgoing>, Instant)>> {
        // A list of connections is whole whoever panicked.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that was kept and is not too old; the youngest first, so that those not needed grow old.
    fn kept(&self, limit: Option<Duration>) -> Option<SendRequest<Outgoing>> {
        let mut idle = self.idle();
        idle.retain(|(sender, since)| {
            !sender.is_closed() && limit.is_none_or(|limit| since.elapsed() < limit)
        });
        idle.pop().map(|(sender, _)| sender)
    }

    async fn connect(&self) -> Result<SendRequest<Outgoing>, Failure> {
        let failed = |error: String| {
            Failure::passing(format!("could not connect to {}: {error}", self.door.place))
        };
        let stream = self
            .door
            .open()
            .await
            .map_err(|error| failed(error.to_string()))?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| failed(error.to_string()))?;
        // Its end is seen by the request on it, and by `is_closed`.
        tokio::spawn(connection);
        Ok(sender)
    }
}

impl Sender for Http {
    fn send<'a>(&'a self, payload: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>> {
        Box::pin(async move {
            let late = |_| Failure::passing("the destination did not answer in time");
            timeout(self.timeout, self.call(payload))
                .await
                .map_err(late)?
        })
    }
}
