//! What happens to a payload between a receiver and the queues of the exporters.

mod meter;

use std::sync::Arc;

pub(crate) use meter::Metered;
pub use meter::{Meter, What};

use crate::{Chunks, Payload, Refusal, budget::PATIENCE};

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
    /// Whether what there is no memory for is refused.
    refuses: bool,
}

impl Pipeline {
    /// A pipeline of these.
    pub fn new(steps: Vec<Box<dyn Step>>, end: Arc<dyn Take>) -> Self {
        Self {
            steps,
            end,
            refuses: true,
        }
    }

    /// One behind a sampler, which brings one request at a time. There what a step makes is not refused for want of
    /// memory: that there is none may be because of what the sampler has to bring.
    pub fn behind_sampler(steps: Vec<Box<dyn Step>>, end: Arc<dyn Take>) -> Self {
        Self {
            refuses: false,
            ..Self::new(steps, end)
        }
    }

    /// Takes a payload: once it says yes, whoever sent it may forget it.
    pub async fn accept(&self, payload: Payload) -> Result<(), Refusal> {
        let mut payload = payload;
        for step in &self.steps {
            if payload.body.iter().len() > 1 {
                // What a step makes holds pieces of the whole, which it would join for itself.
                payload.body = payload.body.joined().into();
            }
            let before = payload.body.clone();
            match step.apply(payload)? {
                Some(rest) => payload = self.charged(rest, &before).await?,
                None => return Ok(()),
            }
        }
        self.end.take(payload).await
    }

    /// A payload that was made from this message, with a charge for what it retains. What it shares with others is
    /// charged once more: they may be gone before it is.
    async fn charged(&self, mut payload: Payload, before: &Chunks) -> Result<Payload, Refusal> {
        let retained = payload.retained(before);
        let more = retained.saturating_sub(payload.charge.bytes());
        if more == 0 {
            if let Some(own) = Arc::get_mut(&mut payload.charge) {
                own.shrink_to(retained);
            }
            return Ok(payload);
        }
        let budget = Arc::clone(payload.charge.budget());
        let is_shared = Arc::get_mut(&mut payload.charge).is_none();
        let missing = if is_shared { retained } else { more };
        let charge = if self.refuses {
            let charge = budget.charge_within(missing, PATIENCE).await;
            charge.ok_or_else(Refusal::used_up)?
        } else if let Some(charge) = budget.charge(missing) {
            charge
        } else {
            return Ok(payload);
        };
        match Arc::get_mut(&mut payload.charge) {
            Some(own) => own.merge(charge),
            None => payload.charge = Arc::new(charge),
        }
        Ok(payload)
    }
}

impl Take for Pipeline {
    fn take(&self, payload: Payload) -> futures::future::BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(self.accept(payload))
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Mutex, time::Instant};

    use bytes::Bytes;
    use collector_config::Signal;
    use futures::future::BoxFuture;

    use super::*;
    use crate::Budget;

    /// Makes another message of one.
    struct Made(fn(&Bytes) -> Chunks);

    impl Step for Made {
        fn apply(&self, payload: Payload) -> Result<Option<Payload>, Refusal> {
            let body = self.0(&payload.body.joined());
            Ok(Some(Payload { body, ..payload }))
        }
    }

    #[derive(Default)]
    struct Kept(Mutex<Vec<Payload>>);

    impl Take for Kept {
        fn take(&self, payload: Payload) -> BoxFuture<'_, Result<(), Refusal>> {
            self.0.lock().unwrap().push(payload);
            Box::pin(std::future::ready(Ok(())))
        }
    }

    fn payload(budget: &Arc<Budget>) -> Payload {
        Payload {
            signal: Signal::Traces,
            body: Bytes::from(vec![1; 100]).into(),
            items: 1,
            arrived: Instant::now(),
            charge: budget.charge(100).unwrap().into(),
            metadata: None,
        }
    }

    const TOO_LONG: fn(&Bytes) -> Chunks = |_| Bytes::from(vec![2; 400]).into();

    async fn used_after(step: fn(&Bytes) -> Chunks, shared: bool) -> Result<u64, Refusal> {
        let budget = Budget::new(300);
        let kept = Arc::new(Kept::default());
        let end = Arc::clone(&kept) as Arc<dyn Take>;
        let pipeline = Pipeline::new(vec![Box::new(Made(step))], end);
        let payload = payload(&budget);
        let _other = shared.then(|| payload.clone());
        pipeline.accept(payload).await?;
        Ok(budget.used())
    }

    #[tokio::test]
    async fn what_a_step_makes_of_a_message_is_charged() {
        let same: fn(&Bytes) -> Chunks = |body| body.clone().into();
        let longer = |_: &Bytes| Bytes::from(vec![2; 150]).into();
        let shorter = |_: &Bytes| Bytes::from(vec![2; 30]).into();
        let beside = |body: &Bytes| {
            let own = Bytes::from(vec![2; 60]);
            [body.slice(..10), own].into_iter().collect()
        };
        let cases = [
            (same, [100, 100]),
            (longer, [150, 250]),
            (shorter, [30, 100]),
            (beside, [160, 260]),
        ];
        for (step, expected) in cases {
            for (shared, expected) in [false, true].into_iter().zip(expected) {
                assert_eq!(used_after(step, shared).await, Ok(expected));
            }
        }
        let refused = used_after(TOO_LONG, false).await;
        assert!(matches!(refused, Err(Refusal::Busy { .. })), "{refused:?}");
    }

    #[tokio::test]
    async fn what_a_sampler_brings_goes_on_without_memory() {
        let budget = Budget::new(100);
        let kept = Arc::new(Kept::default());
        let steps: Vec<Box<dyn Step>> = vec![Box::new(Made(TOO_LONG))];
        let pipeline = Pipeline::behind_sampler(steps, Arc::clone(&kept) as Arc<dyn Take>);
        pipeline.accept(payload(&budget)).await.unwrap();
        assert_eq!(kept.0.lock().unwrap()[0].body.len(), 400);
    }
}
