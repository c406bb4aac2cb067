//! What happened in a schedule, and was it right?

use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use crate::time::Instant;

/// How long a trace waits, in seconds, and within what time its spans come so that all are there in time.
pub(super) const WAIT: u64 = 3;
const IN_TIME: Duration = Duration::from_secs(WAIT - 1);

/// A span that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) trace: u8,
    pub(super) fails: bool,
    pub(super) at: Duration,
    /// When it was acknowledged, and how many operations of the disk there had been.
    pub(super) acknowledged: Option<(Duration, usize)>,
}

/// Everything that happened.
#[derive(Debug, Default, PartialEq)]
pub(super) struct History {
    pub(super) sent: BTreeMap<u8, Sent>,
    /// Spans that arrived, with how many operations of the disk there had been.
    delivered: Vec<(u8, usize)>,
    pub(super) refused: u64,
    pub(super) killed: u64,
    /// Requests that nobody had decided in the end.
    pub(super) pending: u64,
}

/// A history that is being written.
#[derive(Clone, Debug)]
pub(super) struct Books {
    history: Arc<Mutex<History>>,
    began: Instant,
}

impl Default for Books {
    fn default() -> Self {
        Self {
            history: Arc::default(),
            began: Instant::now(),
        }
    }
}

impl Books {
    pub(super) fn open(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap()
    }

    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn delivered(&self, span: u8, ops: usize) {
        self.open().delivered.push((span, ops));
    }

    /// A kill after that many operations: what came later has not happened. What came before is kept as of another life.
    pub(super) fn forget_after(&self, ops: usize) {
        let mut history = self.open();
        history.killed += 1;
        history.delivered.retain(|(_, at)| *at <= ops);
        for (_, at) in &mut history.delivered {
            *at = 0;
        }
        for sent in history.sent.values_mut() {
            sent.acknowledged = sent.acknowledged.filter(|(_, at)| *at <= ops);
            if let Some((_, at)) = &mut sent.acknowledged {
                *at = 0;
            }
        }
    }

    pub(super) fn take(&self) -> History {
        mem::take(&mut self.open())
    }
}

/// What became of what was acknowledged.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Verdict {
    pub(super) delivered: u64,
    pub(super) decided_away: u64,
    pub(super) undetermined: u64,
    pub(super) twice: u64,
    /// Spans that had to arrive and did not.
    lost: Vec<u8>,
    /// Spans that arrived and should not have.
    wrong: Vec<u8>,
    pending: u64,
}

impl Verdict {
    fn judge(&mut self, spans: &[(u8, Sent)], times: &BTreeMap<u8, u64>) {
        let taken = || spans.iter().filter(|(_, sent)| sent.acknowledged.is_some());
        let first = taken().map(|(_, sent)| sent.at).min();
        let last = taken().filter_map(|(_, sent)| sent.acknowledged).max();
        let in_time = first
            .zip(last)
            .is_some_and(|(first, (last, _))| last < first + IN_TIME);
        let failed = taken().any(|(_, sent)| sent.fails);
        let may_fail = spans.iter().any(|(_, sent)| sent.fails);
        for (span, sent) in spans {
            match (times.contains_key(span), sent.acknowledged.is_some()) {
                (true, _) if !may_fail => self.wrong.push(*span),
                (true, _) => self.delivered += 1,
                (false, true) if failed && in_time => self.lost.push(*span),
                (false, true) if !may_fail => self.decided_away += 1,
                (false, true) => self.undetermined += 1,
                (false, false) => {}
            }
        }
    }

    pub(super) fn is_right(&self) -> bool {
        self.lost.is_empty() && self.wrong.is_empty() && self.pending == 0
    }
}

impl History {
    pub(super) fn verdict(&self) -> Verdict {
        let mut times = BTreeMap::<u8, u64>::new();
        for (span, _) in &self.delivered {
            *times.entry(*span).or_default() += 1;
        }
        let mut verdict = Verdict {
            twice: times.values().map(|times| times - 1).sum(),
            pending: self.pending,
            ..Verdict::default()
        };
        let mut traces = BTreeMap::<u8, Vec<(u8, Sent)>>::new();
        for (span, sent) in &self.sent {
            traces.entry(sent.trace).or_default().push((*span, *sent));
        }
        for spans in traces.values() {
            verdict.judge(spans, &times);
        }
        verdict
    }
}
