//! Does the sampler keep exactly the traces that the collector keeps?
//!
//! What the collector keeps of the same spans is recorded in `kept.txt` by the live test, which asks a real one.

mod cases;
mod made;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use gateway::{
    Budget, Chunks, Payload, Signal,
    tail::{Core, Outbox},
    wire::{self, Span, resources},
};
use serde_json::{Value, json};

pub(crate) use cases::{Case, all};
pub(crate) use made::{BLOCK, requests, trace_of};

/// Ids of spans.
pub(crate) type Spans = BTreeSet<u64>;

/// How many traces are decided in `make test`, of those that the collector decided.
const RECORDED: usize = 500;

/// The requests as the gateway has them.
pub(crate) fn payloads(requests: Vec<Vec<u8>>) -> Vec<Payload> {
    let budget = Budget::new(1 << 30);
    let payload = |body: Vec<u8>| Payload {
        signal: Signal::Traces,
        items: wire::count(Signal::Traces, &body).unwrap(),
        arrived: Instant::now(),
        charge: Arc::new(budget.charge(body.len() as u64).unwrap()),
        body: Chunks::from(Bytes::from(body)),
        metadata: None,
    };
    requests.into_iter().map(payload).collect()
}

/// What our sampler keeps of these requests.
pub(crate) fn kept(case: &Value, requests: &[Payload]) -> Spans {
    let mut settings = json!({ "decision_wait": "600s", "num_traces": 1_000_000 });
    settings["policies"] = case.clone();
    let settings = serde_json::from_value(settings).unwrap();
    let budget = Budget::new(1 << 30);
    let mut core = Core::new(&settings, None, &budget).unwrap();
    for payload in requests {
        core.ingest(payload.clone(), None, Duration::ZERO).unwrap();
    }
    core.end(Duration::from_secs(1));
    let mut kept = Spans::new();
    while let Outbox::Parcel(parcel) = core.parcel(1 << 20) {
        let body = parcel.payload.body.joined();
        for span in resources(&body)
            .flat_map(|r| r.children())
            .flat_map(|s| s.children())
        {
            let new = kept.insert(u64::from_be_bytes(Span::read(span.message()).span_id));
            assert!(new, "a span came twice");
        }
        core.delivered(parcel);
    }
    kept
}

/// Spans of the traces that are recorded.
pub(crate) fn recorded(spans: &Spans) -> Spans {
    let first = |span: &&u64| trace_of(**span) < RECORDED;
    spans.iter().filter(first).copied().collect()
}

/// One line about a set of spans: how many, and a digest.
pub(crate) fn line(name: &str, spans: &Spans) -> String {
    let digest = spans
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |digest, span| {
            (digest ^ span)
                .wrapping_mul(0x0100_0000_01b3)
                .rotate_left(7)
        });
    format!("{name} {} {digest:016x}", spans.len())
}

fn expected() -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("kept.txt").lines();
    lines
        .map(|line| (line.split(' ').next().unwrap(), line))
        .collect()
}

#[test]
fn every_policy_and_pair_of_policies_keeps_what_the_collector_keeps() {
    let (expected, requests) = (expected(), payloads(requests(RECORDED)));
    let all = all();
    assert_eq!(expected.len(), all.len());
    for Case { name, policies, .. } in all {
        let ours = line(&name, &kept(&policies, &requests));
        assert_eq!(ours, expected[&*name], "{policies:#}");
    }
}

#[test]
fn a_policy_that_is_a_little_different_keeps_others_alone_and_in_a_pair() {
    let (expected, requests) = (expected(), payloads(requests(RECORDED)));
    let mut unnoticed = Vec::new();
    for Case { name, mutated, .. } in all() {
        assert!(!mutated.is_empty(), "{name}");
        for mutated in mutated {
            if line(&name, &kept(&mutated, &requests)) == expected[&*name] {
                unnoticed.push(format!("{name}: {mutated}"));
            }
        }
    }
    assert!(unnoticed.is_empty(), "{unnoticed:#?}");
}
