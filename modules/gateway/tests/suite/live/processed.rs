//! Many configurations of one processor, in one collector and in one gateway: what does each make of the same telemetry?

use std::path::Path;

use serde_json::{Value, json};

use super::{
    beside::both,
    told::{apart, items},
};

/// The configuration with a pipeline for each way: a signal and the settings of the processor.
fn config(kind: &str, ways: &[(&str, Value)], folder: &Path, receiver: &str) -> Value {
    let mut config = json!({
        "receivers": { "otlp": { "protocols": { "http": { "endpoint": receiver } } } },
        "service": { "telemetry": { "metrics": { "level": "none" }, "logs": { "level": "error" } } },
    });
    for (at, (signal, settings)) in ways.iter().enumerate() {
        let mut settings = settings.clone();
        // Where nothing is said, nothing is written.
        settings
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        config["processors"][format!("{kind}/{at}")] = settings;
        config["exporters"][format!("file/{at}")] =
            json!({ "path": folder.join(at.to_string()), "format": "proto" });
        config["service"]["pipelines"][format!("{signal}/{at}")] = json!({
            "receivers": ["otlp"],
            "processors": [format!("{kind}/{at}")],
            "exporters": [format!("file/{at}")],
        });
    }
    config
}

/// Fails where one of these ways makes something else of these requests than it does in a collector: how many items each
/// way lets through.
pub(super) fn compare(
    kind: &str,
    ways: &[(&str, Value)],
    requests: &[(&str, Vec<u8>)],
) -> Vec<usize> {
    let [theirs, ours] = both(
        |folder, receiver| config(kind, ways, folder, receiver),
        requests,
    );
    let (mut wrong, mut counts) = (Vec::new(), Vec::new());
    for (at, (signal, settings)) in ways.iter().enumerate() {
        let [theirs, ours] =
            [&theirs, &ours].map(|of| items(signal, &of.messages(&at.to_string())));
        if let Some(apart) = apart(&theirs, &ours) {
            wrong.push(format!("{signal} {settings}: {apart}"));
        }
        counts.push(ours.values().sum());
    }
    let count = wrong.len();
    wrong.truncate(8);
    assert!(
        wrong.is_empty(),
        "{count} of {} differ:\n{}",
        ways.len(),
        wrong.join("\n")
    );
    counts
}
