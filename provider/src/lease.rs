//! How are two runs of one stack kept apart?
//!
//! By a Lease beside the inventory. Whoever holds it says who they are and renews it while they work; when they die
//! it runs out and the next run takes it. A run that loses it starts nothing new. Reading needs no lock.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use provider_core::{
    Kind, ResourceId, applyset, graph::field_manager, k8s_openapi::api::coordination::v1::Lease,
};
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinHandle, time::Instant};

use crate::{
    apply::Interrupt,
    cluster::{CallError, Cluster, Failure, Patience, Preconditions, Propagation, jittered},
    error::LeaseError,
    inventory::Place,
};

/// Clocks of different machines differ; a lock is only taken from someone when theirs is surely over.
const SKEW: SignedDuration = SignedDuration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A lock that is held and renewed until it is released or lost.
#[derive(Debug)]
pub(crate) struct Lock {
    cluster: Cluster,
    place: Place,
    uid: Option<String>,
    lost: watch::Receiver<bool>,
    renewal: JoinHandle<()>,
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) holder: String,
    pub(crate) since: String,
}

fn leases() -> Kind {
    Kind::of::<Lease>()
}

fn id(place: &Place) -> ResourceId {
    ResourceId::new(
        &leases(),
        &place.namespace,
        applyset::parent_name(&place.stack),
    )
}

/// As `MicroTime` is written.
fn micros(time: Timestamp) -> String {
    format!("{time:.6}")
}

fn seconds(duration: Duration) -> u64 {
    duration.as_secs().max(1)
}

fn body(
    place: &Place,
    holder: &str,
    duration: Duration,
    acquired: Timestamp,
    transitions: u64,
) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": { "name": id(place).name, "namespace": place.namespace },
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": seconds(duration),
            "acquireTime": micros(acquired),
            "renewTime": micros(Timestamp::now()),
            "leaseTransitions": transitions,
        },
    })
}

/// Who holds a Lease now; none when nobody does, or no longer.
fn held(lease: &Value, now: Timestamp) -> Option<Holder> {
    let text = |pointer: &str| {
        lease
            .pointer(pointer)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let holder = text("/spec/holderIdentity")?;
    let renewed: Timestamp = text("/spec/renewTime")?.parse().ok()?;
    let seconds = lease
        .pointer("/spec/leaseDurationSeconds")
        .and_then(Value::as_i64)
        .unwrap_or(0)
        .clamp(0, 86_400);
    let over = renewed
        .checked_add(SignedDuration::from_secs(seconds) + SKEW)
        .ok()?;
    let since = text("/spec/acquireTime").unwrap_or_default().to_owned();
    (over > now).then(|| Holder {
        holder: holder.to_owned(),
        since,
    })
}

impl Cluster {
    /// Takes a stack's lock, waiting as long as `wait` says; `seen` is told who holds it meanwhile.
    pub(crate) async fn lock(
        &self,
        place: &Place,
        duration: Duration,
        wait: Duration,
        interrupt: &Interrupt,
        mut seen: impl FnMut(&Holder),
    ) -> Result<Lock, LeaseError> {
        let begun = Instant::now();
        let mut last = None;
        loop {
            let there = self
                .get(&leases(), &id(place), Patience::APPLYING)
                .await
                .map_err(LeaseError::Call)?;
            match there
                .as_ref()
                .and_then(|lease| held(lease, Timestamp::now()))
            {
                None => {
                    if let Some(lease) = self.take(place, there.as_ref(), duration).await? {
                        return Ok(self.hold(place, lease, duration));
                    }
                    // Someone was quicker: look who.
                }
                Some(holder) => {
                    if begun.elapsed() >= wait {
                        let Holder { holder, since } = holder;
                        return Err(LeaseError::Held {
                            stack: place.stack.clone(),
                            holder,
                            since,
                        });
                    }
                    if last.as_ref() != Some(&holder) {
                        seen(&holder);
                        last = Some(holder);
                    }
                    tokio::select! {
                        () = tokio::time::sleep(jittered(LOOK_AGAIN.min(wait))) => {}
                        () = interrupt.triggered() => return Err(LeaseError::Interrupted),
                    }
                }
            }
        }
    }

    /// Takes a free lock; none when someone else took it in this moment.
    async fn take(
        &self,
        place: &Place,
        there: Option<&Value>,
        duration: Duration,
    ) -> Result<Option<Value>, LeaseError> {
        let (manager, now) = (field_manager(&place.stack), Timestamp::now());
        let transitions = there
            .and_then(|lease| lease.pointer("/spec/leaseTransitions"))
            .and_then(Value::as_u64);
        let mut body = body(
            place,
            self.holder(),
            duration,
            now,
            transitions.map_or(0, |count| count + 1),
        );
        let answer = if let Some(there) = there {
            body["metadata"]["resourceVersion"] = json!(Preconditions::of(there).resource_version);
            self.replace(&leases(), &id(place), &manager, &body, Patience::APPLYING)
                .await
        } else {
            self.create(&leases(), &id(place), &manager, &body, Patience::APPLYING)
                .await
        };
        match answer {
            Ok(answer) => Ok(Some(answer.body)),
            Err(CallError {
                failure: Failure::Changed | Failure::AlreadyExists | Failure::Absent,
                ..
            }) => Ok(None),
            Err(error) => Err(LeaseError::Call(error)),
        }
    }

    fn hold(&self, place: &Place, lease: Value, duration: Duration) -> Lock {
        let uid = Preconditions::of(&lease).uid;
        let (tell, lost) = watch::channel(false);
        let (cluster, place) = (self.clone(), place.clone());
        let renewal = tokio::spawn({
            let (cluster, place) = (cluster.clone(), place.clone());
            async move {
                cluster.renew(&place, lease, duration).await;
                let _ = tell.send(true);
            }
        });
        Lock {
            cluster,
            place,
            uid,
            lost,
            renewal,
        }
    }

    /// Renews until the lock is lost: taken by someone, deleted, or not renewed in time.
    async fn renew(&self, place: &Place, mut lease: Value, duration: Duration) {
        let manager = field_manager(&place.stack);
        let mut renewed = Instant::now();
        loop {
            tokio::time::sleep(duration / 3).await;
            lease["spec"]["renewTime"] = json!(micros(Timestamp::now()));
            let answer = self
                .replace(&leases(), &id(place), &manager, &lease, Patience::NONE)
                .await;
            match answer {
                Ok(answer) => {
                    lease = answer.body;
                    renewed = Instant::now();
                }
                Err(CallError {
                    failure: Failure::Changed | Failure::Absent | Failure::NoNamespace(_),
                    ..
                }) => return,
                Err(error) if renewed.elapsed() >= duration => {
                    tracing::debug!(%error, "the lock could not be renewed in time");
                    return;
                }
                Err(error) => {
                    tracing::debug!(%error, "the lock could not be renewed, will try again");
                }
            }
        }
    }
}

impl Lock {
    /// Tells when the lock is lost.
    pub(crate) fn lost(&self) -> watch::Receiver<bool> {
        self.lost.clone()
    }

    /// Gives the lock back. If that fails it runs out by itself.
    pub(crate) async fn release(self) {
        self.renewal.abort();
        if *self.lost.borrow() {
            return;
        }
        // Only the uid: a renewal that was under way may have moved the version.
        let at = Preconditions {
            uid: self.uid.clone(),
            resource_version: None,
        };
        let gone = self
            .cluster
            .delete(
                &leases(),
                &id(&self.place),
                &at,
                Propagation::Background,
                Patience {
                    busy: Duration::from_secs(5),
                    unreachable: Duration::ZERO,
                },
            )
            .await;
        if let Err(error) = gone {
            tracing::debug!(%error, "the lock was not given back and will run out");
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_held_until_it_was_surely_not_renewed() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let lease = |holder: &str, renewed: &str| json!({"spec": {"holderIdentity": holder, "leaseDurationSeconds": 60, "renewTime": renewed, "acquireTime": "a"}});
        let cases = [
            (lease("ana", "2026-11-22T11:59:30.000000Z"), true),
            (lease("ana", "2026-11-22T11:58:55.000000Z"), true),
            (lease("ana", "2026-11-22T11:58:00.000000Z"), false),
            (lease("", "2026-11-22T11:59:59.000000Z"), false),
            (json!({}), false),
        ];
        for (lease, expected) in cases {
            assert_eq!(held(&lease, now).is_some(), expected, "{lease}");
        }
    }

    #[test]
    fn times_are_written_as_micro_time() {
        let time: Timestamp = "2026-11-22T12:00:00.5Z".parse().unwrap();
        assert_eq!(micros(time), "2026-11-22T12:00:00.500000Z");
    }
}
