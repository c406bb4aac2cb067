//! What serves the requests of one server of a receiver?

use std::{convert::Infallible, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, request::Parts};
use hyper::body::Incoming;

use super::{Intake, Tallies, Tls, TlsError, grpc, http1, reply::Reply};
use crate::{
    Metadata, Refusal, Signal,
    metadata::Hearing,
    settings::{self, Cors, Encodings, Http2, Keepalive},
};

/// A server of a receiver.
pub struct Serving {
    /// Where payloads go.
    pub(crate) intake: Arc<Intake>,
    /// The largest message in bytes, after decompression.
    pub(crate) max_message: u64,
    /// What it speaks.
    pub(crate) protocol: Protocol,
    /// TLS, if it is spoken.
    pub(crate) tls: Option<Tls>,
    /// Who speaks HTTP/2.
    pub(crate) http2: Http2,
    /// What came.
    pub(crate) tallies: Arc<Tallies>,
    /// Whether headers of requests are kept, where somebody asks for them.
    pub(crate) keeps_headers: bool,
}

/// What a server speaks.
pub enum Protocol {
    /// gRPC.
    Grpc(Grpc),
    /// HTTP/1.1 and HTTP/2, in protobuf and JSON.
    Http(Box<Http>),
}

/// What is peculiar to gRPC.
pub struct Grpc {
    pub(crate) keepalive: Keepalive,
    pub(crate) max_streams: Option<u32>,
}

/// What is peculiar to HTTP.
pub struct Http {
    pub(crate) paths: [String; 3],
    pub(crate) cors: Option<Cors>,
    pub(crate) encodings: Option<Encodings>,
    pub(crate) response_headers: HeaderMap,
    pub(crate) read_timeout: Option<Duration>,
    pub(crate) write_timeout: Option<Duration>,
    pub(crate) header_timeout: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) keep_alive: bool,
}

impl Serving {
    /// A gRPC server.
    pub fn grpc(
        intake: Arc<Intake>,
        settings: &settings::Grpc,
        http2: Http2,
    ) -> Result<Self, TlsError> {
        Ok(Self {
            intake,
            max_message: settings.max_message,
            tls: Tls::new(settings.tls.as_ref(), &[b"h2"])?,
            protocol: Protocol::Grpc(Grpc {
                keepalive: settings.keepalive.clone(),
                max_streams: settings.max_concurrent_streams,
            }),
            http2,
            tallies: Arc::default(),
            keeps_headers: settings.include_metadata,
        })
    }

    /// An HTTP server.
    pub fn http(
        intake: Arc<Intake>,
        settings: &settings::Http,
        http2: Http2,
    ) -> Result<Self, TlsError> {
        let paths = &settings.paths;
        let path = |signal| match signal {
            Signal::Traces => paths.traces.clone(),
            Signal::Metrics => paths.metrics.clone(),
            Signal::Logs => paths.logs.clone(),
        };
        let headers = settings
            .response_headers
            .iter()
            .filter_map(|(name, value)| {
                // What is no header was refused when the configuration was read.
                let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
                Some((name, HeaderValue::from_str(value).ok()?))
            });
        Ok(Self {
            intake,
            max_message: settings.max_body,
            tls: Tls::new(settings.tls.as_ref(), &[b"h2", b"http/1.1"])?,
            protocol: Protocol::Http(Box::new(Http {
                paths: Signal::ALL.map(path),
                cors: settings.cors.clone(),
                encodings: settings.encodings.clone(),
                response_headers: headers.collect(),
                read_timeout: settings.read_timeout,
                write_timeout: settings.write_timeout,
                header_timeout: settings.read_header_timeout,
                idle_timeout: settings.idle_timeout,
                keep_alive: settings.keep_alive,
            })),
            http2,
            tallies: Arc::default(),
            keeps_headers: settings.include_metadata,
        })
    }

    /// What it was sent.
    pub fn tallies(&self) -> &Arc<Tallies> {
        &self.tallies
    }

    /// Whether a pipeline takes this signal from it.
    pub fn takes(&self, signal: Signal) -> bool {
        self.intake.way(signal).is_ok()
    }

    /// What listens for headers of a request, if any of them are kept.
    pub(crate) fn hearing(&self) -> Option<Hearing> {
        self.keeps_headers.then(|| self.intake.hearing()).flatten()
    }

    /// What a whole head says that is kept.
    pub(super) fn metadata(&self, head: &Parts) -> Result<Option<Arc<Metadata>>, Refusal> {
        match self.hearing() {
            Some(hearing) => hearing.parts(head),
            None => Ok(None),
        }
    }

    /// What it speaks, as metrics name it.
    pub fn transport(&self) -> &'static str {
        match &self.protocol {
            Protocol::Grpc(_) => "grpc",
            Protocol::Http(_) => "http",
        }
    }

    /// Answers one request.
    pub(crate) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Reply>, Infallible> {
        Ok(match &self.protocol {
            Protocol::Grpc(_) => grpc::answer(request, &self).await,
            Protocol::Http(http) => http1::answer(request, &self, http).await,
        })
    }
}
