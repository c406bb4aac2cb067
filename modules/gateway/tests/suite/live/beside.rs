//! The same configuration and the same telemetry for a real collector and for the gateway.

use std::{
    env, fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{Folder, PATIENCE};

/// Who runs.
#[derive(Clone, Copy)]
pub(crate) enum Who {
    /// The collector, with these feature gates.
    Collector(&'static str),
    Gateway,
}

/// A real program of that name, as `make live` has built or fetched it.
pub(crate) fn peer(name: &str) -> Command {
    Command::new(path(name))
}

fn path(name: &str) -> PathBuf {
    let peers = env::var_os("OTELIER_PEERS").expect("needs real programs: run it with `make live`");
    PathBuf::from(peers).join(name)
}

/// A real collector, to which SIGINT means nothing until it listens to signals: it does so only after it has begun to
/// receive, and any other signal before that would kill it. Go leaves a signal ignored that was so when it began.
fn collector() -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", r#"trap "" INT; exec "$@""#, "sh"]);
    command.arg(path("otelcol"));
    command
}

/// An address where nobody listens.
pub(crate) fn free() -> String {
    crate::support::free().to_string()
}

/// How a program is asked to end.
#[derive(Clone, Copy)]
enum Asked {
    Once,
    /// A collector, which may not listen yet.
    UntilItDoes,
}

/// A program that runs, and is ended with the test at the latest.
pub(crate) struct Program {
    child: Child,
    asked: Asked,
    connection: Option<TcpStream>,
    pub(crate) address: String,
    pub(crate) folder: Folder,
}

impl Program {
    /// Starts one with what `config` says for a folder and the address of a receiver of HTTP.
    pub(crate) fn start(who: Who, config: impl Fn(&Path, &str) -> Value) -> Self {
        let (folder, address) = (Folder::new(), free());
        let file = folder.path().join("config.yaml");
        fs::write(&file, config(folder.path(), &address).to_string()).unwrap();
        let mut command = match who {
            Who::Gateway => Command::new(env!("CARGO_BIN_EXE_gateway")),
            Who::Collector(gates) => {
                let mut command = collector();
                command.args((!gates.is_empty()).then(|| format!("--feature-gates={gates}")));
                command
            }
        };
        command.arg("--config").arg(file);
        let mut program = Self::of(command, folder, address);
        if let Who::Collector(_) = who {
            program.asked = Asked::UntilItDoes;
        }
        program
    }

    /// A collector with a configuration that is there already.
    pub(crate) fn collector(config: &str) -> Self {
        let mut command = peer("otelcol");
        command.args(["--config", config]);
        Self::of(command, Folder::new(), String::new())
    }

    /// Starts a program that listens at an address and writes into a folder.
    pub(crate) fn of(mut command: Command, folder: Folder, address: String) -> Self {
        Self {
            child: command.spawn().unwrap(),
            asked: Asked::Once,
            connection: None,
            address,
            folder,
        }
    }

    /// The answer to a request without a body, once it is a good one.
    pub(crate) fn get(&mut self, path: &str) -> String {
        let since = Instant::now();
        loop {
            let mut connection = self.connect();
            write!(connection, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
            let mut answer = String::new();
            connection.read_to_string(&mut answer).unwrap();
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            if head.contains(" 200 ") {
                return body.to_owned();
            }
            assert!(since.elapsed() < PATIENCE, "{answer}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The answer to these bytes, which ask for the end of the connection.
    pub(crate) fn ask(&mut self, request: &[u8]) -> String {
        let mut connection = self.connect();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        connection.write_all(request).unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends a request: the status of the answer.
    pub(crate) fn post(&mut self, signal: &str, body: &[u8]) -> u16 {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect(),
        };
        let status = post(&mut connection, &self.address, signal, body);
        self.connection = Some(connection);
        status
    }

    fn connect(&mut self) -> TcpStream {
        let since = Instant::now();
        loop {
            match TcpStream::connect(&self.address) {
                Ok(connection) => return connection,
                Err(error) => assert!(since.elapsed() < PATIENCE, "{error}"),
            }
            assert_eq!(self.child.try_wait().unwrap(), None, "it has ended");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it, after it has handed on what it has: what it has written.
    pub(crate) fn end(mut self) -> Folder {
        self.connection = None;
        let id = Pid::from_child(&self.child);
        let ask = |signal| kill_process(id, signal).unwrap();
        let ended = match self.asked {
            Asked::Once => {
                ask(Signal::TERM);
                self.child.wait().unwrap()
            }
            Asked::UntilItDoes => loop {
                ask(Signal::INT);
                if let Some(ended) = self.child.try_wait().unwrap() {
                    break ended;
                }
                thread::sleep(Duration::from_millis(20));
            },
        };
        assert!(ended.success(), "{ended}");
        std::mem::take(&mut self.folder)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // One that has ended already needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs both with the same configuration and the same requests, each the path of its signal and its bytes: what each has
/// written, the collector first.
pub(crate) fn both(
    config: impl Fn(&Path, &str) -> Value,
    requests: &[(&str, Vec<u8>)],
) -> [Folder; 2] {
    [Who::Collector(""), Who::Gateway].map(|who| {
        let mut program = Program::start(who, &config);
        for (signal, request) in requests {
            assert_eq!(program.post(signal, request), 200);
        }
        program.end()
    })
}

/// One request over HTTP/1.1, and its answer to the end.
fn post(connection: &mut TcpStream, address: &str, signal: &str, body: &[u8]) -> u16 {
    let head = format!(
        "POST /v1/{signal} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-protobuf\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
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
        let head = head.to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        if rest.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            return head.split(' ').nth(1).unwrap().parse().unwrap();
        }
    }
}
