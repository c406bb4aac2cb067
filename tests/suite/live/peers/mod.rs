//! Do the real programs accept what we render for them?

use modules::{Collector, Loki, Prometheus, logs, metrics};
use provider::{Graph, Scope, Stack};
use support::Container;

mod admission;
pub(super) mod collector;
mod families;
mod machines;
mod metrics;
mod objects;
mod policy;
mod prometheus;
pub(super) mod running;
mod variants;

/// Kinds of cert-manager and of the Gateway API. No judge here knows their definitions, and their objects are left out.
const FOREIGN: [&str; 3] = ["Certificate", "ClusterIssuer", "HTTPRoute"];

/// Every stack that the programs see: the catalogue, and variants of what it leaves out.
pub(super) fn stacks() -> Vec<Stack> {
    let mut stacks = stacks::catalog::all();
    stacks.extend(variants::all());
    stacks
}

pub(super) fn graph(stack: &Stack) -> Graph {
    stack
        .graph()
        .unwrap_or_else(|findings| panic!("{}: {findings}", stack.name()))
}

/// All containers of all stacks whose image is that repository, with the name of their stack.
pub(super) fn containers(repository: &str) -> Vec<(String, Container)> {
    of(&stacks(), repository)
}

/// The same of those stacks alone.
pub(super) fn of(stacks: &[Stack], repository: &str) -> Vec<(String, Container)> {
    let mut found = Vec::new();
    for stack in stacks {
        for container in Container::all(&graph(stack)) {
            if container.runs(repository) {
                found.push((stack.name().to_owned(), container));
            }
        }
    }
    found
}

/// A collector with a Prometheus and a Loki behind it, and no TLS between them.
fn small(stack: &mut Scope<'_>) {
    let prometheus = stack.add(Prometheus::new("prometheus"));
    let loki = stack.add(Loki::new("loki"));
    stack.add(
        Collector::gateway("otlp")
            .pipeline(metrics().export(&prometheus.otlp))
            .pipeline(logs().export(&loki.otlp)),
    );
}

/// The container of that stack whose image is that repository.
fn of_small(repository: &str) -> Container {
    let mut found = of(&[Stack::new("small", small)], repository).into_iter();
    found.next().expect("the small stack runs it").1
}
