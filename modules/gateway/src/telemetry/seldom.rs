//! How is told what happens again and again? At once, and then seldom, with how much it was meanwhile.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::time::Instant;

/// How long the log says nothing more of what it has just said.
const QUIET: Duration = Duration::from_secs(10);

/// What happened and was not told yet.
#[derive(Debug, Default)]
pub(crate) struct Seldom(Mutex<Untold>);

#[derive(Debug, Default)]
struct Untold {
    count: u64,
    told: Option<Instant>,
}

impl Seldom {
    /// Adds so many: how many there are to be told of, if it is time to tell.
    pub(crate) fn add(&self, count: u64) -> Option<u64> {
        let now = Instant::now();
        // A number and a time are whole whoever panicked.
        let mut untold = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        untold.count = untold.count.saturating_add(count);
        if untold.told.is_some_and(|told| now < told + QUIET) {
            return None;
        }
        untold.told = Some(now);
        Some(std::mem::take(&mut untold.count))
    }

    /// What was not told so far, which is told now.
    pub(crate) fn rest(&self) -> u64 {
        let mut untold = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut untold.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{simulated::Simulation, sleep};

    #[test]
    fn the_first_is_told_at_once_and_the_others_together_once_it_was_quiet() {
        Simulation::new(0).run(async {
            let seldom = Seldom::default();
            assert_eq!(seldom.add(2), Some(2));
            for _ in 0..9 {
                sleep(Duration::from_secs(1)).await;
                assert_eq!(seldom.add(1), None);
            }
            sleep(Duration::from_secs(1)).await;
            assert_eq!(seldom.add(1), Some(10));
            assert_eq!(seldom.add(3), None);
            assert_eq!((seldom.rest(), seldom.rest()), (3, 0));
        });
    }
}
