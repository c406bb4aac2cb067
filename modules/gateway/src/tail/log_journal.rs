//! How is a log the sampler's journal?

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use collector_config::Signal;
use futures::future::BoxFuture;

use super::journal::{Appending, Fate, Journal, Position, Unread, Verdict};
use crate::{
    Budget, Chunks, Payload, Refusal,
    log::{self, Cursor, Kind, Log, Rest},
};

/// The sampler's journal in a [`Log`] of its own: requests are its records, verdicts its notes.
pub struct LogJournal {
    log: Log,
    cursor: Cursor,
    budget: Arc<Budget>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Records that are not done, by their numbers.
    records: BTreeMap<u64, log::Position>,
    /// Notes, by the last record that they speak of: with that one they can be forgotten.
    notes: BTreeMap<u64, Vec<log::Position>>,
    /// Notes of an earlier run, before anybody has asked for them.
    earlier: Vec<(log::Position, Bytes)>,
    /// The first record that is left to the next run.
    left: Option<u64>,
}

/// An id, a fate, a position.
const VERDICT: usize = 25;

impl LogJournal {
    /// The only destination of its log.
    pub const DESTINATION: &'static str = "sampler";

    /// A journal in this log, which nobody else reads or writes, and in which these notes were found.
    pub fn new(log: Log, notes: Vec<(log::Position, Bytes)>, budget: Arc<Budget>) -> Self {
        let cursor = log.cursor(Self::DESTINATION);
        cursor.pass(notes.iter().map(|(position, _)| *position));
        let state = Mutex::new(State {
            earlier: notes,
            ..State::default()
        });
        Self {
            log,
            cursor,
            budget,
            state,
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
        // Where a record is left to the next run, that one has to know what was decided about its traces.
        let left = state.left.into_iter().chain(unreadable).min();
        let upto = upto.max(left).unwrap_or_default();
        state.notes.entry(upto).or_default().push(position);
    }
}

impl State {
    /// Notes that speak of no record any more, where those from `unread` on are not read.
    fn forgotten(&mut self, unread: u64) -> Vec<log::Position> {
        let first = self.records.keys().next().copied();
        let first = first.map_or(unread, |first| first.min(unread));
        let kept = self.notes.split_off(&first);
        std::mem::replace(&mut self.notes, kept)
            .into_values()
            .flatten()
            .collect()
    }
}

impl Journal for LogJournal {
    fn append(&self, payload: &Payload) -> Result<Appending, Refusal> {
        let mut state = self.state();
        let position = self.log.append(payload)?;
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
        if let Ok(position) = self.log.note(Signal::Traces, &body) {
            // This run knows what it notes.
            self.cursor.pass([position]);
            self.note(position, verdicts);
        }
        Box::pin(std::future::ready(()))
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
        let notes = std::mem::take(&mut self.state().earlier);
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
        state.left.get_or_insert(sequence);
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
