//! How are many calls made over one connection?
//!
//! ```text
//!  Client::call ─► Inbox ─┐                                    ┌─► the call's answer
//!  Client::call ─► Inbox ─┴─► Driver, one task a connection ───┴─► the call's answer
//!                              read all · answer · begin · send, one write for everything that is ready
//! ```
//!
//! Senders of one thread put their calls into the inbox before the driver's task gets its turn, so that calls which
//! are ready together leave together. What a destination never looked at is told apart from what broke off, because
//! it may be sent again at once.

mod call;
mod driver;
mod inbox;
mod keepalive;
mod outgoing;
mod state;
mod streams;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::oneshot,
};

pub(crate) use call::{Answer, Call, Lost, fields};
use driver::Driver;
use inbox::{Command, Inbox};

/// How a connection is kept up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Keepalive {
    /// After how long a silence the peer is asked whether it is there; never, if there is none.
    pub(crate) after: Option<Duration>,
    /// How long it has to answer.
    pub(crate) timeout: Duration,
    /// Whether it is asked while no call is open.
    pub(crate) idle: Idle,
}

/// What is done with a connection without calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Idle {
    /// The peer is left alone.
    #[default]
    Silent,
    /// The peer is asked as if there were calls.
    Asked,
}

/// A connection on which calls are made. It ends when this is dropped, or before.
#[derive(Debug)]
pub(crate) struct Client {
    inbox: Arc<Inbox>,
}

impl Client {
    /// Begins to speak on a connection, in a task of its own. Answers may have so many bytes.
    pub(crate) fn start<S>(stream: S, keepalive: Keepalive, most: usize) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let inbox = Arc::<Inbox>::default();
        tokio::spawn(Driver::new(stream, Arc::clone(&inbox), keepalive, most));
        Self { inbox }
    }

    /// Whether new calls can still be made.
    pub(crate) fn is_open(&self) -> bool {
        self.inbox.is_open()
    }

    /// Makes a call. Whoever drops this gives the call up.
    pub(crate) async fn call(&self, call: Call) -> Result<Answer, Lost> {
        let (reply, answer) = oneshot::channel();
        let Some(id) = self.inbox.begin(call, reply) else {
            return Err(Lost::Untouched("the connection has ended".into()));
        };
        let mut given_up = GivenUp {
            inbox: &self.inbox,
            call: Some(id),
        };
        let answer = answer.await;
        given_up.call = None;
        // A driver that ends has answered every call, unless its runtime has ended before.
        answer.unwrap_or_else(|_| Err(Lost::Broken("nothing drives the connection".into())))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.inbox.leave();
    }
}

/// Tells the driver of a call that nobody waits for any more.
struct GivenUp<'a> {
    inbox: &'a Inbox,
    call: Option<u64>,
}

impl Drop for GivenUp<'_> {
    fn drop(&mut self) {
        if let Some(call) = self.call {
            self.inbox.tell(Command::GiveUp(call));
        }
    }
}
