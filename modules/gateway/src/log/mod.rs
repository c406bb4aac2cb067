//! What survives when the program does not: a log of payloads on disk, and who is done with which of them.
//!
//! ```text
//!             append                        next                      done
//!  payload ─────────► segment, segment, … ───────► destination A ───────► ledger
//!             │            │        └─ memory ───► destination B ───────►   │
//!             └─ synced    └── given back as soon as every destination is done with all of it
//! ```
//!
//! * One copy for any number of destinations: each has a cursor of its own.
//! * A payload is held as soon as [`Log::append`] returns: it survives the end of the process in any manner
//!   ([`Level::Process`]). Whoever also waits for [`Log::synced`] has it survive the end of the machine
//!   ([`Level::Power`]).
//! * What cannot be read is skipped and counted, the rest is delivered; a doubt is resolved by delivering again.
//! * A disk that refuses makes the log refuse, so that the sender keeps the payload, and go on serving what it has.

#![allow(
    clippy::cast_possible_truncation,
    reason = "sizes of what is in memory, on machines of 64 bits; salts are cut on purpose"
)]

mod cursor;
mod destination;
mod disk;
mod error;
mod format;
mod home;
mod inner;
mod ledger;
mod ranges;
mod recent;
mod record;
mod recover;
mod scan;
mod segments;
mod stats;
mod sync;
#[cfg(test)]
pub(crate) mod tests;

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use collector_config::Signal;
use tokio::sync::{Notify, futures::Notified};

pub use cursor::{Cursor, Delivery, Rest};
pub use destination::Backlog;
pub use disk::{Disk, DiskFile, Open, RealDisk};
pub use error::{AppendError, OpenError};
pub use format::Kind;
pub(crate) use home::may_mend;
pub use recover::Recovered;
pub use stats::{Count, Stats};

use crate::{Chunks, Payload};
use inner::Inner;
use sync::Syncer;

/// When a payload counts as held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Once it is written: it survives `kill -9`.
    Process,
    /// Once it is on the medium: it survives a power cut.
    Power,
}

/// How a log is kept.
#[derive(Clone, Debug)]
pub struct Settings {
    /// When a payload counts as held.
    pub level: Level,
    /// How many bytes its files may have.
    pub capacity: u64,
    /// How many bytes one file has: what is given back at once.
    pub segment: u64,
    /// How many bytes of bodies are kept in memory, so that a destination that keeps up reads nothing.
    pub memory: u64,
    /// Whether bodies are compressed with LZ4.
    pub compress: bool,
    /// How long a payload may wait for others before the medium is waited for (level `Power`).
    pub group: Duration,
    /// The destinations, by the names that they have across restarts.
    pub destinations: Vec<String>,
}

impl Settings {
    /// One gibibyte for these destinations, held at level `Process`.
    pub fn new(destinations: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            level: Level::Process,
            capacity: 1 << 30,
            segment: 16 << 20,
            memory: 16 << 20,
            compress: false,
            group: Duration::from_millis(1),
            destinations: destinations.into_iter().map(Into::into).collect(),
        }
    }
}

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Its number: each record has one of its own, greater than those before it, also across restarts.
    pub sequence: u64,
    /// How many items it has.
    pub items: u64,
    /// How many bytes its body has.
    pub bytes: u64,
}

/// A log of payloads on disk. A clone is the same log; the folder is free again when the last one and the last of its
/// cursors are dropped.
#[derive(Clone, Debug)]
pub struct Log {
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    inner: Arc<Mutex<Inner>>,
    /// Told when a destination is done with something.
    freed: Notify,
    stats: Arc<Stats>,
    syncer: Option<Syncer>,
    /// Held until the end: no other process may write here.
    _home: Arc<home::Home>,
}

impl Shared {
    // A thread that panicked in here left nothing half done that a restart would not meet too.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    /// Opens the log in a folder, which is made if it is missing, and reads what was left in it. Where the disk
    /// does not let it be made now, the log takes nothing until it does.
    pub fn open(
        folder: &Path,
        settings: &Settings,
        disk: Arc<dyn Disk>,
    ) -> Result<(Self, Recovered), OpenError> {
        recover::open(folder, settings, disk)
    }

    /// Appends a payload for all destinations.
    pub fn append(&self, payload: &Payload) -> Result<Position, AppendError> {
        let position = self.shared.inner().append(
            Kind::Request,
            payload.signal,
            payload.items,
            &payload.body,
            Some(payload),
        )?;
        Ok(position)
    }

    /// Appends something that the owner of the log wants to read again after a restart.
    pub fn note(&self, signal: Signal, body: &Chunks) -> Result<Position, AppendError> {
        let position = self
            .shared
            .inner()
            .append(Kind::Note, signal, 0, body, None)?;
        Ok(position)
    }

    /// Waits until a record is held at the level of the settings.
    pub async fn synced(&self, position: Position) -> Result<(), AppendError> {
        match &self.shared.syncer {
            None => Ok(()),
            Some(syncer) => syncer.wait(position.sequence).await,
        }
    }

    /// Told once when a destination is done with something: there may be room then.
    pub fn room(&self) -> Notified<'_> {
        self.shared.freed.notified()
    }

    /// The cursor of a destination. One that the settings did not name gets what is appended from now on.
    pub fn cursor(&self, destination: &str) -> Cursor {
        let key = self.shared.inner().destination(destination);
        Cursor::new(Arc::clone(&self.shared), key)
    }

    /// Forgets a destination: what it was not done with no longer waits for it.
    pub fn forget(&self, destination: &str) {
        self.shared.inner().forget(destination);
    }

    /// How the log is.
    pub fn stats(&self) -> &Arc<Stats> {
        &self.shared.stats
    }
}
