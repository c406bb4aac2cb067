//! How does a client send requests over one connection of HTTP/2?
//!
//! ```text
//!  socket ─► Parser ─► Session (streams, windows, patience) ─► complete messages ─► Pipeline
//!     ▲                  │ charged before they are kept               │
//!     └──── Outbox ◄─────┴────────────────── answers ◄───────────────┘
//! ```
//!
//! * One task reads, works and writes: no task, channel or map is made for a request that is answered at once, and
//!   everything that is ready is written together.
//! * Bytes are kept only where they were charged. Where there is no room, nothing more is read, and after a while the
//!   request is refused. So windows are nothing that we would have to keep.
//! * What costs us more than the peer is counted, and is too much at some point ([`Tolerance`](tolerance::Tolerance)).

mod answer;
mod connection;
mod head;
mod pings;
mod request;
mod requests;
mod session;
mod stall;
mod stream;
#[cfg(test)]
mod tests;
mod times;
mod tolerance;

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use connection::Connection;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::{Instant, sleep_until},
};

pub(crate) use session::CONNECTION;

use crate::receive::Serving;

/// The window of a connection, and of each of its streams. What was sent and not read yet waits in the system's memory,
/// where it grows cold: where senders have much in flight, a span costs a third more with windows of 4 and 16 MiB, and with
/// this one no more than where they have little. A sender far away sends one window in each round trip: 10 MB/s in 50 ms.
const WINDOW: u32 = 512 << 10;
/// The largest payload of a frame: larger ones would save their sender little, and hold up what comes beside them.
const FRAME: u32 = crate::http2::MAX_FRAME;
/// How many calls a connection may have open if nothing is said: what gRPC clients take for granted.
const STREAMS: u32 = 256;
/// The largest head of a request, in bytes.
const HEADERS: u32 = 16 << 10;

/// Serves a connection until it ends, or until it is told to stop and the calls that it has are answered. `first` was
/// read from it already.
pub(crate) async fn serve<S>(
    stream: S,
    serving: Arc<Serving>,
    mut stop: watch::Receiver<bool>,
    first: &[u8],
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some((charge, _seat)) = serving.intake.welcome(session::CONNECTION).await else {
        return;
    };
    let mut connection = Connection::new(stream, serving, charge, first);
    let mut told = false;
    let mut stopped = pin!(async move {
        // Whoever is gone will not say it, and means it.
        let _ = stop.wait_for(|stop| *stop).await;
    });
    let mut sleep = pin!(sleep_until(Instant::now()));
    poll_fn(|context| {
        if !told && stopped.as_mut().poll(context).is_ready() {
            told = true;
            connection.session.now = Instant::now();
            connection.session.leave();
        }
        if connection.poll(context).is_ready() {
            return Poll::Ready(());
        }
        let sooner = connection.session.times.sooner.take();
        if let Some(sooner) = sooner.filter(|sooner| *sooner < sleep.deadline()) {
            sleep.as_mut().reset(sooner);
        }
        if sleep.as_mut().poll(context).is_ready() {
            connection.session.now = Instant::now();
            match connection.session.tick() {
                Ok(next) => sleep.as_mut().reset(next),
                Err(times::Over) => return Poll::Ready(()),
            }
            // What there is to say of it is said after others had their turn.
            context.waker().wake_by_ref();
        }
        Poll::Pending
    })
    .await;
}
