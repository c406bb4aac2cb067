//! How often may a client ask whether we are there?

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    http2::{Code, Error},
    settings::Keepalive,
};

/// How many pings that come too early are forgiven, as the servers of gRPC do.
const STRIKES: u32 = 2;
/// How long clients wait between two pings while nothing is under way, unless they may ping then.
const WITHOUT_CALLS: Duration = Duration::from_hours(2);

/// The pings of one client of gRPC.
#[derive(Debug)]
pub(super) struct Pings {
    interval: Duration,
    without_calls: bool,
    last: Option<Instant>,
    strikes: u32,
    answered: bool,
}

impl Pings {
    pub(super) fn new(keepalive: &Keepalive) -> Self {
        Self {
            interval: keepalive.min_ping_interval,
            without_calls: keepalive.ping_without_calls,
            last: None,
            strikes: 0,
            answered: false,
        }
    }

    /// Notes that something was sent to the client: to measure the line, it may ping then.
    pub(super) fn answered(&mut self) {
        self.answered = true;
    }

    /// Notes a ping, with so many calls open.
    pub(super) fn came(&mut self, now: Instant, calls: usize) -> Result<(), Error> {
        let last = self.last.replace(now);
        if std::mem::take(&mut self.answered) {
            self.strikes = 0;
            return Ok(());
        }
        let interval = if calls == 0 && !self.without_calls {
            WITHOUT_CALLS
        } else {
            self.interval
        };
        if last.is_some_and(|last| now.saturating_duration_since(last) < interval) {
            self.strikes += 1;
        }
        if self.strikes > STRIKES {
            // The words by which clients of gRPC know that they have to ping less often.
            return Err(Error::Connection(Code::EnhanceYourCalm, "too_many_pings"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keepalive(without_calls: bool) -> Keepalive {
        Keepalive {
            ping_without_calls: without_calls,
            ..Keepalive::default()
        }
    }

    /// After how many pings the client is told to go, if it sends one each so many seconds.
    fn until(without_calls: bool, calls: usize, every: u64) -> Option<usize> {
        let mut pings = Pings::new(&keepalive(without_calls));
        let start = Instant::now();
        let mut times = (0..10).map(|ping| start + Duration::from_secs(every * ping));
        times.position(|time| pings.came(time, calls).is_err())
    }

    #[test]
    fn a_client_that_pings_too_often_is_told_to_go() {
        assert_eq!(until(true, 0, 10), Some(3));
        assert_eq!(until(false, 1, 10), Some(3));
        assert_eq!(until(false, 0, 400), Some(3), "nothing is under way");
        assert_eq!(until(true, 0, 400), None);
        assert_eq!(until(false, 1, 400), None);
    }

    #[test]
    fn what_was_answered_may_be_followed_by_a_ping() {
        let mut pings = Pings::new(&keepalive(false));
        let now = Instant::now();
        for _ in 0..10 {
            pings.answered();
            pings.came(now, 1).unwrap();
        }
    }
}
