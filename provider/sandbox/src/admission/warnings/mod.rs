//! What the API lets pass but warns of.

mod pods;

use serde_json::Value;

use super::at::At;
use super::prepare::Part;
use super::validate::{amount, dns_label};

const NAME: &str = "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended";

/// Warnings about an object that is created, or changed from `old`.
pub(super) fn warnings(
    type_name: &str,
    new: &Value,
    old: Option<&Value>,
    part: Part,
) -> Vec<String> {
    if part == Part::Status {
        return Vec::new();
    }
    let object = At::root(new);
    // Of a change of labels or replicas nobody wants to hear what is wrong with the template.
    let generation = |value: &Value| value.pointer("/metadata/generation").cloned();
    let changed = old.is_none_or(|old| generation(old) != generation(new));
    let mut said = Vec::new();
    match type_name {
        "apps.v1.Deployment" | "batch.v1.Job" | "batch.v1.CronJob" | "core.v1.Pod"
            if old.is_none() =>
        {
            name(&object, &mut said);
        }
        _ => {}
    }
    match type_name {
        "core.v1.Pod" if old.is_none() => pods::pod(&object, "", &mut said),
        "apps.v1.Deployment"
        | "apps.v1.DaemonSet"
        | "apps.v1.ReplicaSet"
        | "batch.v1.Job"
        | "core.v1.ReplicationController"
            if changed =>
        {
            pods::pod(&object.at("spec.template"), "spec.template", &mut said);
        }
        "apps.v1.StatefulSet" => stateful_set(&object, changed, old.is_some(), &mut said),
        "batch.v1.CronJob" if changed => {
            pods::pod(
                &object.at("spec.jobTemplate.spec.template"),
                "spec.jobTemplate.spec.template",
                &mut said,
            );
        }
        "core.v1.PersistentVolumeClaim" => {
            if object
                .at("metadata.annotations")
                .key("volume.beta.kubernetes.io/storage-class")
                .is_set()
            {
                said.push("metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use \"storageClassName\" attribute instead".to_owned());
            }
            claim_spec(&object.field("spec"), &mut said);
        }
        "core.v1.Service" => service(&object, &mut said),
        "core.v1.Secret" if object.field("type").text() == "kubernetes.io/tls" => {
            certificate(&object, &mut said);
        }
        "networking.v1.Ingress" if old.is_none() => {
            let older = object
                .at("metadata.annotations")
                .key("kubernetes.io/ingress.class");
            if older.is_set() && object.at("spec.ingressClassName").is_absent() {
                said.push("annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead".to_owned());
            }
        }
        _ => {}
    }
    said
}

fn name(object: &At<'_>, said: &mut Vec<String>) {
    let broken = dns_label(object.at("metadata.name").text());
    if !broken.is_empty() {
        said.push(format!("{NAME}: [{}]", broken.join(" ")));
    }
}

fn stateful_set(object: &At<'_>, changed: bool, updated: bool, said: &mut Vec<String>) {
    if changed {
        pods::pod(&object.at("spec.template"), "spec.template", said);
    }
    for claim in object.at("spec.volumeClaimTemplates").items() {
        // The API itself is inconsistent here.
        let path = if updated {
            format!("{}.Spec", claim.path())
        } else {
            claim.path().to_owned()
        };
        claim_spec(&claim.field("spec").renamed(path), said);
    }
    if object.at("spec.revisionHistoryLimit").int_or_zero() < 0 {
        said.push("spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended".to_owned());
    }
}

fn claim_spec(spec: &At<'_>, said: &mut Vec<String>) {
    for list in ["requests", "limits"] {
        fractional(&spec.at("resources").field(list).key("storage"), said);
    }
}

/// Bytes come whole; what does not fit into the server's numbers counts as not whole, too.
fn fractional(at: &At<'_>, said: &mut Vec<String>) {
    if amount(at).is_some_and(|quantity| !quantity.is_integer() || quantity.to_i64().is_none()) {
        said.push(format!(
            "{}: fractional byte value {:?} is invalid, must be an integer",
            at.path(),
            at.text()
        ));
    }
}

fn service(object: &At<'_>, said: &mut Vec<String>) {
    let spec = object.field("spec");
    if object
        .at("metadata.annotations")
        .key("service.kubernetes.io/topology-aware-hints")
        .is_set()
    {
        said.push("annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead".to_owned());
    }
    let headless = spec.field("clusterIP").text() == "None";
    let (external, kind) = (
        !spec.field("externalIPs").is_empty(),
        spec.field("type").text(),
    );
    if headless {
        if !spec.field("loadBalancerIP").is_empty() {
            said.push("spec.loadBalancerIP is ignored for headless services".to_owned());
        }
        if external {
            said.push("spec.externalIPs is ignored for headless services".to_owned());
        }
        if spec.field("sessionAffinity").text() != "None" {
            said.push("spec.SessionAffinity is ignored for headless services".to_owned());
        }
    }
    if external && !headless && kind != "ExternalName" {
        said.push(
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
                .to_owned(),
        );
    }
    if external && kind == "ExternalName" {
        said.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".to_owned());
    }
    if kind != "ExternalName" && !spec.field("externalName").is_empty() {
        said.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
    if spec.field("trafficDistribution").text() == "PreferClose" {
        said.push(
            "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\""
                .to_owned(),
        );
    }
}

/// Whether the key fits the certificate is not looked at, only whether there are any.
fn certificate(object: &At<'_>, said: &mut Vec<String>) {
    use base64::Engine;
    let text = |key: &str| {
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(object.field("data").key(key).text())
            .unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    };
    for (key, what, block) in [
        ("tls.crt", "certificate", "CERTIFICATE-----"),
        ("tls.key", "key", "PRIVATE KEY-----"),
    ] {
        let found = text(key);
        if !found.contains("-----BEGIN ") {
            said.push(format!("tls: failed to find any PEM data in {what} input"));
            return;
        }
        if !found.contains(block) {
            said.push(format!(
                "tls: failed to find \"{}\" PEM block in {what} input",
                block.trim_end_matches('-')
            ));
            return;
        }
    }
}
