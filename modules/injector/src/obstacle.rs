//! What would keep a Pod from running once it has a sidecar?

use crate::{
    config::{Config, Placement},
    inject::Mark,
    pod::{self, Pod},
};

/// The annotation that names the containers whose environment is set.
pub(crate) const CONTAINERS: &str = "sidecar.otelier.dev/containers";
/// The same for the OpenTelemetry operator.
pub(crate) const THEIR_CONTAINERS: &str = "instrumentation.opentelemetry.io/container-names";

/// Why a sidecar would keep this Pod from running.
pub(crate) fn obstacle(pod: Pod<'_>, config: &Config) -> Option<String> {
    let sidecar = &config.sidecar;
    if pod.on_host_network() {
        return Some(
            "but is on its node's network, where the sidecar's ports are the node's: send to the node's agent instead"
                .to_owned(),
        );
    }
    if sidecar.placement == Placement::Plain && (pod.ends() || pod.owner().is_some_and(is_job)) {
        return Some(
            "but is to end by itself, which it never would beside a plain container: native sidecars need \
             Kubernetes 1.29"
                .to_owned(),
        );
    }
    let ours = Mark::of(pod, config).is_some();
    let mine = sidecar.container_name();
    let mut others = containers(pod).filter(|container| !(ours && pod::name(container) == mine));
    if let Some(clash) = others
        .clone()
        .find(|container| pod::name(container) == mine)
    {
        let name = pod::name(clash);
        return Some(format!(
            "but has a container `{name}` of its own: call it something else"
        ));
    }
    let volumes = sidecar
        .volumes
        .iter()
        .filter_map(|volume| volume.get("name")?.as_str());
    let mut taken = pod.volumes().iter().map(pod::name).filter(|_| !ours);
    if let Some(name) = taken.find(|name| volumes.clone().any(|volume| volume == *name)) {
        return Some(format!(
            "but has a volume `{name}` of its own: call it something else"
        ));
    }
    let wanted = sidecar.ports();
    let clash = others.find_map(|container| {
        let port = pod::ports(container).find(|port| wanted.contains(port))?;
        Some((pod::name(container), port))
    });
    if let Some((name, port)) = clash {
        return Some(format!(
            "but its container `{name}` listens on port {port}, which the sidecar needs: let it listen on another"
        ));
    }
    unknown_container(pod)
}

/// The containers that a Pod names and does not have.
fn unknown_container(pod: Pod<'_>) -> Option<String> {
    let chosen = chosen(pod.annotation(CONTAINERS)?);
    let known: Vec<_> = pod.containers().iter().map(pod::name).collect();
    let missing = chosen.into_iter().find(|name| !known.contains(name))?;
    Some(format!(
        "but `{CONTAINERS}` names a container `{missing}`, and there is {}",
        known
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ")
    ))
}

/// The names in a list with commas.
pub(crate) fn chosen(list: &str) -> Vec<&str> {
    list.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect()
}

pub(crate) fn containers(pod: Pod<'_>) -> impl Iterator<Item = &serde_json::Value> + Clone {
    pod.init_containers().iter().chain(pod.containers())
}

fn is_job((kind, _): (&str, &str)) -> bool {
    kind == "Job"
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::samples::{asking, config, patched};

    fn refusal(object: &Value) -> String {
        obstacle(Pod(object), &config()).unwrap()
    }

    fn free(object: &Value) -> bool {
        obstacle(Pod(object), &config()).is_none()
    }

    #[test]
    fn what_would_keep_the_pod_from_running_is_refused_and_named() {
        for (spec, words) in [
            (json!({ "hostNetwork": true }), "is on its node's network"),
            (
                json!({ "containers": [{ "name": "otel-sidecar" }] }),
                "has a container `otel-sidecar` of its own",
            ),
            (
                json!({ "initContainers": [{ "name": "otel-sidecar" }] }),
                "has a container `otel-sidecar` of its own",
            ),
            (
                json!({ "volumes": [{ "name": "otel-sidecar" }] }),
                "has a volume `otel-sidecar` of its own",
            ),
            (
                json!({ "containers": [{ "name": "jaeger", "ports": [{ "containerPort": 4317 }] }] }),
                "its container `jaeger` listens on port 4317",
            ),
            (
                json!({ "initContainers": [{ "name": "old", "ports": [{ "containerPort": 13133, "protocol": "TCP" }] }] }),
                "its container `old` listens on port 13133",
            ),
        ] {
            let said = refusal(&asking(&spec));
            assert!(said.contains(words), "{said}");
        }
        let udp = json!({ "containers": [{ "name": "a", "ports": [{ "containerPort": 4317, "protocol": "UDP" }] }] });
        assert!(free(&asking(&udp)));
    }

    #[test]
    fn a_container_that_is_chosen_has_to_be_there() {
        let spec = json!({ "containers": [{ "name": "api" }, { "name": "worker" }] });
        let choosing = |names: &str| {
            let mut object = asking(&spec);
            object["metadata"]["annotations"][CONTAINERS] = json!(names);
            object
        };
        assert!(free(&choosing("api, worker")));
        let said = refusal(&choosing("api,wroker"));
        assert!(
            said.contains("names a container `wroker`, and there is `api`, `worker`"),
            "{said}"
        );
    }

    #[test]
    fn what_is_to_end_by_itself_takes_no_plain_container() {
        let mut plain = config();
        plain.sidecar.placement = Placement::Plain;
        for (policy, goes) in [("Always", true), ("OnFailure", false), ("Never", false)] {
            let object =
                asking(&json!({ "restartPolicy": policy, "containers": [{ "name": "api" }] }));
            let found = obstacle(Pod(&object), &plain);
            assert_eq!(found.is_none(), goes, "{policy}: {found:?}");
            assert!(free(&object));
        }
    }

    #[test]
    fn what_has_its_sidecar_already_is_no_clash_with_itself() {
        let object = patched(
            &asking(&json!({ "containers": [{ "name": "api" }] })),
            &config(),
        );
        assert!(free(&object));
        let mut forged = object.clone();
        forged["metadata"]["annotations"]["otel.sidecar.otelier.dev/status"] =
            json!("other/otel@0123456789");
        assert!(refusal(&forged).contains("of its own"));
    }
}
