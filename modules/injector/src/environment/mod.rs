//! What are a Pod's own containers told, so that their SDKs find the sidecar and say who they are?
//!
//! Only what is not set is set. What a container takes from ConfigMaps and Secrets as a whole (`envFrom`) cannot be
//! seen here, and gives way to what is set.

mod resource;

use serde_json::{Value, json};

use crate::{
    config::{Application, Sidecar},
    edits::Edits,
    obstacle::{CONTAINERS, THEIR_CONTAINERS, chosen},
    pod::{self, Pod},
};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const SERVICE: &str = "OTEL_SERVICE_NAME";
const ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";
/// What is only known once the Pod has a name, a uid and a node; the attributes refer to it.
const FACTS: [(&str, &str); 3] = [
    ("OTEL_RESOURCE_ATTRIBUTES_POD_NAME", "metadata.name"),
    ("OTEL_RESOURCE_ATTRIBUTES_POD_UID", "metadata.uid"),
    ("OTEL_RESOURCE_ATTRIBUTES_NODE_NAME", "spec.nodeName"),
];
/// Proxies that meshes add: they speak for others.
const PROXIES: [&str; 2] = ["istio-proxy", "linkerd-proxy"];

/// Sets the variables of the Pod's own containers, or of those that it chose.
pub(crate) fn set(edits: &mut Edits, namespace: &str, sidecar: &Sidecar) {
    let pod = Pod(edits.pod());
    let chosen: Option<Vec<&str>> = pod
        .annotation(CONTAINERS)
        .or_else(|| pod.annotation(THEIR_CONTAINERS))
        .map(chosen)
        .filter(|names| !names.is_empty());
    let told = |container: &Value| match &chosen {
        Some(names) => names.contains(&pod::name(container)),
        None => !PROXIES.contains(&pod::name(container)),
    };
    let mut wanted = Vec::new();
    for (index, container) in pod.containers().iter().enumerate() {
        if pod::name(container) != sidecar.container_name() && told(container) {
            let variables = variables(pod, container, namespace, &sidecar.application);
            wanted.push((index.to_string(), variables));
        }
    }
    for (index, variables) in wanted {
        edits.append(&["spec", "containers", &index, "env"], variables);
    }
}

/// The variables that a container lacks, in an order in which each comes after those that it refers to.
fn variables(pod: Pod<'_>, container: &Value, namespace: &str, to: &Application) -> Vec<Value> {
    let mut lacking = Vec::new();
    if get(container, ENDPOINT).is_none() {
        let protocol = get(container, PROTOCOL);
        let grpc = protocol.is_some_and(|variable| variable.get("value") == Some(&json!("grpc")));
        lacking.push(plain(ENDPOINT, if grpc { &to.grpc } else { &to.http }));
        if protocol.is_none() {
            lacking.push(plain(PROTOCOL, "http/protobuf"));
        }
    }
    let attributes = get(container, ATTRIBUTES);
    let named = attributes.is_some_and(|variable| {
        // One that is taken from elsewhere may name the service.
        let value = variable.get("value").and_then(Value::as_str);
        value.is_none_or(|value| {
            value
                .split(',')
                .any(|pair| pair.trim().starts_with("service.name="))
        })
    });
    if get(container, SERVICE).is_none() && !named {
        lacking.push(plain(SERVICE, &literal(&resource::service(pod, container))));
    }
    if attributes.is_none() {
        let facts = FACTS
            .into_iter()
            .filter(|(name, _)| get(container, name).is_none());
        lacking.extend(facts.map(|(name, field)| fact(name, field)));
        lacking.push(plain(
            ATTRIBUTES,
            &resource::attributes(pod, container, namespace),
        ));
    }
    lacking
}

fn get<'a>(container: &'a Value, name: &str) -> Option<&'a Value> {
    let known = container.get("env")?.as_array()?;
    known.iter().find(|variable| pod::name(variable) == name)
}

fn plain(name: &str, value: &str) -> Value {
    json!({ "name": name, "value": value })
}

fn fact(name: &str, field: &str) -> Value {
    json!({ "name": name, "valueFrom": { "fieldRef": { "apiVersion": "v1", "fieldPath": field } } })
}

/// A value in which Kubernetes is not to see a reference to another variable.
fn literal(value: &str) -> String {
    value.replace('$', "$$")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{asking, config, patched};

    fn told(container: &Value) -> Value {
        let mut container = container.clone();
        container["name"] = json!("api");
        let pod = patched(&asking(&json!({ "containers": [container] })), &config());
        pod["spec"]["containers"][0].clone()
    }

    fn value(container: &Value, name: &str) -> Option<String> {
        Some(get(container, name)?["value"].as_str()?.to_owned())
    }

    #[test]
    fn endpoint_and_protocol_go_together() {
        for (set, endpoint, protocol) in [
            (
                json!([]),
                Some("http://127.0.0.1:4318"),
                Some("http/protobuf"),
            ),
            (
                json!([{ "name": PROTOCOL, "value": "grpc" }]),
                Some("http://127.0.0.1:4317"),
                Some("grpc"),
            ),
            (
                json!([{ "name": PROTOCOL, "value": "http/json" }]),
                Some("http://127.0.0.1:4318"),
                Some("http/json"),
            ),
            (
                json!([{ "name": ENDPOINT, "value": "http://mine:4317" }]),
                Some("http://mine:4317"),
                None,
            ),
            (
                json!([{ "name": ENDPOINT, "valueFrom": { "secretKeyRef": {} } }]),
                None,
                None,
            ),
        ] {
            let container = told(&json!({ "env": set }));
            assert_eq!(value(&container, ENDPOINT).as_deref(), endpoint, "{set}");
            assert_eq!(value(&container, PROTOCOL).as_deref(), protocol, "{set}");
        }
    }

    #[test]
    fn the_service_is_called_what_it_calls_itself_and_nothing_is_said_over_it() {
        let name = |env: Value| value(&told(&json!({ "env": env })), SERVICE);
        assert_eq!(name(json!([])).as_deref(), Some("api"));
        assert_eq!(
            name(json!([{ "name": SERVICE, "value": "mine" }])).as_deref(),
            Some("mine")
        );
        assert_eq!(
            name(json!([{ "name": ATTRIBUTES, "value": "a=b,service.name=mine" }])),
            None
        );
        assert_eq!(
            name(json!([{ "name": ATTRIBUTES, "value": "a=b" }])).as_deref(),
            Some("api")
        );
        assert_eq!(name(json!([{ "name": ATTRIBUTES, "valueFrom": {} }])), None);
    }

    #[test]
    fn attributes_refer_to_facts_that_are_defined_before_them() {
        let container =
            told(&json!({ "image": "registry.invalid:5000/team/api:1.2.3@sha256:abc" }));
        let names: Vec<_> = container["env"]
            .as_array()
            .unwrap()
            .iter()
            .map(pod::name)
            .collect();
        assert_eq!(names.last(), Some(&ATTRIBUTES));
        for (fact, _) in FACTS {
            assert!(names.contains(&fact));
        }
        assert_eq!(
            value(&container, ATTRIBUTES).unwrap(),
            "k8s.container.name=api,k8s.namespace.name=shop,\
             k8s.node.name=$(OTEL_RESOURCE_ATTRIBUTES_NODE_NAME),\
             k8s.pod.name=$(OTEL_RESOURCE_ATTRIBUTES_POD_NAME),\
             k8s.pod.uid=$(OTEL_RESOURCE_ATTRIBUTES_POD_UID),\
             service.instance.id=shop.$(OTEL_RESOURCE_ATTRIBUTES_POD_NAME).api,service.namespace=shop,\
             service.version=1.2.3"
        );
        let own = told(&json!({ "env": [{ "name": ATTRIBUTES, "value": "mine=1" }] }));
        assert_eq!(value(&own, ATTRIBUTES).as_deref(), Some("mine=1"));
        assert!(get(&own, FACTS[0].0).is_none());
    }

    #[test]
    fn only_the_chosen_containers_are_told() {
        for (key, names, told) in [
            (CONTAINERS, "worker", [false, true]),
            (THEIR_CONTAINERS, "api, gone", [true, false]),
            (CONTAINERS, " ", [true, true]),
        ] {
            let mut object =
                asking(&json!({ "containers": [{ "name": "api" }, { "name": "worker" }] }));
            object["metadata"]["annotations"][key] = json!(names);
            let result = patched(&object, &config());
            let found =
                [0, 1].map(|index| result["spec"]["containers"][index].get("env").is_some());
            assert_eq!(found, told, "{key}: {names}");
        }
    }
}
