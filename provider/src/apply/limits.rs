//! How far may a run go, and who may stop it?

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::cluster::Patience;

/// The limits of a run. Every wait, queue and retry has one, and each has a name.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How many objects are written at once.
    pub parallelism: usize,
    /// How long the run may take; when it is over, no step starts any more.
    pub run: Duration,
    /// How long one object may take from its write until it is ready, or gone.
    pub resource: Duration,
    /// How long to wait for another run's lock.
    pub lock: Duration,
    /// How long the lock outlives a run that has died.
    pub lease: Duration,
    /// What to wait for at the end.
    pub wait: Wait,
    /// After how many restarts a container that crashes has failed.
    pub crashes: u32,
    /// After how long a Pod that finds no node has failed.
    pub unschedulable: Duration,
    /// How long a custom resource without any status is given to show one.
    pub silence: Duration,
    /// How often a change is computed again because its object moved meanwhile.
    pub recomputations: u32,
    /// How long to go on asking a server that is busy or gone.
    pub patience: Patience,
    /// Stops the run when it is triggered.
    pub interrupt: Interrupt,
}

/// What to wait for at the end of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wait {
    /// Until everything is ready.
    #[default]
    Ready,
    /// Until everything is applied; only what others depend on is waited for.
    Applied,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            parallelism: 16,
            run: Duration::from_mins(30),
            resource: Duration::from_mins(5),
            lock: Duration::ZERO,
            lease: Duration::from_mins(1),
            wait: Wait::default(),
            crashes: 3,
            unschedulable: Duration::from_mins(1),
            silence: Duration::from_secs(5),
            recomputations: 10,
            patience: Patience::APPLYING,
            interrupt: Interrupt::default(),
        }
    }
}

/// Asks a run to stop starting new work. Clones are the same.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<watch::Sender<bool>>);

impl Default for Interrupt {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Interrupt {
    /// Asks to stop.
    pub fn trigger(&self) {
        self.0.send_replace(true);
    }

    /// Whether somebody asked.
    pub fn is_triggered(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until somebody asks.
    pub async fn triggered(&self) {
        let mut asked = self.0.subscribe();
        // The sender is held by `self`: the channel cannot close while this waits.
        let _ = asked.wait_for(|asked| *asked).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn clones_of_an_interrupt_are_the_same() {
        let interrupt = Interrupt::default();
        let other = interrupt.clone();
        assert!(!other.is_triggered());
        interrupt.trigger();
        other.triggered().await;
        assert!(other.is_triggered());
    }
}
