//! Do calls arrive that nothing is wrong with, however narrow the way is?

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use futures::future::join_all;
use h2::server;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};

use super::world::{answer, body, call, client, echo, expected, serve, soon};
use crate::http2::client::{Client, Keepalive};

#[tokio::test]
async fn two_hundred_calls_share_a_connection_however_narrow_it_is() {
    // Window of a stream, of the connection, calls at once, bytes at once, length of a message.
    let cases: [(u32, u32, u32, usize, usize); 5] = [
        (65_535, 65_535, 1000, 1 << 20, 100_000),
        (1 << 20, 1 << 20, 3, 70_000, 100_000),
        (1000, 65_535, 200, 777, 5_000),
        (1, 65_535, 50, 4_000, 60),
        (65_535, 65_535, 1, 9, 100),
    ];
    for (window, connection, calls, buffer, most) in cases {
        let (client, theirs) = client(buffer, Keepalive::default());
        let mut builder = server::Builder::new();
        builder
            .initial_window_size(window)
            .initial_connection_window_size(connection)
            .max_concurrent_streams(calls);
        tokio::spawn(serve(builder, theirs));
        let all = (0..200_u8).map(|byte| {
            let (client, length) = (&client, most * usize::from(byte) / 200);
            async move { (client.call(call(length, byte)).await, length, byte) }
        });
        for (answered, length, byte) in soon(join_all(all)).await {
            let expected = Ok(expected(length, byte));
            assert_eq!(answered, expected, "{length} bytes through {window}");
        }
        assert!(client.is_open());
    }
}

#[tokio::test]
async fn windows_may_shrink_while_something_is_sent() {
    let (client, theirs) = client(1 << 20, Keepalive::default());
    let peer = tokio::spawn(async move {
        let mut connection = server::handshake(theirs).await.unwrap();
        // Our first settings are acknowledged with the first call.
        echo(connection.accept().await.unwrap().unwrap()).await;
        let (request, mut respond) = connection.accept().await.unwrap().unwrap();
        let mut incoming = request.into_body();
        // 64 KiB are under way, and from now on a stream has ten bytes.
        connection.set_initial_window_size(10).unwrap();
        let serving = tokio::spawn(async move { while connection.accept().await.is_some() {} });
        let all = body(&mut incoming).await;
        answer(&mut respond, vec![0; 5].into(), "0");
        drop(respond);
        (all.len(), serving)
    });
    soon(client.call(call(1, 1))).await.unwrap();
    let answered = soon(client.call(call(70_000, 1))).await.unwrap();
    assert_eq!(answered.code, Some(0));
    let (length, serving) = soon(peer).await.unwrap();
    assert_eq!(length, 70_005);
    drop(client);
    soon(serving).await.unwrap();
}

/// Counts how often it is written to.
struct Counted(DuplexStream, Arc<AtomicUsize>);

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.1.fetch_add(1, Relaxed);
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.1.fetch_add(1, Relaxed);
        Pin::new(&mut self.0).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[tokio::test]
async fn calls_that_are_ready_together_leave_together() {
    let (ours, theirs) = duplex(1 << 20);
    let written = Arc::<AtomicUsize>::default();
    let counted = Counted(ours, Arc::clone(&written));
    let client = Client::start(counted, Keepalive::default(), 1000);
    let mut builder = server::Builder::new();
    builder
        .initial_window_size(1 << 20)
        .initial_connection_window_size(1 << 20);
    tokio::spawn(serve(builder, theirs));
    // Once the peer has said how large its windows are.
    soon(client.call(call(1, 1))).await.unwrap();
    let before = written.load(Relaxed);
    let mut all = Box::pin(join_all(
        (0..10).map(|byte| client.call(call(20_000, byte))),
    ));
    assert!(futures::poll!(&mut all).is_pending());
    tokio::task::yield_now().await;
    assert_eq!(
        written.load(Relaxed) - before,
        1,
        "ten calls of two frames each"
    );
    assert!(soon(all).await.iter().all(Result::is_ok));
}
