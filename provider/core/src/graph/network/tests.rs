//! What connections become.

use serde_json::{Value, json};

use crate::{
    Destination, Endpoint, Exposure, Graph, Port, Protocol, Ref, Scope, Source,
    graph::tests::{broken, deployment, graph, object},
    k8s_openapi::api::{
        apps::v1::{Deployment, StatefulSet},
        core::v1::Namespace,
        networking::v1::Ingress,
    },
};

struct Http;
impl Protocol for Http {
    const SCHEME: &'static str = "http";
}
const HTTP: Port<Http> = Port::new("http", 8080);
const OTHER: Port<Http> = Port::new("other", 9090);

fn add(scope: &mut Scope<'_>, name: &str) -> Ref<Deployment> {
    scope.add(object::<Deployment>(deployment(name)))
}

fn policy(graph: &Graph, name: &str) -> Value {
    graph
        .resources()
        .find(|resource| resource.id.kind == "NetworkPolicy" && resource.id.name == name)
        .map_or(Value::Null, |resource| resource.object["spec"].clone())
}

fn rules(graph: &Graph, name: &str, side: &str) -> Vec<Value> {
    policy(graph, name)[side]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

fn peer(namespace: &str, app: &str) -> Value {
    json!([{
        "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": namespace } },
        "podSelector": { "matchLabels": { "app": app } },
    }])
}

fn dns() -> Value {
    json!({
        "to": [{ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": "kube-system" } } }],
        "ports": [{ "port": 53, "protocol": "TCP" }, { "port": 53, "protocol": "UDP" }],
    })
}

#[test]
fn a_visit_opens_both_ends_and_neither_waits() {
    let graph = graph(|stack| {
        let api = add(stack, "api");
        let meter = add(stack, "meter");
        let into = stack.expose(&meter, HTTP);
        // What is measured sends to what measures it: only the sender waits.
        stack.visit(&meter, &api, HTTP);
        stack.visit(&meter, &meter, HTTP);
        stack.connect(&api, into.destination());
    })
    .unwrap();
    let ports = json!([{ "port": 8080, "protocol": "TCP" }]);
    let from = json!({ "from": peer("shop", "meter"), "ports": ports });
    assert!(rules(&graph, "api-deployment", "ingress").contains(&from));
    let to = json!({ "to": peer("shop", "api"), "ports": ports });
    assert!(rules(&graph, "meter-deployment", "egress").contains(&to));
    let waits: Vec<_> = graph
        .edges()
        .iter()
        .filter(|edge| edge.from.kind == "Deployment" && edge.to.kind == "Deployment")
        .map(|edge| (edge.from.name.as_str(), edge.to.name.as_str()))
        .collect();
    assert_eq!(waits, [("api", "meter")]);
}

#[test]
fn each_replica_has_an_address_and_one_rule_lets_through_to_all() {
    let graph = graph(|stack| {
        let mut store = deployment("store");
        store["spec"]["replicas"] = json!(2);
        store["spec"]["serviceName"] = json!("store-headless");
        let store = stack.add(object::<StatefulSet>(store));
        let web = add(stack, "web");
        let endpoint = stack.expose_as(Exposure::each_replica(), &store, HTTP);
        let urls: Vec<_> = endpoint.each().iter().map(Endpoint::url).collect();
        let url = |n: u32| format!("http://store-{n}.store-headless.shop.svc:8080");
        assert_eq!(urls, [url(0), url(1)]);
        for one in endpoint.each() {
            stack.connect(&web, one.destination());
        }
        // One that answers for all of them is one place.
        let shared = stack.expose_as(Exposure::service().sticky(), &store, HTTP);
        assert_eq!(shared.destination().each(), [shared.destination().clone()]);
    })
    .unwrap();
    assert_eq!(rules(&graph, "store-statefulset", "ingress").len(), 1);
    let service = graph
        .resources()
        .find(|r| r.id.kind == "Service" && r.id.name == "store");
    assert_eq!(
        service.unwrap().object["spec"]["sessionAffinity"],
        "ClientIP"
    );
}

#[test]
fn a_connection_opens_both_ends_and_nothing_else() {
    let graph = graph(|stack| {
        let api = stack.within("back", |back| add(back, "api"));
        let web = add(stack, "web");
        // The Service's port may differ from the Pods': policies see the latter.
        let endpoint = stack.expose(&api, HTTP);
        stack.connect(&web, endpoint.destination());
    })
    .unwrap();
    let ports = json!([{ "port": 8080, "protocol": "TCP" }]);
    assert_eq!(
        rules(&graph, "api-deployment", "ingress"),
        [json!({ "from": peer("shop", "web"), "ports": ports })]
    );
    assert_eq!(rules(&graph, "api-deployment", "egress"), [dns()]);
    assert_eq!(rules(&graph, "web-deployment", "ingress"), [] as [Value; 0]);
    assert_eq!(
        rules(&graph, "web-deployment", "egress"),
        [json!({ "to": peer("back", "api"), "ports": ports }), dns()]
    );
    let denials: Vec<_> = graph
        .resources()
        .filter(|resource| resource.id.name == "default-deny")
        .map(|resource| resource.id.to_string())
        .collect();
    assert_eq!(
        denials,
        [
            "NetworkPolicy/back/default-deny",
            "NetworkPolicy/shop/default-deny"
        ]
    );
}

#[test]
fn pods_wait_for_the_policies_that_select_them_and_for_their_receivers() {
    let graph = graph(|stack| {
        let web = add(stack, "web");
        let api = add(stack, "api");
        let endpoint = stack.expose(&api, HTTP);
        stack.connect(&web, endpoint.destination());
    })
    .unwrap();
    let order: Vec<_> = graph
        .resources()
        .map(|resource| resource.id.to_string())
        .collect();
    assert_eq!(
        order,
        [
            "Namespace/shop",
            "NetworkPolicy/shop/api-deployment",
            "NetworkPolicy/shop/default-deny",
            "NetworkPolicy/shop/web-deployment",
            "Service/shop/api",
            "Deployment/shop/api",
            "Deployment/shop/web",
        ]
    );
}

#[test]
fn those_who_send_to_each_other_are_legal() {
    let graph = graph(|stack| {
        let (a, b) = (add(stack, "a"), add(stack, "b"));
        let (to_a, to_b) = (stack.expose(&a, HTTP), stack.expose(&b, HTTP));
        stack.connect(&a, to_b.destination());
        stack.connect(&b, to_a.destination());
        stack.connect(&a, to_a.destination());
    })
    .unwrap();
    let sends = graph
        .edges()
        .iter()
        .filter(|edge| edge.why.starts_with("sends"));
    assert_eq!(sends.count(), 1);
    assert_eq!(rules(&graph, "a-deployment", "ingress").len(), 2);
}

#[test]
fn places_outside_are_opened_by_port() {
    let graph = graph(|stack| {
        let web = add(stack, "web");
        stack.connect(&web, &Destination::KubernetesApi);
        let far: Endpoint<Http> = Endpoint::outside("example.com", 443);
        let near: Endpoint<Http> = Endpoint::outside("10.0.0.7", 8443);
        let own: Endpoint<Http> = Endpoint::outside("localhost", 1);
        for place in [far, near, own] {
            stack.connect(&web, place.destination());
        }
    })
    .unwrap();
    let block = |cidr: &str| json!({ "ipBlock": { "cidr": cidr } });
    assert_eq!(
        rules(&graph, "web-deployment", "egress"),
        [
            json!({ "ports": [{ "port": 443, "protocol": "TCP" }, { "port": 6443, "protocol": "TCP" }] }),
            json!({ "to": [block("0.0.0.0/0"), block("::/0")], "ports": [{ "port": 443, "protocol": "TCP" }] }),
            json!({ "to": [block("10.0.0.7/32")], "ports": [{ "port": 8443, "protocol": "TCP" }] }),
            dns(),
        ]
    );
}

#[test]
fn traffic_from_elsewhere_is_accepted_where_it_is_said() {
    let graph = graph(|stack| {
        let api = add(stack, "api");
        stack.accept(&api, HTTP, Source::namespace("apps"));
        stack.accept(&api, HTTP, Source::AnyNamespace);
        stack.accept(&api, HTTP, Source::Anywhere);
    })
    .unwrap();
    let ports = json!([{ "port": 8080, "protocol": "TCP" }]);
    let apps = json!({ "matchLabels": { "kubernetes.io/metadata.name": "apps" } });
    assert_eq!(
        rules(&graph, "api-deployment", "ingress"),
        [
            json!({ "ports": ports }),
            json!({ "from": [{ "namespaceSelector": apps }], "ports": ports }),
            json!({ "from": [{ "namespaceSelector": {} }], "ports": ports }),
        ]
    );
}

#[test]
fn what_an_ingress_leads_to_is_open_to_everyone() {
    let graph = graph(|stack| {
        let api = add(stack, "api");
        stack.expose(&api, HTTP);
        let backend = json!({ "service": { "name": "api", "port": { "name": "http" } } });
        let ingress =
            json!({ "metadata": { "name": "api" }, "spec": { "defaultBackend": backend } });
        stack.add(object::<Ingress>(ingress));
    })
    .unwrap();
    assert_eq!(
        rules(&graph, "api-deployment", "ingress"),
        [json!({ "ports": [{ "port": 8080, "protocol": "TCP" }] })]
    );
}

#[test]
fn a_namespace_that_was_there_before_keeps_its_other_pods_open() {
    let graph = graph(|stack| {
        stack.existing::<Namespace>("there");
        stack.within("there", |there| add(there, "api"));
    })
    .unwrap();
    let policies: Vec<_> = graph
        .resources()
        .filter(|resource| resource.id.kind == "NetworkPolicy")
        .map(|resource| resource.id.to_string())
        .collect();
    assert_eq!(policies, ["NetworkPolicy/there/api-deployment"]);
}

#[test]
fn pods_in_the_network_of_their_node_are_let_in_from_anywhere() {
    let graph = graph(|stack| {
        let api = add(stack, "api");
        let endpoint = stack.expose(&api, HTTP);
        stack.on_nodes(|nodes| {
            let mut agent = deployment("agent");
            agent["spec"]["template"]["spec"]["hostNetwork"] = json!(true);
            let agent = nodes.add(object::<Deployment>(agent));
            nodes.connect(&agent, endpoint.destination());
        });
    })
    .unwrap();
    assert_eq!(
        rules(&graph, "api-deployment", "ingress"),
        [json!({ "ports": [{ "port": 8080, "protocol": "TCP" }] })]
    );
    assert_eq!(policy(&graph, "agent-deployment"), Value::Null);
}

#[test]
fn a_port_that_nobody_declares_is_said_once() {
    let found = broken(|stack| {
        let api = add(stack, "api");
        let web = add(stack, "web");
        let endpoint = stack.expose(&api, OTHER);
        stack.connect(&web, endpoint.destination());
        stack.accept(&api, OTHER, Source::Anywhere);
    });
    assert_eq!(
        found
            .iter()
            .filter(|rule| **rule == "undeclared-port")
            .count(),
        1
    );
}

#[test]
fn pods_without_labels_cannot_be_described() {
    let found = broken(|stack| {
        let pod =
            json!({ "metadata": { "name": "bare" }, "spec": crate::graph::tests::pod("bare") });
        stack.add(object::<crate::k8s_openapi::api::core::v1::Pod>(pod));
    });
    assert_eq!(found, ["unselectable-pods"]);
}
