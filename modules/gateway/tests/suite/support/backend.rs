//! A backend that remembers what it got.

use std::{
    collections::VecDeque,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, StreamBody, combinators::BoxBody};
use hyper::{
    body::{Frame, Incoming},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::net::TcpListener;

use super::until;

/// One request as it came: path, headers, and the body (of gRPC without its prefix).
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) path: String,
    /// What the server was told that it is called, over HTTP/2.
    pub(crate) authority: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A backend of gRPC and HTTP that says yes, or what it was told to say.
#[derive(Clone, Default)]
pub(crate) struct Backend {
    got: Arc<Mutex<Vec<Got>>>,
    answers: Arc<Mutex<VecDeque<(u16, Option<&'static str>)>>>,
    /// Headers with which it answers over HTTP, however it does.
    saying: HeaderMap,
    /// What it keeps of a body; none for all of it.
    keep: Option<fn(&[u8]) -> Vec<u8>>,
}

impl Backend {
    /// One that answers so at first, with a status (of gRPC or HTTP) and the time to come again.
    pub(crate) async fn answering(answers: &[(u16, Option<&'static str>)]) -> (Self, SocketAddr) {
        Self::saying(answers, &[]).await
    }

    /// One at an address where nobody listens yet.
    pub(crate) async fn start_on(address: SocketAddr) -> Self {
        Self::on(TcpListener::bind(address).await.unwrap())
    }

    /// The same that keeps of each body no more than this makes of it.
    pub(crate) async fn keeping(address: SocketAddr, keep: fn(&[u8]) -> Vec<u8>) -> Self {
        let backend = Self {
            keep: Some(keep),
            ..Self::default()
        };
        backend.listen(TcpListener::bind(address).await.unwrap());
        backend
    }

    /// One that answers so over HTTP, each time with these headers.
    pub(crate) async fn saying(
        answers: &[(u16, Option<&'static str>)],
        headers: &[(&'static str, &'static str)],
    ) -> (Self, SocketAddr) {
        let mut backend = Self::default();
        backend.answers.lock().unwrap().extend(answers);
        for (name, value) in headers {
            let value = HeaderValue::from_static(value);
            backend.saying.insert(*name, value);
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        backend.listen(listener);
        (backend, address)
    }

    fn listen(&self, listener: TcpListener) {
        let kept = self.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let kept = kept.clone();
                tokio::spawn(async move {
                    let service = service_fn(move |request| kept.clone().answer(request));
                    let _ = auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
    }

    /// One that listens there.
    pub(crate) fn on(listener: TcpListener) -> Self {
        let backend = Self::default();
        backend.listen(listener);
        backend
    }

    pub(crate) async fn start() -> (Self, SocketAddr) {
        Self::answering(&[]).await
    }

    async fn answer(
        self,
        request: Request<Incoming>,
    ) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let grpc = head.headers["content-type"] == "application/grpc";
        let body = &body[if grpc { 5 } else { 0 }..];
        let got = Got {
            path: head.uri.path().to_owned(),
            authority: head.uri.authority().map(ToString::to_string),
            headers: head.headers,
            body: self.keep.map_or_else(|| body.to_vec(), |keep| keep(body)),
        };
        self.got.lock().unwrap().push(got);
        let said = self.answers.lock().unwrap().pop_front();
        let mut response = Response::builder();
        if !grpc {
            let (status, after) = said.unwrap_or((200, None));
            response = response.status(status);
            if let Some(after) = after {
                response = response.header("retry-after", after);
            }
            let mut response = response.body(BoxBody::default()).unwrap();
            response.headers_mut().extend(self.saying);
            return Ok(response);
        }
        let (status, details) = said.unwrap_or((0, None));
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", status.into());
        if let Some(details) = details {
            trailers.insert("grpc-status-details-bin", HeaderValue::from_static(details));
        }
        let frames = [
            Frame::data(Bytes::from_static(&[0; 5])),
            Frame::trailers(trailers),
        ];
        let body = StreamBody::new(futures::stream::iter(frames.map(Ok)));
        let response = response.header("content-type", "application/grpc");
        Ok(response.body(BodyExt::boxed(body)).unwrap())
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// What it got, once that is so much.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Got> {
        until("what was sent comes", || self.got().len() >= count).await;
        self.got()
    }
}
