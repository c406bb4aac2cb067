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

/// What is said of items: what is right for the signal, of what the telemetry has.
fn which(rng: &mut Rng, signal: &str) -> Value {
    let patterns = rng.bool();
    let mut said = json!({ "match_type": if patterns { "regexp" } else { "strict" } });
    let some = |rng: &mut Rng, strict: &[&str], like: &[&str]| {
        let from = if patterns { like } else { strict };
        let all: Vec<&str> = (0..rng.u8(1..=2)).map(|_| made::one(rng, from)).collect();
        json!(all)
    };
    let keys: &[&str] = match signal {
        "traces" => &[
            "services",
            "span_names",
            "span_kinds",
            "attributes",
            "resources",
            "libraries",
        ],
        "logs" => &[
            "log_bodies",
            "log_severity_texts",
            "log_severity_number",
            "attributes",
            "resources",
            "libraries",
        ],
        _ => &["metric_names", "metric_names", "resources"],
    };
    for _ in 0..rng.u8(1..=2) {
        let key = made::one(rng, keys);
        said[key] = match key {
            "services" => some(
                rng,
                &["shop", "cart", "", "<nil-service-name>"],
                &["^s", "a", "nil"],
            ),
            "span_names" => some(rng, &["GET /cart", "work", ""], &["^GET ", "(?i)get", "ß"]),
            "span_kinds" => some(
                rng,
                &["SPAN_KIND_SERVER", "SPAN_KIND_CLIENT", "SPAN_KIND_INTERNAL"],
                &["ER$", "UNSPECIFIED"],
            ),
            "log_bodies" => some(
                rng,
                &["", "gold", "true", "v3", "200", "[]"],
                &["^v", "\\d", "^$"],
            ),
            "log_severity_texts" => some(rng, &["", "WARN", "Info"], &["^W", "n"]),
            "log_severity_number" => {
                json!({ "min": rng.u8(..25), "match_undefined": rng.bool() })
            }
            "metric_names" => some(
                rng,
                &["http.server.duration", "größe", "up"],
                &["[a-m]", "\\.", "^."],
            ),
            "libraries" => {
                let mut library = json!({ "name": made::one(rng, &["", "lib", "io.lib"]) });
                if rng.bool() {
                    library["version"] = json!(made::one(rng, &["", "1", "1.0"]));
                }
                json!([library])
            }
            _ => json!([property(rng, patterns, key == "resources")]),
        };
    }
    said
}

fn property(rng: &mut Rng, patterns: bool, of_resource: bool) -> Value {
    let keys: &[&str] = if of_resource {
        &["service.name", "region", "host.name", "empty"]
    } else {
        &KEYS
    };
    let mut said = json!({ "key": made::one(rng, keys) });
    if rng.bool() {
        said["value"] = if patterns {
            json!(made::one(rng, &["^v", "0", "-", "^$", "e"]))
        } else {
            made::one(
                rng,
                &[
                    json!("shop"),
                    json!("gold"),
                    json!(""),
                    json!(200),
                    json!(0.1),
                    json!(true),
                    json!([]),
                    json!({}),
                    json!(0.0),
                ],
            )
        };
    }
    said
}

/// Configurations that change what is included and not excluded.
fn ways_for_some(seed: u64, signal: &'static str, count: usize) -> Vec<(&'static str, Value)> {
    let mut rng = Rng::with_seed(seed);
    let way = |_| {
        let mut settings = json!({ "actions": [
            { "action": "upsert", "key": "changed", "value": "yes" },
            action(&mut rng),
        ] });
        let said = rng.u8(1..4);
        if said & 1 > 0 {
            settings["include"] = which(&mut rng, signal);
        }
        if said & 2 > 0 {
            settings["exclude"] = which(&mut rng, signal);
        }
        (signal, settings)
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
fn attributes_are_changed_of_whom_the_collector_changes_them() {
    let mut all = ways_for_some(30, "traces", 140);
    all.extend(ways_for_some(31, "logs", 100));
    all.extend(ways_for_some(32, "metrics", 60));
    processed::compare("attributes", &all, &requests(33, 60));
}

#[test]
fn attributes_of_resources_are_changed_as_by_the_collector() {
    let mut all = ways(24, "attributes", "traces", 40);
    all.extend(ways(25, "attributes", "logs", 20));
    all.extend(ways(26, "attributes", "metrics", 20));
    processed::compare("resource", &all, &requests(27, 60));
}
