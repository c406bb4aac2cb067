//! Does the collector decide at the same time, and know afterwards what it has decided?
//!
//! What it does in an order that it takes from a map of Go is left out: which of the traces of one request goes first where
//! there are too many, and which of those that are decided in one tick is forgotten first where a cache is small.

mod sent;

use std::{
    collections::BTreeSet,
    fs, iter,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use self::sent::{MARKED, rounds, span_id};
use super::{
    beside::{Program, Who},
    sampling::span_ids,
};
use crate::{sampling::Spans, support::PATIENCE};

/// Settings by what they are for.
fn ways() -> Vec<(&'static str, Value)> {
    let errors = json!({ "name": "errors", "type": "status_code", "status_code": { "status_codes": ["ERROR"] } });
    let with = |parts: &[&Value]| {
        let mut settings = json!({ "policies": [errors] });
        for (key, value) in parts.iter().flat_map(|part| part.as_object().unwrap()) {
            settings[key] = value.clone();
        }
        settings
    };
    let short = json!({ "decision_wait": "2s" });
    // Nothing is decided before the end but what has its root.
    let rooted = json!({ "decision_wait": "600s", "decision_wait_after_root_received": "1s" });
    let caches = |kept: u32, others: u32| json!({ "decision_cache": { "sampled_cache_size": kept, "non_sampled_cache_size": others } });
    let both = caches(1000, 1000);
    let full = json!({ "num_traces": 6 });
    let sized = json!({ "maximum_trace_size_bytes": 3000 });
    let few = json!({ "name": "few", "type": "rate_limiting", "rate_limiting": { "spans_per_second": 1, "burst_capacity": 1000 } });
    let limited = json!({ "policies": [errors, few] });
    let first = json!({ "sample_on_first_match": true });
    let dropped = json!({ "policies": [errors, { "name": "drop", "type": "drop", "drop": { "drop_sub_policy": [
        { "name": "gold", "type": "string_attribute", "string_attribute": { "key": "tier", "values": ["gold"] } },
    ] } }] });
    vec![
        ("after a while", with(&[&short])),
        ("remembering all", with(&[&short, &both])),
        (
            "remembering whom it kept",
            with(&[&short, &caches(1000, 0)]),
        ),
        ("remembering the others", with(&[&short, &caches(0, 1000)])),
        (
            "in shards",
            with(&[&short, &both, &json!({ "num_shards": 4 })]),
        ),
        ("dropping", with(&[&short, &both, &dropped])),
        ("asking all", with(&[&short, &limited])),
        ("asking until one keeps", with(&[&short, &limited, &first])),
        ("after the root", with(&[&rooted])),
        ("remembering one", with(&[&rooted, &caches(1, 1)])),
        ("full", with(&[&rooted, &full])),
        ("full, remembering", with(&[&rooted, &full, &both])),
        ("no large ones", with(&[&rooted, &sized])),
        (
            "no large ones, remembering",
            with(&[&rooted, &sized, &both]),
        ),
    ]
}

/// A pipeline for each way, each with a file of its own.
pub(super) fn config(ways: &[(&str, Value)], folder: &Path, address: &str) -> Value {
    let mut config = json!({
        "receivers": { "otlp": { "protocols": { "http": { "endpoint": address } } } },
        "service": { "telemetry": { "metrics": { "level": "none" }, "logs": { "level": "error" } } },
    });
    for (index, (_, settings)) in ways.iter().enumerate() {
        let file = folder.join(format!("{index}.json"));
        config["processors"][format!("tail_sampling/{index}")] = settings.clone();
        config["exporters"][format!("file/{index}")] =
            json!({ "path": file, "flush_interval": "50ms" });
        config["service"]["pipelines"][format!("traces/{index}")] = json!({
            "receivers": ["otlp"],
            "processors": [format!("tail_sampling/{index}")],
            "exporters": [format!("file/{index}")],
        });
    }
    config
}

/// What is in the file of each way, as far as that is written.
pub(super) fn kept(folder: &Path, ways: usize) -> Vec<Spans> {
    let file = |index| {
        let text = fs::read_to_string(folder.join(format!("{index}.json"))).unwrap_or_default();
        let lines = text.rsplit_once('\n').map(|(lines, _)| span_ids(lines));
        lines.unwrap_or_default()
    };
    (0..ways).map(file).collect()
}

/// Waits until a span is kept in each way, and for the rest of the tick that decided that: when it was there.
pub(super) fn wait_for(span: u64, folder: &Path, ways: usize) -> Instant {
    let began = Instant::now();
    while !kept(folder, ways).iter().all(|kept| kept.contains(&span)) {
        assert!(began.elapsed() < PATIENCE, "{span:x} is not kept");
        thread::sleep(Duration::from_millis(50));
    }
    let seen = Instant::now();
    thread::sleep(Duration::from_secs(1));
    seen
}

fn decided(who: Who) -> Vec<Spans> {
    let ways = ways();
    let mut program = Program::start(who, |folder, address| config(&ways, folder, address));
    let mut nth = 0;
    let marks = MARKED.map(Some).into_iter().chain(iter::once(None));
    for (round, mark) in rounds().into_iter().zip(marks) {
        for sent in round {
            nth += 1;
            assert_eq!(program.post("traces", &sent.request(nth)), 200);
        }
        if let Some(trace) = mark {
            wait_for(span_id(trace, nth), program.folder.path(), ways.len());
        }
    }
    kept(program.end().path(), ways.len())
}

#[test]
fn what_is_known_of_a_trace_and_for_how_long_is_what_the_collector_knows() {
    let (ours, theirs) = thread::scope(|scope| {
        let theirs = scope.spawn(|| decided(Who::Collector("")));
        (decided(Who::Gateway), theirs.join().unwrap())
    });
    let mut wrong = Vec::new();
    for (((name, _), ours), theirs) in ways().iter().zip(&ours).zip(&theirs) {
        let apart = |one: &Spans, other: &Spans| {
            let apart = one.difference(other);
            let traces = apart.map(|span| format!("{}:{}", span >> 32, span >> 16 & 0xffff));
            traces.collect::<BTreeSet<_>>()
        };
        if ours != theirs {
            let (more, less) = (apart(ours, theirs), apart(theirs, ours));
            wrong.push(format!("{name}: {more:?} kept, {less:?} not"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // What each setting is for has happened. Memory alone makes no difference where there is room for all.
    let different: BTreeSet<_> = theirs.iter().collect();
    assert_eq!(different.len(), 9);
}
