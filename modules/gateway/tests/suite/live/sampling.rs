//! Which traces does a real collector keep?

use std::{env, fs, path::Path};

use serde_json::{Value, json};

use super::beside::{Program, Who};
use crate::sampling::{BLOCK, Case, Spans, all, kept, line, payloads, recorded, requests};

/// How many traces each case decides.
const TRACES: usize = 40 * BLOCK;
/// How many cases one collector runs at once: each holds all spans.
const TOGETHER: usize = 16;

#[test]
fn our_sampler_and_the_collectors_keep_the_same_spans() {
    let cases = all();
    let requests = requests(TRACES);
    let payloads = payloads(requests.clone());
    let spans: usize = kept(
        &json!([{ "name": "all", "type": "always_sample" }]),
        &payloads,
    )
    .len();
    let (mut lines, mut wrong) = (Vec::new(), Vec::new());
    for cases in cases.chunks(TOGETHER) {
        for (case, theirs) in cases.iter().zip(collector(cases, &requests)) {
            let ours = kept(&case.policies, &payloads);
            let share = theirs.len() * 100 / spans;
            let apart = ours.symmetric_difference(&theirs).count();
            if apart > 0 || !(5..=95).contains(&share) {
                wrong.push(format!(
                    "{}: {share} % kept, {apart} spans apart",
                    case.name
                ));
            }
            lines.push(line(&case.name, &recorded(&theirs)) + "\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/sampling/kept.txt");
    if env::var_os("OTELIER_RECORD").is_some() {
        fs::write(&golden, lines.concat()).unwrap();
    }
    assert_eq!(
        fs::read_to_string(golden).unwrap(),
        lines.concat(),
        "record anew"
    );
}

/// What one collector keeps, by case.
fn collector(cases: &[Case], requests: &[Vec<u8>]) -> Vec<Spans> {
    let mut collector = Program::start(Who::Collector(""), |folder, address| {
        config(cases, folder, address)
    });
    for request in requests {
        assert_eq!(collector.post("traces", request), 200);
    }
    // What waits is decided when it ends.
    let folder = collector.end();
    let file = |index: usize| folder.path().join(format!("{index}.json"));
    let kept = (0..cases.len())
        .map(|index| span_ids(&fs::read_to_string(file(index)).unwrap_or_default()));
    kept.collect()
}

fn config(cases: &[Case], folder: &Path, address: &str) -> Value {
    let mut config = json!({
        "receivers": { "otlp": { "protocols": { "http": { "endpoint": address } } } },
        "service": { "telemetry": { "metrics": { "level": "none" }, "logs": { "level": "warn" } } },
    });
    for (index, case) in cases.iter().enumerate() {
        let file = folder.join(format!("{index}.json"));
        config["processors"][format!("tail_sampling/{index}")] = json!({
            "decision_wait": "600s", "num_traces": 2 * TRACES, "policies": case.policies,
        });
        config["exporters"][format!("file/{index}")] = json!({ "path": file });
        config["service"]["pipelines"][format!("traces/{index}")] = json!({
            "receivers": ["otlp"],
            "processors": [format!("tail_sampling/{index}")],
            "exporters": [format!("file/{index}")],
        });
    }
    config
}

/// The spans in a file of JSON.
pub(super) fn span_ids(text: &str) -> Spans {
    let ids = text.split("\"spanId\":\"").skip(1);
    ids.map(|rest| u64::from_str_radix(&rest[..16], 16).unwrap())
        .collect()
}
