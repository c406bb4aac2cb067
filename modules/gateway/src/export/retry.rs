//! How long is the pause before the next attempt?

use std::time::Duration;

use crate::settings;

/// What a destination may ask for: one that names a time in the next century must not be waited for.
const LONGEST: Duration = Duration::from_hours(24);

/// The pauses between the attempts of one payload: each longer than the one before, none exactly so long as those of
/// other payloads that failed at the same time.
#[derive(Debug)]
pub(crate) struct Backoff {
    retry: settings::Backoff,
    next: Duration,
}

impl Backoff {
    /// Before the first attempt.
    pub(crate) fn new(retry: settings::Backoff) -> Self {
        Self {
            retry,
            next: retry.initial,
        }
    }

    /// How long to wait after an attempt that failed, if there is to be another one.
    pub(crate) fn next(
        backoff: &mut Option<Self>,
        elapsed: Duration,
        asked: Option<Duration>,
    ) -> Option<Duration> {
        let random = fastrand::f64();
        backoff.as_mut()?.pause(elapsed, asked, random)
    }

    /// How long to wait now, if there is to be another attempt: at least as long as the destination asked for, within
    /// reason. `random` is from 0 to 1; `elapsed` is the time since the first attempt began.
    fn pause(
        &mut self,
        elapsed: Duration,
        asked: Option<Duration>,
        random: f64,
    ) -> Option<Duration> {
        // What has shrunk to nothing begins anew, as it does for the collector.
        if self.next.is_zero() {
            self.next = self.retry.initial;
        }
        let spread = self.retry.jitter * (2.0 * random - 1.0);
        let own = times(self.next, 1.0 + spread);
        self.next = times(self.next, self.retry.multiplier).min(self.retry.max);
        let pause = own.max(asked.unwrap_or_default()).min(LONGEST);
        let end = self.retry.give_up.unwrap_or(Duration::MAX);
        (elapsed.saturating_add(pause) <= end).then_some(pause)
    }
}

/// The longest duration where the product is none.
fn times(duration: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor.max(0.0)).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_end() {
        let mut backoff = Backoff::new(settings::Backoff {
            initial: Duration::from_secs(5),
            max: Duration::from_secs(30),
            give_up: Some(Duration::from_mins(5)),
            multiplier: 1.5,
            jitter: 0.5,
        });
        let seconds = |seconds: f64| Some(Duration::from_secs_f64(seconds));
        let elapsed = Duration::ZERO;
        assert_eq!(backoff.pause(elapsed, None, 0.5), seconds(5.0));
        assert_eq!(backoff.pause(elapsed, None, 0.0), seconds(3.75));
        assert_eq!(backoff.pause(elapsed, seconds(60.0), 1.0), seconds(60.0));
        for _ in 0..5 {
            backoff.pause(elapsed, None, 0.5);
        }
        assert_eq!(backoff.pause(elapsed, None, 0.5), seconds(30.0));
        assert_eq!(backoff.pause(Duration::from_secs(271), None, 0.5), None);
    }

    #[test]
    fn pauses_that_would_become_nothing_are_the_first_one_again() {
        for (max, multiplier) in [(0, 1.5), (30, 0.0)] {
            let mut backoff = Backoff::new(settings::Backoff {
                initial: Duration::from_secs(5),
                max: Duration::from_secs(max),
                give_up: None,
                multiplier,
                jitter: 0.0,
            });
            let pauses = [(); 3].map(|()| backoff.pause(Duration::ZERO, None, 0.5));
            assert_eq!(
                pauses,
                [Some(Duration::from_secs(5)); 3],
                "{max} {multiplier}"
            );
        }
    }

    #[test]
    fn whatever_is_asked_for_or_configured_is_a_pause_of_at_most_a_day() {
        let forever = settings::Backoff {
            initial: Duration::from_secs(5),
            max: Duration::MAX,
            give_up: None,
            multiplier: f64::INFINITY,
            jitter: 0.5,
        };
        let mut backoff = Backoff::new(forever);
        let (elapsed, asked) = (Duration::from_mins(1), Some(Duration::MAX));
        assert_eq!(backoff.pause(elapsed, asked, 0.5), Some(LONGEST));
        assert_eq!(backoff.pause(elapsed, None, 1.0), Some(LONGEST));
        let mut ending = Backoff::new(settings::Backoff {
            give_up: Some(Duration::from_mins(5)),
            ..forever
        });
        assert_eq!(ending.pause(elapsed, asked, 0.5), None);
    }
}
