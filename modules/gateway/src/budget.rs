//! How many bytes may be kept, and who keeps them?

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::sync::{Notify, Semaphore, TryAcquireError};

use crate::time::timeout;

/// The bytes that may be retained at once: bodies that arrive, queues, undecided traces, what is being sent.
///
/// Whoever retains bytes holds a [`Charge`] for them, taken before they are allocated, so the sum is never
/// over the limit by more than what a library below us buffers for one read. What is freed goes to those who wait in
/// the order in which they came, and only who has all that it waits for is woken.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    /// A permit is a byte; a semaphore gives what comes free to who waits longest, and passes nobody over.
    left: Semaphore,
    waiting: AtomicUsize,
    short: Notify,
    /// What those hold who stay whether or not they bring something.
    seated: AtomicU64,
}

/// What stays charged as long as somebody is there: given back when it is dropped.
#[derive(Debug)]
pub struct Seat {
    budget: Arc<Budget>,
    bytes: u64,
}

/// How long a sender waits for room before it is told to come again: long enough to bridge a short burst, and far
/// shorter than any client's own patience.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);
/// The most that a semaphore hands out at once.
const AT_ONCE: u64 = u32::MAX as u64;

impl Budget {
    /// A budget of that many bytes.
    pub fn new(limit: u64) -> Arc<Self> {
        let limit = limit.min(Semaphore::MAX_PERMITS as u64);
        Arc::new(Self {
            limit,
            left: Semaphore::new(permits(limit)),
            waiting: AtomicUsize::new(0),
            short: Notify::new(),
            seated: AtomicU64::new(0),
        })
    }

    /// How many bytes it has in all.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// How many bytes are charged now, or kept for who waits for more.
    pub fn used(&self) -> u64 {
        self.limit
            .saturating_sub(self.left.available_permits() as u64)
    }

    /// Takes that many bytes, if they are there now and nobody waits for them.
    pub fn charge(self: &Arc<Self>, bytes: u64) -> Option<Charge> {
        self.take(bytes).then(|| Charge {
            budget: Arc::clone(self),
            bytes,
        })
    }

    /// Takes that many bytes as soon as they are there, after those who came before: none if `patience` is over
    /// before, or if they never can be.
    pub async fn charge_within(self: &Arc<Self>, bytes: u64, patience: Duration) -> Option<Charge> {
        if let Some(charge) = self.charge(bytes) {
            return Some(charge);
        }
        let many = u32::try_from(bytes).ok()?;
        if bytes > self.limit {
            return None;
        }
        let _waiting = Waiting::of(self);
        let taken = timeout(patience, self.left.acquire_many(many)).await;
        // It is never closed.
        taken.ok()?.ok()?.forget();
        Some(Charge {
            budget: Arc::clone(self),
            bytes,
        })
    }

    /// A seat that takes that many bytes, which are to be charged besides: none if all seats together would take more
    /// than half of everything, for then those who have one could bring nothing.
    pub fn seat(self: &Arc<Self>, bytes: u64) -> Option<Seat> {
        let most = self.limit / 2;
        let more = |seated| Some(seated + bytes).filter(|sum| *sum <= most);
        self.seated.try_update(Relaxed, Relaxed, more).ok()?;
        Some(Seat {
            budget: Arc::clone(self),
            bytes,
        })
    }

    /// Whether there is little left: less than an eighth.
    pub fn is_low(&self) -> bool {
        self.used() > self.limit - self.limit / 8
    }

    /// Whether somebody waits for bytes.
    pub fn is_short(&self) -> bool {
        self.waiting.load(Relaxed) > 0
    }

    /// Waits until somebody has to wait for bytes.
    pub async fn shortage(&self) {
        let mut short = std::pin::pin!(self.short.notified());
        short.as_mut().enable();
        if !self.is_short() {
            short.await;
        }
    }

    fn take(&self, bytes: u64) -> bool {
        let mut taken = 0;
        while taken < bytes {
            let more = (bytes - taken).min(AT_ONCE);
            match self
                .left
                .try_acquire_many(u32::try_from(more).unwrap_or(u32::MAX))
            {
                Ok(permit) => permit.forget(),
                Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => {
                    self.free(taken);
                    return false;
                }
            }
            taken += more;
        }
        true
    }

    fn free(&self, bytes: u64) {
        if bytes > 0 {
            self.left.add_permits(permits(bytes));
        }
    }
}

/// As many permits as bytes; there never are more than [`Semaphore::MAX_PERMITS`].
fn permits(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(Semaphore::MAX_PERMITS)
}

/// Somebody waits, until this is dropped.
struct Waiting<'a>(&'a Budget);

impl<'a> Waiting<'a> {
    fn of(budget: &'a Budget) -> Self {
        budget.waiting.fetch_add(1, Relaxed);
        budget.short.notify_waiters();
        Self(budget)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}

/// Bytes taken from a [`Budget`]; given back when it is dropped.
#[derive(Debug)]
pub struct Charge {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Charge {
    /// A charge of no bytes, to be grown.
    pub fn none(budget: &Arc<Budget>) -> Self {
        Self {
            budget: Arc::clone(budget),
            bytes: 0,
        }
    }

    /// What it was taken from.
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// How many bytes it holds.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes that many more, if they are there now.
    #[must_use]
    pub fn grow(&mut self, bytes: u64) -> bool {
        let taken = self.budget.take(bytes);
        if taken {
            self.bytes += bytes;
        }
        taken
    }

    /// Gives back what is over `bytes`.
    pub fn shrink_to(&mut self, bytes: u64) {
        let over = self.bytes.saturating_sub(bytes);
        self.bytes -= over;
        self.budget.free(over);
    }

    /// Cuts off that many bytes (or all, if there are fewer) as a charge of their own.
    #[must_use]
    pub fn split(&mut self, bytes: u64) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Self {
            budget: Arc::clone(&self.budget),
            bytes,
        }
    }

    /// Adds another of the same budget.
    pub fn merge(&mut self, mut other: Self) {
        debug_assert!(Arc::ptr_eq(&self.budget, &other.budget), "two budgets");
        self.bytes += mem::take(&mut other.bytes);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.budget.seated.fetch_sub(self.bytes, Relaxed);
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.free(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_charged_comes_back_whatever_was_done_to_it() {
        let budget = Budget::new(100);
        let mut first = budget.charge(60).unwrap();
        assert!(budget.charge(41).is_none(), "only forty are left");
        assert!(!first.grow(41));
        assert!(first.grow(40));
        let second = first.split(30);
        first.shrink_to(50);
        assert_eq!((first.bytes(), second.bytes(), budget.used()), (50, 30, 80));
        first.merge(second);
        assert_eq!(first.bytes(), 80);
        drop(first);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn seats_take_no_more_than_half() {
        let budget = Budget::new(100);
        let first = budget.seat(30).unwrap();
        let second = budget.seat(20).unwrap();
        assert!(budget.seat(1).is_none());
        drop(first);
        assert!(budget.seat(31).is_none());
        let third = budget.seat(30).unwrap();
        drop((second, third));
        assert!(budget.seat(50).is_some());
    }

    #[tokio::test]
    async fn who_waits_gets_what_another_frees() {
        let budget = Budget::new(10);
        let held = budget.charge(10).unwrap();
        let waiting = tokio::spawn({
            let budget = Arc::clone(&budget);
            async move { budget.charge_within(5, Duration::from_mins(1)).await }
        });
        tokio::task::yield_now().await;
        drop(held);
        assert_eq!(waiting.await.unwrap().unwrap().bytes(), 5);
        assert!(
            budget
                .charge_within(11, Duration::from_mins(1))
                .await
                .is_none()
        );
    }

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl std::task::Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    #[tokio::test]
    async fn of_a_thousand_who_wait_one_is_woken_for_what_one_needs_and_in_order() {
        let budget = Budget::new(1000);
        let mut held = budget.charge(1000).unwrap();
        let counted = Arc::new(Counted::default());
        let waker = std::task::Waker::from(Arc::clone(&counted));
        let mut context = std::task::Context::from_waker(&waker);
        let wait = |_| Box::pin(budget.charge_within(10, Duration::from_mins(1)));
        let mut waiting: Vec<_> = (0..1000).map(wait).collect();
        for one in &mut waiting {
            assert!(one.as_mut().poll(&mut context).is_pending());
        }
        assert!(budget.charge(1).is_none(), "nobody is passed over");
        for nth in 0..100 {
            held.shrink_to(1000 - 10 * nth - 9);
            assert_eq!(
                counted.0.load(Relaxed) as u64,
                nth,
                "not enough for anybody"
            );
            held.shrink_to(1000 - 10 * nth - 10);
            assert_eq!(counted.0.load(Relaxed) as u64, nth + 1, "enough for one");
        }
        assert!(budget.is_short());
        let mut got = Vec::new();
        for (nth, one) in waiting.iter_mut().enumerate() {
            if let std::task::Poll::Ready(charge) = one.as_mut().poll(&mut context) {
                got.push((nth, charge.unwrap().split(10)));
            }
        }
        assert!(got.iter().map(|(nth, _)| *nth).eq(0..100), "who came first");
        assert_eq!(budget.used(), 1000);
    }
}
