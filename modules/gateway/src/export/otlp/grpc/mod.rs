//! How are payloads exported over gRPC?

mod hyper;
mod own;

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, header};
use tokio::time::timeout;

use super::{
    compress::{compress, encoding, most},
    headers::headers,
};
use crate::{
    Chunks, Payload, Signal,
    export::{
        Delivered, Failure, MakeError, Sender,
        connect::{Door, Place},
        workspace::Workspace,
    },
    settings::{Http2, OtlpGrpc, WireCompression},
};

/// An exporter over gRPC.
pub struct Grpc {
    timeout: Duration,
    compression: WireCompression,
    workspace: Workspace,
    transport: Transport,
}

/// Who carries the calls: what both say and how they read answers is the same.
enum Transport {
    Own(own::Calls),
    Hyper(hyper::Calls),
}

/// What a call goes to, whoever carries it.
struct Destination {
    settings: OtlpGrpc,
    door: Door,
    scheme: &'static str,
    authority: String,
    /// All headers but those that begin with a colon.
    headers: HeaderMap,
}

/// What a call brings.
struct Message {
    signal: Signal,
    body: Chunks,
    compressed: bool,
}

impl Grpc {
    /// An exporter that connects when it first has something to send.
    pub fn new(
        settings: &OtlpGrpc,
        timeout: Option<Duration>,
        http2: Http2,
    ) -> Result<Arc<Self>, MakeError> {
        let destination = Destination::new(settings, timeout)?;
        Ok(Arc::new(Self {
            timeout: timeout.unwrap_or(Duration::MAX),
            compression: settings.compression,
            workspace: Workspace::new(),
            transport: match http2 {
                Http2::Own => Transport::Own(own::Calls::new(destination)),
                Http2::Hyper => Transport::Hyper(hyper::Calls::new(destination)?),
            },
        }))
    }
}

impl Destination {
    fn new(settings: &OtlpGrpc, timeout: Option<Duration>) -> Result<Self, MakeError> {
        let place = place(&settings.endpoint)?;
        let authority = match (&settings.authority, &place) {
            (Some(authority), _) => authority.clone(),
            (None, Place::Tcp(address)) => address.clone(),
            (None, Place::Unix(_)) => "localhost".to_owned(),
        };
        let wrong = || MakeError::Endpoint(settings.endpoint.clone());
        http::uri::Authority::try_from(authority.as_str()).map_err(|_| wrong())?;
        let mut headers = headers(&settings.headers, settings.user_agent.as_deref())?;
        let grpc = HeaderValue::from_static("application/grpc");
        headers.insert(header::CONTENT_TYPE, grpc);
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
        if let Some(encoding) = encoding(settings.compression) {
            let name = HeaderValue::from_static(encoding.grpc_name());
            headers.insert("grpc-encoding", name);
        }
        if let Some(timeout) = timeout.filter(|timeout| *timeout < Duration::from_hours(1)) {
            let limit = format!("{}m", timeout.as_millis());
            let limit = HeaderValue::try_from(limit);
            headers.insert("grpc-timeout", limit.map_err(|_| wrong())?);
        }
        Ok(Self {
            door: Door::new(place, settings.tls.as_ref(), &[b"h2"])?
                .patient(settings.wait_for_ready),
            scheme: match settings.tls {
                Some(_) => "https",
                None => "http",
            },
            authority,
            headers,
            settings: settings.clone(),
        })
    }

    /// Why there is no connection.
    fn unreachable(&self, error: &dyn std::error::Error) -> Failure {
        Failure::passing(format!("could not connect to {}: {error}", self.door.place))
    }
}

/// The method that takes a signal.
fn path(signal: Signal) -> String {
    let service = match signal {
        Signal::Traces => "trace.v1.TraceService",
        Signal::Metrics => "metrics.v1.MetricsService",
        Signal::Logs => "logs.v1.LogsService",
    };
    format!("/opentelemetry.proto.collector.{service}/Export")
}

/// What is longer than a message can be.
fn too_long() -> Failure {
    Failure::TooLarge("a message of gRPC has at most 4 GiB".into())
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
    // No host is this one.
    let host = if address.starts_with(':') {
        "localhost"
    } else {
        ""
    };
    Ok(Place::Tcp(format!("{host}{address}")))
}

/// The `host:port` of an endpoint whose host is a name, which may have several addresses.
pub(crate) fn name(endpoint: &str) -> Result<Option<String>, MakeError> {
    Ok(match place(endpoint)? {
        Place::Tcp(address) if address.parse::<std::net::SocketAddr>().is_err() => Some(address),
        Place::Tcp(_) | Place::Unix(_) => None,
    })
}

impl Sender for Grpc {
    fn send<'a>(&'a self, payload: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>> {
        Box::pin(async move {
            let late = |_| Failure::passing("the destination did not answer in time");
            let budget = payload.charge.budget();
            let most = most(&payload.body, self.compression);
            let mut space = self.workspace.room(budget, most).await;
            let compressed = compress(&payload.body, self.compression);
            let (body, encoding) =
                compressed.map_err(|error| Failure::Lasting(error.to_string().into()))?;
            space.fit(body.len() as u64);
            let message = Message {
                signal: payload.signal,
                body,
                compressed: encoding.is_some(),
            };
            let call = async {
                match &self.transport {
                    Transport::Own(calls) => calls.call(&message).await,
                    Transport::Hyper(calls) => calls.call(&message).await,
                }
            };
            timeout(self.timeout, call).await.map_err(late)?
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
            (":1", tcp("localhost:1")),
            ("unix:///a/b", Some(Place::Unix("/a/b".into()))),
            ("nothing", None),
        ];
        for (endpoint, expected) in cases {
            assert_eq!(place(endpoint).ok(), expected, "{endpoint}");
        }
    }
}
