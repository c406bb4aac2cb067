//! The scheduler and the kubelet of a pretend node: Pods are placed, start, become ready and end.

use serde_json::{Value, json};

use super::actor::{
    Actor, CLAIMS, CONFIG_MAPS, KUBELET, PODS, SECRETS, is_going, name, namespace, text,
};
use super::conditions::{Condition, set};
use super::failure::Failure;
use super::namespace::NODE;
use super::template::status;

/// How a container stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stand {
    Ready,
    /// Waiting for the given reason, with its message.
    Waiting(&'static str, String),
    /// It started and ended again and again.
    Crashing,
    /// It ended with this code.
    Ended(i64),
}

pub(super) fn run(actor: &mut Actor<'_>) {
    for pod in actor.list(PODS) {
        if is_going(&pod) {
            end(actor, &pod);
        } else if text(&pod["spec"]["nodeName"]).is_empty() {
            schedule(actor, &pod);
        } else if text(&pod["spec"]["nodeName"]) == NODE {
            start(actor, &pod);
        }
    }
}

/// A kubelet that has stopped the containers lets its Pod go at once.
fn end(actor: &mut Actor<'_>, pod: &Value) {
    if text(&pod["spec"]["nodeName"]) == NODE && pod["metadata"]["deletionGracePeriodSeconds"] != 0
    {
        let options =
            json!({ "gracePeriodSeconds": 0, "preconditions": { "uid": pod["metadata"]["uid"] } });
        actor.speaking_as(KUBELET).delete(PODS, pod, &options);
    }
}

fn schedule(actor: &mut Actor<'_>, pod: &Value) {
    let gated = pod["spec"]["schedulingGates"]
        .as_array()
        .is_some_and(|gates| !gates.is_empty());
    let failure = Failure::of_pod(actor, pod);
    let obstacle = if gated {
        Some((
            "SchedulingGated",
            "Scheduling is blocked due to non-empty scheduling gates".to_owned(),
        ))
    } else if failure == Some(Failure::Unschedulable) {
        Some(("Unschedulable", "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.".to_owned()))
    } else {
        missing_claim(actor, pod).map(|why| ("Unschedulable", why))
    };
    let mut scheduler = actor.speaking_as("kube-scheduler");
    if let Some((reason, message)) = obstacle {
        let mut status = status(pod);
        let condition = Condition {
            kind: "PodScheduled",
            is_true: false,
            reason,
            message: &message,
        };
        set(&mut status, &condition, &scheduler.now, None);
        scheduler.update_status(PODS, pod, status);
        if reason == "Unschedulable" {
            scheduler.warn(pod, "FailedScheduling", &message);
        }
        return;
    }
    let binding = json!({
        "apiVersion": "v1", "kind": "Binding", "metadata": { "name": name(pod) },
        "target": { "apiVersion": "v1", "kind": "Node", "name": NODE },
    });
    let path = format!(
        "/api/v1/namespaces/{}/pods/{}/binding",
        namespace(pod),
        name(pod)
    );
    scheduler.try_send("POST", &path, Some(&binding));
}

fn missing_claim(actor: &Actor<'_>, pod: &Value) -> Option<String> {
    let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
    volumes.into_iter().find_map(|volume| {
        let claim = volume["persistentVolumeClaim"]["claimName"].as_str()?;
        match actor.get(CLAIMS, namespace(pod), claim) {
            None => Some(format!(
                "0/1 nodes are available: persistentvolumeclaim \"{claim}\" not found. not found"
            )),
            Some(claim) if text(&claim["status"]["phase"]) != "Bound" => Some(
                "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."
                    .to_owned(),
            ),
            Some(_) => None,
        }
    })
}

fn start(actor: &mut Actor<'_>, pod: &Value) {
    let phase = text(&pod["status"]["phase"]);
    if matches!(phase, "Succeeded" | "Failed") {
        return;
    }
    let stand = stand(actor, pod, phase);
    let mut status = status(pod);
    if !status["startTime"].is_string() {
        status["startTime"] = json!(actor.now);
        let address = address(pod);
        status["hostIP"] = json!("127.0.0.1");
        status["hostIPs"] = json!([{ "ip": "127.0.0.1" }]);
        status["podIP"] = json!(address);
        status["podIPs"] = json!([{ "ip": address }]);
    }
    status["phase"] = json!(match stand {
        Stand::Ready | Stand::Crashing => "Running",
        Stand::Waiting(..) => "Pending",
        Stand::Ended(0) => "Succeeded",
        Stand::Ended(_) => "Failed",
    });
    let restarts = restarts(pod, &stand);
    status["containerStatuses"] = containers(pod, "containers", &stand, restarts, &actor.now);
    if pod["spec"]["initContainers"]
        .as_array()
        .is_some_and(|list| !list.is_empty())
    {
        status["initContainerStatuses"] =
            containers(pod, "initContainers", &Stand::Ended(0), 0, &actor.now);
    }
    set_conditions(pod, &mut status, &stand, &actor.now);
    let mut kubelet = actor.speaking_as(KUBELET);
    kubelet.update_status(PODS, pod, status);
    match &stand {
        Stand::Waiting("ContainerCreating", why) if !why.is_empty() => {
            kubelet.warn(pod, "FailedMount", why);
        }
        Stand::Waiting(reason, why) if !why.is_empty() => {
            let reason = if *reason == "ImagePullBackOff" {
                "BackOff"
            } else {
                "Failed"
            };
            kubelet.warn(pod, reason, why);
        }
        Stand::Crashing => kubelet.warn(pod, "BackOff", "Back-off restarting failed container"),
        _ => {}
    }
}

fn stand(actor: &Actor<'_>, pod: &Value, phase: &str) -> Stand {
    let failure = Failure::of_pod(actor, pod);
    let image = text(&pod["spec"]["containers"][0]["image"]);
    let runs_once = text(&pod["spec"]["restartPolicy"]) != "Always";
    match failure {
        Some(Failure::ImagePullBackOff) => {
            let message = format!(
                "Back-off pulling image \"{image}\": ErrImagePull: not found, as requested"
            );
            return Stand::Waiting("ImagePullBackOff", message);
        }
        Some(Failure::CreateContainerConfigError) => {
            return Stand::Waiting(
                "CreateContainerConfigError",
                "refused on request".to_owned(),
            );
        }
        Some(Failure::CrashLoopBackOff) if runs_once => return Stand::Ended(1),
        Some(Failure::CrashLoopBackOff) => return Stand::Crashing,
        Some(Failure::Unschedulable | Failure::FailedCreate) | None => {}
    }
    if let Some(missing) = missing_volume(actor, pod) {
        return Stand::Waiting("ContainerCreating", missing);
    }
    if let Some(missing) = missing_environment(actor, pod) {
        return Stand::Waiting("CreateContainerConfigError", missing);
    }
    if runs_once && phase == "Running" && pod["metadata"]["ownerReferences"].is_array() {
        return Stand::Ended(0);
    }
    Stand::Ready
}

/// What a volume names and the cluster has not.
fn missing_volume(actor: &Actor<'_>, pod: &Value) -> Option<String> {
    let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
    volumes.into_iter().find_map(|volume| {
        let projected = volume["projected"]["sources"].as_array().into_iter().flatten();
        std::iter::once(volume).chain(projected).find_map(|source| {
            let map = (&source["configMap"], &source["configMap"]["name"], CONFIG_MAPS, "configmap");
            let secret = match source["secret"].get("secretName") {
                Some(name) => (&source["secret"], name, SECRETS, "secret"),
                None => (&source["secret"], &source["secret"]["name"], SECRETS, "secret"),
            };
            [map, secret].into_iter().find_map(|(source, wanted, kind, word)| {
                let wanted = wanted.as_str()?;
                let is_there = source["optional"] == json!(true)
                    || actor.get(kind, namespace(pod), wanted).is_some();
                (!is_there).then(|| {
                    format!("MountVolume.SetUp failed for volume \"{}\" : {word} \"{wanted}\" not found", text(&volume["name"]))
                })
            })
        })
    })
}

/// What a variable names and the cluster has not.
fn missing_environment(actor: &Actor<'_>, pod: &Value) -> Option<String> {
    let containers = ["initContainers", "containers"]
        .into_iter()
        .filter_map(|key| pod["spec"][key].as_array());
    containers.flatten().find_map(|container| {
        let single = container["env"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|variable| {
                let from = &variable["valueFrom"];
                [
                    (&from["configMapKeyRef"], CONFIG_MAPS, "configmap"),
                    (&from["secretKeyRef"], SECRETS, "secret"),
                ]
            });
        let whole = container["envFrom"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|from| {
                [
                    (&from["configMapRef"], CONFIG_MAPS, "configmap"),
                    (&from["secretRef"], SECRETS, "secret"),
                ]
            });
        single.chain(whole).find_map(|(reference, kind, word)| {
            let wanted = reference["name"].as_str()?;
            if reference["optional"] == json!(true) {
                return None;
            }
            let Some(object) = actor.get(kind, namespace(pod), wanted) else {
                return Some(format!("{word} \"{wanted}\" not found"));
            };
            let key = reference["key"].as_str()?;
            let has = object["data"]
                .get(key)
                .or_else(|| object["binaryData"].get(key))
                .is_some();
            (!has).then(|| {
                format!(
                    "couldn't find key {key} in {word} {}/{wanted}",
                    namespace(pod)
                )
            })
        })
    })
}

/// A loopback address of its own for each Pod.
fn address(pod: &Value) -> String {
    let digits: Vec<u8> = text(&pod["metadata"]["uid"])
        .split('-')
        .next()
        .and_then(|part| u32::from_str_radix(part, 16).ok())
        .unwrap_or_default()
        .to_be_bytes()
        .to_vec();
    format!(
        "127.{}.{}.{}",
        1 + digits[0] % 254,
        digits[1],
        1 + digits[2] % 254
    )
}

fn restarts(pod: &Value, stand: &Stand) -> i64 {
    let before = pod["status"]["containerStatuses"][0]["restartCount"]
        .as_i64()
        .unwrap_or_default();
    // Real crash loops count on for hours; five is what a reader takes for one.
    if *stand == Stand::Crashing {
        (before + 1).min(5)
    } else {
        before
    }
}

fn containers(pod: &Value, list: &str, stand: &Stand, restarts: i64, now: &str) -> Value {
    let before = &pod["status"][if list == "containers" {
        "containerStatuses"
    } else {
        "initContainerStatuses"
    }];
    let statuses = pod["spec"][list].as_array().into_iter().flatten().enumerate().map(|(index, container)| {
        let old = &before[index];
        let since = |path: &str| old.pointer(path).cloned().unwrap_or_else(|| json!(now));
        let ended = |code: i64, reason: &str| {
            json!({ "terminated": {
                "exitCode": code, "reason": reason, "startedAt": since("/state/terminated/startedAt"),
                "finishedAt": since("/state/terminated/finishedAt"),
            } })
        };
        let state = match stand {
            Stand::Ready => json!({ "running": { "startedAt": since("/state/running/startedAt") } }),
            Stand::Waiting(reason, message) if message.is_empty() => json!({ "waiting": { "reason": reason } }),
            Stand::Waiting(reason, message) => json!({ "waiting": { "reason": reason, "message": message } }),
            Stand::Crashing => json!({ "waiting": {
                "reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container",
            } }),
            Stand::Ended(0) => ended(0, "Completed"),
            Stand::Ended(code) => ended(*code, "Error"),
        };
        let mut status = json!({
            "name": container["name"], "image": container["image"], "imageID": "", "lastState": {},
            "ready": matches!(stand, Stand::Ready) || list == "initContainers",
            "started": matches!(stand, Stand::Ready), "restartCount": restarts, "state": state,
        });
        if *stand == Stand::Crashing {
            let finished = old.pointer("/lastState/terminated/finishedAt").cloned();
            let finished = finished.unwrap_or_else(|| json!(now));
            status["lastState"] = json!({ "terminated": {
                "exitCode": 1, "reason": "Error", "startedAt": finished, "finishedAt": finished,
            } });
        }
        status
    });
    statuses.collect()
}

fn set_conditions(pod: &Value, status: &mut Value, stand: &Stand, now: &str) {
    let names: Vec<&str> = pod["spec"]["containers"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| text(&one["name"]))
        .collect();
    let message = format!("containers with unready status: [{}]", names.join(" "));
    let (is_ready, reason, message) = match stand {
        Stand::Ready => (true, "", ""),
        Stand::Ended(0) => (false, "PodCompleted", ""),
        Stand::Ended(_) => (false, "PodFailed", ""),
        Stand::Waiting(..) | Stand::Crashing => (false, "ContainersNotReady", message.as_str()),
    };
    let runs = !matches!(stand, Stand::Waiting("ContainerCreating", _));
    for (kind, is_true, reason, message) in [
        ("PodReadyToStartContainers", runs, "", ""),
        ("Initialized", true, "", ""),
        ("Ready", is_ready, reason, message),
        ("ContainersReady", is_ready, reason, message),
        ("PodScheduled", true, "", ""),
    ] {
        set(
            status,
            &Condition {
                kind,
                is_true,
                reason,
                message,
            },
            now,
            None,
        );
    }
}
