//! Are attributes changed as the collector changes them?

use fastrand::Rng;
use prost::Message as _;
use serde_json::{Value, json};

use super::{made, processed};

const KEYS: [&str; 9] = [
    "a",
    "b",
    "tier",
    "list",
    "map",
    "user.id",
    "größe",
    "new",
    "http.status_code",
];

/// One change.
fn action(rng: &mut Rng) -> Value {
    let key = made::one(rng, &KEYS);
    match rng.u8(..10) {
        kind @ 0..=4 => {
            let action = ["insert", "update", "upsert", "upsert", "insert"][usize::from(kind)];
            let source = match rng.u8(..4) {
                0 => ("from_attribute", json!(made::one(rng, &KEYS))),
                _ => ("value", value(rng)),
            };
            json!({ "action": action, "key": key, source.0: source.1 })
        }
        5 => match rng.u8(..3) {
            0 => json!({ "action": "delete", "pattern": "^user\\." }),
            1 => json!({ "action": "delete", "key": key, "pattern": "e$" }),
            _ => json!({ "action": "delete", "key": key }),
        },
        6 => match rng.u8(..3) {
            0 => json!({ "action": "hash", "pattern": "^(a|user.*)$" }),
            _ => json!({ "action": "hash", "key": key }),
        },
        7 => json!({
            "action": "extract", "key": key,
            "pattern": made::one(rng, &["^(?P<method>[A-Z]+) (?P<path>.*)$", "^v(?P<b>\\d)(?P<new>x?)", "(?P<tier>.)"]),
        }),
        _ => json!({
            "action": "convert", "key": key,
            "converted_type": made::one(rng, &["int", "double", "string"]),
        }),
    }
}

fn value(rng: &mut Rng) -> Value {
    made::one(
        rng,
        &[
            json!("text"),
            json!(""),
            json!(7),
            json!(-1.5),
            json!(1e21),
            json!(true),
            json!(["x", 1, true]),
            json!({ "x": "y", "n": 2 }),
        ],
    )
}

/// Configurations of one to three changes, in the field of that name.
fn ways(seed: u64, field: &str, signal: &'static str, count: usize) -> Vec<(&'static str, Value)> {
    let mut rng = Rng::with_seed(seed);
    let way = |_| {
        let actions: Vec<Value> = (0..rng.u8(1..=3)).map(|_| action(&mut rng)).collect();
        (signal, json!({ field: actions }))
    };
    (0..count).map(way).collect()
}

fn requests(seed: u64, count: usize) -> Vec<(&'static str, Vec<u8>)> {
    let traces = made::traces(seed, 2, count);
    let traces = traces
        .iter()
        .map(|request| ("traces", request.encode_to_vec()));
    let logs = made::logs(seed, 1, count);
    let logs = logs.iter().map(|request| ("logs", request.encode_to_vec()));
    let metrics = made::metrics(seed, 1_700_000_000, 1, count);
    let metrics = metrics
        .iter()
        .map(|request| ("metrics", request.encode_to_vec()));
    traces.chain(logs).chain(metrics).collect()
}

#[test]
fn attributes_of_items_are_changed_as_by_the_collector() {
    let mut all = ways(20, "actions", "traces", 100);
    all.extend(ways(21, "actions", "logs", 25));
    all.extend(ways(22, "actions", "metrics", 25));
    processed::compare("attributes", &all, &requests(23, 60));
}

#[test]
fn attributes_of_resources_are_changed_as_by_the_collector() {
    let mut all = ways(24, "attributes", "traces", 40);
    all.extend(ways(25, "attributes", "logs", 20));
    all.extend(ways(26, "attributes", "metrics", 20));
    processed::compare("resource", &all, &requests(27, 60));
}
