//! What is worth asking again, how often, and after how long?

use std::time::Duration;

use tokio::time::Instant;

use crate::cluster::failure::Failure;

/// How long to go on asking a server that does not answer as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// While it answers, but says that it is overloaded, not ready, or that a quota is contended.
    pub busy: Duration,
    /// While it does not answer at all.
    pub unreachable: Duration,
}

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Patience {
    /// For reads before anything was touched: whoever waits at a prompt wants to know soon.
    pub const READING: Self = Self {
        busy: Duration::from_secs(30),
        unreachable: Duration::from_secs(2),
    };
    /// For a run under way: giving up has a price, so an API server may restart meanwhile.
    pub const APPLYING: Self = Self {
        busy: Duration::from_mins(1),
        unreachable: Duration::from_secs(30),
    };
    /// Once and never again.
    pub const NONE: Self = Self {
        busy: Duration::ZERO,
        unreachable: Duration::ZERO,
    };
}

/// Counts the attempts of one request.
#[derive(Debug)]
pub(crate) struct Attempts {
    since: Instant,
    failed: u32,
}

impl Attempts {
    pub(crate) fn new() -> Self {
        Self {
            since: Instant::now(),
            failed: 0,
        }
    }

    /// How long to wait before the next attempt; none when there is to be none.
    pub(crate) fn pause(&mut self, failure: &Failure, patience: &Patience) -> Option<Duration> {
        let (limit, asked) = match failure {
            Failure::Busy { retry_after, .. } => (patience.busy, *retry_after),
            Failure::Unreachable(_) | Failure::TimedOut(_) => (patience.unreachable, None),
            _ => return None,
        };
        self.failed += 1;
        let pause = asked
            .unwrap_or_default()
            .max(jittered(growing(self.failed)));
        (self.since.elapsed() + pause <= limit).then_some(pause)
    }
}

/// Twice as long each time, up to a limit.
fn growing(failed: u32) -> Duration {
    let factor = 1_u32 << failed.saturating_sub(1).min(10);
    FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)
}

/// Between half and all of it, so that those who failed together do not come back together.
pub(crate) fn jittered(pause: Duration) -> Duration {
    let mut byte = [128];
    // Without randomness the jitter is a constant, which is a poor jitter and no reason to fail.
    let _ = getrandom::fill(&mut byte);
    pause.mul_f64(0.5 + f64::from(byte[0]) / 510.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_end_with_the_patience() {
        assert_eq!(growing(1), FIRST_PAUSE);
        assert_eq!(growing(3), FIRST_PAUSE * 4);
        assert_eq!(growing(60), LONGEST_PAUSE);
        let busy = |retry_after| Failure::Busy {
            code: 429,
            message: String::new(),
            retry_after,
        };
        let mut attempts = Attempts::new();
        assert!(attempts.pause(&busy(None), &Patience::READING).is_some());
        assert_eq!(
            attempts.pause(&busy(Some(Duration::from_hours(1))), &Patience::READING),
            None
        );
        assert_eq!(attempts.pause(&busy(None), &Patience::NONE), None);
        assert_eq!(
            attempts.pause(&Failure::Changed, &Patience::READING),
            None,
            "never a conflict"
        );
    }
}
