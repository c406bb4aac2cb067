//! What do people hear of a destination that does not take? That it does not and why, what was lost, and that it does
//! again: not each attempt.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use collector_config::ComponentId;

use crate::{Signal, telemetry::Seldom, time::Instant};

/// The trouble of one exporter with its destination.
#[derive(Debug)]
pub struct Trouble {
    exporter: ComponentId,
    signal: Signal,
    /// Whether there is an episode, so that nobody looks for it who has no trouble.
    fails: AtomicBool,
    episode: Mutex<Option<Episode>>,
    /// Attempts that failed.
    failed: Seldom,
    lost: Seldom,
    unwanted: Seldom,
}

/// From the first attempt that failed until one that does not.
#[derive(Debug)]
struct Episode {
    since: Instant,
    attempts: u64,
    /// Whether the log has said anything of it.
    told: bool,
}

impl Trouble {
    /// None so far.
    pub fn of(exporter: ComponentId, signal: Signal) -> Self {
        Self {
            exporter,
            signal,
            fails: AtomicBool::new(false),
            episode: Mutex::default(),
            failed: Seldom::default(),
            lost: Seldom::default(),
            unwanted: Seldom::default(),
        }
    }

    fn episode(&self) -> MutexGuard<'_, Option<Episode>> {
        // Nothing in here panics halfway; what there is, is whole.
        self.episode.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An attempt failed, and there will be another one after that pause.
    pub(super) fn postponed(&self, why: &str, pause: Duration) {
        let now = Instant::now();
        let mut episode = self.episode();
        let tells = self.failed.add(1).is_some();
        let one = episode.get_or_insert(Episode {
            since: now,
            attempts: 0,
            told: false,
        });
        one.attempts += 1;
        one.told |= tells;
        let (attempts, since) = (one.attempts, one.since);
        self.fails.store(true, Relaxed);
        drop(episode);
        if !tells {
            return;
        }
        tracing::warn!(
            exporter = %self.exporter,
            signal = %self.signal,
            error = why,
            failed_attempts = attempts,
            failing_for_seconds = seconds(now - since),
            next_attempt_in_seconds = seconds(pause),
            "could not deliver: it waits, and is tried again"
        );
    }

    /// Something arrived.
    pub(super) fn passed(&self) {
        if !self.fails.load(Relaxed) {
            return;
        }
        let mut current = self.episode();
        self.fails.store(false, Relaxed);
        let over = current.take();
        drop(current);
        let Some(episode) = over.filter(|episode| episode.told) else {
            return;
        };
        tracing::info!(
            exporter = %self.exporter,
            signal = %self.signal,
            failed_attempts = episode.attempts,
            failed_for_seconds = seconds(Instant::now() - episode.since),
            "delivers again"
        );
    }

    /// So many items were given up.
    pub(super) fn lost(&self, items: u64, why: &str) {
        if let Some(items) = self.lost.add(items) {
            self.say_lost(items, why);
        }
    }

    /// The destination has so many items and does not keep them.
    pub(super) fn unwanted(&self, items: u64, message: &str) {
        if items == 0 && message.is_empty() {
            return;
        }
        if let Some(items) = self.unwanted.add(items) {
            tracing::warn!(
                exporter = %self.exporter,
                signal = %self.signal,
                items,
                message,
                "the destination took a request and not all of what was in it"
            );
        }
    }

    /// Says what was not said yet, at the end.
    pub(super) fn last_words(&self) {
        match self.lost.rest() {
            0 => {}
            items => self.say_lost(items, "as was said before"),
        }
    }

    fn say_lost(&self, items: u64, why: &str) {
        tracing::error!(
            exporter = %self.exporter,
            signal = %self.signal,
            items,
            error = why,
            "could not deliver, and gave it up"
        );
    }
}

/// As a person reads it.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10.0).round() / 10.0
}
