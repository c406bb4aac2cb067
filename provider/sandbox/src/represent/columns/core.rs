//! The columns of the core group and of storage.

use serde_json::{Value, json};

use super::cells::{access_modes, count, selector, text_or};
use super::time::since;
use super::{Column, age, integer, name, text};

pub(super) fn columns(kind: &str) -> Option<Vec<Column>> {
    Some(match kind {
        "ConfigMap" => vec![
            name(),
            text("Data", count(&["/data", "/binaryData"])),
            age(),
        ],
        "Secret" => vec![
            name(),
            text("Type", text_or("/type", "")),
            text("Data", count(&["/data"])),
            age(),
        ],
        "ServiceAccount" => vec![name(), age()],
        "Namespace" => vec![name(), text("Status", text_or("/status/phase", "")), age()],
        "Service" => services(),
        "PersistentVolumeClaim" => claims(),
        "PersistentVolume" => volumes(),
        "StorageClass" => classes(),
        "Node" => nodes(),
        "Event" => events(),
        _ => return None,
    })
}

fn services() -> Vec<Column> {
    let external = |service: &Value| {
        let ingress = service["status"]["loadBalancer"]["ingress"]
            .as_array()
            .into_iter()
            .flatten();
        let given =
            ingress.filter_map(|one| one["ip"].as_str().or_else(|| one["hostname"].as_str()));
        let fixed = service["spec"]["externalIPs"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        let all: Vec<&str> = given.chain(fixed).collect();
        match (service["spec"]["type"].as_str(), all.is_empty()) {
            (Some("ExternalName"), _) => service["spec"]["externalName"].clone(),
            (_, false) => json!(all.join(",")),
            (Some("LoadBalancer"), true) => json!("<pending>"),
            (_, true) => json!("<none>"),
        }
    };
    let ports = |service: &Value| {
        let ports = service["spec"]["ports"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|port| {
                let protocol = port["protocol"].as_str().unwrap_or("TCP");
                match port["nodePort"].as_i64() {
                    Some(node_port) => format!("{}:{node_port}/{protocol}", port["port"]),
                    None => format!("{}/{protocol}", port["port"]),
                }
            });
        let ports: Vec<String> = ports.collect();
        if ports.is_empty() {
            json!("<none>")
        } else {
            json!(ports.join(","))
        }
    };
    vec![
        name(),
        text("Type", text_or("/spec/type", "")),
        text("Cluster-IP", text_or("/spec/clusterIP", "<none>")),
        text("External-IP", external),
        text("Port(s)", ports),
        age(),
        text("Selector", selector("/spec/selector")).wide(),
    ]
}

fn claims() -> Vec<Column> {
    let status = |claim: &Value| {
        if claim["metadata"]["deletionTimestamp"].is_string() {
            json!("Terminating")
        } else {
            claim["status"]["phase"].clone()
        }
    };
    let bound = |claim: &Value| {
        claim["spec"]["volumeName"]
            .as_str()
            .is_some_and(|name| !name.is_empty())
    };
    let capacity = move |claim: &Value| match &claim["status"]["capacity"]["storage"] {
        Value::String(storage) if bound(claim) => json!(storage),
        _ => json!(""),
    };
    let modes = move |claim: &Value| {
        if bound(claim) {
            json!(access_modes(&claim["status"]["accessModes"]))
        } else {
            json!("")
        }
    };
    vec![
        name(),
        text("Status", status),
        text("Volume", text_or("/spec/volumeName", "")),
        text("Capacity", capacity),
        text("Access Modes", modes),
        text("StorageClass", text_or("/spec/storageClassName", "")),
        text(
            "VolumeAttributesClass",
            text_or("/spec/volumeAttributesClassName", "<unset>"),
        ),
        age(),
        text("VolumeMode", text_or("/spec/volumeMode", "<unset>")).wide(),
    ]
}

fn volumes() -> Vec<Column> {
    let claim = |volume: &Value| {
        let reference = &volume["spec"]["claimRef"];
        match (reference["namespace"].as_str(), reference["name"].as_str()) {
            (Some(namespace), Some(name)) => json!(format!("{namespace}/{name}")),
            _ => json!(""),
        }
    };
    vec![
        name(),
        text("Capacity", text_or("/spec/capacity/storage", "")),
        text("Access Modes", |volume| {
            json!(access_modes(&volume["spec"]["accessModes"]))
        }),
        text(
            "Reclaim Policy",
            text_or("/spec/persistentVolumeReclaimPolicy", ""),
        ),
        text("Status", text_or("/status/phase", "")),
        text("Claim", claim),
        text("StorageClass", text_or("/spec/storageClassName", "")),
        text(
            "VolumeAttributesClass",
            text_or("/spec/volumeAttributesClassName", "<unset>"),
        ),
        text("Reason", text_or("/status/reason", "")),
        age(),
        text("VolumeMode", text_or("/spec/volumeMode", "<unset>")).wide(),
    ]
}

fn classes() -> Vec<Column> {
    let title = |class: &Value| {
        let name = class["metadata"]["name"].as_str().unwrap_or_default();
        let default =
            &class["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"];
        if default == "true" {
            json!(format!("{name} (default)"))
        } else {
            json!(name)
        }
    };
    let mut name = text("Name", title);
    "name".clone_into(&mut name.format);
    vec![
        name,
        text("Provisioner", text_or("/provisioner", "")),
        text("ReclaimPolicy", text_or("/reclaimPolicy", "Delete")),
        text(
            "VolumeBindingMode",
            text_or("/volumeBindingMode", "<unset>"),
        ),
        text(
            "AllowVolumeExpansion",
            text_or("/allowVolumeExpansion", "false"),
        ),
        age(),
    ]
}

fn nodes() -> Vec<Column> {
    let status = |node: &Value| {
        let conditions = node["status"]["conditions"]
            .as_array()
            .into_iter()
            .flatten();
        let ready = conditions
            .into_iter()
            .any(|one| one["type"] == "Ready" && one["status"] == "True");
        json!(if ready { "Ready" } else { "NotReady" })
    };
    vec![
        name(),
        text("Status", status),
        text("Roles", |_| json!("<none>")),
        age(),
        text("Version", text_or("/status/nodeInfo/kubeletVersion", "")),
        text(
            "Internal-IP",
            text_or("/status/addresses/0/address", "<none>"),
        )
        .wide(),
    ]
}

fn events() -> Vec<Column> {
    let object = |event: &Value| {
        let about = &event["involvedObject"];
        let kind = about["kind"].as_str().unwrap_or_default().to_lowercase();
        json!(format!(
            "{kind}/{}",
            about["name"].as_str().unwrap_or_default()
        ))
    };
    vec![
        text("Last Seen", |event| since(&event["lastTimestamp"])),
        text("Type", text_or("/type", "")),
        text("Reason", text_or("/reason", "")),
        text("Object", object),
        text("Subobject", text_or("/involvedObject/fieldPath", "")).wide(),
        text("Source", text_or("/source/component", "")).wide(),
        text("Message", text_or("/message", "")),
        text("First Seen", |event| since(&event["firstTimestamp"])).wide(),
        integer("Count", |event| json!(event["count"].as_i64().unwrap_or(1))).wide(),
        name().wide(),
    ]
}
