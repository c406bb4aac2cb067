//! A gateway, what sends to it, and what it sends to.

mod backend;
mod calls;
pub(crate) mod crash;
mod folder;
mod free;
pub(crate) mod needs;
mod settings;
mod status;
mod wait;

use std::{net::SocketAddr, time::Duration};

pub(crate) use backend::{Backend, Got};
use base64::Engine as _;
use bytes::Bytes;
pub(crate) use calls::{Answer, Caller, call, call_on, call_raw, caller, framed};
pub(crate) use folder::Folder;
pub(crate) use free::free;
use gateway::{serve::Gateway, settings::Settings};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message as _;
pub(crate) use settings::{
    BOTH, client_tls, exporter, over_grpc, over_http, sampled_by, settings, settings_on, stored_in,
};
pub(crate) use status::Status;
use tokio::net::TcpStream;
pub(crate) use wait::{PATIENCE, until};

pub(crate) const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// A gateway that runs, and ends with the test.
pub(crate) struct Running {
    gateway: Option<Gateway>,
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
}

impl Running {
    pub(crate) fn start(settings: &Settings) -> Self {
        Self::on(settings, 1)
    }

    pub(crate) fn on(settings: &Settings, shards: usize) -> Self {
        let gateway = Gateway::start(settings, shards).unwrap();
        let address = |index: usize| gateway.servers()[index].2.unwrap();
        Self {
            grpc: address(0),
            http: address(1),
            gateway: Some(gateway),
        }
    }

    pub(crate) fn gateway(&self) -> &Gateway {
        self.gateway.as_ref().unwrap()
    }

    /// Ends it, and waits until it has.
    pub(crate) async fn stop(self) {
        self.stop_within(Duration::from_mins(1)).await;
    }

    /// The same with another patience for what does not arrive.
    pub(crate) async fn stop_within(mut self, patience: Duration) {
        let gateway = self.gateway.take().unwrap();
        let stop = move || gateway.stop(patience);
        tokio::task::spawn_blocking(stop).await.unwrap();
    }
}

/// A request with so many spans.
pub(crate) fn spans(count: u8) -> Vec<u8> {
    let spans = (0..count).map(|index| Span {
        trace_id: vec![index + 1; 16],
        span_id: vec![index + 1; 8],
        name: "GET /".to_owned(),
        ..Span::default()
    });
    request_of(spans)
}

/// A request with these spans, all of one resource and scope.
pub(crate) fn request_of(spans: impl IntoIterator<Item = Span>) -> Vec<u8> {
    let scope = ScopeSpans {
        spans: spans.into_iter().collect(),
        ..ScopeSpans::default()
    };
    let resource = ResourceSpans {
        scope_spans: vec![scope],
        ..ResourceSpans::default()
    };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![resource],
    };
    request.encode_to_vec()
}

/// How many spans a request has.
pub(crate) fn count(request: &[u8]) -> usize {
    let request = ExportTraceServiceRequest::decode(request).unwrap();
    let scopes = request
        .resource_spans
        .iter()
        .flat_map(|one| &one.scope_spans);
    scopes.map(|scope| scope.spans.len()).sum()
}

/// A certificate or a key as it stands in files.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

/// Sends one request over HTTP/1.1.
pub(crate) async fn request(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> (u16, HeaderMap, Vec<u8>) {
    let stream = TcpStream::connect(to).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "test");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let response = sender.send_request(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (head.status.as_u16(), head.headers, body.to_vec())
}
