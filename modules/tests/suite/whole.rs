//! What holds for every object of stacks of everything: TLS on every hop, closed networks, restricted Pods, rights that
//! say who wants them.

use modules::{
    Collector, Elasticsearch, Grafana, Injector, Jaeger, Loki, ObjectStore, Prometheus, Sidecar,
    Tempo, Tls, VictoriaMetrics, Workload, alertmanager::Alertmanager, logs, metrics,
    protocol::Otlp, traces,
};
use provider_core::{Endpoint, Graph, Scope, Security, k8s_openapi::api::core::v1::Secret};
use serde_json::Value;

use crate::support::graph;

/// Traces in Jaeger, metrics in two Prometheus, logs in three Lokis, and every kind of collector.
fn everything(scope: &mut Scope<'_>) {
    let search = scope.add(Elasticsearch::new("search").nodes(3));
    let jaeger = scope.add(Jaeger::new("jaeger", &search));
    let alerts = scope.add(Alertmanager::new("alerts").tell_nobody());
    let prometheus = Prometheus::new("prometheus")
        .replicas(2)
        .alerts(&alerts.alerts);
    let prometheus = scope.add(prometheus);
    let keys = scope.existing::<Secret>("bucket");
    let bucket = ObjectStore::s3("logs")
        .endpoint("https://garage.example:3900")
        .keys(&keys, "id", "key");
    let loki = scope.add(Loki::new("loki").bucket(bucket));
    let gateway = Collector::gateway("otlp")
        .pipeline(traces().sample(0.1).export(&jaeger.otlp))
        .pipeline(metrics().export(&prometheus.otlp))
        .pipeline(logs().export(&loki.otlp));
    let gateway = scope.add(gateway);
    scope.add(Collector::agent("node").forward(&gateway.otlp));
    scope.add(Collector::cluster("cluster").forward(&gateway.otlp));
    let sidecar = Sidecar::new("otel").forward(&gateway.otlp);
    scope.add(Workload::stateless("shop", "shop:1.0.0").sidecar(&sidecar));
    scope.add(Injector::new("injector", "injector:0.1.0", sidecar).namespaces(["bank"]));
    let grafana = Grafana::new("grafana")
        .source(&jaeger.query)
        .source(&prometheus.query)
        .source(&loki.query);
    scope.add(grafana);
}

/// The alternatives, each in the place of another.
fn alternatives(scope: &mut Scope<'_>) {
    let victoria = scope.add(VictoriaMetrics::single("victoria"));
    let tempo = scope.add(Tempo::new("tempo").measure_into(&victoria.remote_write));
    let loki = scope.add(Loki::new("loki"));
    let gateway = Collector::gateway("otlp")
        .pipeline(traces().export(&tempo.otlp))
        .pipeline(metrics().export(&victoria.otlp))
        .pipeline(logs().export(&loki.otlp));
    let gateway = scope.add(gateway);
    scope.add(Workload::stateless("shop", "shop:1.0.0").send_to(&gateway));
    let grafana = Grafana::new("grafana");
    scope.add(grafana.source(&tempo.query).source(&victoria.query));
}

const STACKS: [fn(&mut Scope<'_>); 2] = [everything, alternatives];

const SECURED: [fn(&mut Scope<'_>); 2] = [
    |scope| {
        scope.add(Tls::generated());
        everything(scope);
    },
    |scope| {
        scope.add(Tls::generated().mutual());
        alternatives(scope);
    },
];

fn all() -> Vec<Graph> {
    let stacks = STACKS.into_iter().chain(SECURED);
    let right = |define| graph(define).unwrap_or_else(|findings| panic!("{findings}"));
    stacks.map(right).collect()
}

fn of_kind<'a>(graph: &'a Graph, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let resources = graph
        .resources()
        .filter(move |resource| resource.id.kind == kind);
    resources.map(|resource| &resource.object)
}

#[test]
fn where_a_stack_speaks_tls_no_hop_is_half_of_it_and_the_open_ones_are_told() {
    for define in SECURED {
        let graph = graph(define).unwrap_or_else(|findings| panic!("{findings}"));
        let open: Vec<_> = graph
            .notes()
            .iter()
            .filter(|note| note.rule == "in-the-open")
            .collect();
        assert!(!open.is_empty() && open.len() < 6, "{open:#?}");
        let plain = graph
            .connections()
            .iter()
            .filter(|connection| !connection.to.is_secured());
        for connection in plain {
            let port = connection.to.port();
            // Metrics that a program can only show in the open, the node's own agent, gossip over UDP.
            assert!(
                [8888, 4317, 4318, 9114, 9094].contains(&port),
                "{connection:?}"
            );
        }
    }
}

#[test]
fn every_role_says_who_wants_its_rights_and_is_of_one_namespace_where_it_can_be() {
    for graph in all() {
        for role in of_kind(&graph, "Role").chain(of_kind(&graph, "ClusterRole")) {
            let name = &role["metadata"]["name"];
            let why = role["metadata"]["annotations"]["otelier.dev/wanted-by"].as_str();
            assert!(why.is_some_and(|why| !why.is_empty()), "{name}");
            let rules = role["rules"].to_string();
            assert!(!rules.contains('*'), "{name} {rules}");
        }
        let clusterwide: Vec<_> = of_kind(&graph, "ClusterRole")
            .map(|role| role["metadata"]["name"].as_str().unwrap())
            .collect();
        let known = ["test-agents-node", "test-cluster"];
        assert!(
            clusterwide.iter().all(|name| known.contains(name)),
            "{clusterwide:?}"
        );
    }
}

#[test]
fn only_the_namespace_of_node_agents_is_privileged() {
    for graph in all() {
        for namespace in of_kind(&graph, "Namespace") {
            let name = namespace["metadata"]["name"].as_str().unwrap();
            let level = &namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"];
            let wanted = if name.ends_with("-agents") {
                "privileged"
            } else {
                "restricted"
            };
            assert_eq!(level, wanted, "{name}");
        }
    }
}

#[test]
fn every_namespace_is_closed_both_ways_and_names_can_be_looked_up() {
    for graph in all() {
        for namespace in of_kind(&graph, "Namespace") {
            let name = &namespace["metadata"]["name"];
            let here = |policy: &&Value| policy["metadata"]["namespace"] == *name;
            let policies: Vec<_> = of_kind(&graph, "NetworkPolicy").filter(here).collect();
            let closed = policies.iter().any(|policy| {
                let spec = &policy["spec"];
                spec["podSelector"]
                    .as_object()
                    .is_none_or(serde_json::Map::is_empty)
                    && spec["policyTypes"] == serde_json::json!(["Ingress", "Egress"])
                    && spec["ingress"].is_null()
            });
            assert!(closed, "{name}");
            let looks_up = policies.iter().any(|policy| {
                let egress = policy["spec"]["egress"].to_string();
                egress.contains("53") && egress.contains("UDP")
            });
            assert!(looks_up, "{name}");
        }
    }
}

#[test]
fn gossip_in_the_open_needs_both_transports() {
    let graph = graph(everything).unwrap();
    let policy = of_kind(&graph, "NetworkPolicy")
        .find(|policy| policy["metadata"]["name"] == "alerts-statefulset")
        .unwrap();
    for way in ["ingress", "egress"] {
        let edges = policy["spec"][way].to_string();
        assert!(
            edges.contains("\"mesh-udp\"") || edges.contains("\"UDP\""),
            "{way}: {edges}"
        );
    }
}

#[test]
fn an_endpoint_outside_says_itself_whether_it_is_secured() {
    let plain = Endpoint::<Otlp>::outside("a.example", 4317);
    assert_eq!(plain.url(), "http://a.example:4317");
    assert_eq!(plain.secured(Security::Tls).url(), "https://a.example:4317");
}
