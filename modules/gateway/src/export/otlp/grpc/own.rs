//! How does the gateway itself carry a call?

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread::{self, ThreadId},
};

use bytes::Bytes;
use http::StatusCode;

use super::{
    super::{MAX_ANSWER, answer},
    Destination, Message, path, too_long,
};
use crate::{
    Signal,
    export::{Delivered, Failure},
    http2::client::{Answer, Call, Client, Idle, Keepalive, Lost, fields},
};

/// How often a call is made that the destination did not look at, before it is its senders' turn to wait.
const TRIES: usize = 3;

/// What makes calls.
pub(super) struct Calls {
    to: Destination,
    /// The headers of a call for each signal.
    blocks: [Bytes; 3],
    /// The connections: each thread has its own, so that no thread waits for another.
    current: Mutex<Vec<(ThreadId, Arc<Current>)>>,
}

/// The connection that all senders of a thread share, made anew when it broke.
type Current = tokio::sync::Mutex<Option<Arc<Client>>>;

impl Calls {
    pub(super) fn new(to: Destination) -> Self {
        let block = |signal| fields(to.scheme, &to.authority, &path(signal), &to.headers).into();
        Self {
            blocks: Signal::ALL.map(block),
            to,
            current: Mutex::new(Vec::new()),
        }
    }

    fn current(&self) -> Arc<Current> {
        let thread = thread::current().id();
        let mut all = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = all.iter().find(|(of, _)| *of == thread) {
            return Arc::clone(known);
        }
        let made = Arc::<Current>::default();
        all.push((thread, Arc::clone(&made)));
        made
    }

    /// What makes a call. One sender connects, the others wait for it.
    async fn connection(&self) -> Result<Arc<Client>, Failure> {
        let current = self.current();
        let mut current = current.lock().await;
        if let Some(client) = current.as_ref().filter(|client| client.is_open()) {
            return Ok(Arc::clone(client));
        }
        let stream = self.to.door.open().await;
        let stream = stream.map_err(|error| self.to.unreachable(&error))?;
        let settings = &self.to.settings;
        let keepalive = Keepalive {
            after: settings.ping_after,
            timeout: settings.ping_timeout,
            idle: if settings.ping_without_calls {
                Idle::Asked
            } else {
                Idle::Silent
            },
        };
        let client = Arc::new(Client::start(stream, keepalive, MAX_ANSWER));
        *current = Some(Arc::clone(&client));
        Ok(client)
    }

    pub(super) async fn call(&self, message: &Message) -> Result<Delivered, Failure> {
        let block = &self.blocks[message.signal as usize];
        let mut tries = 1;
        loop {
            let call =
                Call::new(block.clone(), &message.body, message.compressed).ok_or_else(too_long)?;
            match self.connection().await?.call(call).await {
                Ok(answer) => return read(&answer),
                Err(Lost::Untouched(_)) if tries < TRIES => tries += 1,
                Err(lost) => return Err(Failure::passing(format!("the call broke off: {lost}"))),
            }
        }
    }
}

fn read(answer: &Answer) -> Result<Delivered, Failure> {
    let Some(code) = answer.code else {
        let status = StatusCode::from_u16(answer.status);
        return Err(answer::no_grpc(status.unwrap_or(StatusCode::BAD_GATEWAY)));
    };
    answer::grpc(code, &answer.message, answer.details.as_deref())?;
    let message = answer.body.get(5..).unwrap_or_default();
    Ok(answer::delivered(message))
}
