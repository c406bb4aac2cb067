//! What do nodes, Pods, containers and volumes have, want and use?

mod nodes;
mod pods;

use std::collections::BTreeSet;

use super::{
    board::{Board, Row},
    model::Variable,
};
use crate::{grafana::Folder, made::Made, monitoring::cluster::seen};

/// What was chosen above.
const CHOSEN: &str = "k8s_namespace_name=~\"$namespace\"";
const NODES: &str = "k8s_node_name=~\"$node\"";
/// As far back as a rate looks.
const RANGE: &str = "$__rate_interval";
/// More lines than that are no picture.
const LINES: u32 = 20;

/// What the cluster has, and what is made of it.
pub(super) fn kubernetes(made: &BTreeSet<Made>) -> Option<Board> {
    let has = |what| made.contains(&what);
    let (objects, nodes, usage) = (has(Made::Objects), has(Made::Nodes), has(Made::Usage));
    let machines = has(Made::Machines);
    let rows = [
        nodes.then(nodes::conditions),
        machines.then(nodes::machines),
        (nodes && usage).then(nodes::shares),
        objects.then(pods::workloads),
        objects.then(pods::restarts),
        usage.then(pods::usage),
        (objects && usage).then(pods::requests),
        usage.then(pods::volumes),
    ];
    let rows: Vec<Row> = rows.into_iter().flatten().collect();
    let by_namespace = if objects {
        seen::POD_PHASE
    } else {
        seen::POD_CPU
    };
    let by_node = if nodes {
        seen::NODE_READY
    } else {
        seen::MACHINE_LOAD
    };
    let namespace = || {
        let label = "k8s_namespace_name";
        Variable::values("namespace", "Namespace", by_namespace, label)
    };
    let node = || Variable::values("node", "Node", by_node, "k8s_node_name");
    let variables = [
        (objects || usage).then(namespace),
        (nodes || machines).then(node),
    ];
    (!rows.is_empty()).then_some(Board {
        folder: Folder::Cluster,
        uid: "otelier-kubernetes",
        title: "Kubernetes resources",
        about: "In which state nodes, workloads, Pods and containers are, what they asked for, and what they use.",
        variables: variables.into_iter().flatten().collect(),
        rows,
    })
}

fn of(metric: &str, selector: &str) -> String {
    format!("{metric}{{{selector}}}")
}

/// One number for each value of these labels.
fn max(by: &str, series: &str) -> String {
    format!("max by ({by}) ({series})")
}

fn highest(expr: &str) -> String {
    format!("topk({LINES}, {expr})")
}

/// A part of a whole; what has no whole is left out.
fn share(part: &str, whole: &str) -> String {
    format!("{part} / ({whole} > 0)")
}
