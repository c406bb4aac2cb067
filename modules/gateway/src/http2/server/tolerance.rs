//! How much nonsense is taken from a peer before it is told to go?

use std::time::Duration;

use tokio::time::Instant;

use crate::http2::{Code, Error};

/// How much a peer may do at once that costs us more than it.
const MOST: u32 = 1000;
/// How quickly it is forgiven: so many a second.
const FORGIVEN: u32 = 100;

/// What is left of our patience with a peer. What costs it is cheap for the peer and not for us: streams that are
/// reset before they are answered, settings, pings, empty frames, refused requests. What earns it is an answer that was
/// wanted.
#[derive(Debug)]
pub(super) struct Tolerance {
    left: u32,
    since: Instant,
}

impl Tolerance {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            left: MOST,
            since: now,
        }
    }

    /// Takes one of these.
    pub(super) fn spend(&mut self, now: Instant, why: &'static str) -> Result<(), Error> {
        if self.left == 0 {
            self.forgive(now);
        }
        let left = self.left.checked_sub(1);
        self.left = left.ok_or(Error::Connection(Code::EnhanceYourCalm, why))?;
        Ok(())
    }

    /// Notes an answer.
    pub(super) fn earn(&mut self) {
        self.left = (self.left + 1).min(MOST);
    }

    fn forgive(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.since);
        self.since = now;
        let passed = passed.min(Duration::from_mins(1)).as_millis();
        let forgiven = u32::try_from(passed).unwrap_or(0) * FORGIVEN / 1000;
        self.left = forgiven.min(MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_ends_and_comes_back_with_time_and_with_answers() {
        let now = Instant::now();
        let mut tolerance = Tolerance::new(now);
        for _ in 0..MOST {
            tolerance.spend(now, "").unwrap();
        }
        let over = Error::Connection(Code::EnhanceYourCalm, "pings");
        assert_eq!(tolerance.spend(now, "pings"), Err(over));
        tolerance.earn();
        tolerance.spend(now, "").unwrap();
        assert_eq!(tolerance.spend(now, "pings"), Err(over));
        let later = now + Duration::from_secs(1);
        for _ in 0..FORGIVEN {
            tolerance.spend(later, "").unwrap();
        }
        assert_eq!(tolerance.spend(later, "pings"), Err(over));
    }
}
