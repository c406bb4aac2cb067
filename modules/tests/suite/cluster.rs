//! The cluster's own collector: everything once.

use modules::{Collector, protocol::Otlp};
use provider_core::{Endpoint, Scope};
use serde_json::{Value, json};

use crate::support::{config_of, graph, objects, own_yaml};

fn elsewhere() -> Endpoint<Otlp> {
    Endpoint::outside("elsewhere.example", 4317)
}

fn find(objects: &[Value], kind: &str, name: &str) -> Value {
    let wanted = |object: &&Value| object["kind"] == kind && object["metadata"]["name"] == name;
    objects.iter().find(wanted).cloned().unwrap_or_default()
}

#[test]
fn collector_of_the_cluster() {
    insta::assert_snapshot!(own_yaml(|scope| {
        scope.add(Collector::cluster("cluster").forward(&elsewhere()));
    }));
}

#[test]
fn one_goes_before_the_next_comes() {
    let objects = objects(|scope| {
        scope.add(Collector::cluster("cluster").forward(&elsewhere()));
    });
    let deployment = find(&objects, "Deployment", "cluster");
    assert_eq!(
        deployment["spec"]["strategy"],
        json!({ "type": "Recreate" })
    );
    assert_eq!(deployment["spec"]["replicas"], 1);
    let config = config_of(&objects, "cluster");
    assert!(config["receivers"].get("otlp").is_none());
    assert_eq!(
        config["service"]["pipelines"]["logs"]["receivers"],
        json!(["k8s_events"])
    );
}

#[test]
fn of_several_one_works() {
    let objects = objects(|scope| {
        let cluster = Collector::cluster("cluster").replicas(2);
        scope.add(cluster.watch("apps", "deployments").forward(&elsewhere()));
    });
    let config = config_of(&objects, "cluster");
    for receiver in ["k8s_cluster", "k8s_events", "k8s_objects"] {
        assert_eq!(
            config["receivers"][receiver]["k8s_leader_elector"], "k8s_leader_elector",
            "{receiver}"
        );
    }
    let lease = find(&objects, "Role", "cluster");
    assert!(lease["rules"].to_string().contains("leases"), "{lease}");
    let rights = find(&objects, "ClusterRole", "test-cluster")["rules"].to_string();
    assert!(
        rights.contains("deployments") && !rights.contains("secrets"),
        "{rights}"
    );
}

#[test]
fn what_is_asked_of_some_namespaces_is_no_right_in_all() {
    let objects = objects(|scope| {
        scope.existing::<provider_core::k8s_openapi::api::core::v1::Namespace>("shop");
        let cluster = Collector::cluster("cluster").only(["shop"]);
        scope.add(cluster.forward(&elsewhere()));
    });
    assert_eq!(find(&objects, "ClusterRole", "test-cluster"), Value::Null);
    let config = config_of(&objects, "cluster");
    assert_eq!(
        config["receivers"]["k8s_events"]["namespaces"],
        json!(["shop"])
    );
}

#[test]
fn secrets_are_no_logs_and_everything_goes_somewhere() {
    let rules = |define: fn(&mut Scope<'_>)| -> Vec<&'static str> {
        let findings = graph(define).unwrap_err();
        findings.0.iter().map(|finding| finding.rule).collect()
    };
    assert!(
        rules(|scope| {
            let cluster = Collector::cluster("cluster").watch("", "secrets");
            scope.add(cluster.forward(&elsewhere()));
        })
        .contains(&"secrets-in-logs")
    );
    assert!(
        rules(|scope| {
            scope.add(Collector::cluster("cluster"));
        })
        .contains(&"cluster-without-target")
    );
}

#[test]
fn what_goes_wrong_later_is_said_at_once() {
    let notes = |define: fn(&mut Scope<'_>)| -> Vec<&'static str> {
        let graph = graph(define).unwrap();
        graph.notes().iter().map(|note| note.rule).collect()
    };
    let prod: fn(&mut Scope<'_>) = |scope| {
        let gateway = Collector::gateway("otlp");
        let sampled = modules::traces().sample(0.1).export(&elsewhere());
        let gateway = gateway
            .pipeline(sampled)
            .pipeline(modules::metrics().export(&elsewhere()))
            .pipeline(modules::logs().export(&elsewhere()));
        let gateway = scope.add(gateway);
        scope.add(Collector::agent("node").forward(&gateway.otlp));
        scope.add(Collector::cluster("cluster").forward(&gateway.otlp));
    };
    assert_eq!(notes(prod), Vec::<&str>::new());
    let wrong: fn(&mut Scope<'_>) = |scope| {
        let gateway = Collector::gateway("otlp").keep_queue(1 << 30);
        let logs = modules::logs().export(&elsewhere());
        scope.add(gateway.autoscale(2..=4).pipeline(logs));
    };
    let findings = graph(wrong).unwrap_err();
    assert_eq!(findings.0[0].rule, "stateful-autoscaled");
    assert!(findings.0[0].hint.is_some());
}
