//! Do those who keep requests apart by headers get to know them, and can they do it?
//!
//! Headers are kept by receivers with `include_metadata`, and as far as the first `batch` asks for them. What waits in a
//! storage has none, and neither has what leaves a tail sampler.

use collector_config::{ComponentId, PipelineId};

use super::at::At;
use crate::{
    Keys,
    settings::{Batch, Otlp, Pipeline, Processor, Queue, Settings},
};

/// Says what is wrong with the headers that the settings ask for, and what does nothing.
pub(super) fn check(settings: &Settings, root: &At<'_>) {
    for (id, pipeline) in &settings.pipelines {
        let way = Way {
            settings,
            id,
            pipeline,
        };
        way.processors(&root.key("processors"));
        way.queues(&root.key("exporters"));
        way.shared(&root.key("exporters"));
    }
    receivers(settings, &root.key("receivers"));
}

struct Way<'a> {
    settings: &'a Settings,
    id: &'a PipelineId,
    pipeline: &'a Pipeline,
}

impl<'a> Way<'a> {
    /// What is said of keys where nothing is known of any header; none where something may be.
    fn unheard(&self, before: &[ComponentId]) -> Option<String> {
        let id = self.id;
        let forgets = |processor: &&ComponentId| {
            let processor = self.settings.processors.get(processor);
            matches!(processor, Some(Processor::TailSampling(_)))
        };
        if let Some(sampler) = before.iter().find(forgets) {
            return Some(format!(
                "does nothing in the pipeline `{id}`: what leaves `{sampler}` has no headers any more"
            ));
        }
        let receivers = self.pipeline.receivers.iter();
        let mut servers = receivers
            .filter_map(|id| self.settings.receivers.get(id))
            .flat_map(Otlp::keep_headers);
        servers.next().is_none().then(|| {
            format!("does nothing in the pipeline `{id}`: no receiver of it has `include_metadata`")
        })
    }

    fn batches(&self) -> impl Iterator<Item = (usize, &'a ComponentId, &'a Batch)> {
        let (settings, processors) = (self.settings, &self.pipeline.processors);
        let batch = |(at, id)| match settings.processors.get(id) {
            Some(Processor::Batch(batch)) => Some((at, id, batch)),
            _ => None,
        };
        processors.iter().enumerate().filter_map(batch)
    }

    fn queue(&self, exporter: &ComponentId) -> Option<&'a Queue> {
        self.settings.exporters.get(exporter)?.queue.as_ref()
    }

    fn processors(&self, at: &At<'_>) {
        let last = self.batches().last().map(|(place, ..)| place);
        for (place, id, batch) in self.batches() {
            if batch.metadata_keys.is_empty() {
                continue;
            }
            let at = at.keys(&[&id.to_string(), "metadata_keys"]);
            let all = &self.pipeline.processors;
            if let Some(unheard) = self.unheard(&all[..place]) {
                at.note(unheard);
            } else if last == Some(place) && self.unheard(all).is_none() {
                self.stored(&at);
            }
        }
    }

    /// Batches are formed behind the storage, where nothing is known of headers.
    fn stored(&self, at: &At<'_>) {
        for exporter in &self.pipeline.exporters {
            let queue = self.queue(exporter);
            if queue.is_some_and(|queue| queue.storage.is_some() && queue.batch.is_none()) {
                at.refuse(format!(
                    "headers are not kept in the storage of `{exporter}` in the pipeline `{}`: take away its `storage`, or the keys",
                    self.id
                ));
            }
        }
    }

    fn queues(&self, at: &At<'_>) {
        for (exporter, _) in self.settings.kept_apart(self.pipeline) {
            let keys = [
                &exporter.to_string(),
                "sending_queue",
                "batch",
                "partition",
                "metadata_keys",
            ];
            let unheard = self.unheard(&self.pipeline.processors);
            let unheard = unheard.or_else(|| self.forgotten());
            if let Some(unheard) = unheard {
                at.keys(&keys).note(unheard);
            }
        }
    }

    /// What leaves a batch has the headers of its keys, and without keys none.
    fn forgotten(&self) -> Option<String> {
        let id = self.id;
        let (_, batch, _) = self
            .batches()
            .find(|(_, _, batch)| batch.metadata_keys.is_empty())?;
        Some(format!(
            "does nothing in the pipeline `{id}`: what leaves `{batch}` has no headers any more"
        ))
    }

    /// By what it keeps requests apart in the queues that do nothing about it themselves: by nothing, where nothing is known
    /// of headers.
    fn last_keys(&self) -> Keys {
        if self.unheard(&self.pipeline.processors).is_some() {
            return Keys::default();
        }
        let last = self.batches().last();
        last.map(|(_, _, batch)| batch.metadata_keys.clone())
            .unwrap_or_default()
    }

    /// An exporter has one queue for all pipelines of a signal, so that all have to keep the same apart.
    fn shared(&self, at: &At<'_>) {
        for exporter in &self.pipeline.exporters {
            if self
                .queue(exporter)
                .is_some_and(|queue| queue.batch.is_some())
            {
                continue;
            }
            let mut before = self.settings.pipelines.range(..self.id);
            let differs = |(id, other): &(&PipelineId, &Pipeline)| {
                let other = Way {
                    settings: self.settings,
                    id,
                    pipeline: other,
                };
                id.signal == self.id.signal
                    && other.pipeline.exporters.contains(exporter)
                    && other.last_keys() != self.last_keys()
            };
            if let Some((other, _)) = before.find(differs) {
                at.key(&exporter.to_string()).refuse(format!(
                    "the pipelines `{other}` and `{}` keep requests apart by different headers: each needs an exporter of its own",
                    self.id
                ));
            }
        }
    }
}

/// What is kept for nobody is not kept.
fn receivers(settings: &Settings, at: &At<'_>) {
    for (id, receiver) in &settings.receivers {
        let mut pipelines = settings.pipelines.values();
        let asks =
            |way: &Pipeline| way.receivers.contains(id) && !settings.asked_by(way).is_empty();
        if pipelines.any(asks) {
            continue;
        }
        for protocol in receiver.keep_headers() {
            at.keys(&[&id.to_string(), "protocols", protocol, "include_metadata"])
                .note("does nothing: no pipeline has `metadata_keys` that ask for headers");
        }
    }
}
