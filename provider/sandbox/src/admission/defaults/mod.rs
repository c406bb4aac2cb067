//! What the API fills in where nothing was sent, type by type.
//!
//! Defaults belong to types, not to kinds: a probe gets its defaults in a Pod as in a `CronJob`. So one walk over
//! an object meets each value with its type and fills it in, parents before their children.

mod pod;
mod policies;
mod services;
mod volumes;
mod workloads;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

pub(super) use volumes::claim as claim_phase;
pub(super) use workloads::job_labels;

use super::edit::{child, object, or_set_zero, remove};
use super::types::{self, Type};

/// Fills in an object of the built-in type `type_name`.
pub(crate) fn default(type_name: &str, object: &mut Value) {
    walk(type_name, object);
}

fn walk(name: &str, value: &mut Value) {
    by_type(name, value);
    let (Some(fields), true) = (types::fields(name), value.is_object()) else {
        return;
    };
    for (key, field) in fields {
        if let Some(default) = &field.default
            && value
                .get(*key)
                .is_none_or(|found| found.is_null() || (found == "" && default.is_string()))
        {
            super::edit::object(value).insert((*key).to_owned(), default.clone());
        }
        if let Some(found) = value.get_mut(*key) {
            descend(&field.holds, found);
        }
    }
}

fn descend(holds: &Type, value: &mut Value) {
    match (holds, value) {
        (Type::Struct(name), value @ Value::Object(_)) => walk(name, value),
        (Type::List(items), Value::Array(list)) => {
            for item in list {
                descend(items, item);
            }
        }
        (Type::Map(values), Value::Object(map)) if **values == Type::Quantity => {
            map.values_mut().for_each(round_up);
        }
        (Type::Map(values), Value::Object(map)) => {
            for item in map.values_mut() {
                descend(values, item);
            }
        }
        _ => {}
    }
}

fn by_type(name: &str, value: &mut Value) {
    let fill: fn(&mut Value) = match name {
        "core.v1.Pod" => pod::pod,
        "core.v1.PodSpec" => pod::spec,
        "core.v1.Container" | "core.v1.EphemeralContainer" => pod::container,
        "core.v1.Probe" => pod::probe,
        "core.v1.HTTPGetAction" => pod::http_get,
        "core.v1.GRPCAction" => pod::grpc,
        "core.v1.ObjectFieldSelector" => pod::field_ref,
        "core.v1.Volume" => volumes::volume,
        "core.v1.SecretVolumeSource"
        | "core.v1.ConfigMapVolumeSource"
        | "core.v1.DownwardAPIVolumeSource"
        | "core.v1.ProjectedVolumeSource" => volumes::file_modes,
        "core.v1.ServiceAccountTokenProjection" => volumes::token,
        "core.v1.HostPathVolumeSource" => volumes::host_path,
        "core.v1.PersistentVolumeClaim" => volumes::claim,
        "core.v1.PersistentVolumeClaimSpec" => volumes::claim_spec,
        "core.v1.PersistentVolume" => volumes::persistent_volume,
        "storage.v1.StorageClass" => volumes::storage_class,
        "storage.v1.CSIDriver" => volumes::csi_driver,
        "core.v1.Secret" => secret,
        "core.v1.Namespace" => policies::namespace,
        "core.v1.Service" => services::service,
        "core.v1.EndpointPort" => services::endpoint_port,
        "core.v1.LimitRangeItem" => policies::limit,
        "discovery.v1.EndpointPort" => services::slice_port,
        "networking.v1.NetworkPolicy" => services::network_policy,
        "networking.v1.NetworkPolicyPort" => services::policy_port,
        "networking.v1.IngressClass" => services::ingress_class,
        _ => return by_other_type(name, value),
    };
    fill(value);
}

fn by_other_type(name: &str, value: &mut Value) {
    let fill: fn(&mut Value) = match name {
        "apps.v1.Deployment" => workloads::deployment,
        "apps.v1.DaemonSet" => workloads::daemon_set,
        "apps.v1.StatefulSet" => workloads::stateful_set,
        "apps.v1.ReplicaSet" => workloads::replica_set,
        "batch.v1.Job" => workloads::job,
        "batch.v1.CronJob" => workloads::cron_job,
        "batch.v1.PodFailurePolicyOnPodConditionsPattern" => workloads::pod_condition_pattern,
        "autoscaling.v2.HorizontalPodAutoscaler" => workloads::autoscaler,
        "rbac.v1.RoleBinding" | "rbac.v1.ClusterRoleBinding" => policies::binding,
        "rbac.v1.Subject" => policies::subject,
        "scheduling.v1.PriorityClass" => policies::priority_class,
        "admissionregistration.v1.ValidatingWebhook" => policies::validating_webhook,
        "admissionregistration.v1.MutatingWebhook" => policies::mutating_webhook,
        "admissionregistration.v1.MatchResources" => policies::match_resources,
        "admissionregistration.v1.NamedRuleWithOperations"
        | "admissionregistration.v1.RuleWithOperations" => policies::resource_rule,
        "admissionregistration.v1.ServiceReference"
        | "apiextensions.v1.ServiceReference"
        | "apiregistration.v1.ServiceReference" => policies::service_reference,
        "admissionregistration.v1.ValidatingAdmissionPolicySpec"
        | "admissionregistration.v1.MutatingAdmissionPolicySpec" => policies::admission_policy_spec,
        "apiextensions.v1.CustomResourceDefinition" => policies::definition,
        _ => return,
    };
    fill(value);
}

/// A Secret's plain texts become part of its data, and its type is filled in.
fn secret(secret: &mut Value) {
    if let Some(Value::Object(texts)) = remove(secret, "stringData") {
        let data = object(child(secret, "data"));
        for (key, text) in texts {
            data.insert(
                key,
                json!(STANDARD.encode(text.as_str().unwrap_or_default())),
            );
        }
    }
    if secret.get("data").is_some_and(Value::is_null) {
        remove(secret, "data");
    }
    policies::secret(secret);
}

/// Sets `status.phase` where there is none.
fn or_phase(object: &mut Value, phase: &str) {
    or_set_zero(child(object, "status"), "phase", phase);
}

/// Amounts of resources are no finer than a thousandth.
fn round_up(amount: &mut Value) {
    let text = amount.as_str().unwrap_or_default();
    let finer = [("n", 1_000_000), ("u", 1_000)]
        .into_iter()
        .find_map(|(suffix, scale)| {
            let digits: i64 = text.strip_suffix(suffix)?.parse().ok()?;
            Some(digits.div_euclid(scale) + i64::from(digits.rem_euclid(scale) != 0))
        });
    if let Some(Ok(quantity)) =
        finer.map(|thousandths| format!("{thousandths}m").parse::<fields::Quantity>())
    {
        *amount = json!(quantity.to_string());
    }
}
