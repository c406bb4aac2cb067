//! What a bare Pod gets from its service account, its priority and the taints that every Pod tolerates for a while.

use serde_json::{Value, json};

use super::super::at::At;
use super::super::edit::{child, items, object, or_set, or_set_zero, text};
use super::super::{Cluster, Refusal};
use super::namespace_of;

const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Everything of it.
pub(super) fn complete(pod: &mut Value, cluster: &dyn Cluster) -> Result<(), Refusal> {
    account(pod, cluster)?;
    priority(pod, cluster)?;
    tolerations(pod);
    Ok(())
}

/// The Pod's account must be there; its token is mounted unless somebody said no.
fn account(pod: &mut Value, cluster: &dyn Cluster) -> Result<(), Refusal> {
    let namespace = namespace_of(pod).to_owned();
    let uid = At::root(pod).at("metadata.uid").text().to_owned();
    let spec = child(pod, "spec");
    or_set_zero(spec, "serviceAccountName", "default");
    let name = text(spec, "serviceAccountName").to_owned();
    object(spec).insert("serviceAccount".to_owned(), json!(name));
    let Some(account) = cluster.get("", "ServiceAccount", &namespace, &name) else {
        let why = format!(
            "error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found"
        );
        return Err(Refusal::Forbidden(why));
    };
    let secrets = account.get("imagePullSecrets").cloned().unwrap_or_default();
    if secrets.as_array().is_some_and(|list| !list.is_empty()) {
        or_set_zero(spec, "imagePullSecrets", secrets);
    }
    let wanted = spec
        .get("automountServiceAccountToken")
        .or_else(|| account.get("automountServiceAccountToken"));
    if wanted != Some(&Value::Bool(false)) {
        mount_token(spec, &uid);
    }
    Ok(())
}

fn mount_token(spec: &mut Value, uid: &str) {
    let volumes = At::root(spec).field("volumes").items();
    let existing = volumes
        .iter()
        .find(|volume| volume.field("name").text().starts_with("kube-api-access-"));
    let name = existing.map_or_else(
        || format!("kube-api-access-{}", suffix(uid)),
        |volume| volume.field("name").text().to_owned(),
    );
    let mut needed = existing.is_some();
    for list in ["containers", "initContainers"] {
        for container in items(spec, list) {
            let mounted = At::root(container)
                .field("volumeMounts")
                .items()
                .iter()
                .any(|mount| mount.field("mountPath").text() == TOKEN_PATH);
            if !mounted {
                push(
                    child(container, "volumeMounts"),
                    json!({ "name": name, "readOnly": true, "mountPath": TOKEN_PATH }),
                );
                needed = true;
            }
        }
    }
    if needed
        && !At::root(spec)
            .field("volumes")
            .items()
            .iter()
            .any(|volume| volume.field("name").text() == name)
    {
        push(
            child(spec, "volumes"),
            json!({ "name": name, "projected": { "defaultMode": 0o644, "sources": [
            { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
            { "configMap": { "name": "kube-root-ca.crt", "items": [{ "key": "ca.crt", "path": "ca.crt" }] } },
            { "downwardAPI": { "items": [{ "path": "namespace", "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" } }] } },
        ] } }),
        );
    }
}

/// Five letters that look chosen by chance, and are the same for one Pod.
fn suffix(uid: &str) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let digits = uid.bytes().filter(u8::is_ascii_hexdigit);
    digits
        .take(5)
        .map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]))
        .collect()
}

fn push(list: &mut Value, item: Value) {
    match list {
        Value::Array(list) => list.push(item),
        other => *other = json!([item]),
    }
}

/// The number behind the Pod's priority class.
fn priority(pod: &mut Value, cluster: &dyn Cluster) -> Result<(), Refusal> {
    let spec = child(pod, "spec");
    let name = text(spec, "priorityClassName").to_owned();
    let class = match name.as_str() {
        "" => default_class(cluster),
        "system-node-critical" => Some(json!({ "value": 2_000_001_000 })),
        "system-cluster-critical" => Some(json!({ "value": 2_000_000_000 })),
        _ => {
            let found = cluster.get("scheduling.k8s.io", "PriorityClass", "", &name);
            Some(found.ok_or_else(|| {
                Refusal::Forbidden(format!("no PriorityClass with name {name} was found"))
            })?)
        }
    };
    if let Some(named) = class
        .as_ref()
        .map(|class| At::root(class).at("metadata.name").text().to_owned())
        .filter(|named| !named.is_empty())
    {
        or_set_zero(spec, "priorityClassName", named);
    }
    let value = class
        .as_ref()
        .and_then(|class| class.get("value"))
        .cloned()
        .unwrap_or(json!(0));
    let said = spec.get("priority").filter(|said| !said.is_null());
    if said.is_some_and(|said| *said != value) {
        return Err(Refusal::Forbidden(
            "the integer value of priority must not be provided in pod spec; priority admission controller computed it from the given PriorityClass name".to_owned(),
        ));
    }
    or_set(spec, "priority", value);
    let policy = class
        .as_ref()
        .and_then(|class| class.get("preemptionPolicy"))
        .cloned()
        .unwrap_or(json!("PreemptLowerPriority"));
    or_set(spec, "preemptionPolicy", policy);
    Ok(())
}

/// Of several default classes the one with the lowest value counts.
fn default_class(cluster: &dyn Cluster) -> Option<Value> {
    let classes = cluster.list("scheduling.k8s.io", "PriorityClass", None);
    let defaults = classes
        .into_iter()
        .filter(|class| class.get("globalDefault") == Some(&Value::Bool(true)));
    defaults.min_by_key(|class| {
        class
            .get("value")
            .and_then(Value::as_i64)
            .unwrap_or_default()
    })
}

/// Every Pod outlives a lost node for five minutes.
fn tolerations(pod: &mut Value) {
    let spec = child(pod, "spec");
    let tolerates = |spec: &Value, taint: &str| {
        At::root(spec)
            .field("tolerations")
            .items()
            .iter()
            .any(|toleration| {
                matches!(toleration.field("effect").text(), "" | "NoExecute")
                    && (toleration.field("key").is_empty()
                        || toleration.field("key").text() == taint)
            })
    };
    let missing: Vec<&str> = [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ]
    .into_iter()
    .filter(|taint| !tolerates(spec, taint))
    .collect();
    for taint in missing {
        push(
            child(spec, "tolerations"),
            json!({ "key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 }),
        );
    }
}
