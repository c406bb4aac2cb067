//! How many requests may be under way at once?
//!
//! A fixed rate is wrong for every cluster but one. This starts wide, grows while answers come quickly, and is
//! halved when the server says *too many* or answers slow down; `Retry-After` is obeyed by everyone.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

const START: usize = 32;
const MOST: usize = 64;
/// Answers to requests that were already under way say nothing new about the server.
const BETWEEN_HALVINGS: Duration = Duration::from_millis(500);
/// An answer that takes this long is slow on any network.
const SLOW: Duration = Duration::from_secs(3);

/// Bounds how many requests are under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug)]
struct State {
    limit: usize,
    under_way: usize,
    peak: usize,
    went_well: usize,
    closed_until: Option<Instant>,
    halved: Option<Instant>,
}

/// Leave to have one request under way; gives it back when dropped.
#[derive(Debug)]
pub(crate) struct Pass(Arc<Shared>);

impl Default for State {
    fn default() -> Self {
        Self {
            limit: START,
            under_way: 0,
            peak: 0,
            went_well: 0,
            closed_until: None,
            halved: None,
        }
    }
}

impl Shared {
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        // A panic elsewhere cannot leave a few counters half-changed.
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Gate {
    /// Waits until one more request may be sent.
    pub(crate) async fn enter(&self) -> Pass {
        loop {
            let freed = self.0.freed.notified();
            let wait = self.0.with(|state| {
                if let Some(until) = state.closed_until.filter(|until| *until > Instant::now()) {
                    return Some(Some(until));
                }
                if state.under_way >= state.limit {
                    return Some(None);
                }
                state.under_way += 1;
                state.peak = state.peak.max(state.under_way);
                None
            });
            match wait {
                None => return Pass(Arc::clone(&self.0)),
                Some(Some(until)) => tokio::time::sleep_until(until).await,
                Some(None) => freed.await,
            }
        }
    }

    /// Takes note of an answer that was no complaint.
    pub(crate) fn answered(&self, after: Duration) {
        if after > SLOW {
            return self.complained(None);
        }
        self.0.with(|state| {
            state.went_well += 1;
            if state.went_well >= state.limit && state.limit < MOST {
                state.limit += 1;
                state.went_well = 0;
            }
        });
    }

    /// Takes note that the server asked for less.
    pub(crate) fn complained(&self, retry_after: Option<Duration>) {
        let now = Instant::now();
        self.0.with(|state| {
            state.went_well = 0;
            if state
                .halved
                .is_none_or(|halved| now - halved > BETWEEN_HALVINGS)
            {
                state.limit = (state.limit / 2).max(1);
                state.halved = Some(now);
            }
            if let Some(wait) = retry_after {
                state.closed_until = state.closed_until.max(Some(now + wait));
            }
        });
    }

    /// The most requests that were under way at once.
    pub(crate) fn peak(&self) -> usize {
        self.0.with(|state| state.peak)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.with(|state| state.under_way -= 1);
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_says_too_many_is_asked_half_as_much_once_per_complaint() {
        let gate = Gate::default();
        let passes: Vec<_> = {
            let mut passes = Vec::new();
            for _ in 0..START {
                passes.push(gate.enter().await);
            }
            passes
        };
        assert_eq!(gate.peak(), START);
        gate.complained(None);
        gate.complained(None);
        assert_eq!(gate.0.with(|state| state.limit), START / 2);
        drop(passes);
        for _ in 0..START / 2 {
            gate.answered(Duration::from_millis(5));
        }
        assert_eq!(gate.0.with(|state| state.limit), START / 2 + 1);
    }

    #[tokio::test]
    async fn whoever_waits_at_a_full_gate_enters_when_a_pass_comes_back() {
        let gate = Gate::default();
        gate.0.with(|state| state.limit = 1);
        let first = gate.enter().await;
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { drop(gate.enter().await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        waiting.await.unwrap();
    }
}
