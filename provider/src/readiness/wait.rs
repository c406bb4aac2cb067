//! How is an object waited for until it is ready, failed, gone or out of time?
//!
//! Nothing is polled: each kind and namespace is followed once, and whoever waits looks at what that brings.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use provider_core::{
    Kind, ResourceId, applyset,
    k8s_openapi::api::{apps::v1::ReplicaSet, core::v1::Pod},
};
use serde_json::Value;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

use super::{Look, Readiness, evidence::Witness, is_silent, pods};
use crate::{
    apply::Limits,
    cluster::{Cluster, Follow, Group, Seen, group_of},
    inventory::Place,
    report::{Class, Failed},
};

/// Some states only become failures by lasting; nothing happens then that a watch would tell.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Follows each kind and namespace once, however many wait for its objects.
#[derive(Debug)]
pub(crate) struct Watches {
    cluster: Cluster,
    selector: String,
    follows: Mutex<BTreeMap<(Group, Whose), Follow>>,
}

/// Whose objects are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    /// Those of the stack.
    Members,
    /// All: controllers make Pods and do not label them for us.
    All,
}

/// What is waited for.
#[derive(Clone, Debug)]
pub(crate) struct Awaited<'a> {
    pub(crate) kind: &'a Kind,
    pub(crate) id: &'a ResourceId,
    /// The object as the server answered when it was last written or read.
    pub(crate) written: &'a Value,
    /// What an object without any status means.
    pub(crate) silence: Silence,
}

/// What it means that a custom resource has no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// Its definition knows no status: it is what it is.
    Natural,
    /// Its controller may not have seen it yet, or never says anything: it is given some time.
    Doubtful,
}

/// Why waiting ended without the object being there.
#[derive(Debug)]
pub(crate) enum Unmet {
    Failed(Failed),
    /// The run stops: whether it would have become ready is not known.
    Stopped,
}

impl Watches {
    pub(crate) fn new(cluster: &Cluster, place: &Place) -> Self {
        let selector = format!(
            "{}={}",
            applyset::PART_OF,
            applyset::id(&place.stack, &place.namespace)
        );
        Self {
            cluster: cluster.clone(),
            selector,
            follows: Mutex::default(),
        }
    }

    fn follow(&self, group: Group, whose: Whose) -> watch::Receiver<Seen> {
        let mut follows = self.follows.lock().unwrap_or_else(PoisonError::into_inner);
        let follow = follows
            .entry((group, whose))
            .or_insert_with_key(|(group, whose)| {
                let selector = (*whose == Whose::Members).then(|| self.selector.clone());
                self.cluster.follow(group.clone(), selector)
            });
        follow.seen()
    }

    /// Waits until an object is ready. `progress` is told each new reason why it is not.
    pub(crate) async fn until_ready(
        &self,
        awaited: Awaited<'_>,
        limits: &Limits,
        mut stop: watch::Receiver<bool>,
        mut progress: impl FnMut(Readiness),
    ) -> Result<(), Unmet> {
        let begun = Instant::now();
        let doubtful = awaited.silence == Silence::Doubtful;
        if Readiness::of(awaited.written).is_ready() && !(doubtful && is_silent(awaited.written)) {
            return Ok(());
        }
        let mut seen = self.follow(group_of(awaited.kind, awaited.id), Whose::Members);
        let mut witness = self.witness(awaited.id, awaited.written);
        // That nobody has looked yet is no news.
        let mut told = Some(not_seen(&Seen::default()));
        loop {
            let now = current(&seen.borrow_and_update(), &awaited);
            let readiness = now
                .as_ref()
                .map_or_else(|| not_seen(&seen.borrow()), |object| Readiness::of(object));
            let silent = doubtful
                && now.as_ref().is_some_and(|object| is_silent(object))
                && begun.elapsed() < limits.silence;
            if readiness.is_ready() && !silent {
                return Ok(());
            }
            let doomed = match (&now, &witness) {
                (Some(object), Some(witness)) => witness.doomed(object, limits),
                _ => Vec::new(),
            };
            let failed = matches!(readiness, Readiness::Failed(_));
            if failed || !doomed.is_empty() {
                let reason = if failed {
                    readiness.reason().to_owned()
                } else {
                    doomed[0].1.what.clone()
                };
                let evidence = self.cluster.evidence(awaited.id, &doomed).await;
                return Err(Unmet::Failed(Failed {
                    evidence,
                    ..Failed::new(Class::Rollout, reason)
                }));
            }
            if told.as_ref() != Some(&readiness) {
                progress(readiness.clone());
                told = Some(readiness.clone());
            }
            let late = tokio::select! {
                () = stopped(&mut stop) => return Err(Unmet::Stopped),
                () = sleep_until(begun + limits.resource) => true,
                _ = seen.changed() => false,
                () = changed(&mut witness) => false,
                () = sleep(LOOK_AGAIN) => false,
            };
            if late {
                return Err(Unmet::Failed(
                    self.late(
                        &awaited,
                        now.as_deref(),
                        &readiness,
                        witness.as_ref(),
                        limits,
                    )
                    .await,
                ));
            }
        }
    }

    /// Waits until an object is gone, or another has taken its name.
    pub(crate) async fn until_gone(
        &self,
        awaited: Awaited<'_>,
        limits: &Limits,
        mut stop: watch::Receiver<bool>,
        mut progress: impl FnMut(Readiness),
    ) -> Result<(), Unmet> {
        let begun = Instant::now();
        let uid = Look(awaited.written).text("/metadata/uid");
        // What goes may not carry our label any more.
        let whose = if Look(awaited.written).label(applyset::PART_OF).is_empty() {
            Whose::All
        } else {
            Whose::Members
        };
        let mut seen = self.follow(group_of(awaited.kind, awaited.id), whose);
        let mut told = Some(not_seen(&Seen::default()));
        loop {
            let there = {
                let seen = seen.borrow_and_update();
                if seen.listed && !seen.objects.contains_key(&awaited.id.name) {
                    return Ok(());
                }
                seen.objects.get(&awaited.id.name).cloned()
            };
            if there
                .as_ref()
                .is_some_and(|object| Look(object).text("/metadata/uid") != uid)
            {
                return Ok(());
            }
            let readiness = there
                .as_deref()
                .map_or_else(|| not_seen(&seen.borrow()), Readiness::of);
            if told.as_ref() != Some(&readiness) {
                progress(readiness.clone());
                told = Some(readiness.clone());
            }
            tokio::select! {
                () = stopped(&mut stop) => return Err(Unmet::Stopped),
                () = sleep_until(begun + limits.resource) => {
                    let message = format!("it is not gone after {}: {}", shown(limits.resource), readiness.reason());
                    return Err(Unmet::Failed(Failed::new(Class::TimedOut, message).advise(
                        "a finalizer is removed by its controller: see whether that still runs",
                    )));
                }
                _ = seen.changed() => {}
            }
        }
    }

    fn witness(&self, id: &ResourceId, object: &Value) -> Option<Witness> {
        let look = Look(object);
        let runs = matches!(
            (look.group(), look.text("/kind")),
            (
                "apps",
                "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet"
            ) | ("batch", "Job")
        );
        runs.then(|| Witness {
            pods: self.follow((Kind::of::<Pod>(), id.namespace.clone()), Whose::All),
            sets: self.follow((Kind::of::<ReplicaSet>(), id.namespace.clone()), Whose::All),
        })
    }

    async fn late(
        &self,
        awaited: &Awaited<'_>,
        now: Option<&Value>,
        readiness: &Readiness,
        witness: Option<&Witness>,
        limits: &Limits,
    ) -> Failed {
        let message = format!(
            "it is not ready after {}: {}",
            shown(limits.resource),
            readiness.reason()
        );
        let unready = match (now, witness) {
            (Some(object), Some(witness)) => witness.unready(object),
            _ => Vec::new(),
        };
        let evidence = self.cluster.evidence(awaited.id, &unready).await;
        Failed {
            evidence,
            ..Failed::new(Class::TimedOut, message)
        }
    }
}

/// The object as it was last seen, if that is not older than what was written.
fn current(seen: &Seen, awaited: &Awaited<'_>) -> Option<Arc<Value>> {
    let there = seen.objects.get(&awaited.id.name)?;
    let (there_is, written) = (Look(there), Look(awaited.written));
    let newer = match (version(there_is), version(written)) {
        (Some(there), Some(written)) => there >= written,
        _ => true,
    };
    let same = there_is.text("/metadata/uid") == written.text("/metadata/uid");
    (newer && same).then(|| Arc::clone(there))
}

/// Versions of one kind of object can be compared as numbers.
fn version(object: Look<'_>) -> Option<u128> {
    object.text("/metadata/resourceVersion").parse().ok()
}

fn not_seen(seen: &Seen) -> Readiness {
    Readiness::Progressing(match &seen.trouble {
        Some(trouble) => format!("it cannot be followed: {trouble}"),
        None => "it has not been seen yet".into(),
    })
}

fn shown(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

/// Waits until the run stops, or is over.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the run is over, which ends waiting as well.
    let _ = stop.wait_for(|stop| *stop).await.is_ok();
}

/// Waits until the Pods or their sets change; for ever where there are none.
async fn changed(witness: &mut Option<Witness>) {
    match witness {
        None => std::future::pending().await,
        Some(Witness { pods, sets }) => {
            tokio::select! {
                _ = pods.changed() => {}
                _ = sets.changed() => {}
            }
        }
    }
}

impl Limits {
    pub(crate) fn pods(&self) -> pods::Patience {
        pods::Patience {
            crashes: self.crashes,
            unschedulable: self.unschedulable,
        }
    }
}
