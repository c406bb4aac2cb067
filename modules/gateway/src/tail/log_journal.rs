//! How is a log the sampler's journal?

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use collector_config::Signal;
use futures::future::BoxFuture;

use super::journal::{Appending, Fate, Journal, Position, Remembered, Verdict};
use crate::{
    Budget, Chunks, Payload, Refusal,
    log::{self, Cursor, Log},
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
    /// What is read again of verdicts; none before anything is.
    verdicts: Option<Vec<Verdict>>,
}

/// An id, a fate, a position.
const VERDICT: usize = 25;

impl LogJournal {
    /// The only destination of its log.
    pub const DESTINATION: &'static str = "sampler";

    /// A journal in this log, which nobody else reads or writes.
    pub fn new(log: Log, budget: Arc<Budget>) -> Self {
        let cursor = log.cursor(Self::DESTINATION);
        let state = Mutex::default();
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

    /// Reads all notes, and leaves the records for later: a note may stand behind the records that it speaks of.
    async fn read_notes(&self) -> Vec<Verdict> {
        let (mut verdicts, mut records) = (Vec::new(), Vec::new());
        while let Some(delivery) = self.cursor.note(&self.budget, &mut records).await {
            let (position, _, payload) = delivery.keep();
            let noted = decode(&payload.body.joined());
            self.state().note(position, &noted);
            verdicts.extend(noted);
        }
        self.cursor.give_back(&records);
        verdicts
    }
}

impl State {
    fn note(&mut self, position: log::Position, verdicts: &[Verdict]) {
        let upto = verdicts.iter().map(|verdict| verdict.upto.0).max();
        self.notes
            .entry(upto.unwrap_or_default())
            .or_default()
            .push(position);
    }

    /// Notes that speak of no record any more.
    fn forgotten(&mut self) -> Vec<log::Position> {
        let first = self.records.keys().next().copied().unwrap_or(u64::MAX);
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
            self.state().note(position, verdicts);
        }
        Box::pin(std::future::ready(()))
    }

    fn done(&self, records: &[Position]) {
        let mut state = self.state();
        let known = records
            .iter()
            .filter_map(|record| state.records.remove(&record.0));
        let mut done: Vec<log::Position> = known.collect();
        done.extend(state.forgotten());
        drop(state);
        self.cursor.done(&done);
    }

    fn remembered(&self) -> BoxFuture<'_, Option<Remembered>> {
        Box::pin(async move {
            if self.state().verdicts.is_none() {
                let verdicts = self.read_notes().await;
                self.state().verdicts = Some(verdicts);
            }
            let verdict = self.state().verdicts.as_mut().and_then(Vec::pop);
            if let Some(verdict) = verdict {
                return Some(Remembered::Verdict(verdict));
            }
            let (position, _, payload) = self.cursor.rest(&self.budget).await?.keep();
            self.state().records.insert(position.sequence, position);
            Some(Remembered::Record(Position(position.sequence), payload))
        })
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
