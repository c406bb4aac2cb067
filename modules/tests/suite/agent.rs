//! What an agent asks of its node.

use modules::{AddressFamily, Collector, ContainerRuntime, Kubelet, protocol::Otlp};
use provider_core::{Endpoint, Scope, k8s_openapi::api::scheduling::v1::PriorityClass};
use serde_json::{Value, json};

use crate::support::{files, graph, templates};

fn elsewhere() -> Endpoint<Otlp> {
    Endpoint::outside("elsewhere.example", 4317)
}

/// The Pods of the only agent.
fn pods(define: fn(&mut Scope<'_>)) -> Value {
    templates(define).remove(0).2["spec"].clone()
}

fn plain(scope: &mut Scope<'_>) {
    scope.add(Collector::agent("node").forward(&elsewhere()));
}

/// The ports of the node itself.
fn host_ports(pods: &Value) -> Vec<i64> {
    let ports = pods["containers"][0]["ports"].as_array().unwrap().iter();
    ports.filter_map(|port| port["hostPort"].as_i64()).collect()
}

/// Where something of the node is mounted from and to.
fn mounted(pods: &Value, volume: &str) -> Option<(Value, Value)> {
    let volumes = pods["volumes"].as_array()?;
    let from = volumes.iter().find(|one| one["name"] == volume)?;
    let mounts = pods["containers"][0]["volumeMounts"].as_array()?;
    let to = mounts.iter().find(|one| one["name"] == volume)?;
    Some((from["hostPath"]["path"].clone(), to.clone()))
}

#[test]
fn a_port_of_the_node_is_taken_only_when_asked_for() {
    assert_eq!(host_ports(&pods(plain)), [0; 0]);
    let asked = pods(|scope| {
        scope.add(Collector::agent("node").host_ports().forward(&elsewhere()));
    });
    assert_eq!(host_ports(&asked), [4317, 4318]);
}

#[test]
fn the_kubelet_is_called_by_an_address_of_either_family() {
    let asks = |define| {
        let config = files(define).remove(0).2;
        let url = config.lines().find(|line| line.contains("https://"));
        url.unwrap().trim().to_owned()
    };
    let usual = asks(|scope| {
        let agent = Collector::agent("node").ask_kubelet(Kubelet::Verified);
        scope.add(agent.forward(&elsewhere()));
    });
    let other = asks(|scope| {
        let agent = Collector::agent("node").ask_kubelet(Kubelet::Verified);
        let agent = agent.nodes_have(AddressFamily::V6);
        scope.add(agent.forward(&elsewhere()));
    });
    // Brackets around an address of IPv4 are no URL, and none around one of IPv6 are none either.
    assert_eq!(usual, "endpoint: https://${env:NODE_IP}:10250");
    assert_eq!(other, "endpoint: https://[${env:NODE_IP}]:10250");
}

#[test]
fn behind_docker_the_folder_that_logs_really_lie_in_is_seen_too() {
    assert_eq!(mounted(&pods(plain), "docker"), None);
    let docker = pods(|scope| {
        let agent = Collector::agent("node").runtime(ContainerRuntime::Docker);
        scope.add(agent.forward(&elsewhere()));
    });
    let (from, to) = mounted(&docker, "docker").unwrap();
    // Links in `/var/log/pods` are followed by their own paths.
    assert_eq!(from, "/var/lib/docker/containers");
    assert_eq!((&to["mountPath"], &to["readOnly"]), (&from, &json!(true)));
    assert!(mounted(&docker, "logs").is_some());
}

#[test]
fn an_agent_may_have_a_priority_that_the_cluster_knows() {
    assert_eq!(pods(plain)["priorityClassName"], Value::Null);
    let first = pods(|scope| {
        let agent = Collector::agent("node").priority_class("system-node-critical");
        scope.add(agent.forward(&elsewhere()));
    });
    assert_eq!(first["priorityClassName"], "system-node-critical");
    let unknown: fn(&mut Scope<'_>) = |scope| {
        let agent = Collector::agent("node").priority_class("ours");
        scope.add(agent.forward(&elsewhere()));
    };
    let found = graph(unknown).unwrap_err();
    assert_eq!(found.0[0].rule, "dangling-reference");
    let said: fn(&mut Scope<'_>) = |scope| {
        let ours = scope.existing::<PriorityClass>("ours");
        let agent = Collector::agent("node").priority_class(ours.name());
        scope.add(agent.forward(&elsewhere()));
    };
    assert_eq!(pods(said)["priorityClassName"], "ours");
}
