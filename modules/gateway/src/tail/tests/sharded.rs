//! Does it make no difference to a trace how many shards there are?

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Value as Json, json};

use super::{
    super::{Cores, Sampler},
    restart::Memory,
    world::{Made, Sink, payload, recover, request, span},
};
use crate::{Budget, pipeline::Take};

fn sampler(
    shards: u32,
    more: &Json,
    journal: Option<&Arc<Memory>>,
    sink: &Arc<Sink>,
) -> (Sampler, Arc<Budget>) {
    let mut settings = json!({
        "num_shards": shards,
        "decision_wait": "2s",
        "policies": [
            { "name": "long", "type": "span_count", "span_count": { "min_spans": 5 } },
            { "name": "errors", "type": "status_code", "status_code": { "status_codes": ["ERROR"] } },
        ],
    });
    for (key, value) in more.as_object().unwrap() {
        settings[key] = value.clone();
    }
    let settings = serde_json::from_value(settings).unwrap();
    let budget = Budget::new(64 << 20);
    let cores = Cores::new(&settings, None, &budget).unwrap();
    let journal = journal.map(|journal| Arc::clone(journal) as Arc<_>);
    (Sampler::new(cores, journal, sink.clone()), budget)
}

async fn send(sampler: &Sampler, budget: &Arc<Budget>, spans: &[Made]) {
    let payload = payload(request(&[], spans), budget);
    sampler.take(payload).await.unwrap();
}

async fn pass(sampler: &Sampler, seconds: u8) {
    for _ in 0..seconds {
        sampler.second().await;
        sampler.send_all(&true.into()).await;
    }
}

/// Requests in which spans of many traces stand beside each other, some of which have an error, and some of which are
/// long.
fn requests() -> Vec<Vec<Made>> {
    let mut dice = fastrand::Rng::with_seed(5);
    let mut request = |nth: u8| {
        let spans = (0..20_u8).map(|_| dice.u8(1..200)).enumerate();
        let made = spans.map(|(id, trace)| Made {
            status: if trace % 9 == nth % 9 { 2 } else { 0 },
            ..span(trace, nth * 20 + u8::try_from(id).unwrap())
        });
        made.collect()
    };
    (0..12).map(&mut request).collect()
}

#[tokio::test]
async fn the_same_traces_are_kept_by_any_number_of_shards() {
    let mut kept = Vec::new();
    for shards in [1, 2, 7] {
        let sink = Arc::new(Sink::default());
        let (sampler, budget) = sampler(shards, &json!({}), None, &sink);
        for spans in requests() {
            send(&sampler, &budget, &spans).await;
        }
        let counts = sampler.counts();
        let known = usize::try_from(counts.began.get()).unwrap();
        assert_eq!(sampler.waiting(), known);
        pass(&sampler, 4).await;
        assert_eq!(counts.known.get(), counts.began.get(), "{shards} shards");
        let votes = counts.decided.all().map(|(.., count)| count);
        kept.push((std::mem::take(&mut *sink.taken.lock().unwrap()), votes));
    }
    assert!(kept[0].0.len() > 30, "{}", kept[0].0.len());
    assert_eq!(kept[0], kept[1]);
    assert_eq!(kept[0], kept[2]);
}

#[tokio::test]
async fn what_is_undecided_is_decided_by_other_shards_after_a_start() {
    let (journal, sink) = (Arc::new(Memory::default()), Arc::new(Sink::default()));
    let mut all = BTreeSet::new();
    let requests = requests();
    for (life, (shards, spans)) in [3, 1, 5, 2].iter().zip(requests.chunks(3)).enumerate() {
        let (sampler, budget) = sampler(*shards, &json!({}), Some(&journal), &sink);
        recover(&sampler).await;
        for spans in spans {
            send(&sampler, &budget, spans).await;
            all.extend(spans.iter().map(|made| (made.trace, made.id)));
        }
        assert_eq!(sink.taken.lock().unwrap().len(), 0, "undecided");
        if life == 3 {
            pass(&sampler, 4).await;
            assert!(journal.is_empty(), "each record is done");
        }
    }
    let many = sink.taken.lock().unwrap().len();
    let undisturbed = Arc::new(Sink::default());
    let (sampler, budget) = sampler(1, &json!({}), None, &undisturbed);
    for spans in &requests {
        send(&sampler, &budget, spans).await;
    }
    pass(&sampler, 4).await;
    assert_eq!(
        *undisturbed.taken.lock().unwrap(),
        *sink.taken.lock().unwrap()
    );
    assert!(many > 30 && many < all.len(), "{many} of {}", all.len());
}

#[tokio::test]
async fn a_request_without_room_in_every_shard_is_taken_by_none() {
    let sink = Arc::new(Sink::default());
    let (sampler, budget) = sampler(4, &json!({}), None, &sink);
    let spans = &requests()[0];
    let body = payload(request(&[], spans), &budget);
    // Enough for one or two of them.
    let others = budget.limit() - budget.used() - (2 << 20);
    let others = budget.charge(others).unwrap();
    assert!(sampler.take(body.clone()).await.is_err());
    assert_eq!(
        (sampler.waiting(), budget.used()),
        (0, budget.limit() - (2 << 20))
    );
    drop(others);
    sampler.take(body).await.unwrap();
    assert!(sampler.waiting() > 10);
}

#[tokio::test]
async fn each_shard_has_its_part_of_the_traces_that_may_wait() {
    let sink = Arc::new(Sink::default());
    let (sampler, budget) = sampler(4, &json!({ "num_traces": 40 }), None, &sink);
    for spans in requests() {
        send(&sampler, &budget, &spans).await;
    }
    assert_eq!(sampler.waiting(), 40);
    let counts = sampler.counts();
    assert_eq!(counts.began.get() - counts.too_early.get(), 40);
}
