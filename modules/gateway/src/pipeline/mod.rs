//! What happens to a payload between a receiver and the queues of the exporters.

mod meter;

use std::sync::Arc;

pub(crate) use meter::Metered;
pub use meter::{Meter, What};

use crate::{Payload, Refusal};

/// Something that is done to each payload on its way, at once and without waiting: attributes set, spans left out.
pub trait Step: Send + Sync {
    /// What remains of it: none if nothing does. A step counts what it left out.
    fn apply(&self, payload: Payload) -> Result<Option<Payload>, Refusal>;
}

/// Who takes payloads at the end of the steps, and holds them once it has said yes: the queues of the exporters, or
/// the tail sampler, which gives what it keeps to the queues later.
pub trait Take: Send + Sync {
    /// Takes it or refuses it, whole.
    fn take(&self, payload: Payload) -> futures::future::BoxFuture<'_, Result<(), Refusal>>;
}

/// The way of one signal: steps in the order of the configuration, and who takes what remains.
pub struct Pipeline {
    steps: Vec<Box<dyn Step>>,
    end: Arc<dyn Take>,
}

impl Pipeline {
    /// A pipeline of these.
    pub fn new(steps: Vec<Box<dyn Step>>, end: Arc<dyn Take>) -> Self {
        Self { steps, end }
    }

    /// Takes a payload: once it says yes, whoever sent it may forget it.
    pub async fn accept(&self, payload: Payload) -> Result<(), Refusal> {
        let mut payload = payload;
        for step in &self.steps {
            match step.apply(payload)? {
                Some(rest) => payload = rest,
                None => return Ok(()),
            }
        }
        self.end.take(payload).await
    }
}

impl Take for Pipeline {
    fn take(&self, payload: Payload) -> futures::future::BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(self.accept(payload))
    }
}
