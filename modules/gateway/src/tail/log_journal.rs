//! How is a log the sampler's journal?

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use collector_config::Signal;
use futures::future::{BoxFuture, ready};

use super::journal::{Appending, Fate, Journal, Position, Unread, Verdict};
use crate::{
    Budget, Charge, Chunks, Payload, Refusal,
    log::{self, AppendError, Cursor, Kind, Log, Rest},
    time::timeout,
};

/// The sampler's journal in a [`Log`] of its own: requests are its records, verdicts its notes.
pub struct LogJournal {
    log: Log,
    cursor: Cursor,
    budget: Arc<Budget>,
    state: Mutex<State>,
    /// Whether the medium took too long when it was waited for last.
    hangs: AtomicBool,
}

#[derive(Default)]
struct State {
    /// Records that are not done, by their numbers.
    records: BTreeMap<u64, log::Position>,
    /// Notes, by the record with which they can be forgotten.
    notes: BTreeMap<u64, Vec<Noted>>,
    /// Notes of an earlier run, before anybody has asked for them.
    earlier: Vec<(log::Position, Bytes)>,
    /// What those take of the budget.
    read: Option<Charge>,
    /// Records that are left to the next run.
    left: BTreeSet<u64>,
}

/// A note, and the last record that it speaks of.
struct Noted {
    position: log::Position,
    upto: u64,
}

/// How long verdicts wait for the medium: the end of the program waits for them.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long where the medium hung before: it may be well again.
const HANGING: Duration = Duration::from_millis(100);
/// An id, a fate, a position.
const VERDICT: usize = 25;

impl LogJournal {
    /// The only destination of its log.
    pub const DESTINATION: &'static str = "sampler";

    /// A journal in this log, which nobody else reads or writes, and in which these notes were found.
    pub fn new(log: Log, notes: Vec<(log::Position, Bytes)>, budget: Arc<Budget>) -> Self {
        let cursor = log.cursor(Self::DESTINATION);
        cursor.pass(notes.iter().map(|(position, _)| *position));
        // Where there is no room for them they are read nevertheless: nobody refuses to start for want of memory.
        let bytes = notes.iter().map(|(_, body)| body.len() as u64).sum();
        let state = Mutex::new(State {
            read: budget.charge(bytes),
            earlier: notes,
            ..State::default()
        });
        Self {
            log,
            cursor,
            budget,
            state,
            hangs: AtomicBool::new(false),
        }
    }

    /// How its log is.
    pub fn stats(&self) -> &Arc<log::Stats> {
        self.log.stats()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, position: log::Position, verdicts: &[Verdict]) {
        let unreadable = self.cursor.unreadable();
        let mut state = self.state();
        let upto = verdicts.iter().map(|verdict| verdict.upto.0).max();
        let upto = upto.unwrap_or_default();
        // Where a record is left to the next run, that one has to know what was decided about its traces.
        let left = state.left.first().copied().into_iter().chain(unreadable);
        let until = left.min().unwrap_or_default().max(upto);
        let note = Noted { position, upto };
        state.notes.entry(until).or_default().push(note);
    }

    /// Forgets, where the log is full, notes that are kept only for records that cannot be had: what is decided anew of
    /// those is little beside a sampler that takes nothing more. Whether there were any.
    fn make_room(&self, state: &mut State) -> bool {
        if state.left.is_empty() && self.cursor.unreadable().is_none() {
            return false;
        }
        let all_is_read = self.cursor.at_end().is_some();
        let unread = if all_is_read {
            u64::MAX
        } else {
            self.cursor.wanted()
        };
        let notes = state.kept_for_nobody(unread);
        if notes.is_empty() {
            return false;
        }
        tracing::warn!(
            notes = notes.len(),
            "the log of a tail sampler is full: what was decided is forgotten, and may be decided anew for requests that could not be read"
        );
        self.cursor.done(&notes);
        true
    }
}

impl State {
    /// Notes that speak of no record any more, where those from `unread` on are not read.
    fn forgotten(&mut self, unread: u64) -> Vec<log::Position> {
        let first = self.records.keys().next().copied();
        let first = first.map_or(unread, |first| first.min(unread));
        let kept = self.notes.split_off(&first);
        let forgotten = std::mem::replace(&mut self.notes, kept).into_values();
        forgotten.flatten().map(|note| note.position).collect()
    }

    /// Notes that speak of no record that can be had, where those from `unread` on are not read. They are forgotten.
    fn kept_for_nobody(&mut self, unread: u64) -> Vec<log::Position> {
        let left = &self.left;
        let first = self.records.keys().find(|record| !left.contains(record));
        let first = first.map_or(unread, |first| unread.min(*first));
        let mut positions = Vec::new();
        for notes in self.notes.values_mut() {
            let forgotten = notes.extract_if(.., |note| note.upto < first);
            positions.extend(forgotten.map(|note| note.position));
        }
        self.notes.retain(|_, notes| !notes.is_empty());
        positions
    }
}

impl Journal for LogJournal {
    fn append(&self, payload: &Payload) -> Result<Appending, Refusal> {
        let mut state = self.state();
        let position = match self.log.append(payload) {
            Err(AppendError::Full { .. }) if self.make_room(&mut state) => {
                self.log.append(payload)?
            }
            appended => appended?,
        };
        state.records.insert(position.sequence, position);
        drop(state);
        let log = self.log.clone();
        Ok(Appending {
            position: Position(position.sequence),
            stored: Box::pin(async move { Ok(log.synced(position).await?) }),
        })
    }

    fn decided<'a>(&'a self, verdicts: &'a [Verdict]) -> BoxFuture<'a, ()> {
        let body = Chunks::from(encode(verdicts));
        // What could not be noted is counted there; after a crash its spans come again.
        let Ok(position) = self.log.note(Signal::Traces, &body) else {
            return Box::pin(ready(()));
        };
        // This run knows what it notes.
        self.cursor.pass([position]);
        self.note(position, verdicts);
        if verdicts.iter().all(|verdict| verdict.fate == Fate::NotKept) {
            return Box::pin(ready(()));
        }
        // The records of such a trace are done next. If the power left only that, spans of it that came late and wait to be
        // handed on would be decided as if they were all of it. A medium that fails or hangs is not waited for.
        Box::pin(async move {
            let hangs = self.hangs.load(Relaxed);
            let patience = if hangs { HANGING } else { PATIENCE };
            let synced = timeout(patience, self.log.synced(position)).await;
            self.hangs.store(synced.is_err(), Relaxed);
        })
    }

    fn done(&self, records: &[Position]) {
        let unread = self.cursor.unreadable().unwrap_or(u64::MAX);
        let unread = unread.min(self.cursor.wanted());
        let mut state = self.state();
        let known = records
            .iter()
            .filter_map(|record| state.records.remove(&record.0));
        let mut done: Vec<log::Position> = known.collect();
        done.extend(state.forgotten(unread));
        drop(state);
        self.cursor.done(&done);
    }

    fn recall(&self, each: &mut dyn FnMut(Verdict)) -> u64 {
        let mut state = self.state();
        let (notes, _read) = (std::mem::take(&mut state.earlier), state.read.take());
        drop(state);
        let all = self.cursor.backlog().records;
        let requests = all.saturating_sub(notes.len() as u64);
        for (position, body) in notes {
            let noted = decode(&body);
            self.note(position, &noted);
            noted.into_iter().for_each(&mut *each);
        }
        requests
    }

    fn next(&self) -> Unread {
        loop {
            let delivery = match self.cursor.rest(&self.budget) {
                Rest::Here(delivery) => delivery,
                Rest::NoRoom(record) => {
                    return Unread::NoRoom(Position(record.sequence), record.bytes);
                }
                Rest::Nothing => return Unread::Nothing,
            };
            let (position, kind, payload) = delivery.keep();
            // A note that is only just written.
            if kind == Kind::Request {
                self.state().records.insert(position.sequence, position);
                return Unread::Record(Position(position.sequence), payload);
            }
        }
    }

    fn give_back(&self, record: Position) {
        self.cursor.give_back(record.0);
    }

    fn leave(&self, record: Position) {
        let (sequence, items, bytes) = (record.0, 0, 0);
        let position = log::Position {
            sequence,
            items,
            bytes,
        };
        let mut state = self.state();
        state.left.insert(sequence);
        state.records.insert(sequence, position);
        drop(state);
        self.cursor.pass([position]);
    }

    fn at_end(&self) -> Option<Position> {
        self.cursor.at_end().map(Position)
    }

    fn unreadable(&self) -> Option<Position> {
        self.cursor.unreadable().map(Position)
    }
}

fn encode(verdicts: &[Verdict]) -> Bytes {
    let mut out = Vec::with_capacity(verdicts.len() * VERDICT);
    for verdict in verdicts {
        out.extend(verdict.trace_id);
        out.push(u8::from(verdict.fate == Fate::Kept));
        out.extend(verdict.upto.0.to_le_bytes());
    }
    out.into()
}

fn decode(bytes: &[u8]) -> Vec<Verdict> {
    let (verdicts, _) = bytes.as_chunks::<VERDICT>();
    let read = |verdict: &[u8; VERDICT]| {
        let (trace_id, rest) = verdict.split_first_chunk::<16>()?;
        let (fate, upto) = rest.split_first()?;
        Some(Verdict {
            trace_id: *trace_id,
            fate: if *fate == 0 {
                Fate::NotKept
            } else {
                Fate::Kept
            },
            upto: Position(u64::from_le_bytes(upto.try_into().ok()?)),
        })
    };
    verdicts.iter().filter_map(read).collect()
}
