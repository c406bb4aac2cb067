//! Which metrics do collectors make themselves, and where do they arrive?
//!
//! A program's own metrics are there because it is measured. What a collector makes of spans, of machines, of the
//! cluster's objects and of what kubelets say is there where the collector sends it, perhaps by way of others.

use std::collections::BTreeSet;

use provider_core::{Destination, Pods, Scope};

/// What collectors make metrics of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Made {
    /// Of spans: how many calls there are, how many fail, how long they take, and who calls whom.
    Calls,
    /// Of Pods and what makes them: in which state they are, and how many of them are wanted.
    Objects,
    /// Of nodes: in which state they are, and what can be placed on them.
    Nodes,
    /// Of nodes as machines: what their processors, their memory and their disks do.
    Machines,
    /// Of what kubelets say: how much nodes, Pods, containers and volumes use.
    Usage,
}

/// A collector makes that, and sends it there.
#[derive(Clone, Debug)]
struct Source {
    what: Made,
    to: Vec<Destination>,
}

/// Collectors that send the metrics that they are sent on to there.
#[derive(Clone, Debug)]
struct Passes {
    by: Pods,
    to: Vec<Destination>,
}

/// A store that is sent metrics, and names them as rules and dashboards do.
#[derive(Clone, Debug)]
struct Store(Pods);

/// Everything that is made, with its ways.
#[derive(Clone, Debug)]
pub(crate) struct Ways {
    sources: Vec<Source>,
    passes: Vec<Passes>,
    stores: Vec<Store>,
}

/// Says that a collector makes that, and sends it there.
pub(crate) fn makes(scope: &mut Scope<'_>, what: Made, to: Vec<Destination>) {
    scope.announce(Source { what, to });
}

/// Says that collectors send the metrics that they are sent on to there.
pub(crate) fn passes(scope: &mut Scope<'_>, by: impl Into<Pods>, to: Vec<Destination>) {
    let by = by.into();
    scope.announce(Passes { by, to });
}

/// Says that these Pods take metrics, and name them in Prometheus' usual way.
pub(crate) fn keeps(scope: &mut Scope<'_>, pods: impl Into<Pods>) {
    scope.announce(Store(pods.into()));
}

impl Ways {
    /// As they were announced; to be called at the end.
    pub(crate) fn of(scope: &Scope<'_>) -> Self {
        Self {
            sources: scope.announced(),
            passes: scope.announced(),
            stores: scope.announced(),
        }
    }

    /// What arrives in that store.
    pub(crate) fn at(&self, store: &Pods) -> BTreeSet<Made> {
        let known = self.stores.iter().any(|Store(pods)| pods == store);
        self.which(|end| known && matches!(end, Destination::Service(to) if to.pods == *store))
    }

    /// What arrives in any store of the stack, or leaves the stack.
    pub(crate) fn anywhere(&self) -> BTreeSet<Made> {
        self.which(|end| match end {
            Destination::Service(to) => self.stores.iter().any(|Store(pods)| to.pods == *pods),
            Destination::Outside { .. } => true,
            Destination::KubernetesApi => false,
        })
    }

    fn which(&self, arrived: impl Fn(&Destination) -> bool) -> BTreeSet<Made> {
        let reaches = |source: &&Source| self.ends(&source.to).into_iter().any(&arrived);
        let sources = self.sources.iter().filter(reaches);
        sources.map(|source| source.what).collect()
    }

    /// Every place that is reached from there.
    fn ends<'a>(&'a self, from: &'a [Destination]) -> BTreeSet<&'a Destination> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&Destination> = from.iter().collect();
        while let Some(place) = next.pop() {
            if !reached.insert(place) {
                continue;
            }
            let Destination::Service(to) = place else {
                continue;
            };
            let on = self.passes.iter().filter(|passes| passes.by == to.pods);
            next.extend(on.flat_map(|passes| &passes.to));
        }
        reached
    }
}
