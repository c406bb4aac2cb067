//! Calls of gRPC, as a client makes them.

use std::net::SocketAddr;

use base64::Engine as _;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

/// A connection on which calls are made.
pub(crate) type Caller = SendRequest<Full<Bytes>>;

/// What a call was answered with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: String,
    pub(crate) details: Option<Vec<u8>>,
    pub(crate) message: Vec<u8>,
}

/// A message of gRPC.
pub(crate) fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flag], &length[..], message].concat()
}

/// Begins HTTP/2 on a connection.
pub(crate) async fn caller<S>(stream: S) -> hyper::Result<Caller>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (caller, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(caller)
}

/// Makes a call with every byte of the body given; an error if the connection or the stream ended instead.
pub(crate) async fn call_on(
    caller: &mut Caller,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> hyper::Result<Answer> {
    let mut request = Request::post(format!("http://localhost{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body.into())).unwrap();
    caller.ready().await?;
    let response = caller.send_request(request).await?;
    assert_eq!(response.status(), 200, "gRPC is always 200");
    let mut headers = response.headers().clone();
    let body = response.into_body().collect().await?;
    headers.extend(body.trailers().cloned().unwrap_or_default());
    let base64 = base64::engine::general_purpose::STANDARD_NO_PAD;
    let details = headers.get("grpc-status-details-bin");
    Ok(Answer {
        code: headers["grpc-status"].to_str().unwrap().to_owned(),
        details: details.map(|text| base64.decode(text).unwrap()),
        message: body.to_bytes().get(5..).unwrap_or_default().to_vec(),
    })
}

/// Makes one call on a connection of its own.
pub(crate) async fn call(to: SocketAddr, path: &str, message: &[u8]) -> Answer {
    call_raw(to, path, &[], framed(0, message)).await
}

/// The same with every byte of the body given.
pub(crate) async fn call_raw(
    to: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Answer {
    let stream = TcpStream::connect(to).await.unwrap();
    let mut caller = caller(stream).await.unwrap();
    call_on(&mut caller, path, headers, body).await.unwrap()
}
