//! How is a connection served, from its first byte until it is drained?

use std::{io, sync::Arc, time::Duration};

use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{
    Protocol, Serving,
    heads::{self, Heads},
    lifetime::{Activity, Lifetime},
    listen::{Listener, Stream},
    prefixed::{Prefixed, Version, version},
    timely::Timely,
};
use crate::{haste::Hurry, http2::server, settings::Http2};

/// How much a connection may send before it is read. What is under way is memory that nobody charged, so it is kept
/// near what a fast line holds.
const CONNECTION_WINDOW: u32 = 1 << 20;
const STREAM_WINDOW: u32 = 512 << 10;
/// How many calls a connection may have open if nothing is said: what gRPC clients take for granted.
const STREAMS: u32 = 256;
/// The largest head of a request, in bytes.
const HEADERS: u32 = 16 << 10;
/// How much of a connection of HTTP/1.1 is read at once, which is also the largest head.
const READ: usize = 64 << 10;
/// How long a client may take to say which version of HTTP it speaks if nothing is set.
const FIRST_BYTES: Duration = Duration::from_mins(1);
/// How long one that has just come may take for its first bytes when the server ends: they may be under way.
const LAST_CALL: Duration = Duration::from_millis(200);
/// What TLS takes of a connection: its keys, and a record that comes and one that goes.
const TLS: u64 = 40 << 10;
/// How long the start of TLS may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Serves a listener until it is told to stop; then no new connection is taken, and those that there are end with the
/// calls that they have. Whose calls do not end before it is too late is cut off: nothing was acknowledged of what came.
pub(crate) async fn serve(
    serving: Arc<Serving>,
    listener: Listener,
    stop: watch::Receiver<bool>,
    hurry: Hurry,
) -> io::Result<()> {
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
            Ok(stream) => {
                connections.spawn(welcome(Arc::clone(&serving), stream, stop.clone()));
            }
            // No file descriptor is left, or the peer is gone: others may be served meanwhile.
            Err(error) => {
                serving.tallies.not_accepted(&error);
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
    drop(accepting);
    let ended = async { while connections.join_next().await.is_some() {} };
    let in_time = tokio::select! {
        () = ended => true,
        () = hurry.over() => false,
    };
    if !in_time {
        let open = connections.len();
        tracing::warn!(
            open,
            "calls have not come to an end in time: their connections are closed"
        );
        connections.shutdown().await;
    }
    Ok(())
}

async fn welcome(serving: Arc<Serving>, stream: Stream, stop: watch::Receiver<bool>) {
    let tls = serving.tls.as_ref().map(super::Tls::acceptor);
    match (tls, stream) {
        (None, Stream::Tcp(stream)) => connection(serving, stream, stop).await,
        (None, Stream::Unix(stream)) => connection(serving, stream, stop).await,
        (Some(tls), Stream::Tcp(stream)) => Box::pin(secure(tls, serving, stream, stop)).await,
        (Some(tls), Stream::Unix(stream)) => Box::pin(secure(tls, serving, stream, stop)).await,
    }
}

async fn secure<S>(tls: TlsAcceptor, serving: Arc<Serving>, stream: S, stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Some(_charge) = serving.intake.welcome(TLS).await else {
        return;
    };
    match timeout(HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(stream)) => connection(serving, stream, stop).await,
        Ok(Err(error)) => serving.tallies.insecure(&error),
        // Whoever says nothing is a probe of a port, or on a line that broke.
        Err(_) => {}
    }
}

/// Serves a connection in the version of HTTP that its client speaks.
async fn connection<S>(serving: Arc<Serving>, stream: S, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Protocol::Http(http) = &serving.protocol else {
        return http2(serving, stream, stop, Vec::new()).await;
    };
    let Some((charge, seat)) = serving.intake.welcome(heads::CONNECTION).await else {
        return;
    };
    let limit = http.header_timeout.unwrap_or(FIRST_BYTES);
    let mut stream = Timely::new(stream, http.write_timeout);
    let found = tokio::select! {
        found = timeout(limit, version(&mut stream)) => found,
        () = last_call(&mut stop) => return,
    };
    match found {
        Ok(Ok((Version::Http2, first))) => {
            drop((charge, seat));
            http2(serving, stream, stop, first).await;
        }
        Ok(Ok((Version::Http1, first))) => {
            let activity = Activity::new();
            let stream = Prefixed::new(first, stream);
            let stream = Heads::new(stream, Arc::clone(&activity), charge);
            // In a box, as all that not every connection needs: those that do not have no room for it.
            Box::pin(by_hyper(serving, stream, Version::Http1, activity, stop)).await;
        }
        Ok(Err(_)) | Err(_) => {}
    }
}

/// Serves HTTP/2 by whom the settings say; what came already is `first`.
async fn http2<S>(serving: Arc<Serving>, stream: S, stop: watch::Receiver<bool>, first: Vec<u8>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match serving.http2 {
        Http2::Own => server::serve(stream, serving, stop, &first).await,
        Http2::Hyper => {
            let Some(_charge) = serving.intake.welcome(server::CONNECTION).await else {
                return;
            };
            let stream = Prefixed::new(first, stream);
            let activity = Activity::new();
            Box::pin(by_hyper(serving, stream, Version::Http2, activity, stop)).await;
        }
    }
}

/// Waits until the server ends, and then a moment for what was sent before it did.
async fn last_call(stop: &mut watch::Receiver<bool>) {
    // Whoever is gone will not say it, and means it.
    let _ = stop.wait_for(|stop| *stop).await;
    sleep(LAST_CALL).await;
}

async fn by_hyper<S>(
    serving: Arc<Serving>,
    stream: S,
    version: Version,
    activity: Arc<Activity>,
    mut stop: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let lifetime = Lifetime::of(&serving.protocol);
    let builder = builder(&serving.protocol, version);
    let service = service_fn({
        let activity = Arc::clone(&activity);
        move |request| {
            let call = activity.call();
            let answer = Arc::clone(&serving).answer(request);
            async move {
                let answer = answer.await;
                drop(call);
                answer
            }
        }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let stopped = async { stop.wait_for(|stop| *stop).await.is_ok() };
    // How a connection ends is the business of its peer: every call has had its answer, or is sent again.
    tokio::select! {
        // What has come already is read first: told to end before that, the connection would end without an answer.
        biased;
        _ = connection.as_mut() => {}
        _ = stopped => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
        () = lifetime.over(&activity) => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                _ = connection => {}
                () = lifetime.cut_off() => {}
            }
        }
    }
}

fn builder(protocol: &Protocol, version: Version) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    let mut http2 = builder.http2();
    http2
        .timer(TokioTimer::new())
        .initial_connection_window_size(CONNECTION_WINDOW)
        .initial_stream_window_size(STREAM_WINDOW)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADERS)
        .auto_date_header(false);
    match protocol {
        Protocol::Grpc(grpc) => {
            http2
                .max_concurrent_streams(grpc.max_streams.unwrap_or(STREAMS))
                .keep_alive_interval(grpc.keepalive.ping_after)
                .keep_alive_timeout(grpc.keepalive.ping_timeout);
        }
        Protocol::Http(http) => {
            builder
                .http1()
                .timer(TokioTimer::new())
                .keep_alive(http.keep_alive)
                .header_read_timeout(http.header_timeout)
                .max_buf_size(READ);
        }
    }
    match version {
        Version::Http1 => builder.http1_only(),
        Version::Http2 => builder.http2_only(),
    }
}
