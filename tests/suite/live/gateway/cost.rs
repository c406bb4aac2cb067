//! Does the gateway need less memory than a collector, and does neither lose anything? A few seconds of `make bench-gateway`.
//! Its processor time is left to that command: a gateway that is not built for speed says nothing of it.

use std::{collections::BTreeMap, fs};

use serde_json::Value;
use support::Command;

/// Figures of each scenario and peer.
type Figures = BTreeMap<(String, String), Value>;

fn bench(scenarios: &str) -> Figures {
    let place = Command::new("bench");
    let file = place.folder().join("figures.json");
    let arguments = [
        "bench",
        "--peers",
        "gateway,collector",
        "--scenarios",
        scenarios,
    ];
    // What is not built for speed misses goals.
    let more = [
        "--fail-on",
        "losses",
        "--times",
        "1",
        "--seconds",
        "2",
        "--warmup",
        "0.5",
        "--json",
    ];
    let mut all = [&arguments[..], &more].concat();
    let path = file.display().to_string();
    all.push(&path);
    let _table = place.run_program("load", &all).expect(0);
    let json = fs::read(&file).expect("figures are written");
    let figures: Value = serde_json::from_slice(&json).expect("figures are JSON");
    let runs = figures["runs"].as_array().cloned().unwrap_or_default();
    let key = |run: &Value, name: &str| run[name].as_str().unwrap_or_default().to_owned();
    runs.into_iter()
        .map(|run| ((key(&run, "scenario"), key(&run, "peer")), run))
        .collect()
}

fn figure(figures: &Figures, scenario: &str, peer: &str, path: &str) -> f64 {
    let run = &figures[&(scenario.to_owned(), peer.to_owned())];
    run.pointer(path)
        .and_then(Value::as_f64)
        .unwrap_or_else(|| panic!("{peer} has {path} in {scenario}: {run}"))
}

#[test]
fn the_gateway_delivers_what_a_collector_delivers_in_less_memory() {
    let figures = bench("pass-40k");
    for peer in ["gateway", "collector"] {
        let of = |path: &str| figure(&figures, "pass-40k", peer, path);
        let wrong = of("/verdict/lost") + of("/verdict/unknown") + of("/verdict/duplicates");
        assert!(wrong < 0.5, "{peer}: {figures:?}");
    }
    // How much that is, is a matter of how fast the machine is.
    let delivered = |peer| figure(&figures, "pass-40k", peer, "/verdict/delivered");
    assert!(delivered("collector") > 0.0, "{figures:?}");
    assert!(
        delivered("gateway") > 0.9 * delivered("collector"),
        "{figures:?}"
    );
    let peak = |peer| figure(&figures, "pass-40k", peer, "/peak");
    assert!(peak("gateway") < 0.6 * peak("collector"), "{figures:?}");
}
