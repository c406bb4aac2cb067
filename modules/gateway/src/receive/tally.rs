//! How much came in, and how much of it was taken?

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::{Refusal, Signal, telemetry::Seldom};

/// Counts items by signal.
#[derive(Debug, Default)]
pub struct Tally([AtomicU64; 3]);

impl Tally {
    /// Adds so many.
    pub fn add(&self, signal: Signal, count: u64) {
        self.0[signal as usize].fetch_add(count, Relaxed);
    }

    /// How many there were.
    pub fn get(&self, signal: Signal) -> u64 {
        self.0[signal as usize].load(Relaxed)
    }
}

/// What a server of one receiver was sent.
#[derive(Debug, Default)]
pub struct Tallies {
    /// Items that were taken.
    pub accepted: Tally,
    /// Items that were refused, and may come again.
    pub refused: Tally,
    /// Items that will never be taken.
    pub failed: Tally,
    /// Requests that were refused before their items could be counted: the collector, which counts items alone, shows
    /// nothing of those.
    pub unread: Tally,
    /// What the log says of senders who are to come again.
    busy: Seldom,
    /// And of clients with whom TLS cannot be spoken.
    insecure: Seldom,
    /// And of connections that cannot be taken.
    not_accepted: Seldom,
}

impl Tallies {
    pub(crate) fn count(&self, signal: Signal, items: u64, result: &Result<(), Refusal>) {
        let tally = match result {
            Ok(()) => &self.accepted,
            Err(Refusal::Busy { .. }) => &self.refused,
            Err(_) => &self.failed,
        };
        tally.add(signal, items);
        if let Err(refusal) = result {
            self.say(signal, refusal);
        }
    }

    /// Counts a request that was refused before its items could be counted.
    pub(crate) fn unread(&self, signal: Signal, refusal: &Refusal) {
        self.unread.add(signal, 1);
        self.say(signal, refusal);
    }

    /// TLS could not be spoken with a client.
    pub(crate) fn insecure(&self, error: &io::Error) {
        // A probe of a port that hangs up is nobody who wants to send.
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return;
        }
        if let Some(connections) = self.insecure.add(1) {
            tracing::warn!(connections, %error, "could not speak TLS with a client");
        }
    }

    /// A connection could not be taken.
    pub(crate) fn not_accepted(&self, error: &io::Error) {
        if let Some(attempts) = self.not_accepted.add(1) {
            tracing::warn!(attempts, %error, "could not take a connection");
        }
    }

    /// A sender who is to come again does so because of us: whoever runs the gateway should know.
    fn say(&self, signal: Signal, refusal: &Refusal) {
        let Refusal::Busy { why, .. } = refusal else {
            return;
        };
        if let Some(requests) = self.busy.add(1) {
            tracing::warn!(
                %signal,
                requests,
                error = %why,
                "could not take requests: their senders are told to come again"
            );
        }
    }
}
