//! Do the real programs accept what we render for them?

use provider::{Graph, Stack};
use support::Container;

mod admission;
mod collector;
mod metrics;
mod objects;
mod policy;
mod prometheus;
mod running;

/// Every stack that the programs see: the catalogue.
pub(super) fn stacks() -> Vec<Stack> {
    stacks::catalog::all()
}

pub(super) fn graph(stack: &Stack) -> Graph {
    stack
        .graph()
        .unwrap_or_else(|findings| panic!("{findings}"))
}

/// All containers of all stacks whose image is that repository, with the name of their stack.
pub(super) fn containers(repository: &str) -> Vec<(String, Container)> {
    let mut found = Vec::new();
    for stack in stacks() {
        for container in Container::all(&graph(&stack)) {
            if container.runs(repository) {
                found.push((stack.name().to_owned(), container));
            }
        }
    }
    found
}
