//! How is what an earlier run left taken again, behind who is served meanwhile?
//!
//! The sampler takes requests from its first moment: they are appended to the journal, and so stand behind what was left.
//! One reader goes through all of it in its order. Time passes for traces as it passed when their records came, so each
//! is decided as if nothing had happened, and memory holds no more than it would have held then. Where the reader finds
//! nothing more, under the lock that gives records their order, whoever brings a request takes it himself.
//!
//! For each byte that comes two are read: so it ends, whoever sends however much.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use futures::future::{Either, select};
use tokio::sync::Semaphore;

use super::{
    journal::{Journal, Position, Unread},
    reading::{When, full},
    sampler::{PATIENCE, Sampler, TICK},
};
use crate::{
    Payload, Refusal,
    time::{Instant, sleep, timeout},
};

/// How many bytes may come before any are read.
const AHEAD: usize = 4 << 20;
/// For how many bytes that are read one may come.
const READ_FOR_ONE: usize = 2;
/// How many bytes are read before others have their turn: about a millisecond.
const TURN: usize = 1 << 20;
/// What reading a record costs beside its bytes, as if it had that many more.
const RECORD: usize = 1 << 10;
/// When to look again whether there is room.
const AGAIN: Duration = Duration::from_millis(10);
/// When to send again what did not have its turn.
const LATER: Duration = Duration::from_secs(1);

/// The bytes that may be appended at first.
pub(super) fn turns() -> Semaphore {
    Semaphore::new(AHEAD)
}

impl Sampler {
    /// Learns what an earlier run decided, and how many requests it left: those are read again beside everything else.
    pub fn recall(&self) -> u64 {
        let Some(journal) = &self.journal else {
            return 0;
        };
        let unread = journal.recall(&mut |verdict| self.cores.recall(verdict));
        self.counts.unread.set(unread);
        if unread > 0 {
            self.pending.read_all();
        }
        unread
    }

    /// Takes again what an earlier run did not finish, and what has come meanwhile. A record for which there is no room
    /// is left in the journal, for the next run; how many were taken, and how many were left.
    pub(super) async fn catch_up(&self) -> (u64, u64) {
        let counts = || (self.counts.recovered.get(), self.counts.left.get());
        let Some(journal) = self.journal.as_deref().filter(|_| self.pending.is_read()) else {
            return counts();
        };
        let (mut turn, mut waits) = (0, None);
        loop {
            let no_room = match journal.next() {
                Unread::Record(position, payload) => {
                    turn += payload.body.len() + RECORD;
                    let bytes = payload.body.len();
                    let taken = self.take_again(journal, position, payload).await;
                    (!taken).then_some((position, bytes as u64))
                }
                Unread::NoRoom(position, bytes) => Some((position, bytes)),
                Unread::Nothing => {
                    self.shorten(self.now());
                    if self.pending.end_reading(journal, &self.counts.unread) {
                        break;
                    }
                    turn += TURN;
                    None
                }
            };
            match no_room {
                None => waits = None,
                Some((position, _)) if self.is_stuck(&mut waits) => self.leave(journal, position),
                Some((_, bytes)) => self.let_time_pass(bytes).await,
            }
            if turn >= TURN {
                turn = 0;
                tokio::task::yield_now().await;
            }
        }
        self.turns.close();
        self.cores.each().for_each(|mut core| core.recalled());
        self.tell().await;
        let (requests, left) = counts();
        let (processor, traces) = (self.name(), self.waiting());
        let seconds = self.began.elapsed().as_secs_f64();
        tracing::info!(
            processor,
            requests,
            left,
            traces,
            seconds,
            "read again what was undecided"
        );
        (requests, left)
    }

    /// Takes a record that was read, or gives it back where there is no room; whether it was taken.
    async fn take_again(
        &self,
        journal: &dyn Journal,
        position: Position,
        payload: Payload,
    ) -> bool {
        self.pass_until(&payload).await;
        if self.try_again(position, &payload).is_err() {
            journal.give_back(position);
            return false;
        }
        if let Some(upto) = self.pending.known(position, journal.unreadable()) {
            self.cores.each().for_each(|mut core| core.knows_upto(upto));
        }
        if self.pending.is_of_before(position) {
            self.counts.recovered.add(1);
        }
        self.is_read(payload.body.len());
        true
    }

    fn try_again(&self, position: Position, payload: &Payload) -> Result<(), Refusal> {
        let reading = self.cores.read(payload.clone())?;
        if self.cores.is_full(&reading) {
            return Err(full());
        }
        let came = self.came(payload);
        let now = came.max(self.clock());
        let waited = now.saturating_sub(came);
        self.cores
            .take(&reading, Some(position), When { now, waited })
    }

    fn leave(&self, journal: &dyn Journal, position: Position) {
        journal.leave(position);
        self.pending.leave(position);
        self.counts.left.add(1);
        self.is_read(0);
    }

    fn is_read(&self, bytes: usize) {
        self.counts.unread.change(1, 0);
        self.turns.add_permits(bytes / READ_FOR_ONE);
    }

    /// When a record came, as time passes here.
    fn came(&self, payload: &Payload) -> Duration {
        self.now().saturating_sub(payload.arrived.elapsed())
    }

    /// What time it is for traces: while records are read that of the last one.
    pub(super) fn clock(&self) -> Duration {
        if self.pending.is_read() {
            TICK * self.cores.tick()
        } else {
            self.now()
        }
    }

    /// Has time pass until a record came.
    async fn pass_until(&self, payload: &Payload) {
        let waited = payload.arrived.elapsed();
        let since = self.began.elapsed().checked_sub(waited);
        // Whoever the run before turned away at its end has this long to come again.
        if since.is_some_and(|since| since < TICK) {
            return;
        }
        let nothing_was_read = self.cores.tick() == 0 && self.cores.is_empty();
        if since.is_none() && nothing_was_read {
            let earlier = waited.saturating_sub(self.began.elapsed());
            self.earlier.store(millis(earlier), Relaxed);
        }
        self.shorten(self.came(payload));
        while self.next_tick() <= self.came(payload) {
            self.second().await;
            self.shorten(self.came(payload));
        }
    }

    /// Takes out of the time until then what nobody waits for: all of it, or what is left once all is decided.
    fn shorten(&self, then: Duration) {
        let needed = if self.cores.waiting() > 0 {
            self.cores.longest_wait()
        } else {
            Duration::ZERO
        };
        let between = then.saturating_sub(self.clock() + needed);
        let whole = |millis: u64| millis / 1000 * 1000;
        let earlier = self.earlier.load(Relaxed);
        let skipped = whole(millis(between)).min(whole(earlier));
        self.earlier.store(earlier - skipped, Relaxed);
    }

    /// Lets time pass so that there may be room: what waits for it is decided, where it has passed; and what is decided
    /// goes to whoever takes it.
    async fn let_time_pass(&self, bytes: u64) {
        let (next, now) = (self.next_tick(), self.now());
        if self.cores.waiting() > 0 && next <= now {
            return self.second().await;
        }
        let most = TICK.min(next.saturating_sub(now)).max(AGAIN);
        // What is kept can be sent only where there is room for a request of it.
        self.cores.each().for_each(|mut core| core.refill());
        // Who waits for memory has others make room.
        drop(self.cores.budget().charge_within(bytes, most).await);
        sleep(AGAIN).await;
    }

    /// Whether there was no room for long although nothing is held here that could make any.
    fn is_stuck(&self, since: &mut Option<Instant>) -> bool {
        if !self.cores.is_empty() || self.sending().is_some() {
            *since = None;
            return false;
        }
        since.get_or_insert_with(Instant::now).elapsed() > PATIENCE
    }

    /// Waits until so many bytes may be appended beside what is read.
    pub(super) async fn wait_for_turn(&self, bytes: usize) -> Result<(), Refusal> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let turn = Box::pin(timeout(PATIENCE, self.turns.acquire_many(bytes)));
        // What waits here is memory that reading may need.
        let shortage = Box::pin(self.cores.budget().shortage());
        match select(turn, shortage).await {
            // Closed: everything is read.
            Either::Left((Ok(Err(_)), _)) => Ok(()),
            Either::Left((Ok(Ok(turn)), _)) => {
                turn.forget();
                Ok(())
            }
            Either::Left((Err(_), _)) | Either::Right(_) => Err(Refusal::Busy {
                why: "the tail sampler reads again what a restart left".into(),
                after: Some(LATER),
            }),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
