//! What happens between the receivers and the end of a pipeline?

use std::sync::Arc;

use collector_config::{
    ComponentId, PipelineId,
    components::{attributes::AttributeAction, tail_sampling::TailSampling},
};

use super::StartError;
use crate::{
    Budget,
    export::Fanout,
    pipeline::{Pipeline, Step, Take},
    process::{
        attributes::{Attributes, Of},
        filter::Filter,
        sampler,
    },
    settings::{Processor, Settings},
    tail::{self, Core, Counts},
};

/// A way with what has to run beside it.
pub(super) struct Way {
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) samplers: Vec<Arc<tail::Sampler>>,
}

/// Joins the processors of a pipeline, from its end to its beginning.
pub(super) fn way(
    settings: &Settings,
    id: &PipelineId,
    fanout: Fanout,
    budget: &Arc<Budget>,
) -> Result<Way, StartError> {
    let mut end: Arc<dyn Take> = Arc::new(fanout);
    let mut steps = Vec::new();
    let mut samplers = Vec::new();
    for processor in settings.pipelines[id].processors.iter().rev() {
        let unknown = || StartError::Unknown(id.clone(), processor.clone());
        match settings.processors.get(processor).ok_or_else(unknown)? {
            // There is one budget, and batches are made where they are sent.
            Processor::MemoryLimiter(_) | Processor::Batch(_) => {}
            Processor::TailSampling(tail) => {
                let next = after(std::mem::take(&mut steps), end);
                let sampler = Arc::new(sampling(processor, tail, next, budget)?);
                samplers.push(Arc::clone(&sampler));
                end = sampler;
            }
            other => steps.push(step(processor, other).ok_or_else(unknown)??),
        }
    }
    steps.reverse();
    // Who stands nearer to the receivers ends first: what it hands on at its end is taken by the others.
    samplers.reverse();
    Ok(Way {
        pipeline: Arc::new(Pipeline::new(steps, end)),
        samplers,
    })
}

/// What follows a sampler; the steps are in reverse.
fn after(mut steps: Vec<Box<dyn Step>>, end: Arc<dyn Take>) -> Arc<dyn Take> {
    if steps.is_empty() {
        return end;
    }
    steps.reverse();
    Arc::new(Pipeline::new(steps, end))
}

fn sampling(
    id: &ComponentId,
    settings: &TailSampling,
    next: Arc<dyn Take>,
    budget: &Arc<Budget>,
) -> Result<tail::Sampler, StartError> {
    let core = Core::new(settings, id.name(), budget, Arc::new(Counts::default()))
        .map_err(|error| StartError::Sampling(id.clone(), error))?;
    Ok(tail::Sampler::new(core, None, next))
}

/// A processor that waits for nothing; none if this one does.
fn step(id: &ComponentId, processor: &Processor) -> Option<Result<Box<dyn Step>, StartError>> {
    let wrong = |why: Vec<String>| StartError::Processor(id.clone(), why.join("; "));
    let change = |of: Of, actions: &[AttributeAction]| -> Result<Box<dyn Step>, StartError> {
        Ok(Box::new(Attributes::new(of, actions).map_err(wrong)?))
    };
    Some(match processor {
        Processor::ProbabilisticSampler(settings) => Ok(Box::new(sampler::Sampler::new(settings))),
        Processor::Resource(resource) => change(Of::Resources, &resource.attributes),
        Processor::Attributes(attributes) => change(Of::Items, &attributes.actions),
        Processor::Filter(filter) => match Filter::new(filter) {
            Ok(filter) => Ok(Box::new(filter)),
            Err(why) => Err(wrong(why)),
        },
        Processor::MemoryLimiter(_) | Processor::Batch(_) | Processor::TailSampling(_) => {
            return None;
        }
    })
}
