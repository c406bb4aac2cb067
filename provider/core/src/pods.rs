//! Which Pods are meant?

use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet},
    batch::v1::{CronJob, Job},
    core::v1::Pod,
};

use crate::{id::ResourceId, reference::Ref};

/// The kinds that run Pods: those with a Pod template, and Pods.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` does not run Pods",
    label = "this resource has no Pods",
    note = "name a Deployment, StatefulSet, DaemonSet, Job, CronJob or Pod"
)]
pub trait RunsPods {
    /// Where an object of this kind keeps the description of its Pods.
    const TEMPLATE: &'static [&'static str];
}

impl RunsPods for Deployment {
    const TEMPLATE: &'static [&'static str] = &["spec", "template"];
}
impl RunsPods for StatefulSet {
    const TEMPLATE: &'static [&'static str] = &["spec", "template"];
}
impl RunsPods for DaemonSet {
    const TEMPLATE: &'static [&'static str] = &["spec", "template"];
}
impl RunsPods for ReplicaSet {
    const TEMPLATE: &'static [&'static str] = &["spec", "template"];
}
impl RunsPods for Job {
    const TEMPLATE: &'static [&'static str] = &["spec", "template"];
}
impl RunsPods for CronJob {
    const TEMPLATE: &'static [&'static str] = &["spec", "jobTemplate", "spec", "template"];
}
impl RunsPods for Pod {
    const TEMPLATE: &'static [&'static str] = &[];
}

/// The Pods of one workload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pods {
    /// The workload that runs them.
    pub workload: ResourceId,
}

impl<K: RunsPods> From<&Ref<K>> for Pods {
    fn from(workload: &Ref<K>) -> Self {
        Self {
            workload: workload.id().clone(),
        }
    }
}

impl From<&Pods> for Pods {
    fn from(pods: &Pods) -> Self {
        pods.clone()
    }
}

/// Where an object keeps the description of its Pods, if its kind is one of those that run Pods.
pub fn template_path(group: &str, kind: &str) -> Option<&'static [&'static str]> {
    match (group, kind) {
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") | ("batch", "Job") => {
            Some(Deployment::TEMPLATE)
        }
        ("batch", "CronJob") => Some(CronJob::TEMPLATE),
        ("", "Pod") => Some(Pod::TEMPLATE),
        _ => None,
    }
}
