//! How many bytes may be kept, and who keeps them?

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};

/// The bytes that may be retained at once: bodies that arrive, queues, undecided traces, what is being sent.
///
/// Whoever retains bytes holds a [`Charge`] for them, taken before they are allocated, so the sum is never
/// over the limit by more than what a library below us buffers for one read.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    used: AtomicU64,
    freed: Notify,
}

impl Budget {
    /// A budget of that many bytes.
    pub fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self {
            limit,
            used: AtomicU64::new(0),
            freed: Notify::new(),
        })
    }

    /// How many bytes it has in all.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// How many bytes are charged now.
    pub fn used(&self) -> u64 {
        self.used.load(Relaxed)
    }

    /// Takes that many bytes, if they are there now.
    pub fn charge(self: &Arc<Self>, bytes: u64) -> Option<Charge> {
        self.take(bytes).then(|| Charge {
            budget: Arc::clone(self),
            bytes,
        })
    }

    /// Takes that many bytes as soon as they are there: none if `patience` is over before, or if they never can be.
    pub async fn charge_within(self: &Arc<Self>, bytes: u64, patience: Duration) -> Option<Charge> {
        if let Some(charge) = self.charge(bytes) {
            return Some(charge);
        }
        if bytes > self.limit {
            return None;
        }
        timeout(patience, async {
            loop {
                // Asked to be woken before looking, so that what is freed in between is not missed.
                let mut freed = std::pin::pin!(self.freed.notified());
                freed.as_mut().enable();
                if let Some(charge) = self.charge(bytes) {
                    return charge;
                }
                freed.await;
            }
        })
        .await
        .ok()
    }

    fn take(&self, bytes: u64) -> bool {
        self.used
            .fetch_update(Relaxed, Relaxed, |used| {
                used.checked_add(bytes).filter(|sum| *sum <= self.limit)
            })
            .is_ok()
    }

    fn free(&self, bytes: u64) {
        if bytes > 0 {
            self.used.fetch_sub(bytes, Relaxed);
            self.freed.notify_waiters();
        }
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
}
