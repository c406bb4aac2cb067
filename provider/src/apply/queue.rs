//! Which step may start now, and which never will?
//!
//! Each edge has its own predicate, so that nothing waits for a whole wave; among what may start, what most
//! waits for comes first. Pure: the walk tells it what happened.

use std::{cmp::Reverse, collections::BTreeMap};

use provider_core::{ResourceId, graph::Until, plan::Plan};

/// How far a step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Pending,
    Running,
    /// The object exists as it should; whether it is ready is not known yet.
    Written,
    /// It is over, well.
    Over,
    /// It is over, and what waits for it will wait in vain.
    Failed,
}

/// The steps of a plan, and what each waits for.
#[derive(Debug)]
pub(super) struct Queue {
    stages: Vec<Stage>,
    waits_for: Vec<Vec<(usize, Until)>>,
    weights: Vec<u64>,
}

impl Queue {
    pub(super) fn new(plan: &Plan) -> Self {
        let index: BTreeMap<&ResourceId, usize> = plan
            .steps
            .iter()
            .enumerate()
            .map(|(at, step)| (&step.id, at))
            .collect();
        let mut waits_for = vec![Vec::new(); plan.steps.len()];
        for edge in &plan.edges {
            if let (Some(from), Some(to)) = (index.get(&edge.from), index.get(&edge.to)) {
                waits_for[*from].push((*to, edge.until));
            }
        }
        let weights = weights(&waits_for);
        Self {
            stages: vec![Stage::Pending; plan.steps.len()],
            waits_for,
            weights,
        }
    }

    pub(super) fn stage(&self, step: usize) -> Stage {
        self.stages[step]
    }

    pub(super) fn set(&mut self, step: usize, stage: Stage) {
        self.stages[step] = stage;
    }

    pub(super) fn pending(&self) -> impl Iterator<Item = usize> {
        self.stages
            .iter()
            .enumerate()
            .filter(|(_, stage)| **stage == Stage::Pending)
            .map(|(step, _)| step)
    }

    /// The steps that may start, the most urgent first.
    pub(super) fn startable(&self) -> Vec<usize> {
        let free = self.pending().filter(|step| {
            self.waits_for[*step]
                .iter()
                .all(|(on, until)| self.met(*on, *until))
        });
        let mut free: Vec<usize> = free.collect();
        free.sort_by_key(|step| (Reverse(self.weights[*step]), *step));
        free
    }

    fn met(&self, on: usize, until: Until) -> bool {
        match self.stages[on] {
            Stage::Over => true,
            Stage::Written => until == Until::Exists,
            Stage::Pending | Stage::Running | Stage::Failed => false,
        }
    }

    /// The steps that can no longer start, each with what failed before it. They count as failed from here on, so
    /// that what waits for them is found as well.
    pub(super) fn doomed(&mut self) -> Vec<(usize, usize)> {
        let mut all = Vec::new();
        loop {
            let found = self.pending().find_map(|step| {
                let failed = self.waits_for[step].iter().find(|(on, until)| {
                    // An object that exists and does not become ready is enough for whoever only needs it to exist.
                    self.stages[*on] == Stage::Failed && !self.met(*on, *until)
                })?;
                Some((step, failed.0))
            });
            let Some((step, because)) = found else {
                return all;
            };
            self.stages[step] = Stage::Failed;
            all.push((step, because));
        }
    }

    /// Whether anyone waits for more of a step than that its object exists.
    pub(super) fn is_awaited(&self, step: usize) -> bool {
        self.waits_for
            .iter()
            .flatten()
            .any(|(on, until)| *on == step && *until != Until::Exists)
    }
}

/// For each step the length of the longest chain that waits for it: waiting until something is ready takes longer
/// than waiting until it exists.
fn weights(waits_for: &[Vec<(usize, Until)>]) -> Vec<u64> {
    let mut weights = vec![0; waits_for.len()];
    // Chains are no longer than there are steps; a graph has no cycles, and if it had, this would still end.
    for _ in 0..waits_for.len() {
        let mut moved = false;
        for (from, on) in waits_for.iter().enumerate() {
            for (to, until) in on {
                let through = weights[from] + if *until == Until::Exists { 1 } else { 20 };
                if weights[*to] < through {
                    weights[*to] = through;
                    moved = true;
                }
            }
        }
        if !moved {
            break;
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(count: usize, edges: &[(usize, usize, Until)]) -> Queue {
        let mut waits_for = vec![Vec::new(); count];
        for (from, to, until) in edges {
            waits_for[*from].push((*to, *until));
        }
        Queue {
            stages: vec![Stage::Pending; count],
            weights: weights(&waits_for),
            waits_for,
        }
    }

    #[test]
    fn what_only_needs_something_to_exist_does_not_wait_until_it_is_ready() {
        let mut queue = queue(3, &[(1, 0, Until::Exists), (2, 0, Until::Ready)]);
        assert_eq!(queue.startable(), [0]);
        queue.set(0, Stage::Running);
        assert!(queue.startable().is_empty());
        queue.set(0, Stage::Written);
        assert_eq!(queue.startable(), [1]);
        queue.set(0, Stage::Over);
        assert_eq!(queue.startable(), [1, 2]);
        assert!(queue.is_awaited(0) && !queue.is_awaited(1));
    }

    #[test]
    fn the_longest_chain_comes_first() {
        let queue = queue(4, &[(2, 1, Until::Ready), (3, 2, Until::Exists)]);
        assert_eq!(queue.startable(), [1, 0]);
    }

    #[test]
    fn a_failure_stops_what_waits_for_it_and_nothing_else() {
        let mut queue = queue(4, &[(1, 0, Until::Ready), (2, 1, Until::Exists)]);
        queue.set(0, Stage::Failed);
        assert_eq!(queue.doomed(), [(1, 0), (2, 1)]);
        assert_eq!(queue.startable(), [3]);
    }
}
