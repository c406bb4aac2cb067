//! A log on a disk of a test, and what has to be true of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
    time::Instant,
};

use bytes::Bytes;
use collector_config::Signal;

use super::disk::SimDisk;
use crate::{
    Budget, Payload,
    log::{AppendError, Cursor, Delivery, Log, Position, Recovered, Settings},
};

pub(super) const FOLDER: &str = "/log";

/// Settings so small that a few records fill a segment.
pub(super) fn small(destinations: &[&str]) -> Settings {
    Settings {
        capacity: 64 << 10,
        segment: 4 << 10,
        memory: 2 << 10,
        ..Settings::new(destinations.iter().copied())
    }
}

/// A log that is open, its cursors, and a budget to read with.
pub(super) struct World {
    pub(super) log: Log,
    pub(super) recovered: Recovered,
    pub(super) budget: Arc<Budget>,
    pub(super) cursors: BTreeMap<String, Cursor>,
}

/// The body of the n-th record: nobody else has one like it.
pub(super) fn body(nth: u64, length: usize) -> Bytes {
    let mut bytes = nth.to_le_bytes().to_vec();
    bytes.extend((0..length).map(|at| (nth as usize * 31 + at) as u8));
    bytes.into()
}

/// Which record a body is of; panics if it is not as it was appended.
pub(super) fn nth(payload: &Payload) -> u64 {
    let bytes = payload.body.joined();
    let nth = u64::from_le_bytes(*bytes.first_chunk().unwrap());
    assert_eq!(
        bytes,
        body(nth, bytes.len() - 8),
        "record {nth} is not as it was"
    );
    nth
}

impl World {
    pub(super) fn open(disk: &SimDisk, settings: &Settings) -> Self {
        let disk = Arc::new(disk.clone());
        let (log, recovered) = Log::open(Path::new(FOLDER), settings, disk).unwrap();
        let cursors = settings
            .destinations
            .iter()
            .map(|name| (name.clone(), log.cursor(name)))
            .collect();
        Self {
            log,
            recovered,
            budget: Budget::new(1 << 20),
            cursors,
        }
    }

    pub(super) fn payload(&self, nth: u64, length: usize) -> Payload {
        let body = body(nth, length);
        Payload {
            signal: Signal::Traces,
            items: nth % 7,
            arrived: Instant::now(),
            charge: Arc::new(self.budget.charge(body.len() as u64).unwrap()),
            body: body.into(),
            metadata: None,
        }
    }

    pub(super) fn append(&self, nth: u64, length: usize) -> Result<Position, AppendError> {
        self.log.append(&self.payload(nth, length))
    }

    /// Appends what has to be taken.
    pub(super) fn appended(&self, nth: u64, length: usize) {
        self.append(nth, length).unwrap();
    }

    pub(super) fn next(&self, destination: &str) -> Option<Delivery> {
        self.cursors[destination].try_next(&self.budget)
    }

    /// Everything that a destination gets now, in order; none of it is done.
    pub(super) fn all(&self, destination: &str) -> Vec<u64> {
        let deliveries: Vec<_> = std::iter::from_fn(|| self.next(destination)).collect();
        deliveries
            .iter()
            .map(|delivery| nth(&delivery.payload))
            .collect()
    }

    /// The same as a set; nothing may come twice.
    pub(super) fn set(&self, destination: &str) -> BTreeSet<u64> {
        let all = self.all(destination);
        let set: BTreeSet<u64> = all.iter().copied().collect();
        assert_eq!(set.len(), all.len(), "handed out twice: {all:?}");
        set
    }
}
