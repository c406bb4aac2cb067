//! When does a connection end of which nobody said that it should?

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep, sleep_until};

use super::Protocol;

/// Until when a connection lives.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lifetime {
    /// At which age its client is asked to connect anew.
    pub(crate) age: Option<Duration>,
    /// How long calls under way may go on after that.
    pub(crate) grace: Option<Duration>,
    /// How long it may be idle.
    pub(crate) idle: Option<Duration>,
}

/// The calls of one connection.
#[derive(Debug)]
pub(super) struct Activity {
    began: Instant,
    /// Calls that are open, and when the last one ended in milliseconds since the connection began.
    open: AtomicU64,
    last: AtomicU64,
}

/// A call that is open as long as this is held.
pub(super) struct Call(Arc<Activity>);

impl Lifetime {
    pub(crate) fn of(protocol: &Protocol) -> Self {
        match protocol {
            Protocol::Grpc(grpc) => {
                // A tenth more or less, so that clients that came together do not come back together.
                let spread = 0.9 + 0.2 * fastrand::f64();
                Self {
                    age: grpc.keepalive.max_age.map(|age| age.mul_f64(spread)),
                    grace: grpc.keepalive.max_age_grace,
                    idle: grpc.keepalive.max_idle,
                }
            }
            Protocol::Http(http) => Self {
                idle: http.idle_timeout,
                ..Self::default()
            },
        }
    }

    /// Waits until its client should be asked to go.
    pub(super) async fn over(&self, activity: &Activity) {
        let aged = optional(self.age.map(sleep));
        let idle = optional(self.idle.map(|idle| activity.idle(idle)));
        tokio::select! {
            () = aged => {}
            () = idle => {}
        }
    }

    /// Waits until the calls of a client that was asked to go are cut off.
    pub(super) async fn cut_off(&self) {
        optional(self.grace.map(sleep)).await;
    }
}

async fn optional(wait: Option<impl Future<Output = ()>>) {
    match wait {
        Some(wait) => wait.await,
        None => std::future::pending().await,
    }
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            open: AtomicU64::new(0),
            last: AtomicU64::new(0),
        })
    }

    /// Notes that a call is open.
    pub(super) fn call(self: &Arc<Self>) -> Call {
        self.open.fetch_add(1, Relaxed);
        Call(Arc::clone(self))
    }

    /// Whether a call is open.
    pub(super) fn has_calls(&self) -> bool {
        self.open.load(Relaxed) > 0
    }

    /// Waits until there was no call for so long.
    async fn idle(&self, limit: Duration) {
        loop {
            let last = self.began + Duration::from_millis(self.last.load(Relaxed));
            let until = if self.has_calls() {
                Instant::now()
            } else {
                last
            } + limit;
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let millis = self.0.began.elapsed().as_millis();
        self.0
            .last
            .store(u64::try_from(millis).unwrap_or(u64::MAX), Relaxed);
        self.0.open.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_is_idle_when_its_last_call_is_long_ago() {
        let activity = Activity::new();
        let lifetime = Lifetime {
            idle: Some(Duration::from_millis(50)),
            ..Lifetime::default()
        };
        let began = Instant::now();
        let call = activity.call();
        let ends = tokio::spawn(async move {
            sleep(Duration::from_millis(175)).await;
            drop(call);
        });
        lifetime.over(&activity).await;
        assert!(ends.is_finished());
        assert!(
            began.elapsed() >= Duration::from_millis(224),
            "{:?}",
            began.elapsed()
        );
    }

    #[tokio::test]
    async fn a_connection_that_is_old_is_over_whatever_it_does() {
        let activity = Activity::new();
        let lifetime = Lifetime {
            age: Some(Duration::from_millis(50)),
            idle: Some(Duration::from_hours(1)),
            ..Lifetime::default()
        };
        let _call = activity.call();
        let over = lifetime.over(&activity);
        let over = tokio::time::timeout(Duration::from_secs(30), over);
        over.await.expect("it is over");
    }
}
