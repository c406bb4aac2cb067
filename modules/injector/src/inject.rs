//! How does a Pod come to its sidecar?
//!
//! Each part is brought to what it should be and left alone where it is that already. So a Pod that went through
//! twice looks like one that went through once, whatever others did to it in between.

use std::collections::BTreeMap;

use json_patch::PatchOperation;
use serde_json::Value;

use crate::{
    config::{Config, Placement, Sidecar},
    edits::Edits,
    environment,
    pod::{self, Pod},
};

/// The annotation that says what was added, and by whom: one for each sidecar, `<name>.sidecar.otelier.dev/status`.
const STATUS: &str = "sidecar.otelier.dev/status";
/// The label by which Pods with a sidecar are found.
const INJECTED: &str = "sidecar.otelier.dev/injected";
/// The ports that Istio does not catch: the kubelet's probes must reach the sidecar before Istio's proxy is there, and
/// whoever measures it is in no mesh.
const NOT_CAUGHT: &str = "traffic.sidecar.istio.io/excludeInboundPorts";

const INIT: &[&str] = &["spec", "initContainers"];
const CONTAINERS: &[&str] = &["spec", "containers"];
const VOLUMES: &[&str] = &["spec", "volumes"];

/// What the annotation says: `namespace/name@digest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark<'a> {
    digest: &'a str,
}

impl<'a> Mark<'a> {
    /// What a Pod bears of this program's sidecar.
    pub(crate) fn of(pod: Pod<'a>, config: &Config) -> Option<Self> {
        let (by, digest) = pod.annotation(&status(config))?.split_once('@')?;
        let ours = by.split_once('/') == Some((&config.namespace, &config.name));
        ours.then_some(Self { digest })
    }
}

fn status(config: &Config) -> String {
    format!("{}.{STATUS}", config.name)
}

/// The Pod with its sidecar, and what that takes.
pub(crate) fn inject(
    object: Value,
    namespace: &str,
    config: &Config,
) -> (Value, Vec<PatchOperation>) {
    let digest = config.sidecar.digest();
    let mark = Mark::of(Pod(&object), config);
    let current = mark.is_some_and(|mark| mark.digest == digest);
    let mut edits = Edits::new(object);
    volumes(&mut edits, &config.sidecar, current);
    match config.sidecar.placement {
        Placement::Native => {
            remove(&mut edits, CONTAINERS, &config.sidecar);
            native(&mut edits, &config.sidecar, current);
        }
        Placement::Plain => {
            remove(&mut edits, INIT, &config.sidecar);
            plain(&mut edits, &config.sidecar, current);
        }
    }
    environment::set(&mut edits, namespace, &config.sidecar);
    metadata(&mut edits, config, &digest);
    edits.finish()
}

fn find(list: &[Value], name: &str) -> Option<usize> {
    list.iter().position(|item| pod::name(item) == name)
}

fn volumes(edits: &mut Edits, sidecar: &Sidecar, current: bool) {
    for volume in &sidecar.volumes {
        let volume = Value::Object(volume.clone());
        match find(Pod(edits.pod()).volumes(), pod::name(&volume)) {
            None => edits.append(VOLUMES, vec![volume]),
            Some(index) if !current => edits.replace(VOLUMES, index, volume),
            Some(_) => {}
        }
    }
}

/// First of all, but behind Istio's proxy where it is there: what it starts after, it can send through.
fn native(edits: &mut Edits, sidecar: &Sidecar, current: bool) {
    let pod = Pod(edits.pod());
    let behind = pod.after_istio();
    match find(pod.init_containers(), sidecar.container_name()) {
        None => edits.insert(INIT, behind, sidecar.placed()),
        Some(index) => {
            if !current {
                edits.replace(INIT, index, sidecar.placed());
            }
            if index < behind {
                // Taken out first, everything behind it moves on by one.
                edits.shift(INIT, index, behind - 1);
            }
        }
    }
}

/// Last, so that the Pod's own container stays the one that `kubectl logs` and `kubectl exec` mean, and so behind
/// Istio's proxy, which is first where it holds the others back.
fn plain(edits: &mut Edits, sidecar: &Sidecar, current: bool) {
    match find(Pod(edits.pod()).containers(), sidecar.container_name()) {
        None => edits.append(CONTAINERS, vec![sidecar.placed()]),
        Some(index) if !current => edits.replace(CONTAINERS, index, sidecar.placed()),
        Some(_) => {}
    }
}

/// Takes an earlier one away from where it no longer belongs.
fn remove(edits: &mut Edits, list: &[&str], sidecar: &Sidecar) {
    let pod = Pod(edits.pod());
    let items = if list == INIT {
        pod.init_containers()
    } else {
        pod.containers()
    };
    if let Some(index) = find(items, sidecar.container_name()) {
        edits.remove(list, index);
    }
}

fn metadata(edits: &mut Edits, config: &Config, digest: &str) {
    let key = status(config);
    let by = format!("{}/{}@{digest}", config.namespace, config.name);
    let mut annotations = BTreeMap::from([(key.as_str(), by)]);
    if let Some(ports) = not_caught(Pod(edits.pod()), &config.sidecar) {
        annotations.insert(NOT_CAUGHT, ports);
    }
    edits.entries(&["metadata", "annotations"], annotations);
    if Pod(edits.pod()).label(INJECTED).is_none() {
        let labels = BTreeMap::from([(INJECTED, config.name.clone())]);
        edits.entries(&["metadata", "labels"], labels);
    }
}

/// What the annotation has to say where Istio is in the Pod: what it says already, and the ports where the sidecar is asked how it is.
fn not_caught(pod: Pod<'_>, sidecar: &Sidecar) -> Option<String> {
    if !pod.in_istio() {
        return None;
    }
    let said = pod.annotation(NOT_CAUGHT).unwrap_or_default();
    if said.trim() == "*" {
        return None;
    }
    let mut ports: Vec<String> = crate::obstacle::chosen(said)
        .into_iter()
        .map(str::to_owned)
        .collect();
    for port in sidecar.asked_ports() {
        let port = port.to_string();
        if !ports.contains(&port) {
            ports.push(port);
        }
    }
    Some(ports.join(",")).filter(|all| !all.is_empty() && all != said)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::samples::{applied, asking, config, patched};

    fn names(list: &Value) -> Vec<&str> {
        list.as_array()
            .map(|items| items.iter().map(pod::name).collect())
            .unwrap_or_default()
    }

    fn with(kind: &str, containers: &[&str]) -> Value {
        let list: Vec<Value> = containers
            .iter()
            .map(|name| json!({ "name": name }))
            .collect();
        let mut spec = json!({ "containers": [{ "name": "api" }] });
        spec[kind] = json!(list);
        asking(&spec)
    }

    #[test]
    fn a_patch_is_as_small_as_it_can_be_and_makes_what_is_missing() {
        let bare =
            json!({ "metadata": { "name": "api" }, "spec": { "containers": [{ "name": "api" }] } });
        let (result, operations) = inject(bare.clone(), "shop", &config());
        let paths: Vec<String> = operations
            .iter()
            .map(|operation| {
                serde_json::to_value(operation).unwrap()["path"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(
            paths,
            [
                "/spec/volumes",
                "/spec/initContainers",
                "/spec/containers/0/env",
                "/metadata/annotations",
                "/metadata/labels",
            ]
        );
        assert_eq!(applied(&bare, &operations), result);

        let full = json!({
            "metadata": { "annotations": { "a": "b" }, "labels": { "a": "b" } },
            "spec": {
                "volumes": [{ "name": "v" }],
                "initContainers": [{ "name": "first" }],
                "containers": [{ "name": "api", "env": [{ "name": "OTEL_SERVICE_NAME", "value": "mine" }] }],
            },
        });
        let (result, operations) = inject(full.clone(), "shop", &config());
        assert_eq!(applied(&full, &operations), result);
        assert_eq!(
            names(&result["spec"]["initContainers"]),
            ["otel-sidecar", "first"]
        );
        assert_eq!(names(&result["spec"]["volumes"]), ["v", "otel-sidecar"]);
        assert_eq!(result["metadata"]["annotations"]["a"], "b");
        assert_eq!(result["metadata"]["labels"][INJECTED], "otel");
    }

    #[test]
    fn lists_that_are_null_are_lists_that_are_missing() {
        let object = json!({
            "metadata": { "annotations": null, "labels": null },
            "spec": { "volumes": null, "initContainers": null, "containers": [{ "name": "api", "env": null }] },
        });
        let result = patched(&object, &config());
        assert_eq!(names(&result["spec"]["initContainers"]), ["otel-sidecar"]);
        assert_eq!(result, patched(&result, &config()));
    }

    #[test]
    fn it_is_first_but_behind_istios_proxy() {
        for (before, after) in [
            (&[][..], &["otel-sidecar"][..]),
            (&["migrate"], &["otel-sidecar", "migrate"]),
            (
                &["istio-init", "istio-proxy", "migrate"],
                &["istio-init", "istio-proxy", "otel-sidecar", "migrate"],
            ),
            (
                &["istio-validation", "istio-proxy"],
                &["istio-validation", "istio-proxy", "otel-sidecar"],
            ),
            // Istio's proxy is a plain container here, and its rules come into force last.
            (
                &["migrate", "istio-init"],
                &["otel-sidecar", "migrate", "istio-init"],
            ),
        ] {
            let result = patched(&with("initContainers", before), &config());
            assert_eq!(names(&result["spec"]["initContainers"]), after);
        }
    }

    #[test]
    fn called_again_it_steps_behind_istio_and_keeps_what_others_did_to_it() {
        let mut object = patched(&with("initContainers", &["migrate"]), &config());
        let init = object["spec"]["initContainers"].as_array_mut().unwrap();
        init[0]["imagePullPolicy"] = json!("IfNotPresent");
        init.insert(1, json!({ "name": "istio-proxy" }));
        init.insert(1, json!({ "name": "istio-init" }));
        let (result, operations) = inject(object.clone(), "shop", &config());
        let init = &result["spec"]["initContainers"];
        assert_eq!(
            names(init),
            ["istio-init", "istio-proxy", "otel-sidecar", "migrate"]
        );
        assert_eq!(init[2]["imagePullPolicy"], "IfNotPresent");
        assert_eq!(applied(&object, &operations), result);
        assert_eq!(inject(result, "shop", &config()).1, []);
    }

    #[test]
    fn istio_lets_others_ask_how_the_sidecar_is() {
        let meshed = |said: Option<&str>, label: &str| {
            let mut object = with("initContainers", &[]);
            object["metadata"]["labels"] = json!({ "sidecar.istio.io/inject": label });
            if let Some(said) = said {
                object["metadata"]["annotations"][NOT_CAUGHT] = json!(said);
            }
            patched(&object, &config())["metadata"]["annotations"][NOT_CAUGHT].clone()
        };
        assert_eq!(meshed(None, "true"), "8888,13133");
        assert_eq!(meshed(Some("9090"), "true"), "9090,8888,13133");
        assert_eq!(meshed(Some("13133,8888"), "true"), "13133,8888");
        assert_eq!(meshed(Some("*"), "true"), "*");
        assert_eq!(meshed(None, "false"), Value::Null);
    }

    #[test]
    fn a_plain_container_is_the_last_one_and_does_not_restart_by_itself() {
        let mut plain = config();
        plain.sidecar.placement = Placement::Plain;
        let result = patched(&with("containers", &["istio-proxy", "api"]), &plain);
        assert_eq!(
            names(&result["spec"]["containers"]),
            ["istio-proxy", "api", "otel-sidecar"]
        );
        assert_eq!(result["spec"]["containers"][2].get("restartPolicy"), None);
        assert_eq!(result["spec"]["containers"][2].get("env"), None);
        assert_eq!(result["spec"]["containers"][0].get("env"), None);
    }

    #[test]
    fn a_copy_of_a_pod_with_an_older_sidecar_gets_the_current_one() {
        let old = patched(&with("initContainers", &["migrate"]), &config());
        let mut newer = config();
        newer.sidecar.container["image"] = json!("registry.invalid/otelcol:2");
        newer.sidecar.volumes[0]["configMap"] = json!({ "name": "otel-9876543210" });
        let result = patched(&old, &newer);
        let init = &result["spec"]["initContainers"];
        assert_eq!(names(init), ["otel-sidecar", "migrate"]);
        assert_eq!(init[0]["image"], "registry.invalid/otelcol:2");
        assert_eq!(
            result["spec"]["volumes"][0]["configMap"]["name"],
            "otel-9876543210"
        );

        newer.sidecar.placement = Placement::Plain;
        let moved = patched(&old, &newer);
        assert_eq!(names(&moved["spec"]["initContainers"]), ["migrate"]);
        assert_eq!(names(&moved["spec"]["containers"]), ["api", "otel-sidecar"]);
    }
}
