//! How are payloads exported over gRPC?

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, Uri, Version, header};
use http_body_util::{BodyExt, Limited};
use hyper::{
    body::Incoming,
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{sync::Mutex, time::timeout};

use super::{MAX_ANSWER, answer, body::Outgoing, compress::compress, headers::headers};
use crate::{
    Payload, Signal,
    export::{
        Delivered, Failure, MakeError, Sender,
        connect::{Door, Place},
    },
    settings::{Http2, OtlpGrpc},
};

/// How much the answers to one connection may be before they are read: they are small.
const WINDOW: u32 = 256 << 10;

/// An exporter over gRPC.
pub struct Grpc {
    settings: OtlpGrpc,
    timeout: Duration,
    door: Door,
    #[allow(dead_code, reason = "the own client will ask")]
    http2: Http2,
    /// The connection that all senders share, made anew when it broke.
    current: Mutex<Option<SendRequest<Outgoing>>>,
    methods: [Uri; 3],
    headers: HeaderMap,
}

impl Grpc {
    /// An exporter that connects when it first has something to send.
    pub fn new(
        settings: &OtlpGrpc,
        timeout: Option<Duration>,
        http2: Http2,
    ) -> Result<Arc<Self>, MakeError> {
        let place = place(&settings.endpoint)?;
        let authority = match (&settings.authority, &place) {
            (Some(authority), _) => authority.clone(),
            (None, Place::Tcp(address)) => address.clone(),
            (None, Place::Unix(_)) => "localhost".to_owned(),
        };
        let scheme = if settings.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let method = |signal| {
            let service = match signal {
                Signal::Traces => "trace.v1.TraceService",
                Signal::Metrics => "metrics.v1.MetricsService",
                Signal::Logs => "logs.v1.LogsService",
            };
            Uri::builder()
                .scheme(scheme)
                .authority(authority.as_str())
                .path_and_query(format!("/opentelemetry.proto.collector.{service}/Export"))
                .build()
                .map_err(|_| MakeError::Endpoint(settings.endpoint.clone()))
        };
        let [traces, metrics, logs] = Signal::ALL.map(method);
        let mut headers = headers(&settings.headers, settings.user_agent.as_deref())?;
        let grpc = HeaderValue::from_static("application/grpc");
        headers.insert(header::CONTENT_TYPE, grpc);
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
        Ok(Arc::new(Self {
            timeout: timeout.unwrap_or(Duration::MAX),
            door: Door::new(place, settings.tls.as_ref(), &[b"h2"])?,
            current: Mutex::new(None),
            methods: [traces?, metrics?, logs?],
            headers,
            settings: settings.clone(),
            http2,
        }))
    }

    /// What sends a request. One sender connects, the others wait for it.
    async fn connection(&self) -> Result<SendRequest<Outgoing>, Failure> {
        let mut current = self.current.lock().await;
        if let Some(sender) = current.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(sender.clone());
        }
        let failed = |error: String| {
            Failure::passing(format!("could not connect to {}: {error}", self.door.place))
        };
        let stream = self
            .door
            .open()
            .await
            .map_err(|error| failed(error.to_string()))?;
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .keep_alive_interval(self.settings.ping_after)
            .keep_alive_timeout(self.settings.ping_timeout)
            .keep_alive_while_idle(self.settings.ping_without_calls);
        let (sender, connection) = builder
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| failed(error.to_string()))?;
        // Its end is seen by the requests on it, and by `is_closed`.
        tokio::spawn(connection);
        *current = Some(sender.clone());
        Ok(sender)
    }

    fn request(&self, payload: &Payload) -> Result<Request<Outgoing>, Failure> {
        let lasting = |error: &dyn std::error::Error| Failure::Lasting(error.to_string().into());
        let (body, encoding) =
            compress(&payload.body, self.settings.compression).map_err(|error| lasting(&error))?;
        let body = Outgoing::grpc(&body, encoding.is_some())
            .ok_or_else(|| Failure::TooLarge("a message of gRPC has at most 4 GiB".into()))?;
        let mut request = Request::new(body);
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.methods[payload.signal as usize].clone();
        *request.version_mut() = Version::HTTP_2;
        let headers = request.headers_mut();
        headers.clone_from(&self.headers);
        if let Some(encoding) = encoding {
            let name = HeaderValue::from_static(encoding.grpc_name());
            headers.insert("grpc-encoding", name);
        }
        if self.timeout < Duration::from_hours(1) {
            let limit = format!("{}m", self.timeout.as_millis());
            let limit = HeaderValue::try_from(limit).map_err(|error| lasting(&error))?;
            headers.insert("grpc-timeout", limit);
        }
        Ok(request)
    }

    async fn call(&self, payload: &Payload) -> Result<Delivered, Failure> {
        let mut connection = self.connection().await?;
        let request = self.request(payload)?;
        let broke = |error: hyper::Error| Failure::passing(format!("the call broke off: {error}"));
        let response = connection.send_request(request).await.map_err(broke)?;
        read(response).await
    }
}

async fn read(response: http::Response<Incoming>) -> Result<Delivered, Failure> {
    let (head, body) = response.into_parts();
    if let Some(result) = answer::grpc(&head.headers) {
        return result.map(|()| Delivered::default());
    }
    let body = Limited::new(body, MAX_ANSWER).collect().await;
    let body = body.map_err(|error| Failure::passing(format!("the answer broke off: {error}")))?;
    match body.trailers().and_then(answer::grpc) {
        Some(result) => result?,
        None => return Err(answer::no_grpc(head.status)),
    }
    let message: Bytes = body.to_bytes();
    Ok(answer::delivered(message.get(5..).unwrap_or_default()))
}

/// Where an endpoint is, in the spellings of gRPC.
fn place(endpoint: &str) -> Result<Place, MakeError> {
    let path = endpoint
        .strip_prefix("unix://")
        .or_else(|| endpoint.strip_prefix("unix:"));
    if let Some(path) = path {
        return Ok(Place::Unix(path.into()));
    }
    let mut address = endpoint;
    for prefix in ["http://", "https://", "dns:///", "dns:", "passthrough:///"] {
        address = address.strip_prefix(prefix).unwrap_or(address);
    }
    let address = address.trim_end_matches('/');
    if !address.contains(':') {
        return Err(MakeError::Endpoint(endpoint.to_owned()));
    }
    Ok(Place::Tcp(address.to_owned()))
}

impl Sender for Grpc {
    fn send<'a>(&'a self, payload: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>> {
        Box::pin(async move {
            let late = |_| Failure::passing("the destination did not answer in time");
            timeout(self.timeout, self.call(payload))
                .await
                .map_err(late)?
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_have_many_spellings() {
        let tcp = |address: &str| Some(Place::Tcp(address.to_owned()));
        let cases = [
            ("a:1", tcp("a:1")),
            ("http://a:1/", tcp("a:1")),
            ("dns:///a:1", tcp("a:1")),
            ("[::1]:1", tcp("[::1]:1")),
            ("unix:///a/b", Some(Place::Unix("/a/b".into()))),
            ("nothing", None),
        ];
        for (endpoint, expected) in cases {
            assert_eq!(place(endpoint).ok(), expected, "{endpoint}");
        }
    }
}
