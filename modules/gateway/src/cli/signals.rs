//! Which signals does the gateway mind?

use std::io;

use rustix::process;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    /// A file has reached the size that the process may give it. Left alone it would end the process; minded, the write
    /// fails like one on a full disk, and whoever sent is asked to come again.
    _too_large: Signal,
    /// Somebody reads no longer what is written to a pipe: an error of the write, and not the end of the program. Rust's
    /// programs begin so, but for one that could not begin again (see `main`).
    _pipe: Signal,
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    End,
    Reload,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            _too_large: signal(SignalKind::from_raw(process::Signal::XFSZ.as_raw()))?,
            _pipe: signal(SignalKind::pipe())?,
        })
    }

    /// Waits until there is something to do.
    pub(super) async fn wish(&mut self) -> Wish {
        tokio::select! {
            () = end(&mut self.terminate, &mut self.interrupt) => Wish::End,
            _ = self.hangup.recv() => Wish::Reload,
        }
    }

    /// Waits until it is to end. What else is wished is heard later.
    pub(super) async fn end(&mut self) {
        end(&mut self.terminate, &mut self.interrupt).await;
    }
}

async fn end(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
