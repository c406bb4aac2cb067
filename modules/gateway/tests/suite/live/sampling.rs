//! Which traces does a real collector keep?

use std::{
    env, fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

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
    let folder = env::temp_dir().join(format!("sampling-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let files: Vec<PathBuf> = (0..cases.len())
        .map(|index| folder.join(format!("{index}.json")))
        .collect();
    let config = config(cases, &files, &address);
    let config_file = folder.join("config.yaml");
    fs::write(&config_file, config).unwrap();
    let mut collector = Running::start(&config_file);
    let mut connection = connect(&address);
    for request in requests {
        post(&mut connection, &address, request);
    }
    drop(connection);
    // What waits is decided when it ends.
    collector.end();
    let kept = files
        .iter()
        .map(|file| span_ids(&fs::read_to_string(file).unwrap_or_default()));
    let kept = kept.collect();
    fs::remove_dir_all(&folder).unwrap();
    kept
}

fn config(cases: &[Case], files: &[PathBuf], address: &str) -> String {
    let mut config = json!({
        "receivers": { "otlp": { "protocols": { "http": { "endpoint": address } } } },
        "service": { "telemetry": { "metrics": { "level": "none" }, "logs": { "level": "warn" } } },
    });
    for (index, (case, file)) in cases.iter().zip(files).enumerate() {
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
    config.to_string()
}

pub(super) struct Running(Child);

impl Running {
    pub(super) fn start(config: &Path) -> Self {
        let peers =
            env::var_os("OTELIER_PEERS").expect("needs real programs: run it with `make live`");
        let mut command = Command::new(PathBuf::from(peers).join("otelcol"));
        command.arg("--config").arg(config);
        Self(command.spawn().unwrap())
    }

    fn end(&mut self) {
        let pid = Pid::from_child(&self.0);
        kill_process(pid, Signal::TERM).unwrap();
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

fn connect(address: &str) -> TcpStream {
    let since = Instant::now();
    loop {
        match TcpStream::connect(address) {
            Ok(connection) => return connection,
            Err(error) if since.elapsed() > Duration::from_mins(1) => panic!("{error}"),
            Err(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// One request over HTTP/1.1, and its answer to the end.
fn post(connection: &mut TcpStream, address: &str, body: &[u8]) {
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-protobuf\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    connection
        .write_all(&[head.as_bytes(), body].concat())
        .unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = connection.read(&mut buffer).unwrap();
        assert!(read > 0, "closed");
        answer.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, rest)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "));
        if rest.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            assert!(head.starts_with("HTTP/1.1 200"), "{text}");
            return;
        }
    }
}

fn span_ids(text: &str) -> Spans {
    let ids = text.split("\"spanId\":\"").skip(1);
    ids.map(|rest| u64::from_str_radix(&rest[..16], 16).unwrap())
        .collect()
}
