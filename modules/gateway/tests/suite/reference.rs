//! Does the gateway speak gRPC as `tonic` does, both as a server and as a client?

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::{Buf, BufMut, Bytes};
use gateway::settings::{Http2, WireCompression};
use http::uri::PathAndQuery;
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{net::TcpListener, sync::Mutex};
use tonic::{
    Code, Request, Response, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    server,
    transport::Channel,
};

use crate::support::{BOTH, Running, TRACES, over_grpc, settings_on, spans};

/// Messages as their bytes.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

/// What a server of tonic got, and refuses at first.
#[derive(Clone, Default)]
struct Kept {
    got: Arc<Mutex<Vec<Bytes>>>,
    refuse: Arc<Mutex<Vec<Status>>>,
}

impl server::UnaryService<Bytes> for Kept {
    type Response = Bytes;
    type Future = futures::future::BoxFuture<'static, Result<Response<Bytes>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let kept = self.clone();
        Box::pin(async move {
            if let Some(status) = kept.refuse.lock().await.pop() {
                return Err(status);
            }
            kept.got.lock().await.push(request.into_inner());
            Ok(Response::new(Bytes::new()))
        })
    }
}

impl Kept {
    /// Serves every method with a server of tonic.
    async fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let kept = self.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let kept = kept.clone();
                let service = service_fn(move |request| {
                    let kept = kept.clone();
                    async move { Ok::<_, Status>(server::Grpc::new(Raw).unary(kept, request).await) }
                });
                tokio::spawn(async move {
                    let _ = auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        address
    }
}

async fn client(to: SocketAddr) -> Grpc<Channel> {
    let channel = Channel::from_shared(format!("http://{to}")).unwrap();
    Grpc::new(channel.connect().await.unwrap())
}

/// A gateway with a client of tonic before it and a server of tonic behind it. The server refuses its first calls with
/// these statuses, the last of them first.
async fn between(http2: Http2, refuse: Vec<Status>) -> (Grpc<Channel>, Running, Kept) {
    let kept = Kept::default();
    *kept.refuse.lock().await = refuse;
    let backend = kept.serve().await;
    let gateway = Running::start(&settings_on(
        http2,
        over_grpc(backend, WireCompression::None),
    ));
    (client(gateway.grpc).await, gateway, kept)
}

async fn export(client: &mut Grpc<Channel>, body: Bytes) -> Result<Bytes, Status> {
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static(TRACES);
    let answer = client.unary(Request::new(body), path, Raw).await?;
    Ok(answer.into_inner())
}

#[tokio::test]
async fn what_tonic_sends_reaches_tonic_unchanged_whatever_its_size_on_one_connection() {
    for http2 in BOTH {
        let (mut client, gateway, kept) = between(http2, Vec::new()).await;
        let large: Vec<u8> = (0..100).flat_map(|_| spans(200)).collect();
        assert!(large.len() > 500 << 10, "more than a stream's window");
        let sent = [
            Bytes::from(spans(1)),
            Bytes::from(large),
            Bytes::from(spans(9)),
        ];
        for body in &sent {
            assert!(export(&mut client, body.clone()).await.unwrap().is_empty());
        }
        gateway.stop().await;
        let mut got = kept.got.lock().await.clone();
        got.sort_by_key(Bytes::len);
        let mut sent = sent.to_vec();
        sent.sort_by_key(Bytes::len);
        assert_eq!(got, sent);
    }
}

#[tokio::test]
async fn calls_of_tonic_side_by_side_share_a_connection() {
    for http2 in BOTH {
        let (client, gateway, kept) = between(http2, Vec::new()).await;
        let calls = (0..200).map(|_| {
            let mut client = client.clone();
            async move { export(&mut client, Bytes::from(spans(3))).await }
        });
        for answer in futures::future::join_all(calls).await {
            assert!(answer.unwrap().is_empty());
        }
        gateway.stop().await;
        assert_eq!(kept.got.lock().await.len(), 200);
    }
}

#[tokio::test]
async fn tonic_is_told_why_a_request_is_refused_and_whether_it_may_come_again() {
    for http2 in BOTH {
        let (mut client, gateway, _) = between(http2, Vec::new()).await;
        let cases = [
            (Bytes::from_static(b"no protobuf"), Code::InvalidArgument),
            (Bytes::from(vec![0; 2 << 20]), Code::ResourceExhausted),
        ];
        for (body, code) in cases {
            let status = export(&mut client, body).await.unwrap_err();
            assert_eq!(status.code(), code, "{status}");
            assert!(!status.message().is_empty());
            let again = status.details().windows(9).any(|part| part == b"RetryInfo");
            assert!(!again, "{code} may not come again");
        }
        export(&mut client, Bytes::from(spans(1))).await.unwrap();
        gateway.stop().await;
    }
}

#[tokio::test]
async fn what_tonic_refuses_for_now_is_sent_again_and_for_good_is_not() {
    for http2 in BOTH {
        let refused = [Code::InvalidArgument, Code::Unavailable];
        let refused = refused.map(|code| Status::new(code, "not now"));
        let (mut client, gateway, kept) = between(http2, refused.into()).await;
        export(&mut client, Bytes::from(spans(1))).await.unwrap();
        // Unavailable first, then again and invalid: it is given up, and the next one passes.
        let emptied = async {
            while !kept.refuse.lock().await.is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), emptied)
            .await
            .unwrap();
        export(&mut client, Bytes::from(spans(2))).await.unwrap();
        gateway.stop().await;
        assert_eq!(*kept.got.lock().await, [Bytes::from(spans(2))]);
    }
}
