//! How is a connection served, from its first byte until it is drained?

use std::{convert::Infallible, future::Future, sync::Arc, time::Duration};

use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::sleep,
};

use super::{
    Intake, grpc,
    listen::{Listener, Stream},
    reply::Reply,
};

/// How much a connection may send before it is read. What is under way is memory that nobody charged, so it is kept
/// near what a fast line holds.
const CONNECTION_WINDOW: u32 = 1 << 20;
const STREAM_WINDOW: u32 = 512 << 10;

/// What serves connections.
pub struct Serving {
    /// Where payloads go.
    pub intake: Arc<Intake>,
    /// The largest message.
    pub max_message: u64,
}

/// Serves a listener until it is told to stop; then no new connection is taken, and those that there are end with the
/// calls that they have.
pub async fn serve(
    serving: Arc<Serving>,
    listener: Listener,
    stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let accepting = listener.accepting()?;
    let mut stopped = stop.clone();
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = accepting.accept() => accepted,
            _ = stopped.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok(Stream::Tcp(stream)) => {
                connections.spawn(connection(Arc::clone(&serving), stream, stop.clone()));
            }
            Ok(Stream::Unix(stream)) => {
                connections.spawn(connection(Arc::clone(&serving), stream, stop.clone()));
            }
            // No file descriptor is left, or the peer is gone: others may be served meanwhile.
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
    drop(accepting);
    while connections.join_next().await.is_some() {}
    Ok(())
}

async fn connection<S>(serving: Arc<Serving>, stream: S, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| answer(Arc::clone(&serving), request));
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .initial_connection_window_size(CONNECTION_WINDOW)
        .initial_stream_window_size(STREAM_WINDOW)
        .auto_date_header(false);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let stopped = async { stop.wait_for(|stop| *stop).await.is_ok() };
    // How a connection ends is the business of its peer: every call has had its answer, or is sent again.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stopped => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

fn answer(
    serving: Arc<Serving>,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Response<Reply>, Infallible>> {
    async move { Ok(grpc::answer(request, &serving.intake, serving.max_message).await) }
}
