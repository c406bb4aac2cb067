//! Whether an object is legal, and what of it may change: every broken rule at once, with the API's own paths.

mod addresses;
mod autoscaling;
mod batch;
mod core;
mod cron;
mod cron_job;
mod definitions;
mod job_status;
mod metadata;
mod names;
mod net;
mod network;
mod numbers;
mod paths;
mod pod;
mod policies;
mod rbac;
mod resources;
mod selector;
mod service;
mod storage;
mod webhooks;
mod workloads;

pub(super) use addresses::cluster_ips;
pub(crate) use metadata::Scope;
pub(super) use names::dns_label;
pub(super) use resources::amount;
pub(super) use service::{is_external, needs_health_check};

use serde_json::Value;

use super::at::At;
use super::cause::{Cause, Causes};
use super::prepare::Part;
use webhooks::Webhook;

/// What is wrong with an object that is being created.
pub(super) fn create(type_name: &str, scope: Scope, object: &Value) -> Vec<Cause> {
    let object = At::root(object);
    let mut causes = Causes::default();
    let metadata = object.field("metadata");
    metadata::on_create(&metadata, scope, name_rule(type_name), &mut causes);
    if knows_finalizers(type_name) {
        metadata::known_finalizers(&metadata, &mut causes);
    }
    spec(type_name, scope, &object, &mut causes);
    causes.into_vec()
}

/// What is wrong with a change.
pub(super) fn update(
    type_name: &str,
    scope: Scope,
    part: Part,
    new: &Value,
    old: &Value,
) -> Vec<Cause> {
    let (new, old) = (At::root(new), At::root(old));
    let mut causes = Causes::default();
    let (after, before) = (new.field("metadata"), old.field("metadata"));
    metadata::on_create(&after, scope, names::path_segment, &mut causes);
    metadata::on_update(&after, &before, &mut causes);
    if looks_at_changes_again(type_name) {
        metadata::on_update(&after, &before, &mut causes);
    }
    if part == Part::Status {
        status(type_name, &new, &mut causes);
        return causes.into_vec();
    }
    if knows_finalizers(type_name) {
        metadata::known_finalizers(&after, &mut causes);
    }
    if looks_at_metadata_again(type_name) {
        metadata::on_create(&after, scope, name_rule(type_name), &mut causes);
        metadata::known_finalizers(&after, &mut causes);
    }
    change(type_name, scope, &new, &old, &mut causes);
    causes.into_vec()
}

/// Most kinds check the metadata once more than the API does for all of them, and report what they find again.
fn looks_at_changes_again(type_name: &str) -> bool {
    !type_name.starts_with("admissionregistration.")
        && !matches!(
            type_name,
            "core.v1.LimitRange" | "policy.v1.PodDisruptionBudget" | "discovery.v1.EndpointSlice"
        )
}

/// Kinds outside of the core's own rules take any finalizer that is a legal name.
fn knows_finalizers(type_name: &str) -> bool {
    let outside = [
        "admissionregistration.",
        "apiextensions.",
        "apiregistration.",
        "coordination.",
        "policy.",
    ];
    !type_name.is_empty() && !outside.iter().any(|start| type_name.starts_with(start))
}

/// Some kinds check a changed object as if it were new as well.
fn looks_at_metadata_again(type_name: &str) -> bool {
    type_name.starts_with("rbac.")
        || type_name.starts_with("admissionregistration.")
        || matches!(
            type_name,
            "core.v1.PersistentVolumeClaim"
                | "core.v1.PersistentVolume"
                | "core.v1.ConfigMap"
                | "core.v1.Secret"
                | "core.v1.LimitRange"
                | "core.v1.ResourceQuota"
                | "core.v1.ServiceAccount"
                | "batch.v1.Job"
                | "networking.v1.Ingress"
                | "networking.v1.IngressClass"
                | "discovery.v1.EndpointSlice"
        )
}

fn name_rule(type_name: &str) -> names::Rule {
    match type_name {
        "core.v1.Namespace" | "core.v1.Service" | "apps.v1.StatefulSet" => names::dns_label,
        "" => names::dns_subdomain,
        "policy.v1.PodDisruptionBudget" => names::path_segment,
        _ if type_name.starts_with("rbac.") => names::path_segment,
        _ => names::dns_subdomain,
    }
}

fn spec(type_name: &str, scope: Scope, object: &At<'_>, causes: &mut Causes) {
    match type_name {
        "apps.v1.Deployment" => workloads::deployment(object, causes),
        "apps.v1.ReplicaSet" => workloads::replica_set(object, causes),
        "apps.v1.StatefulSet" => workloads::stateful_set(object, causes),
        "apps.v1.DaemonSet" => workloads::daemon_set(object, causes),
        "batch.v1.Job" => batch::job(object, causes),
        "batch.v1.CronJob" => cron_job::cron_job(object, causes),
        "core.v1.Pod" => pod::pod(object, causes),
        "core.v1.PodTemplate" => pod::template(&object.field("template"), causes),
        "core.v1.Service" => service::service(object, causes),
        "core.v1.Namespace" => core::namespace(object, causes),
        "core.v1.ConfigMap" => core::config_map(object, causes),
        "core.v1.Secret" => core::secret(object, causes),
        "core.v1.ResourceQuota" => core::quota(object, causes),
        "core.v1.LimitRange" => core::limit_range(object, causes),
        "core.v1.PersistentVolumeClaim" => storage::claim(object, causes),
        "core.v1.PersistentVolume" => storage::volume(object, causes),
        "storage.v1.StorageClass" => storage::storage_class(object, causes),
        "rbac.v1.Role" | "rbac.v1.ClusterRole" => rbac::role(object, scope, causes),
        "rbac.v1.RoleBinding" | "rbac.v1.ClusterRoleBinding" => {
            rbac::binding(object, scope, causes);
        }
        "networking.v1.NetworkPolicy" => network::policy(object, causes),
        "networking.v1.Ingress" => network::ingress(object, causes),
        "networking.v1.IngressClass" => network::ingress_class(object, causes),
        _ => other_spec(type_name, object, causes),
    }
}

fn other_spec(type_name: &str, object: &At<'_>, causes: &mut Causes) {
    match type_name {
        "apiextensions.v1.CustomResourceDefinition" => {
            definitions::name(object, causes);
            definitions::definition(object, causes);
        }
        "policy.v1.PodDisruptionBudget" => policies::budget(object, causes),
        "scheduling.v1.PriorityClass" => policies::priority_class(object, causes),
        "coordination.v1.Lease" => policies::lease(object, causes),
        "discovery.v1.EndpointSlice" => policies::slice(object, causes),
        "autoscaling.v2.HorizontalPodAutoscaler" => autoscaling::autoscaler(object, causes),
        "admissionregistration.v1.MutatingWebhookConfiguration" => {
            webhooks::configuration(object, Webhook::Mutating, causes);
        }
        "admissionregistration.v1.ValidatingWebhookConfiguration" => {
            webhooks::configuration(object, Webhook::Validating, causes);
        }
        "admissionregistration.v1.ValidatingAdmissionPolicy" => webhooks::policy(object, causes),
        "admissionregistration.v1.ValidatingAdmissionPolicyBinding" => {
            webhooks::policy_binding(object, causes);
        }
        _ => {}
    }
}

fn change(type_name: &str, scope: Scope, new: &At<'_>, old: &At<'_>, causes: &mut Causes) {
    match type_name {
        "apps.v1.Deployment" => workloads::deployment_update(new, old, causes),
        "apps.v1.ReplicaSet" => workloads::replica_set_update(new, old, causes),
        "apps.v1.StatefulSet" => workloads::stateful_set_update(new, old, causes),
        "apps.v1.DaemonSet" => workloads::daemon_set_update(new, old, causes),
        "batch.v1.Job" => batch::job_update(new, old, causes),
        "batch.v1.CronJob" => cron_job::cron_job_update(new, old, causes),
        "core.v1.Pod" => pod::pod_update(new, old, causes),
        "apiextensions.v1.CustomResourceDefinition" => {
            definitions::definition_update(new, old, causes);
        }
        "core.v1.Service" => service::service_update(new, old, causes),
        "core.v1.ConfigMap" => core::config_map_update(new, old, causes),
        "core.v1.Secret" => core::secret_update(new, old, causes),
        "core.v1.ResourceQuota" => core::quota_update(new, old, causes),
        "core.v1.PersistentVolumeClaim" => storage::claim_update(new, old, causes),
        "core.v1.PersistentVolume" => storage::volume_update(new, old, causes),
        "storage.v1.StorageClass" => storage::storage_class_update(new, old, causes),
        "rbac.v1.RoleBinding" | "rbac.v1.ClusterRoleBinding" => {
            rbac::binding_update(new, old, scope, causes);
        }
        "networking.v1.Ingress" => network::ingress_spec(new, causes),
        "networking.v1.IngressClass" => network::ingress_class_update(new, old, causes),
        "scheduling.v1.PriorityClass" => policies::priority_class_update(new, old, causes),
        "discovery.v1.EndpointSlice" => policies::slice_update(new, old, causes),
        _ => spec(type_name, scope, new, causes),
    }
}

fn status(type_name: &str, new: &At<'_>, causes: &mut Causes) {
    match type_name {
        "apps.v1.Deployment" | "apps.v1.ReplicaSet" => workloads::replica_status(new, causes),
        "apps.v1.StatefulSet" => workloads::stateful_status(new, causes),
        "apps.v1.DaemonSet" => workloads::daemon_status(new, causes),
        "batch.v1.Job" => job_status::job_status(new, causes),
        "core.v1.Service" => service::service_status(new, causes),
        "networking.v1.Ingress" => network::ingress_status(new, causes),
        "policy.v1.PodDisruptionBudget" => policies::budget_status(new, causes),
        "autoscaling.v2.HorizontalPodAutoscaler" => autoscaling::autoscaler_status(new, causes),
        _ => {}
    }
}
