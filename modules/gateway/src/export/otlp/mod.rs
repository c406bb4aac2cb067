//! How are payloads exported over OTLP?

mod answer;
mod body;
mod connection;
mod settings;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderValue, Request, Uri, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
pub use settings::Settings;
use tokio::time::timeout;

use self::{body::Outgoing, connection::Connection};
use super::{Delivered, Failure, Sender};
use crate::{Payload, Signal};

/// The largest answer that is read.
const MAX_ANSWER: usize = 4 << 20;

/// An exporter over gRPC.
#[derive(Debug)]
pub struct Grpc {
    settings: Settings,
    connection: Connection,
    methods: [Uri; 3],
}

impl Grpc {
    /// An exporter that connects when it first has something to send.
    pub fn new(settings: Settings) -> Result<Self, http::Error> {
        let method = |signal| {
            let service = match signal {
                Signal::Traces => "trace.v1.TraceService",
                Signal::Metrics => "metrics.v1.MetricsService",
                Signal::Logs => "logs.v1.LogsService",
            };
            Uri::builder()
                .scheme("http")
                .authority(settings.endpoint.as_str())
                .path_and_query(format!("/opentelemetry.proto.collector.{service}/Export"))
                .build()
        };
        let [traces, metrics, logs] = Signal::ALL.map(method);
        Ok(Self {
            methods: [traces?, metrics?, logs?],
            connection: Connection::to(settings.endpoint.clone()),
            settings,
        })
    }

    fn request(&self, payload: &Payload) -> Result<Request<Outgoing>, Failure> {
        let body = Outgoing::grpc(&payload.body, false)
            .ok_or_else(|| Failure::TooLarge("a message of gRPC has at most 4 GiB".into()))?;
        let mut request = Request::post(self.methods[payload.signal as usize].clone())
            .version(http::Version::HTTP_2)
            .body(body)
            .map_err(|error| Failure::Lasting(error.to_string().into()))?;
        let headers = request.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/grpc"),
        );
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
        Ok(request)
    }

    async fn call(&self, payload: &Payload) -> Result<Delivered, Failure> {
        let connection = self.connection.get().await;
        let mut connection = connection.map_err(|error| Failure::passing(error.to_string()))?;
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
    let status = body.trailers().and_then(answer::grpc);
    let missing = || {
        let why = format!(
            "the destination gave no gRPC status, and HTTP {}",
            head.status
        );
        Err(Failure::passing(why))
    };
    status.unwrap_or_else(missing)?;
    let message: Bytes = body.to_bytes();
    Ok(answer::delivered(message.get(5..).unwrap_or_default()))
}

impl Sender for Grpc {
    fn send<'a>(&'a self, payload: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>> {
        Box::pin(async move {
            let late = |_| Failure::passing("the destination did not answer in time");
            timeout(self.settings.timeout, self.call(payload))
                .await
                .map_err(late)?
        })
    }
}
