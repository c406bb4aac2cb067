//! With `--json` every command writes events to standard output and nothing else, or says by name that it cannot.

use std::collections::BTreeSet;

use serde_json::Value;
use support::{Command, Ran};

/// Each command with the event that its output is about.
const COMMANDS: [(&[&str], &str); 13] = [
    (&["plan", "dev"], "plan"),
    (&["up", "dev"], "report"),
    (&["drift", "dev"], "drift"),
    (&["status", "dev"], "status"),
    (&["render", "prod"], "rendered"),
    (&["render", "prod", "-o", "yaml"], "rendered"),
    (&["graph", "dev"], "graph"),
    (&["graph", "dev", "-o", "dot"], "graph"),
    (&["budget", "prod"], "budget"),
    (&["import", "collector.yaml"], "configuration"),
    (&["list"], "stack"),
    (&["down", "dev"], "report"),
    (&["sandbox", "reset"], "emptied"),
];

const COLLECTOR: &str = "receivers: {otlp: {}}\nexporters: {debug: {}}\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}\n";

fn events(ran: &Ran) -> Vec<Value> {
    let events = ran.out.lines().map(|line| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in `{line}`"))
    });
    events.collect()
}

#[test]
fn every_command_answers_in_events_or_says_that_it_cannot() {
    let user = Command::new("cli-json-all");
    std::fs::write(user.folder().join("collector.yaml"), COLLECTOR).unwrap();
    for (arguments, name) in COMMANDS {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        let events = events(&user.run(&arguments).expect(0));
        let about: Vec<_> = events.iter().map(|event| &event["event"]).collect();
        assert!(about.contains(&&name.into()), "{arguments:?}: {about:?}");
        assert!(events.iter().all(|event| event["version"] == 1));
    }
    let refused = user.run(&["completion", "bash", "--json"]).expect(1);
    let said = events(&refused).remove(0)["message"].clone();
    assert!(said.as_str().unwrap().contains("leave `--json` out"));

    // Served until Ctrl-C; its event is waited for wherever it is served.
    let elsewhere = ["completion", "sandbox", "help"];
    let known: BTreeSet<&str> = COMMANDS
        .iter()
        .map(|(arguments, _)| arguments[0])
        .chain(elsewhere)
        .collect();
    let help = user.run(&["--help"]).expect(0).out;
    let list = help.split("Commands:\n").nth(1).unwrap();
    let list = list.lines().take_while(|line| !line.is_empty());
    let named = list.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let missing: Vec<_> = named
        .filter(|name| !name.is_empty() && !known.contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?} are not tried here");
}

#[test]
fn mistakes_are_events_too() {
    let user = Command::new("cli-json-wrong");
    for arguments in [
        ["render", "prd"],
        ["import", "nowhere.yaml"],
        ["plan", "prod"],
    ] {
        let more = ["--json", "--kubeconfig", "nowhere"];
        let arguments: Vec<&str> = arguments.into_iter().chain(more).collect();
        let events = events(&user.run(&arguments).expect(1));
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!(events[0]["event"], "error");
    }
}

#[test]
fn what_is_rendered_says_what_it_leaves_out_in_every_form() {
    let user = Command::new("cli-render-left-out");
    let ran = user.run(&["render", "prod", "--json"]).expect(0);
    let rendered = events(&ran).remove(0);
    let left_out = rendered["left_out"].as_array().unwrap();
    let whole = left_out.iter().filter(|one| one["part"].is_null()).count();
    assert!(whole > 3 && whole < left_out.len(), "{left_out:?}");
    let shown = user.run(&["render", "prod"]).expect(0);
    let comments = shown.out.lines().filter(|line| line.starts_with('#'));
    let comments = comments.filter(|line| line.contains("is left out"));
    assert_eq!(comments.count(), left_out.len());

    let json = user.run(&["render", "prod", "-o", "json"]).expect(0);
    let list: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(list["kind"], "List");
    assert_eq!(list["items"], rendered["items"]);
    // Who reads the document or pipes it on is told.
    for ran in [&json, &shown, &ran] {
        let said: Vec<_> = ran.err.lines().collect();
        assert!(ran.err.contains("left out"), "{}", ran.err);
        assert!(ran.err.contains("do not exist yet"), "{}", ran.err);
        assert!(ran.err.contains("`stacks up prod`"), "{}", ran.err);
        for one in left_out.iter().filter(|one| one["part"].is_null()) {
            let id = ["kind", "namespace", "name"].map(|part| one["id"][part].as_str().unwrap());
            let id = id.join("/");
            assert!(
                said.iter().any(|line| line.contains(&id)),
                "{id}: {}",
                ran.err
            );
        }
    }
}
