//! Are the same values right, and the same wrong, for the collector and for the gateway?
//!
//! What the gateway has not it refuses by name, and only that; what the collector refuses, it refuses too.

use std::{fs, process::Command, thread};

use super::beside::peer;
use crate::support::Folder;

/// All of them, each below a heading that says who takes it.
const ROWS: &str = include_str!("../../config/values.txt");

/// Some keys of a component.
struct Row {
    at: usize,
    place: &'static str,
    keys: &'static str,
    /// Whether the collector takes them, and the gateway.
    expected: (bool, bool),
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut expected = (false, false);
    for line in ROWS.lines() {
        match line {
            "[both take]" => expected = (true, true),
            "[both refuse]" => expected = (false, false),
            "[only the collector takes]" => expected = (true, false),
            _ if line.is_empty() || line.starts_with('#') => {}
            _ => {
                let (place, keys) = line.split_once(" |").unwrap();
                let at = rows.len();
                rows.push(Row {
                    at,
                    place,
                    keys,
                    expected,
                });
            }
        }
    }
    rows
}

/// A configuration in which nothing else could be wrong.
fn config(place: &str, keys: &str) -> String {
    let (section, kind) = place.split_once(' ').unwrap();
    let of = |named: &str, other: &str| match section {
        _ if section == named => kind.to_owned(),
        _ => other.to_owned(),
    };
    let defined = |named: &str, other: &str| match section {
        _ if section == named => format!("{named}: {{{kind}: {{{keys}}}}}"),
        _ => format!("{named}: {{{other}}}"),
    };
    let told = match place {
        "telemetry metrics" => format!("metrics: {{{keys}}}"),
        _ if section == "telemetry" => format!("{kind}: {{{keys}}}, metrics: {{level: none}}"),
        _ => "metrics: {level: none}".to_owned(),
    };
    let signal = match kind {
        "prometheus_remote_write" => "metrics",
        _ => "traces",
    };
    let sections = [
        defined("receivers", "otlp: {protocols: {grpc: }}"),
        defined("processors", ""),
        defined("exporters", "nop: "),
        defined("extensions", ""),
    ];
    format!(
        "{}
service:
  extensions: [{}]
  telemetry: {{{told}}}
  pipelines: {{{signal}: {{receivers: [otlp], processors: [{}], exporters: [{}]}}}}
",
        sections.join("\n"),
        of("extensions", ""),
        of("processors", ""),
        of("exporters", "nop"),
    )
}

/// Whether a program takes what stands in that file.
fn takes(mut program: Command, file: &str) -> bool {
    let told = program.args(["validate", "--config", file]).output();
    told.unwrap().status.success()
}

#[test]
fn the_same_values_are_right_and_wrong_for_the_collector() {
    let folder = Folder::new();
    let rows = rows();
    assert!(rows.len() > 100);
    let check = |part: usize| {
        let own = rows.iter().skip(part).step_by(2);
        let other = own.filter_map(|row| {
            let Row { place, keys, .. } = row;
            let file = folder.path().join(format!("{}.yaml", row.at));
            fs::write(&file, config(place, keys)).unwrap();
            let file = file.to_str().unwrap();
            let gateway = Command::new(env!("CARGO_BIN_EXE_gateway"));
            let found = (takes(peer("otelcol"), file), takes(gateway, file));
            (found != row.expected).then(|| format!("{place}: {keys}: {found:?}"))
        });
        other.collect::<Vec<_>>()
    };
    let other = thread::scope(|scope| {
        let second = scope.spawn(|| check(1));
        let mut first = check(0);
        first.extend(second.join().unwrap());
        first
    });
    assert!(other.is_empty(), "{}", other.join("\n"));
}
