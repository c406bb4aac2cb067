//! One mistake at a time in a definition without others.

use serde_json::{Value, json};

use crate::{
    graph::tests::{broken, deployment, object},
    k8s_openapi::api::{
        apps::v1::{Deployment, StatefulSet},
        core::v1::{ConfigMap, Service},
        policy::v1::PodDisruptionBudget,
        rbac::v1::ClusterRole,
    },
    scope::{Network, Scope},
};

fn add(stack: &mut Scope<'_>, kind: &str, value: Value) {
    match kind {
        "ClusterRole" => drop(stack.add(object::<ClusterRole>(value))),
        "ConfigMap" => drop(stack.add(object::<ConfigMap>(value))),
        "Deployment" => drop(stack.add(object::<Deployment>(value))),
        "PodDisruptionBudget" => drop(stack.add(object::<PodDisruptionBudget>(value))),
        "Service" => drop(stack.add(object::<Service>(value))),
        "StatefulSet" => drop(stack.add(object::<StatefulSet>(value))),
        other => panic!("the test knows no {other}"),
    }
}

/// The rules that a stack of these objects breaks.
fn rules(objects: Vec<(&'static str, Value)>) -> Vec<&'static str> {
    broken(move |stack| {
        stack.network(Network::Open);
        for (kind, value) in &objects {
            add(stack, kind, value.clone());
        }
    })
}

/// A Deployment after one change at a JSON pointer below the spec of its Pods.
fn pods_with(pointer: &str, value: Value) -> (&'static str, Value) {
    let mut changed = deployment("api");
    let (parent, field) = pointer.rsplit_once('/').expect("a pointer has a slash");
    let spec = &mut changed["spec"]["template"]["spec"];
    spec.pointer_mut(parent).expect("the parent is there")[field] = value;
    ("Deployment", changed)
}

fn service(ports: &Value) -> (&'static str, Value) {
    let spec = json!({ "selector": { "app": "api" }, "ports": ports });
    (
        "Service",
        json!({ "metadata": { "name": "api" }, "spec": spec }),
    )
}

fn api() -> (&'static str, Value) {
    ("Deployment", deployment("api"))
}

fn named(kind: &'static str, name: &str) -> Vec<(&'static str, Value)> {
    vec![(kind, json!({ "metadata": { "name": name } }))]
}

#[test]
fn names_are_what_each_kind_accepts() {
    let long = "a".repeat(53);
    for (objects, expected) in [
        (named("ConfigMap", "a.b"), vec![]),
        (named("ConfigMap", ""), vec!["illegal-name"]),
        (named("ConfigMap", "A"), vec!["illegal-name"]),
        (named("ClusterRole", "otelier:Reader"), vec![]),
        (named("ClusterRole", "a/b"), vec!["illegal-name"]),
        (named("Service", "a.b"), vec!["illegal-name"]),
        (named("Service", "1a"), vec!["illegal-name"]),
        (
            vec![(
                "ConfigMap",
                json!({ "metadata": { "name": "a" }, "data": { "a b": "" } }),
            )],
            vec!["illegal-name"],
        ),
        (
            vec![pods_with("/containers/0/ports/0/name", json!("UPPER"))],
            vec!["illegal-name"],
        ),
        (
            vec![("StatefulSet", {
                let mut set = deployment("db");
                set["metadata"]["name"] = json!(long);
                set
            })],
            vec!["illegal-name"],
        ),
    ] {
        assert_eq!(rules(objects.clone()), expected, "{objects:?}");
    }
}

#[test]
fn labels_are_what_the_api_accepts() {
    let with = |labels: Value| {
        let object = json!({ "metadata": { "name": "a", "labels": labels } });
        rules(vec![("ConfigMap", object)])
    };
    assert!(with(json!({ "example.com/tier": "v1.2_3" })).is_empty());
    assert_eq!(with(json!({ "a b": "" })), ["illegal-label"]);
    assert_eq!(with(json!({ "/a": "" })), ["illegal-label"]);
    assert_eq!(with(json!({ "a": "b c" })), ["illegal-label"]);
}

#[test]
fn containers_share_a_pod() {
    let second = |change: Value| {
        let mut pods = deployment("api");
        let containers = &mut pods["spec"]["template"]["spec"]["containers"];
        let mut second = containers[0].clone();
        for (field, value) in change.as_object().into_iter().flatten() {
            second[field] = value.clone();
        }
        containers.as_array_mut().unwrap().push(second);
        rules(vec![("Deployment", pods)])
    };
    assert!(second(json!({ "name": "b", "ports": [] })).is_empty());
    assert_eq!(second(json!({ "ports": [] })), ["duplicate-container"]);
    let port = |name: &str, number: u16| json!([{ "name": name, "containerPort": number }]);
    for taken in [port("http", 1), port("b", 8080)] {
        let found = second(json!({ "name": "b", "ports": taken }));
        assert_eq!(found, ["duplicate-port"], "{taken}");
    }
    let udp = json!([{ "name": "b", "containerPort": 8080, "protocol": "UDP" }]);
    assert!(second(json!({ "name": "b", "ports": udp })).is_empty());
}

#[test]
fn what_pods_use_is_there() {
    let mount = json!([{ "name": "config", "mountPath": "/etc/it" }]);
    let probe = |port: Value| json!({ "httpGet": { "path": "/", "port": port } });
    for (pointer, value, expected) in [
        ("/containers/0/volumeMounts", mount, vec!["missing-volume"]),
        (
            "/volumes",
            json!([{ "name": "a", "emptyDir": {} }, { "name": "a", "emptyDir": {} }]),
            vec!["duplicate-volume"],
        ),
        ("/containers/0/readinessProbe", probe(json!("http")), vec![]),
        ("/containers/0/readinessProbe", probe(json!(13133)), vec![]),
        (
            "/containers/0/readinessProbe",
            probe(json!("health")),
            vec!["undeclared-port"],
        ),
        (
            "/containers/0/env",
            json!([{ "name": "A", "value": "1" }, { "name": "A", "value": "2" }]),
            vec!["duplicate-variable"],
        ),
        (
            "/containers/0/ports/0/containerPort",
            json!(70000),
            vec!["illegal-port"],
        ),
        (
            "/containers/0/image",
            json!("example.com/it"),
            vec!["untagged-image"],
        ),
        ("/containers/0/image", json!(null), vec!["missing-image"]),
    ] {
        let objects = vec![pods_with(pointer, value)];
        assert_eq!(rules(objects.clone()), expected, "{objects:?}");
    }
}

#[test]
fn a_claim_template_is_a_volume() {
    let mut set = deployment("db");
    set["spec"]["volumeClaimTemplates"] = json!([{ "metadata": { "name": "data" }, "spec": {} }]);
    set["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] =
        json!([{ "name": "data", "mountPath": "/data" }]);
    assert!(rules(vec![("StatefulSet", set)]).is_empty());
}

#[test]
fn services_lead_to_ports_that_pods_declare() {
    for (ports, expected) in [
        (json!([{ "port": 80, "targetPort": "http" }]), vec![]),
        (json!([{ "port": 80, "targetPort": 8080 }]), vec![]),
        (json!([{ "port": 8080 }]), vec![]),
        (
            json!([{ "port": 80, "targetPort": "grpc" }]),
            vec!["undeclared-port"],
        ),
        (json!([{ "port": 80 }]), vec!["undeclared-port"]),
        (
            json!([{ "port": 8080, "protocol": "UDP" }]),
            vec!["undeclared-port"],
        ),
        (
            json!([{ "name": "a", "port": 8080 }, { "name": "b", "port": 8080 }]),
            vec!["duplicate-port"],
        ),
        (
            json!([{ "port": 0, "targetPort": "http" }]),
            vec!["illegal-port"],
        ),
    ] {
        let objects = vec![api(), service(&ports)];
        assert_eq!(rules(objects), expected, "{ports}");
    }
    let alone = vec![service(&json!([{ "port": 80 }]))];
    assert_eq!(rules(alone), ["selects-nothing"]);
}

#[test]
fn one_replica_of_a_set_may_have_its_own_service() {
    let mut service = service(&json!([{ "port": 80, "targetPort": "http" }]));
    service.1["spec"]["selector"] = json!({ "statefulset.kubernetes.io/pod-name": "db-0" });
    let set = ("StatefulSet", deployment("db"));
    assert!(rules(vec![set, service]).is_empty());
}

#[test]
fn workloads_select_their_own_pods_and_no_others() {
    let mut stranger = deployment("api");
    stranger["spec"]["selector"]["matchLabels"] = json!({ "app": "other" });
    assert_eq!(rules(vec![("Deployment", stranger)]), ["selector-mismatch"]);
    let mut nobody = deployment("api");
    nobody["spec"]["selector"] = json!({});
    assert_eq!(rules(vec![("Deployment", nobody)]), ["selector-mismatch"]);
    let mut twin = deployment("twin");
    twin["spec"]["template"]["metadata"]["labels"]["app"] = json!("api");
    twin["spec"]["template"]["metadata"]["labels"]["twin"] = json!("yes");
    twin["spec"]["selector"]["matchLabels"] = json!({ "twin": "yes" });
    assert_eq!(
        rules(vec![api(), ("Deployment", twin)]),
        ["overlapping-selectors"]
    );
}

#[test]
fn a_budget_leaves_room_to_move() {
    let budget = |field: &str, value: Value| {
        let mut spec = json!({ "selector": { "matchLabels": { "app": "api" } } });
        spec[field] = value;
        let budget = json!({ "metadata": { "name": "api" }, "spec": spec });
        let mut api = deployment("api");
        api["spec"]["replicas"] = json!(3);
        rules(vec![("Deployment", api), ("PodDisruptionBudget", budget)])
    };
    for (field, value, blocks) in [
        ("maxUnavailable", json!(1), false),
        ("maxUnavailable", json!("10%"), false),
        ("maxUnavailable", json!(0), true),
        ("maxUnavailable", json!("0%"), true),
        ("minAvailable", json!(2), false),
        ("minAvailable", json!(3), true),
        ("minAvailable", json!("100%"), true),
    ] {
        let expected: &[&str] = if blocks { &["blocked-drain"] } else { &[] };
        assert_eq!(budget(field, value.clone()), expected, "{field}: {value}");
    }
}
