//! What was seen that explains a failure?

use std::sync::Arc;

use jiff::Timestamp;
use provider_core::{
    Kind, ResourceId,
    k8s_openapi::api::core::v1::{Event, Pod},
};
use serde_json::Value;
use tokio::sync::watch;

use super::{Look, Readiness, pods};
use crate::{
    apply::Limits,
    cluster::{Cluster, Patience, Seen},
    report::Evidence,
};

/// More Pods of one workload fail for the same reason.
const PODS: usize = 3;
const EVENTS: usize = 3;

/// The Pods of a workload, as they are followed.
#[derive(Clone, Debug)]
pub(crate) struct Witness {
    pub(crate) pods: watch::Receiver<Seen>,
    pub(crate) sets: watch::Receiver<Seen>,
}

/// A Pod, and what is wrong with it.
pub(crate) type Suspect = (Arc<Value>, pods::Doomed);

impl Witness {
    /// The Pods of the new revision that will not become ready by themselves.
    pub(super) fn doomed(&self, workload: &Value, limits: &Limits) -> Vec<Suspect> {
        let now = Timestamp::now();
        let of = self.new_pods(workload).into_iter();
        of.filter_map(|pod| Some((Arc::clone(&pod), pods::doom(&pod, limits.pods(), now)?)))
            .take(PODS)
            .collect()
    }

    /// The Pods of the new revision that are not ready, whatever the reason.
    pub(super) fn unready(&self, workload: &Value) -> Vec<Suspect> {
        let of = self.new_pods(workload).into_iter();
        let unready = of.filter_map(|pod| {
            let readiness = Readiness::of(&pod);
            (!readiness.is_ready()).then(|| {
                (
                    Arc::clone(&pod),
                    pods::Doomed::unready(&pod, readiness.reason()),
                )
            })
        });
        unready.take(PODS).collect()
    }

    fn new_pods(&self, workload: &Value) -> Vec<Arc<Value>> {
        let (pods, sets) = (self.pods.borrow(), self.sets.borrow());
        let of = pods.objects.values();
        of.filter(|pod| {
            pods::is_of_new_revision(workload, pod, sets.objects.values().map(AsRef::as_ref))
        })
        .cloned()
        .collect()
    }
}

impl Cluster {
    /// What the Pods say, with the last words of their containers, and what was noted about the object itself.
    pub(super) async fn evidence(&self, id: &ResourceId, suspects: &[Suspect]) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        for (pod, doomed) in suspects {
            let name = Look(pod).name();
            let pod_id = ResourceId::new(
                &Kind::of::<Pod>(),
                id.namespace.as_deref().unwrap_or_default(),
                name,
            );
            let of = match doomed.container.as_str() {
                "" => pod_id.to_string(),
                container => format!("{pod_id}, container {container}"),
            };
            let log = self.last_words(&pod_id, doomed).await;
            evidence.push(Evidence {
                of,
                what: doomed.what.clone(),
                log,
            });
        }
        evidence.extend(self.noted(id).await);
        evidence
    }

    async fn last_words(&self, pod: &ResourceId, doomed: &pods::Doomed) -> Vec<String> {
        if doomed.container.is_empty() {
            return Vec::new();
        }
        // Evidence is best effort: without the right to read logs, the rest still helps.
        let log = self
            .log(&Kind::of::<Pod>(), pod, &doomed.container, doomed.restarted)
            .await
            .unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    /// The newest warnings about an object.
    async fn noted(&self, id: &ResourceId) -> Vec<Evidence> {
        let Some(namespace) = &id.namespace else {
            return Vec::new();
        };
        let events = self
            .list(&Kind::of::<Event>(), Some(namespace), None, Patience::NONE)
            .await
            .unwrap_or_default();
        let about = events.items.iter().map(Look).filter(|event| {
            event.text("/type") == "Warning"
                && event.text("/involvedObject/kind") == id.kind
                && event.text("/involvedObject/name") == id.name
        });
        let mut about: Vec<_> = about.collect();
        about.sort_by_key(|event| std::cmp::Reverse(event.text("/lastTimestamp")));
        about
            .into_iter()
            .take(EVENTS)
            .map(|event| Evidence {
                of: id.to_string(),
                what: format!("{}: {}", event.text("/reason"), event.text("/message")),
                log: Vec::new(),
            })
            .collect()
    }
}
