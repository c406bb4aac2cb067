//! How are the exporters of one configuration called?
//!
//! By the Service, or the place, that they send to; and where two would have one name, by its namespace and its port too.
//! Both then have the longer name, whichever was said first: a queue on a volume belongs to the name of its exporter.

use std::collections::{BTreeMap, BTreeSet};

use collector_config::{Class, Config};
use provider_core::Destination;

use super::pipeline::{AnyPipeline, Out};
use crate::protocol::{Export, Queue};

/// What leaves the collectors of one configuration: the queue before each exporter, and their names.
#[derive(Clone, Debug)]
pub(super) struct Outlets {
    /// The queue.
    pub(super) queue: Queue,
    names: BTreeMap<Way, String>,
}

/// One exporter as it would be with its shortest name, and its settings.
type Way = (String, String);

/// How much of a place its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Length {
    /// The Service, or the place outside.
    Short,
    /// The namespace or the port too.
    Long,
    /// All of it.
    Full,
}

impl Outlets {
    /// Those of the collectors that take everything.
    pub(super) fn of_first(queue: Queue, pipelines: &[AnyPipeline]) -> Self {
        Self::of(queue, pipelines.iter().map(AnyPipeline::first))
    }

    /// Those of one configuration.
    pub(super) fn of<'a>(queue: Queue, outs: impl IntoIterator<Item = Out<'a>>) -> Self {
        let exports: Vec<&Export> = outs.into_iter().flat_map(|out| out.exports()).collect();
        let mut lengths: BTreeMap<Way, (Length, &Export)> = BTreeMap::new();
        for export in exports {
            if let Some(way) = way(export, Length::Short) {
                lengths.entry(way).or_insert((Length::Short, export));
            }
        }
        // Twice is enough: a name can only grow twice.
        for _ in 0..2 {
            lengthen(&mut lengths);
        }
        let names = lengths.into_iter();
        let names = names.map(|(way, (length, export))| (way, name(&export.to, length)));
        Self {
            names: names.collect(),
            queue,
        }
    }

    /// The name of the exporter that sends there.
    pub(super) fn name(&self, export: &Export) -> String {
        let known = way(export, Length::Short).and_then(|way| self.names.get(&way));
        let short = || name(&export.to, Length::Short);
        known.cloned().unwrap_or_else(short)
    }
}

/// Gives a longer name to all that share one.
fn lengthen(lengths: &mut BTreeMap<Way, (Length, &Export)>) {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for (length, export) in lengths.values() {
        if let Some((id, _)) = way(export, *length) {
            *seen.entry(id).or_default() += 1;
        }
    }
    let shared: BTreeSet<String> = seen
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(id, _)| id)
        .collect();
    for (length, export) in lengths.values_mut() {
        let id = way(export, *length).map(|(id, _)| id);
        if id.is_some_and(|id| shared.contains(&id)) {
            *length = match length {
                Length::Short => Length::Long,
                Length::Long | Length::Full => Length::Full,
            };
        }
    }
}

/// The exporter as a collector would have it; none where it would not accept the name, which is found when it is defined.
fn way(export: &Export, length: Length) -> Option<Way> {
    let mut alone = Config::default();
    let id = export
        .add_to(&mut alone, &name(&export.to, length), &Queue::of(0))
        .ok()?;
    let mut exporters = alone.section(Class::Exporter);
    let settings = exporters.find(|(other, _)| **other == id)?.1.to_string();
    Some((id.to_string(), settings))
}

/// The name of the Service, of one replica behind it, or of the place outside.
fn name(to: &Destination, length: Length) -> String {
    match to {
        Destination::Service(service) => {
            let short = service
                .replica()
                .unwrap_or_else(|| service.service.name.clone());
            let namespace = service.service.namespace.as_deref().unwrap_or_default();
            match length {
                Length::Short => short,
                Length::Long => format!("{short}-{namespace}"),
                Length::Full => format!("{short}-{namespace}-{}", service.port),
            }
        }
        Destination::KubernetesApi | Destination::Outside { .. } => {
            let short = to.host().replace(':', "-");
            match length {
                Length::Short => short,
                Length::Long | Length::Full => format!("{short}-{}", to.port()),
            }
        }
    }
}
