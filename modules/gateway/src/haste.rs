//! How do those who are still at work learn that little time is left?

use std::time::Duration;

use tokio::sync::watch;

use crate::time::{Instant, sleep_until};

/// How long what is under way may still take in a hurry, all together.
const LAST: Duration = Duration::from_secs(3);

/// Makes those hurry who listen to it.
#[derive(Clone, Debug)]
pub(crate) struct Haste(watch::Sender<Option<Instant>>);

/// Whether there is a hurry, and when it is too late. Where nobody is left who could say so, it never is.
#[derive(Clone, Debug)]
pub(crate) struct Hurry(watch::Receiver<Option<Instant>>);

impl Haste {
    pub(crate) fn new() -> Self {
        Self(watch::channel(None).0)
    }

    pub(crate) fn hurry(&self) -> Hurry {
        Hurry(self.0.subscribe())
    }

    /// Says that nothing is to be tried again, and that what is being tried has only a moment left.
    pub(crate) fn make(&self) {
        self.within(LAST);
    }

    /// Says the same, and how long that moment is.
    pub(crate) fn within(&self, limit: Duration) {
        self.0.send_replace(Some(Instant::now() + limit));
    }
}

impl Hurry {
    /// Waits until there is a hurry: when it will be too late.
    pub(crate) async fn comes(&mut self) -> Instant {
        match self.0.wait_for(Option::is_some).await.map(|end| *end) {
            Ok(Some(end)) => end,
            _ => std::future::pending().await,
        }
    }

    pub(crate) fn is_too_late(&self) -> bool {
        self.0.borrow().is_some_and(|end| end <= Instant::now())
    }

    /// Waits until it is too late.
    pub(crate) async fn over(mut self) {
        let end = self.comes().await;
        sleep_until(end).await;
    }
}
