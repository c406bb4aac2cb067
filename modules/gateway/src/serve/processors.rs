//! What happens between the receivers and the end of a pipeline?

use std::sync::Arc;

use collector_config::{ComponentId, PipelineId, Signal, components::tail_sampling::TailSampling};

use super::{
    StartError,
    exporters::{folder, log_settings, storage},
    storages,
};
use crate::{
    Budget,
    export::Fanout,
    log::Log,
    pipeline::{Meter, Metered, Pipeline, Step, Take, What},
    process::{
        attributes::{Attributes, Of},
        combinations::Combinations,
        filter::Filter,
        sampler,
    },
    settings::{Processor, Settings},
    tail::{self, Cores, Journal, LogJournal},
};

/// A way with what has to run beside it.
pub(super) struct Way {
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) samplers: Vec<Arc<tail::Sampler>>,
    pub(super) meters: Vec<Arc<Meter>>,
    pub(super) combinations: Vec<Arc<Combinations>>,
}

/// Joins the processors of a pipeline, from its end to its beginning.
pub(super) fn way(
    settings: &Settings,
    id: &PipelineId,
    fanout: Fanout,
    budget: &Arc<Budget>,
) -> Result<Way, StartError> {
    let mut end: Arc<dyn Take> = Arc::new(fanout);
    let mut steps: Vec<Box<dyn Step>> = Vec::new();
    let (mut samplers, mut meters, mut combinations) = (Vec::new(), Vec::new(), Vec::new());
    let pipeline = &settings.pipelines[id];
    let apart_behind = settings.kept_apart(pipeline).next().is_some();
    for processor in pipeline.processors.iter().rev() {
        let unknown = || StartError::Unknown(id.clone(), processor.clone());
        match settings.processors.get(processor).ok_or_else(unknown)? {
            // Batches are made where they are sent; here it is only looked at headers.
            Processor::Batch(batch) => {
                if batch.metadata_keys.is_empty() && !apart_behind {
                    continue;
                }
                let seen = Arc::new(Combinations::new(processor.clone(), batch));
                combinations.push(Arc::clone(&seen));
                steps.push(Box::new(seen));
            }
            Processor::TailSampling(tail) => {
                let next = after(std::mem::take(&mut steps), end);
                let journal = journal(settings, id, processor, budget)?;
                let sampler = Arc::new(sampling(processor, tail, journal, next, budget)?);
                samplers.push(Arc::clone(&sampler));
                end = sampler;
            }
            other => {
                let (what, step) = step(processor, other, id.signal)?;
                let meter = Arc::new(Meter::new(processor.clone(), what, id.signal));
                meters.push(Arc::clone(&meter));
                steps.push(Box::new(Metered { meter, step }));
            }
        }
    }
    steps.reverse();
    // Who stands nearer to the receivers ends first: what it hands on at its end is taken by the others.
    samplers.reverse();
    Ok(Way {
        pipeline: Arc::new(Pipeline::new(steps, end)),
        samplers,
        meters,
        combinations,
    })
}

/// What follows a sampler; the steps are in reverse.
fn after(mut steps: Vec<Box<dyn Step>>, end: Arc<dyn Take>) -> Arc<dyn Take> {
    if steps.is_empty() {
        return end;
    }
    steps.reverse();
    Arc::new(Pipeline::behind_sampler(steps, end))
}

fn sampling(
    id: &ComponentId,
    settings: &TailSampling,
    journal: Option<LogJournal>,
    next: Arc<dyn Take>,
    budget: &Arc<Budget>,
) -> Result<tail::Sampler, StartError> {
    let cores = Cores::new(settings, id.name(), budget)
        .map_err(|error| StartError::Sampling(id.clone(), error))?;
    if let Some(journal) = &journal {
        // It is set once.
        let _ = cores.counts().journal.set(Arc::clone(journal.stats()));
    }
    let journal = journal.map(|journal| Arc::new(journal) as Arc<dyn Journal>);
    let sampler = tail::Sampler::new(cores, journal, next).named(id.to_string());
    let unread = sampler.recall();
    if unread > 0 {
        tracing::info!(processor = %id, requests = unread, "reads again what was undecided, beside what comes");
    }
    Ok(sampler)
}

/// Where a sampler keeps what it has not decided: where the exporters of its pipeline keep what they have not sent.
fn journal(
    settings: &Settings,
    pipeline: &PipelineId,
    id: &ComponentId,
    budget: &Arc<Budget>,
) -> Result<Option<LogJournal>, StartError> {
    let Some((storage, files)) = storage(settings, pipeline) else {
        return Ok(None);
    };
    let destination = std::iter::once(LogJournal::DESTINATION.to_owned());
    let mut log = log_settings(files, destination);
    // The sampler has in memory what it needs.
    log.memory = 0;
    let folder = folder(files, &format!("{pipeline}_{id}"));
    let (log, found) = Log::open(&folder, &log, storages::disk(files))
        .map_err(|error| StartError::Storage(storage.clone(), error))?;
    storages::told(&folder, found.missing.as_deref());
    if found.damaged_places > 0 || !found.unreadable.is_empty() {
        tracing::warn!(
            processor = %id,
            places = found.damaged_places,
            bytes = found.damaged_bytes,
            unreadable = ?found.unreadable,
            "some of what was undecided cannot be read, and is passed over"
        );
    }
    Ok(Some(LogJournal::new(log, found.notes, Arc::clone(budget))))
}

/// A processor that waits for nothing, and what it does: nothing, where that is done elsewhere.
fn step(
    id: &ComponentId,
    processor: &Processor,
    signal: Signal,
) -> Result<(What, Option<Box<dyn Step>>), StartError> {
    let wrong = |why: Vec<String>| StartError::Processor(id.clone(), why.join("; "));
    match processor {
        Processor::ProbabilisticSampler(settings) => {
            let sampler = Arc::new(sampler::Sampler::new(settings));
            Ok((What::Sampler(Arc::clone(&sampler)), Some(Box::new(sampler))))
        }
        Processor::Resource(resource) => {
            let change = Attributes::new(Of::Resources, &resource.attributes).map_err(wrong)?;
            Ok((What::Other, Some(Box::new(change))))
        }
        Processor::Attributes(attributes) => {
            let change = Attributes::of_items(attributes, signal).map_err(wrong)?;
            Ok((What::Other, Some(Box::new(change))))
        }
        Processor::Filter(filter) => {
            let filter = Filter::new(filter).map_err(wrong)?;
            Ok((What::Filter, Some(Box::new(filter))))
        }
        // There is one budget, and receivers ask it before they read.
        Processor::MemoryLimiter(_) => Ok((What::MemoryLimiter, None)),
        Processor::Batch(_) | Processor::TailSampling(_) => Ok((What::Other, None)),
    }
}
