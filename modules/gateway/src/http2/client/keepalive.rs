//! Is the peer still there?

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use super::{Idle, Keepalive};

/// Nobody is asked more often.
const SHORTEST: Duration = Duration::from_millis(1);

/// When a peer was heard, and when it is to be asked.
#[derive(Debug)]
pub(super) struct Watch {
    settings: Keepalive,
    /// Nothing, if the peer is never asked.
    sleep: Option<Pin<Box<Sleep>>>,
    heard: Instant,
    /// When it was asked, if it has said nothing since.
    asked: Option<Instant>,
    /// Since when there were calls that were given up, if it has said nothing since.
    unheard: Option<Instant>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing now.
    Nothing,
    /// The peer is to be asked.
    Ask,
    /// It has not answered.
    Gone,
}

impl Watch {
    pub(super) fn new(mut settings: Keepalive) -> Self {
        let now = Instant::now();
        settings.after = settings.after.map(|after| after.max(SHORTEST));
        let sleep = settings
            .after
            .map(|after| Box::pin(sleep_until(now + after)));
        Self {
            settings,
            sleep,
            heard: now,
            asked: None,
            unheard: None,
        }
    }

    /// Notes that the peer said something, whatever it was.
    pub(super) fn heard(&mut self) {
        self.heard = Instant::now();
        self.unheard = None;
        if self.asked.take().is_some()
            && let (Some(sleep), Some(after)) = (&mut self.sleep, self.settings.after)
        {
            sleep.as_mut().reset(self.heard + after);
        }
    }

    /// For how long nothing was heard, where a call is given up that began then: that may be longer than this one was
    /// waited for.
    pub(super) fn silence(&mut self, began: Instant) -> Duration {
        if self.heard >= began {
            return Duration::ZERO;
        }
        self.unheard.get_or_insert(began).elapsed()
    }

    /// What is to be done, with or without calls that are open.
    pub(super) fn poll(&mut self, context: &mut Context<'_>, calls: bool) -> Due {
        let (Some(sleep), Some(after)) = (&mut self.sleep, self.settings.after) else {
            return Due::Nothing;
        };
        while let Poll::Ready(()) = sleep.as_mut().poll(context) {
            let now = Instant::now();
            if let Some(asked) = self.asked {
                if now >= asked + self.settings.timeout {
                    return Due::Gone;
                }
                sleep.as_mut().reset(asked + self.settings.timeout);
            } else if now < self.heard + after {
                sleep.as_mut().reset(self.heard + after);
            } else if calls || self.settings.idle == Idle::Asked {
                self.asked = Some(now);
                sleep.as_mut().reset(now + self.settings.timeout);
                // The timer is to wake the task again.
                let _ = sleep.as_mut().poll(context);
                return Due::Ask;
            } else {
                sleep.as_mut().reset(now + after);
            }
        }
        Due::Nothing
    }
}
