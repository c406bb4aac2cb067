//! Does the gateway keep what it acknowledged when it is killed thirty times under load, undecided traces among it? A
//! few minutes of `make crash-gateway`, at a rate that a gateway takes that is not built for speed.

use std::fs;

use serde_json::Value;
use support::Command;

/// So often; more often in that command.
const KILLS: &str = "30";
/// Before each kill at least; it lives long enough for some traces to be decided, in which more comes than that.
const SPANS: &str = "34000";

/// The most percent that may come twice: what is not built for speed reads late that something arrived, and that command
/// allows a twentieth of it.
const TWICE: &str = "2";

#[test]
fn thirty_kills_lose_nothing_of_a_million_spans_and_double_few() {
    let place = Command::new("killed");
    let file = place.folder().join("figures.json");
    let json = file.display().to_string();
    let arguments = [
        ["crash", "--scenario", "crash-tail-slow"],
        ["--times", KILLS, "--spans"],
        [SPANS, "--twice", TWICE],
    ]
    .concat();
    let arguments = [&arguments[..], &["--json", &json]].concat();
    // It fails by itself where something is lost, or more comes twice, or no trace is undecided at a kill.
    let said = place.run_program("load", &arguments).expect(0);
    let json = fs::read(&file).expect("figures are written");
    let crashed: Value = serde_json::from_slice(&json).expect("figures are JSON");
    let acknowledged = crashed["verdict"]["acknowledged"].as_u64();
    assert!(acknowledged >= Some(1_000_000), "{said:?}");
}
