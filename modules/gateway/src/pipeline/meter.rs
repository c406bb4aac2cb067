//! How much went into a processor, and how much came out?

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use collector_config::{ComponentId, Signal};

use super::Step;
use crate::{Payload, Refusal, process::sampler::Sampler};

/// What went through one processor of one pipeline.
pub struct Meter {
    /// Which processor.
    pub processor: ComponentId,
    /// What it is.
    pub what: What,
    /// What its pipeline is for.
    pub signal: Signal,
    came: AtomicU64,
    went: AtomicU64,
}

/// What a processor is, where it counts something of its own.
#[derive(Clone)]
pub enum What {
    /// A memory limiter: it lets everything through that there is memory for.
    MemoryLimiter,
    /// A filter.
    Filter,
    /// A probabilistic sampler.
    Sampler(Arc<Sampler>),
    /// Anything else.
    Other,
}

/// A step with its meter; none lets everything through.
pub(crate) struct Metered {
    pub(crate) meter: Arc<Meter>,
    pub(crate) step: Option<Box<dyn Step>>,
}

impl Meter {
    /// Nothing so far.
    pub fn new(processor: ComponentId, what: What, signal: Signal) -> Self {
        Self {
            processor,
            what,
            signal,
            came: AtomicU64::new(0),
            went: AtomicU64::new(0),
        }
    }

    /// How many items came.
    pub fn came(&self) -> u64 {
        self.came.load(Relaxed)
    }

    /// How many went on.
    pub fn went(&self) -> u64 {
        self.went.load(Relaxed)
    }
}

impl Step for Metered {
    fn apply(&self, payload: Payload) -> Result<Option<Payload>, Refusal> {
        self.meter.came.fetch_add(payload.items, Relaxed);
        let left = match &self.step {
            Some(step) => step.apply(payload)?,
            None => Some(payload),
        };
        let items = left.as_ref().map_or(0, |payload| payload.items);
        self.meter.went.fetch_add(items, Relaxed);
        Ok(left)
    }
}

impl<S: Step + ?Sized> Step for Arc<S> {
    fn apply(&self, payload: Payload) -> Result<Option<Payload>, Refusal> {
        S::apply(self, payload)
    }
}
