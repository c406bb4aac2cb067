//! Does the sampler hold what nobody takes yet?

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use serde_json::json;
use tokio::time::timeout;

use super::{
    super::{Core, Sampler},
    world::{Sink, payload, request, span},
};
use crate::{Budget, Payload, Refusal, Signal, haste::Haste, pipeline::Take};

fn core(budget: &Arc<Budget>) -> Core {
    let settings = json!({
        "decision_wait": "2s",
        "policies": [{ "name": "all", "type": "always_sample" }],
    });
    let settings = serde_json::from_value(settings).unwrap();
    Core::new(&settings, None, budget).unwrap()
}

#[tokio::test]
async fn kept_spans_wait_until_they_are_taken() {
    let budget = Budget::new(16 << 20);
    let sink = Arc::new(Sink::default());
    let sampler = Sampler::new(core(&budget), None, sink.clone());
    let body = request(&[], &[span(1, 1), span(2, 2)]);
    sampler.take(payload(body, &budget)).await.unwrap();
    for _ in 0..3 {
        sampler.second().await;
    }
    *sink.busy.lock().unwrap() = 1_000_000;
    let ending = true.into();
    let sending = sampler.send_all(&ending);
    assert!(timeout(Duration::from_millis(50), sending).await.is_err());
    assert_eq!(sink.taken.lock().unwrap().len(), 0);
    *sink.busy.lock().unwrap() = 2;
    sampler.send_all(&true.into()).await;
    assert_eq!(sink.taken.lock().unwrap().len(), 2);
    // What waits at the end goes too, however busy the next one is.
    *sink.busy.lock().unwrap() = 2;
    let last = payload(request(&[], &[span(3, 3)]), &budget);
    sampler.take(last).await.unwrap();
    sampler.run(async {}, Haste::new().hurry()).await;
    assert_eq!(sink.taken.lock().unwrap().len(), 3);
}

/// Never says whether it takes something.
struct Undecided;

impl Take for Undecided {
    fn take(&self, _: Payload) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn what_nobody_takes_in_time_is_lost_and_counted() {
    let busy = Arc::new(Sink::default());
    *busy.busy.lock().unwrap() = 1_000_000;
    for next in [busy as Arc<dyn Take>, Arc::new(Undecided)] {
        let budget = Budget::new(16 << 20);
        let sampler = Sampler::new(core(&budget), None, next);
        let body = request(&[], &[span(1, 1), span(1, 2), span(2, 3)]);
        sampler.take(payload(body, &budget)).await.unwrap();
        let haste = Haste::new();
        haste.within(Duration::from_millis(50));
        let run = sampler.run(async {}, haste.hurry());
        timeout(Duration::from_mins(1), run).await.unwrap();
        assert_eq!(sampler.counts().refused.get(), 3);
        drop(sampler);
        assert_eq!(budget.used(), 0);
    }
}

#[tokio::test]
async fn what_has_no_room_or_is_no_trace_is_refused() {
    let budget = Budget::new(4000);
    let sampler = Sampler::new(core(&budget), None, Arc::new(Sink::default()));
    let mut payload = payload(request(&[], &[span(1, 1)]), &budget);
    let full = sampler.take(payload.clone()).await;
    assert!(matches!(full, Err(Refusal::Busy { .. })), "{full:?}");
    payload.signal = Signal::Logs;
    assert_eq!(
        sampler.take(payload).await,
        Err(Refusal::Unwanted(Signal::Logs))
    );
}

#[tokio::test]
async fn what_is_too_large_for_whoever_comes_next_goes_in_smaller_parcels() {
    let budget = Budget::new(16 << 20);
    let sink = Arc::new(Sink::default());
    *sink.most.lock().unwrap() = Some(3);
    let sampler = Sampler::new(core(&budget), None, sink.clone());
    let spans: Vec<_> = (1..=20).map(|id| span(id, id)).collect();
    let large = (0..5).map(|id| span(99, 100 + id));
    let spans: Vec<_> = spans.into_iter().chain(large).collect();
    let body = request(&[], &spans);
    sampler.take(payload(body, &budget)).await.unwrap();
    for _ in 0..4 {
        sampler.second().await;
    }
    sampler.send_all(&true.into()).await;
    // All but the trace that alone is too large.
    assert_eq!(sink.taken.lock().unwrap().len(), 20);
    assert_eq!(sampler.counts().refused.get(), 5);
}
