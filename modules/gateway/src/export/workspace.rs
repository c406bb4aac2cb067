//! Who holds the memory of what is made of payloads only to be sent?

use std::{sync::Arc, time::Duration};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{Budget, Charge, time::timeout};

/// When to look again whether there is memory. Nobody waits in the budget itself: what comes free is not kept from others.
const AGAIN: Duration = Duration::from_millis(20);

/// The memory of what one exporter makes of payloads on their way out: JSON, compressed bodies, the requests of remote
/// write, what each of several destinations gets.
///
/// It is charged to the budget as all else is. But nothing that is to leave may wait until something has left: where
/// the budget is used up, one request of each exporter is made without, and the others wait for their turn or for
/// memory, whichever comes first.
#[derive(Debug)]
pub(super) struct Workspace {
    turn: Semaphore,
}

/// What a request that is being sent takes.
#[derive(Debug)]
pub(super) enum Space<'a> {
    /// Nothing: it is sent as it is.
    None,
    /// So much of the budget.
    Charged(Charge),
    /// The turn to be made without.
    Lent(#[expect(dead_code, reason = "held until it was sent")] SemaphorePermit<'a>),
}

impl Workspace {
    pub(super) fn new() -> Self {
        Self {
            turn: Semaphore::new(1),
        }
    }

    /// Room for that many bytes, as soon as there is some.
    pub(super) async fn room(&self, budget: &Arc<Budget>, bytes: u64) -> Space<'_> {
        if bytes == 0 {
            return Space::None;
        }
        loop {
            if let Some(charge) = budget.charge(bytes) {
                return Space::Charged(charge);
            }
            if let Ok(Ok(turn)) = timeout(AGAIN, self.turn.acquire()).await {
                return Space::Lent(turn);
            }
        }
    }
}

impl Space<'_> {
    /// It has become so many bytes: gives back what was too much. What was too little is taken where there is some, and
    /// else is over the limit until it was sent.
    pub(super) fn fit(&mut self, bytes: u64) {
        if let Self::Charged(charge) = self {
            let more = bytes.saturating_sub(charge.bytes());
            if more == 0 || !charge.grow(more) {
                charge.shrink_to(bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn what_is_made_is_charged_and_fitted() {
        let (budget, workspace) = (Budget::new(100), Workspace::new());
        let mut space = workspace.room(&budget, 60).await;
        assert_eq!(budget.used(), 60);
        space.fit(20);
        assert_eq!(budget.used(), 20);
        space.fit(90);
        assert_eq!(budget.used(), 90);
        space.fit(101);
        assert_eq!(budget.used(), 90, "there is no more");
        drop(space);
        assert_eq!(budget.used(), 0);
    }

    #[tokio::test]
    async fn where_nothing_is_left_one_goes_on_without_and_the_next_waits_for_either() {
        let (budget, workspace) = (Budget::new(100), Workspace::new());
        let held = budget.charge(90).unwrap();
        let first = workspace.room(&budget, 60).now_or_never();
        assert!(matches!(first, Some(Space::Lent(_))), "{first:?}");
        let mut second = Box::pin(workspace.room(&budget, 60));
        assert!(second.as_mut().now_or_never().is_none());
        let mut third = Box::pin(workspace.room(&budget, 60));
        assert!(third.as_mut().now_or_never().is_none());
        drop(held);
        assert!(matches!(second.await, Space::Charged(_)));
        drop(first);
        assert!(matches!(third.await, Space::Lent(_) | Space::Charged(_)));
        // What never can be charged has a turn.
        let never = workspace.room(&budget, 101).await;
        assert!(matches!(never, Space::Lent(_)));
    }
}
