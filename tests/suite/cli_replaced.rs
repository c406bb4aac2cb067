//! A command whose own file is replaced while it runs still does what it was asked: it needs no other file of itself.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    process::Command as Process,
};

use serde_json::Value;
use support::{Command, binary};

/// What is said about the gateway.
fn local(out: &str) -> Value {
    let events = out.lines().map(|line| serde_json::from_str(line).unwrap());
    let mut events = events.filter(|event: &Value| event["event"] == "local");
    events.next().unwrap_or_else(|| panic!("{out}"))
}

#[test]
fn up_starts_its_gateway_after_its_own_file_was_replaced() {
    let user = Command::new("cli-replaced");
    let own = user.folder().join("stacks");
    // A link is a file of its own to whoever removes it.
    if fs::hard_link(binary("stacks"), &own).is_err() {
        fs::copy(binary("stacks"), &own).unwrap();
    }
    let folder = user.folder().join(".stacks/local");
    fs::create_dir_all(&folder).unwrap();
    // As a run does that starts or ends gateways: the one below waits for it.
    let turn = fs::File::create(folder.join("lock")).unwrap();
    turn.lock().unwrap();
    let prepared = user.prepared("stacks", &["up", "dev", "--json"]);
    let mut run = Process::new(&own);
    run.args(prepared.get_args())
        .current_dir(user.folder())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    for (name, value) in prepared.get_envs() {
        match value {
            Some(value) => run.env(name, value),
            None => run.env_remove(name),
        };
    }
    let mut run = run.spawn().unwrap();
    let mut said = BufReader::new(run.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("\"step_finished\"") {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "it ended");
    }
    // As a build does: another file, that is not even a program.
    fs::remove_file(&own).unwrap();
    fs::write(&own, "#!/bin/sh\nexit 9\n").unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(0o755)).unwrap();
    drop(turn);
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    let output = run.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{rest}\n{err}");
    assert_eq!(local(&rest)["state"], "started", "{rest}");

    // Another program than that which runs: the next run starts its own.
    let again = user.run(&["up", "dev", "--json"]).expect(0);
    assert_eq!(local(&again.out)["state"], "restarted");
    let _ = user.run(&["down", "dev"]).expect(0);
}
