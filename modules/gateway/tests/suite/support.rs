//! A backend that remembers what it got, and a gateway before it.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use gateway::{
    export::{Queue, Retry, otlp},
    receive::{self, Listen},
    serve::{Destination, Exporter, Gateway, Settings, Way},
};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::{
    body::{Frame, Incoming},
    client::conn::http2 as client,
    server::conn::http2 as server,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message as _;
use tokio::net::{TcpListener, TcpStream};

pub(crate) const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// What a call was answered with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: String,
    pub(crate) details: Option<Vec<u8>>,
    pub(crate) message: Vec<u8>,
}

/// A backend that says yes to everything, and keeps path and message of each call.
#[derive(Clone, Default)]
pub(crate) struct Backend(Arc<Mutex<Vec<(String, Vec<u8>)>>>);

impl Backend {
    pub(crate) async fn start() -> (Self, SocketAddr) {
        let backend = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let kept = backend.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let kept = kept.clone();
                let service = service_fn(move |request| kept.clone().answer(request));
                tokio::spawn(
                    server::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        (backend, address)
    }

    async fn answer(
        self,
        request: Request<Incoming>,
    ) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
        let path = request.uri().path().to_owned();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        self.0.lock().unwrap().push((path, body[5..].to_vec()));
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        let frames = [
            Frame::data(Bytes::from_static(&[0; 5])),
            Frame::trailers(trailers),
        ];
        let body = StreamBody::new(futures::stream::iter(frames.map(Ok)));
        Ok(Response::builder()
            .header("content-type", "application/grpc")
            .body(BodyExt::boxed(body))
            .unwrap())
    }

    pub(crate) fn got(&self) -> Vec<(String, Vec<u8>)> {
        self.0.lock().unwrap().clone()
    }
}

/// A gateway on a free port, with one OTLP receiver and one exporter for all signals.
pub(crate) fn gateway(to: SocketAddr, change: impl FnOnce(&mut Settings)) -> (Gateway, SocketAddr) {
    let mut receiver = receive::Settings::default();
    receiver.grpc = Some(receive::Server::grpc(Listen::Tcp("127.0.0.1:0".to_owned())));
    let exporter = Exporter {
        to: Destination::Grpc(otlp::Settings::to(to.to_string())),
        queue: Queue::default(),
        retry: Some(Retry::default()),
    };
    let (from, to) = ("otlp".parse().unwrap(), "otlp_grpc".parse().unwrap());
    let way = Way {
        receivers: vec![from],
        exporters: vec![to],
    };
    let pipelines = ["traces", "metrics", "logs"].map(|id| (id.parse().unwrap(), way.clone()));
    let mut settings = Settings {
        memory: 64 << 20,
        shards: 1,
        receivers: BTreeMap::from([(way.receivers[0].clone(), receiver)]),
        exporters: BTreeMap::from([(way.exporters[0].clone(), exporter)]),
        pipelines: BTreeMap::from(pipelines),
    };
    change(&mut settings);
    let gateway = Gateway::start(&settings).unwrap();
    let address = gateway.addresses().values().next().unwrap()[0];
    (gateway, address)
}

/// A request with so many spans.
pub(crate) fn spans(count: u8) -> Vec<u8> {
    let spans = (0..count).map(|index| Span {
        trace_id: vec![index; 16],
        span_id: vec![index; 8],
        name: "GET /".to_owned(),
        ..Span::default()
    });
    let scope = ScopeSpans {
        spans: spans.collect(),
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

/// Sends one gRPC call on a connection of its own.
pub(crate) async fn call(to: SocketAddr, path: &str, message: &[u8]) -> Answer {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let body = [&[0], &length[..], message].concat();
    call_raw(to, path, &[], body).await
}

/// The same with every byte of the body given.
pub(crate) async fn call_raw(
    to: SocketAddr,
    path: &str,
    headers: &[(&'static str, &'static str)],
    body: Vec<u8>,
) -> Answer {
    let stream = TcpStream::connect(to).await.unwrap();
    let (mut sender, connection) = client::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let mut request = Request::post(format!("http://{to}{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.status(), 200, "gRPC is always 200");
    let mut headers = response.headers().clone();
    let body = response.into_body().collect().await.unwrap();
    headers.extend(body.trailers().cloned().unwrap_or_default());
    use base64::Engine as _;
    let details = headers.get("grpc-status-details-bin").map(|text| {
        base64::engine::general_purpose::STANDARD_NO_PAD
            .decode(text)
            .unwrap()
    });
    Answer {
        code: headers["grpc-status"].to_str().unwrap().to_owned(),
        details,
        message: body.to_bytes().get(5..).unwrap_or_default().to_vec(),
    }
}
