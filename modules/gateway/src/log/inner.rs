//! What happens to the log under its lock: a record is appended, handed out, done with, given back.

use std::{collections::BTreeMap, io, ops::Range, sync::Arc};

use collector_config::Signal;

use super::{
    AppendError, Position, Stats,
    destination::{Backlog, Destination},
    disk::write_all,
    format::{Arrived, Codec, Header, Kind, TERMINATOR},
    ledger::{Ledger, key},
    ranges::Ranges,
    recent::Recent,
    record::{compress, write_record},
    segments::{Filled, Segment, Segments},
};
use crate::{Chunks, Payload};

/// What the medium does not have yet. Nobody is given it before it has: whoever sent it may have to be refused.
#[derive(Debug)]
pub(crate) struct Unsynced {
    /// Segments written since the medium was last waited for.
    pub(crate) segments: Vec<Arc<Segment>>,
    /// The records in them.
    pub(crate) records: Vec<Position>,
    /// The medium has all before it, or never will.
    pub(crate) reached: u64,
}

/// Everything that is under the lock of a log.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) segments: Segments,
    pub(crate) ledger: Ledger,
    pub(crate) destinations: BTreeMap<u64, Destination>,
    pub(crate) recent: Recent,
    /// The sequence of the next record.
    pub(crate) next: u64,
    pub(crate) compress: bool,
    /// None where nobody waits for the medium.
    pub(crate) unsynced: Option<Unsynced>,
    pub(crate) stats: Arc<Stats>,
}

impl Inner {
    pub(crate) fn append(
        &mut self,
        kind: Kind,
        signal: Signal,
        items: u64,
        body: &Chunks,
        payload: Option<&Payload>,
    ) -> Result<Position, AppendError> {
        let arrived = payload.map_or_else(Arrived::default, |payload| Arrived::at(payload.arrived));
        let written = self.write((kind, signal, arrived), items, body);
        self.stats
            .failing
            .set(u64::from(matches!(written, Err(AppendError::Disk { .. }))));
        match &written {
            Err(AppendError::Full { .. }) => self.stats.refused_full.add(1),
            Err(_) => self.stats.refused_disk.add(1),
            Ok(position) => {
                self.stats.appended.add(1);
                self.stats.appended_bytes.add(position.bytes);
                for destination in self.destinations.values_mut() {
                    destination.backlog.add(items, position.bytes);
                    if self.unsynced.is_none() {
                        destination.waits.notify_one();
                    }
                }
                if let Some(payload) = payload {
                    self.recent.push(*position, payload);
                    self.stats.memory_bytes.set(self.recent.bytes());
                }
            }
        }
        written
    }

    fn write(
        &mut self,
        (kind, signal, arrived): (Kind, Signal, Arrived),
        items: u64,
        body: &Chunks,
    ) -> Result<Position, AppendError> {
        let length = body.len();
        let compressed = self.compress.then(|| compress(body)).flatten();
        let (stored, codec) = match &compressed {
            Some(small) => (small, Codec::Lz4),
            None => (body, Codec::Plain),
        };
        let too_large = |_| AppendError::TooLarge {
            bytes: length as u64,
            capacity: u64::from(u32::MAX),
        };
        let mut header = Header {
            sequence: self.next,
            stored: u32::try_from(stored.len()).map_err(too_large)?,
            length: u32::try_from(length).map_err(too_large)?,
            items: u32::try_from(items).unwrap_or(u32::MAX),
            kind,
            signal,
            codec,
            body_crc: 0,
            arrived,
        };
        let place = self.segments.place(header.stride(), self.next);
        let place = match place {
            // The segment that was written until now may be done with already: then there is room.
            Err(AppendError::Full { .. }) => {
                self.give_back_sealed(self.next);
                self.segments.place(header.stride(), self.next)?
            }
            place => place?,
        };
        self.give_back_sealed(self.next);
        let life = place.segment.life;
        header.body_crc = life.body_crc(stored);
        // The sequence is used up even if the disk fails: some of the record may be there.
        self.next += 1;
        let written = write_record(&place, &header.encode(life), stored);
        if let Err(error) = written {
            self.abandon(header.sequence, &place);
            return Err(error.into());
        }
        self.segments.advance(place.used + header.stride());
        self.stats.written_bytes.add(header.stride());
        let position = Position {
            sequence: header.sequence,
            items,
            bytes: length as u64,
        };
        if let Some(unsynced) = &mut self.unsynced {
            let segments = &mut unsynced.segments;
            if segments.last().is_none_or(|last| last.life != life) {
                segments.push(place.segment);
            }
            unsynced.records.push(position);
        }
        Ok(position)
    }

    /// Nobody is to see a record that was refused, and nothing more goes into the file that refused it.
    fn abandon(&mut self, sequence: u64, place: &Filled) {
        // If this fails too, the record is at worst delivered although it was refused, and then sent again.
        let _ = write_all(&*place.segment.file, place.used, &[&TERMINATOR]);
        self.segments.seal(self.next);
        self.forgo(sequence..sequence + 1);
        self.give_back(sequence);
    }

    /// No record of these is there: nobody has to wait for one.
    pub(crate) fn forgo(&mut self, run: Range<u64>) {
        for destination in self.destinations.values_mut() {
            destination.done.insert(run.clone());
        }
    }

    /// A destination is done with records. The error says that this could not be noted; it holds nevertheless.
    pub(crate) fn done(&mut self, key: u64, positions: &[Position]) -> io::Result<()> {
        let Some(destination) = self.destinations.get_mut(&key) else {
            return Ok(());
        };
        let mut runs = Ranges::default();
        for position in positions {
            let sequence = position.sequence;
            destination.out.remove(&sequence);
            if destination.done.insert(sequence..sequence + 1) > 0 {
                destination.backlog.remove(position);
                runs.insert(sequence..sequence + 1);
            }
        }
        let mut noted = Ok(());
        // What was sent together was appended together: it is one note, and so either all of it is sent again after a
        // crash or nothing.
        for run in runs.iter() {
            let result = note(&mut self.ledger, &self.destinations, key, run.clone());
            if result.is_err() {
                self.stats.unnoted.add(1);
                noted = result;
            }
            self.give_back_run(run);
        }
        self.release_memory();
        noted
    }

    /// The medium has what was written before `until`, or refused to take these records: whoever sent them keeps them,
    /// so nobody gets them from here, now or after a restart.
    pub(crate) fn reached(&mut self, until: u64, refused: &[Position]) {
        let keys: Vec<u64> = self.destinations.keys().copied().collect();
        self.stats.void_records.add(refused.len() as u64);
        for key in keys {
            // What cannot be noted on such a disk is sent again after a restart, which its sender does too.
            let _ = self.done(key, refused);
        }
        if let Some(unsynced) = &mut self.unsynced {
            unsynced.reached = until;
        }
        for destination in self.destinations.values() {
            destination.waits.notify_waiters();
        }
    }

    /// The sequence before which everything may be handed out.
    pub(crate) fn handed_out_below(&self) -> u64 {
        self.unsynced
            .as_ref()
            .map_or(self.next, |unsynced| unsynced.reached)
    }

    /// Records that a destination should have had are broken: it does not wait for them.
    pub(crate) fn lose(&mut self, key: u64, run: Range<u64>) {
        let lost = run.clone();
        if let Some(destination) = self.destinations.get_mut(&key) {
            let new = destination.done.insert(run.clone());
            let backlog = &mut destination.backlog;
            backlog.records = backlog.records.saturating_sub(new);
            if destination.done.covers(0..self.next) {
                *backlog = Backlog::default();
            }
        }
        if note(&mut self.ledger, &self.destinations, key, run).is_err() {
            self.stats.unnoted.add(1);
        }
        self.give_back_run(lost);
    }

    /// A record that was handed out comes back.
    pub(crate) fn hand_out_again(&mut self, key: u64, sequence: u64) {
        if let Some(destination) = self.destinations.get_mut(&key) {
            destination.out.remove(&sequence);
            destination.at = destination.at.min(sequence);
            destination.waits.notify_waiters();
        }
    }

    /// The key of a destination, which is made if it is not there.
    pub(crate) fn destination(&mut self, name: &str) -> u64 {
        let key = key(name);
        if self.destinations.contains_key(&key) {
            return key;
        }
        let mut destination = Destination {
            name: name.to_owned(),
            at: self.next,
            ..Destination::default()
        };
        destination.done.insert(0..self.next);
        self.destinations.insert(key, destination);
        self.name_destinations();
        key
    }

    pub(crate) fn forget(&mut self, name: &str) {
        self.destinations.remove(&key(name));
        self.name_destinations();
        let bases: Vec<u64> = self
            .segments
            .sealed()
            .map(|filled| filled.segment.life.base)
            .collect();
        for base in bases {
            self.give_back(base);
        }
        self.release_memory();
    }

    /// Notes who the destinations are, so that one that is known is never taken for one that is new.
    pub(crate) fn name_destinations(&mut self) {
        let noted = self.ledger.rewrite(everything(&self.destinations));
        if noted.and_then(|()| self.ledger.sync()).is_err() {
            self.stats.unnoted.add(1);
        }
    }

    /// Gives the segment of a sequence back if every destination is done with all of it.
    fn give_back(&mut self, sequence: u64) {
        let Some(filled) = self.segments.containing(sequence) else {
            return;
        };
        let run = filled.segment.life.base..filled.until;
        let done = |destination: &Destination| destination.done.covers(run.clone());
        if filled.until != u64::MAX && self.destinations.values().all(done) {
            self.segments.free(run.start);
        }
    }

    /// Gives back the segments of a run.
    fn give_back_run(&mut self, run: Range<u64>) {
        let mut at = run.start;
        while at < run.end {
            let until = self.segments.containing(at).map(|filled| filled.until);
            self.give_back(at);
            at = until.unwrap_or(run.end).max(at + 1);
        }
    }

    /// A segment that was only just sealed may be done with already.
    fn give_back_sealed(&mut self, next: u64) {
        if let Some(before) = next.checked_sub(1) {
            self.give_back(before);
        }
    }

    fn release_memory(&mut self) {
        let at = self.destinations.values().map(Destination::wants).min();
        self.recent.release(at.unwrap_or(u64::MAX));
        self.stats.memory_bytes.set(self.recent.bytes());
    }
}

/// What the ledger has to remember.
fn everything(
    destinations: &BTreeMap<u64, Destination>,
) -> impl Iterator<Item = (&str, &Ranges)> + Clone {
    destinations
        .values()
        .map(|destination| (destination.name.as_str(), &destination.done))
}

fn note(
    ledger: &mut Ledger,
    destinations: &BTreeMap<u64, Destination>,
    key: u64,
    run: Range<u64>,
) -> io::Result<()> {
    ledger.note(key, run, everything(destinations))
}
