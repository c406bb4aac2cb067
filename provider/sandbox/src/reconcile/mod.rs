//! What makes workloads ready, or keeps them failing on request?
//!
//! Just enough of the controllers, the scheduler and a kubelet that what was asked for comes about within
//! milliseconds: one pass after another looks at everything, does the next small thing for each object, and stops
//! when there is nothing left to do. What they write goes through the same verbs as any request, under the names
//! of the real ones, so that `managedFields` look familiar.
//!
//! An object with the annotation [`FAIL`] (a workload, its Pod template or a Pod) keeps failing as it says.

mod actor;
mod conditions;
mod daemon_set;
mod deployment;
mod failure;
mod garbage;
mod job;
mod namespace;
mod pod;
mod policy;
mod replica_set;
mod service;
mod stateful_set;
mod template;
mod volume;

use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::sandbox::Shared;
use crate::world::World;
use actor::Actor;
pub use failure::FAIL;

/// How often the file is looked at for what other processes wrote.
const SHARED_PACE: Duration = Duration::from_millis(100);
/// How often time alone may have changed something, such as a deadline.
const CLOCK_PACE: Duration = Duration::from_secs(1);
/// A pass that is followed by more passes than this without rest works against another one.
const PASSES_WITHOUT_REST: u32 = 1_000;

/// One controller: looks at everything and does the next thing.
type Controller = fn(&mut Actor<'_>);

const CONTROLLERS: [Controller; 13] = [
    namespace::accounts,
    namespace::endings,
    garbage::collect,
    volume::bind,
    deployment::roll_out,
    replica_set::keep_up,
    stateful_set::keep_up,
    daemon_set::keep_up,
    job::run,
    pod::run,
    service::connect,
    policy::budgets,
    policy::scalers,
];

/// Runs the controllers until the sandbox is gone.
pub(crate) async fn run(shared: Weak<Shared>, pace: Duration) {
    let Some(mut changed) = shared
        .upgrade()
        .map(|shared| shared.world().store.subscribe())
    else {
        return;
    };
    let mut passes = 0;
    loop {
        let Some(strong) = shared.upgrade() else {
            return;
        };
        let is_shared = strong.world().store.is_shared();
        changed.mark_unchanged();
        let wrote = pass(&strong);
        drop(strong);
        passes = if wrote { passes + 1 } else { 0 };
        if wrote && passes < PASSES_WITHOUT_REST {
            tokio::time::sleep(pace).await;
            continue;
        }
        let rest = if is_shared { SHARED_PACE } else { CLOCK_PACE };
        if let Ok(Err(_)) = tokio::time::timeout(rest, changed.changed()).await {
            return;
        }
        tokio::time::sleep(pace).await;
    }
}

/// Lets each controller look once; whether any of them wrote.
pub(crate) fn pass(shared: &Arc<Shared>) -> bool {
    let mut world = shared.world();
    let result = world.write(|world: &mut World| {
        let before = world.store.revision();
        namespace::found(&mut Actor::new(world, actor::CONTROLLER_MANAGER));
        for controller in CONTROLLERS {
            controller(&mut Actor::new(world, actor::CONTROLLER_MANAGER));
        }
        Ok(world.store.revision() != before)
    });
    // A file that cannot be written now is tried again after the rest.
    result.unwrap_or(false)
}
