//! The gateway of `dev` is no simulation where there is no cluster: it runs on this machine, and ends when it is told to.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command as Process},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};
use support::Command;

const TRACE: &str = "5b8efff798038103d269b633813fc60c";

/// What a run says about the gateway.
struct Said(Value);

impl Said {
    /// Of `up`, `down`, `plan` or another command that ends so.
    fn by(user: &Command, arguments: &[&str], code: i32) -> Self {
        let ran = user.run(&[arguments, &["--json"]].concat()).expect(code);
        let events = ran
            .out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        let mut events = events.filter(|event: &Value| event["event"] == "local");
        let said = events
            .next()
            .unwrap_or_else(|| panic!("{}\n{}", ran.out, ran.err));
        assert_eq!(events.next(), None, "one gateway is spoken of once");
        Self(said)
    }

    fn state(&self) -> &str {
        self.0["state"].as_str().unwrap()
    }

    fn pid(&self) -> u64 {
        self.0["pid"].as_u64().unwrap()
    }

    fn listens(&self, what: &str) -> &Value {
        let mut all = self.0["listens"].as_array().unwrap().iter();
        all.find(|one| one["what"] == what).unwrap()
    }

    fn address(&self, what: &str) -> SocketAddr {
        let address = self.listens(what)["address"].as_str().unwrap();
        let address = address.strip_prefix("http://").unwrap_or(address);
        address.parse().unwrap()
    }
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn lives(pid: u64) -> bool {
    // A process that ended and that nobody has waited for is still listed.
    let status = fs::read_to_string(format!("/proc/{pid}/stat"));
    status.is_ok_and(|status| !status.contains(") Z "))
}

fn kill(signal: &str, pid: u64) {
    let killed = Process::new("kill")
        .args([signal, &pid.to_string()])
        .status();
    assert!(killed.unwrap().success());
}

/// Sends one span, and gives the status line of the answer.
fn send(to: SocketAddr) -> String {
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": TRACE, "spanId": "eee19b7ec3c1b174", "name": "checkout", "kind": 2,
        "startTimeUnixNano": "1544712660000000000", "endTimeUnixNano": "1544712661000000000",
    }]}]}]});
    post(to, &body.to_string())
}

/// Sends a request in JSON, and gives the status line of the answer.
pub(crate) fn post(to: SocketAddr, body: &str) -> String {
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: {to}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(to).unwrap();
    stream
        .write_all(format!("{head}{body}").as_bytes())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

fn folder(user: &Command) -> PathBuf {
    user.folder().join(".stacks/local/dev/otlp")
}

fn told(user: &Command) -> Value {
    let text = fs::read_to_string(folder(user).join("running")).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

#[test]
fn a_span_that_is_sent_to_the_printed_endpoint_arrives_in_the_file_and_down_ends_it() {
    let user = Command::new("local-span");
    let up = Said::by(&user, &["up", "dev"], 0);
    assert_eq!(up.state(), "started", "{}", up.0);
    assert!(lives(up.pid()));
    let http = up.address("OTLP/HTTP");
    assert!(send(http).contains("200"));
    let file = user
        .folder()
        .join(up.0["files"]["file/traces"].as_str().unwrap());
    until("the span is in the file", || {
        fs::read_to_string(&file).is_ok_and(|text| text.contains(TRACE))
    });
    assert!(TcpStream::connect(up.address("OTLP/gRPC")).is_ok());
    let simulated = up.0["not_sent"].to_string();
    assert!(simulated.contains("loki.dev.svc:3100"), "{simulated}");

    let again = Said::by(&user, &["up", "dev"], 0);
    assert_eq!((again.state(), again.pid()), ("unchanged", up.pid()));
    let text = user.run(&["up", "dev"]).expect(0).out;
    for words in [
        &format!("as pid {}, unchanged", up.pid()),
        &format!("http://{http}"),
        ".stacks/local/dev/otlp/data/files/traces.jsonl",
        "nothing is sent there",
    ] {
        assert!(text.contains(words), "`{words}` is not said:\n{text}");
    }
    let status = user.run(&["status", "dev"]).expect(0).err;
    assert!(status.contains(&format!("as pid {}", up.pid())), "{status}");

    let down = Said::by(&user, &["down", "dev"], 0);
    assert_eq!(down.state(), "ended");
    assert_eq!(down.0["ended"], json!({"pid": up.pid(), "how": "drained"}));
    assert!(!lives(up.pid()) && TcpStream::connect(http).is_err());
    assert!(file.exists(), "what was written stays, as volumes do");
    assert!(!folder(&user).join("running").exists());
    let _ = user.run(&["down", "dev", "--delete-volumes"]).expect(0);
    assert!(!folder(&user).exists());
}

#[test]
fn a_gateway_that_somebody_killed_is_shown_as_that_and_started_again() {
    let user = Command::new("local-killed");
    let up = Said::by(&user, &["up", "dev"], 0);
    kill("-KILL", up.pid());
    until("it is gone", || !lives(up.pid()));
    let gone = format!("runs no more: pid {} ended", up.pid());
    for (arguments, code) in [
        (&["plan", "dev", "--detailed-exitcode"][..], 2),
        (&["drift", "dev"], 2),
        (&["status", "dev"], 7),
    ] {
        let said = user.run(arguments).expect(code).err;
        assert!(said.contains(&gone), "{arguments:?}: {said}");
    }
    let again = Said::by(&user, &["up", "dev"], 0);
    assert_eq!(again.state(), "started");
    assert!(again.pid() != up.pid() && lives(again.pid()));
    let _ = user.run(&["status", "dev"]).expect(0);
    let _ = user.run(&["drift", "dev"]).expect(0);
    let _ = user.run(&["sandbox", "reset", "--yes"]).expect(0);
    assert!(!lives(again.pid()), "an empty sandbox runs nothing");
}

#[test]
fn a_port_that_is_taken_is_left_to_whoever_has_it_and_the_other_one_is_printed() {
    // Shared with the gateways of other tests, and with nobody who wants it alone.
    let taken = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    taken.set_reuse_port(true).unwrap();
    let port = SocketAddr::from((Ipv4Addr::LOCALHOST, 4318));
    taken.bind(&port.into()).unwrap();

    let user = Command::new("local-port");
    let up = Said::by(&user, &["up", "dev"], 0);
    assert_eq!(up.listens("OTLP/HTTP")["instead_of"], 4318);
    let http = up.address("OTLP/HTTP");
    assert_ne!(http.port(), 4318);
    assert!(send(http).contains("200"));
    let text = user.run(&["up", "dev"]).expect(0).out;
    assert!(text.contains("(4318 is taken)"), "{text}");
    let _ = user.run(&["down", "dev"]).expect(0);
}

#[test]
fn a_stranger_who_has_the_number_of_a_gateway_is_never_harmed() {
    let user = Command::new("local-stranger");
    let up = Said::by(&user, &["up", "dev"], 0);
    let mut stranger = Stranger(Process::new("sleep").arg("600").spawn().unwrap());
    let mut file = told(&user);
    file["pid"] = stranger.0.id().into();
    let running = folder(&user).join("running");

    // While the gateway lives, whoever wrote into its file does not make it somebody else.
    fs::write(&running, file.to_string()).unwrap();
    let refused = user.run(&["down", "dev"]).expect(7).err;
    assert!(refused.contains("it ends by itself when"), "{refused}");
    assert!(lives(up.pid()));

    // The gateway is gone, and its number was given out anew.
    kill("-KILL", up.pid());
    until("it is gone", || !lives(up.pid()));
    let _ = user.run(&["down", "dev"]).expect(0);
    assert!(stranger.0.try_wait().unwrap().is_none(), "it lives on");
    assert!(!running.exists());
}

/// Somebody else's process.
struct Stranger(Child);

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn of_two_runs_at_once_one_starts_the_gateway_and_the_other_finds_it() {
    let user = Command::new("local-two");
    let first = Said::by(&user, &["up", "dev"], 0);
    kill("-KILL", first.pid());
    until("it is gone", || !lives(first.pid()));
    let runs: Vec<Child> = (0..2)
        .map(|_| {
            user.prepared("stacks", &["up", "dev", "--json"])
                .spawn()
                .unwrap()
        })
        .collect();
    let mut states: Vec<(String, u64)> = runs
        .into_iter()
        .map(|run| {
            let output = run.wait_with_output().unwrap();
            assert!(output.status.success());
            let out = String::from_utf8(output.stdout).unwrap();
            let line = out.lines().find(|line| line.contains(r#""event":"local""#));
            let said = Said(serde_json::from_str(line.unwrap()).unwrap());
            (said.state().to_owned(), said.pid())
        })
        .collect();
    states.sort();
    let pid = states[0].1;
    let expected = ["started", "unchanged"].map(|state| (state.to_owned(), pid));
    assert_eq!(states, expected);
    let _ = user.run(&["down", "dev"]).expect(0);
    assert!(!lives(pid));
}

#[test]
fn ctrl_c_while_another_run_is_at_it_starts_nothing() {
    let user = Command::new("local-interrupted");
    let local = user.folder().join(".stacks/local");
    fs::create_dir_all(&local).unwrap();
    // As a run does that starts or ends gateways.
    let turn = fs::File::create(local.join("lock")).unwrap();
    turn.lock().unwrap();
    let mut run = user.prepared("stacks", &["up", "dev"]).spawn().unwrap();
    let mut said = BufReader::new(run.stderr.take().unwrap()).lines();
    let applied = said.find(|line| {
        line.as_ref()
            .unwrap()
            .contains("Deployment/dev/otlp created")
    });
    assert!(applied.is_some());
    until("it has ended", || {
        let ended = run.try_wait().unwrap().is_some();
        if !ended {
            kill("-INT", run.id().into());
            thread::sleep(Duration::from_millis(200));
        }
        ended
    });
    assert_eq!(run.wait().unwrap().code(), Some(130));
    assert!(!folder(&user).exists());
}

#[test]
fn a_gateway_that_cannot_start_says_why_and_is_no_success() {
    let user = Command::new("local-broken");
    // Where the gateway keeps its lock there is something else.
    fs::create_dir_all(folder(&user).join("running")).unwrap();
    let failed = user.run(&["up", "dev"]).expect(7).err;
    for words in ["`otlp`", "it ended at once", "| error:", "Is a directory"] {
        assert!(failed.contains(words), "`{words}` is not said:\n{failed}");
    }
    fs::remove_dir(folder(&user).join("running")).unwrap();
    assert_eq!(Said::by(&user, &["up", "dev"], 0).state(), "started");
    let _ = user.run(&["down", "dev"]).expect(0);
}

#[test]
fn a_gateway_whose_folder_is_deleted_ends() {
    let user = Command::new("local-deleted");
    let up = Said::by(&user, &["up", "dev"], 0);
    fs::remove_dir_all(user.folder().join(".stacks")).unwrap();
    until("it has ended", || !lives(up.pid()));
}

#[test]
fn another_configuration_is_taken_by_the_gateway_that_runs() {
    let user = Command::new("local-reload");
    let up = Said::by(&user, &["up", "dev"], 0);
    let config = folder(&user).join("config.yaml");
    let wanted = fs::read_to_string(&config).unwrap();
    // As if the definition had said something else before.
    fs::write(&config, wanted.replace("level: info", "level: warn")).unwrap();
    let before = told(&user)["runs"].clone();
    kill("-HUP", up.pid());
    until("it runs the other one", || {
        let runs = told(&user)["runs"].clone();
        !runs.is_null() && runs != before
    });
    let plan = user
        .run(&["plan", "dev", "--detailed-exitcode"])
        .expect(2)
        .err;
    assert!(
        plan.contains("would be given its new configuration"),
        "{plan}"
    );
    let again = Said::by(&user, &["up", "dev"], 0);
    assert_eq!((again.state(), again.pid()), ("reloaded", up.pid()));
    assert_eq!(fs::read_to_string(&config).unwrap(), wanted);
    assert_eq!(told(&user)["runs"], before);
    assert!(send(again.address("OTLP/HTTP")).contains("200"));
    let _ = user.run(&["down", "dev"]).expect(0);
}

#[test]
fn nothing_runs_here_where_there_is_a_cluster() {
    let user = Command::new("local-cluster");
    let served = user.serve();
    let ran = user
        .run_on_served(&served, &["up", "dev", "--yes"])
        .expect(0);
    assert!(!ran.out.contains("local:"), "{}", ran.out);
    assert!(!user.folder().join(".stacks/local").exists());
}
