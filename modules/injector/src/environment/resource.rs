//! Which resource does a container speak for? Its service and its attributes, by OpenTelemetry's conventions for
//! Kubernetes.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::Value;

use super::FACTS;
use crate::pod::{self, Pod};

/// Annotations of a Pod with this prefix are resource attributes.
const RESOURCE: &str = "resource.opentelemetry.io/";

/// The service's name, in the order of OpenTelemetry's conventions for Kubernetes.
pub(super) fn service(pod: Pod<'_>, container: &Value) -> String {
    let said = pod
        .annotation(&format!("{RESOURCE}service.name"))
        .or_else(|| pod.label("app.kubernetes.io/instance"))
        .or_else(|| pod.label("app.kubernetes.io/name"));
    let said = said.filter(|name| !name.is_empty()).map(str::to_owned);
    said.or_else(|| workload(pod).into_iter().next_back().map(|(_, name)| name))
        .or_else(|| pod.given_name().map(str::to_owned))
        .unwrap_or_else(|| pod::name(container).to_owned())
}

/// What made the Pod: kinds and names, the outermost last.
fn workload(pod: Pod<'_>) -> Vec<(&'static str, String)> {
    let Some((kind, name)) = pod.owner() else {
        return Vec::new();
    };
    let own = |key| vec![(key, name.to_owned())];
    match kind {
        "ReplicaSet" => {
            let mut found = own("k8s.replicaset.name");
            // A Deployment's ReplicaSets bear its name and a hash that is a label too.
            let hash = pod.label("pod-template-hash");
            let deployment = hash.and_then(|hash| name.strip_suffix(hash)?.strip_suffix('-'));
            found.extend(deployment.map(|name| ("k8s.deployment.name", name.to_owned())));
            found
        }
        "StatefulSet" => own("k8s.statefulset.name"),
        "DaemonSet" => own("k8s.daemonset.name"),
        "Job" => {
            let mut found = own("k8s.job.name");
            // A CronJob's Jobs bear its name and the minute for which they were made.
            let cron = name.rsplit_once('-').filter(|(_, minute)| {
                (8..=10).contains(&minute.len()) && minute.chars().all(|c| c.is_ascii_digit())
            });
            found.extend(cron.map(|(name, _)| ("k8s.cronjob.name", name.to_owned())));
            found
        }
        _ => Vec::new(),
    }
}

/// The resource's attributes, as the variable spells them.
pub(super) fn attributes(pod: Pod<'_>, container: &Value, namespace: &str) -> String {
    let own = pod::name(container);
    let [name, uid, node] = FACTS.map(|(variable, _)| format!("$({variable})"));
    let mut attributes = BTreeMap::from([
        ("k8s.container.name".to_owned(), encoded(own)),
        ("k8s.namespace.name".to_owned(), encoded(namespace)),
        ("k8s.node.name".to_owned(), node),
        ("k8s.pod.name".to_owned(), name.clone()),
        ("k8s.pod.uid".to_owned(), uid),
        (
            "service.instance.id".to_owned(),
            format!("{}.{name}.{}", encoded(namespace), encoded(own)),
        ),
        ("service.namespace".to_owned(), encoded(namespace)),
    ]);
    for (key, name) in workload(pod) {
        attributes.insert(key.to_owned(), encoded(&name));
    }
    if let Some(version) = pod
        .label("app.kubernetes.io/version")
        .or_else(|| tag(container))
    {
        attributes.insert("service.version".to_owned(), encoded(version));
    }
    let annotations = pod
        .0
        .pointer("/metadata/annotations")
        .and_then(Value::as_object);
    for (key, value) in annotations.into_iter().flatten() {
        let attribute = key
            .strip_prefix(RESOURCE)
            .filter(|key| *key != "service.name");
        if let (Some(attribute), Some(value)) = (attribute, value.as_str()) {
            attributes.insert(attribute.to_owned(), encoded(value));
        }
    }
    let pairs: Vec<_> = attributes
        .into_iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    pairs.join(",")
}

/// The tag of a container's image.
fn tag(container: &Value) -> Option<&str> {
    let image = container.get("image")?.as_str()?;
    let image = image.split_once('@').map_or(image, |(image, _)| image);
    let (_, last) = image.rsplit_once('/').unwrap_or(("", image));
    last.split_once(':').map(|(_, tag)| tag)
}

/// A value as the variable's syntax, which is that of W3C baggage, takes it.
fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'%' | b',' | b'=' | b';' | b'"' | b'\\' | b'$' | 0..=b' ' | 0x7f.. => {
                // Writing to a String does not fail.
                let _ = write!(text, "%{byte:02X}");
            }
            byte => text.push(char::from(byte)),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::{ATTRIBUTES, SERVICE, get},
        *,
    };
    use crate::samples::{asking, config, patched};

    fn value(container: &Value, name: &str) -> Option<String> {
        Some(get(container, name)?["value"].as_str()?.to_owned())
    }

    #[test]
    fn the_workload_is_read_from_the_pods_owner() {
        for (kind, name, hash, workload, service) in [
            (
                "ReplicaSet",
                "api-6d4f",
                Some("6d4f"),
                "k8s.deployment.name=api,",
                "api",
            ),
            (
                "ReplicaSet",
                "api-6d4f",
                None,
                "k8s.replicaset.name=api-6d4f,",
                "api-6d4f",
            ),
            ("StatefulSet", "db", None, "k8s.statefulset.name=db,", "db"),
            (
                "DaemonSet",
                "node",
                None,
                "k8s.daemonset.name=node,",
                "node",
            ),
            (
                "Job",
                "report-29340000",
                None,
                "k8s.cronjob.name=report,",
                "report",
            ),
            (
                "Job",
                "report-once",
                None,
                "k8s.job.name=report-once,",
                "report-once",
            ),
            ("Workflow", "mine", None, "k8s.container.name=c,", "c"),
        ] {
            let mut object = asking(&json!({ "containers": [{ "name": "c" }] }));
            object["metadata"]["name"] = Value::Null;
            object["metadata"]["ownerReferences"] =
                json!([{ "kind": kind, "name": name, "controller": true }]);
            if let Some(hash) = hash {
                object["metadata"]["labels"] = json!({ "pod-template-hash": hash });
            }
            let container = patched(&object, &config())["spec"]["containers"][0].clone();
            let attributes = value(&container, ATTRIBUTES).unwrap();
            assert!(attributes.contains(workload), "{kind} {name}: {attributes}");
            assert_eq!(
                value(&container, SERVICE).as_deref(),
                Some(service),
                "{kind} {name}"
            );
        }
    }

    #[test]
    fn what_annotations_say_is_taken_literally() {
        let mut object = asking(&json!({ "containers": [{ "name": "api" }] }));
        let annotations = &mut object["metadata"]["annotations"];
        annotations["resource.opentelemetry.io/service.name"] = json!("shop $(HOME)");
        annotations["resource.opentelemetry.io/team"] = json!("a,b=c;$(X) ä");
        let container = patched(&object, &config())["spec"]["containers"][0].clone();
        assert_eq!(value(&container, SERVICE).as_deref(), Some("shop $$(HOME)"));
        let attributes = value(&container, ATTRIBUTES).unwrap();
        assert!(
            attributes.ends_with(",team=a%2Cb%3Dc%3B%24(X)%20%C3%A4"),
            "{attributes}"
        );
    }
}
