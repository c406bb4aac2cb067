//! Walks a plan: whatever is unblocked, as much at once as the limits allow.
//!
//! Applying makes no choices: everything that will happen is in the plan. `queue` says what may start, `step`
//! carries one step out, `again` computes it anew where the cluster moved meanwhile and asks whether it is still
//! what was approved. Before anything is touched the stack is locked and the inventory holds old ∪ new; it
//! shrinks only after what had to go is gone.

use provider_core::plan::Plan;
use tokio::{sync::watch, time::Instant};

use crate::{cluster::Cluster, event::Events, report::Report};

mod again;
mod body;
mod bookkeeping;
mod change;
mod failed;
mod limits;
mod queue;
mod random;
mod run;
mod step;
mod walk;

pub use limits::{Interrupt, Limits, Wait};
pub(crate) use random::random_bytes;

use run::Run;

impl Cluster {
    /// Carries a plan out. Never half-silent: whatever happens is in the events, and in the report that folds them.
    ///
    /// Nothing is written when the plan holds conflicts or blocked steps, when another run holds the lock, or when
    /// the stack was applied by someone else since the plan was made.
    pub async fn apply(&self, plan: &Plan, limits: &Limits, events: &mut impl Events) -> Report {
        let (stop, _) = watch::channel(false);
        let run = Run {
            cluster: self,
            plan,
            limits,
            begun: Instant::now(),
            before: self.requests(),
            stop,
            report: Report::default(),
            events,
        };
        run.go().await
    }
}
