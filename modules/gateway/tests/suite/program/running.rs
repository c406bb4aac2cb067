//! A program that runs, and is ended with the test.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::PATIENCE;
pub(crate) use crate::support::free;

/// Where the program is.
pub(super) const PROGRAM: &str = env!("CARGO_BIN_EXE_gateway");

/// Asks the program something and waits for its answer.
pub(crate) fn ask(arguments: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(arguments)
        .env_remove("NO_COLOR")
        .output()
        .unwrap()
}

/// A file that is gone with the test.
pub(crate) struct File(PathBuf);

impl File {
    pub(crate) fn new(text: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "gateway-program-{}-{}.yaml",
            std::process::id(),
            NEXT.fetch_add(1, Relaxed)
        );
        let file = Self(std::env::temp_dir().join(name));
        file.write(text);
        file
    }

    pub(crate) fn write(&self, text: &str) {
        fs::write(&self.0, text).unwrap();
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // It is in a folder for temporary files.
        let _ = fs::remove_file(&self.0);
    }
}

/// A configuration of a receiver with such protocols that sends to nobody.
pub(crate) fn receiving(protocols: &Value) -> File {
    let config = json!({
        "receivers": { "otlp": { "protocols": protocols } },
        "exporters": { "nop": {} },
        "service": {
            "telemetry": { "metrics": { "level": "none" } },
            "pipelines": { "traces": { "receivers": ["otlp"], "exporters": ["nop"] } },
        },
    });
    File::new(&config.to_string())
}

/// A gateway that runs.
pub(crate) struct Running {
    child: Child,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(config: &File) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["--config", config.path(), "--shards", "1"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let written = Arc::clone(&log);
        let reader = thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut log = written.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        Self {
            child,
            log,
            reader: Some(reader),
        }
    }

    /// Waits until somebody listens there.
    pub(crate) fn listens(&self, at: SocketAddr) {
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(at).is_err() {
            assert!(Instant::now() < end, "{}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has written so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// What the kernel says of its memory, in kibibytes.
    pub(crate) fn memory(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/smaps_rollup", self.child.id());
        let text = fs::read_to_string(path).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let number = line.unwrap().trim_start_matches(':').trim();
        number.trim_end_matches("kB").trim().parse().unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-s", name, &id])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Waits until it has ended: its status code, and its log.
    pub(crate) fn ended(mut self, patience: Duration) -> (Option<i32>, String) {
        let end = Instant::now() + patience;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < end, "the gateway goes on");
            thread::sleep(Duration::from_millis(10));
        }
        self.reader.take().unwrap().join().unwrap();
        let log = self.log();
        (self.child.wait().unwrap().code(), log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The answer of a page, once one is there; none if nobody listens.
pub(crate) fn get(address: SocketAddr, path: &str) -> Option<String> {
    post(
        address,
        &format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"),
    )
}

pub(crate) fn post(address: SocketAddr, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// Waits until an answer is there that is as it should be.
pub(crate) fn until(
    what: &str,
    answer: impl Fn() -> Option<String>,
    right: impl Fn(&str) -> bool,
) -> String {
    let end = Instant::now() + PATIENCE;
    loop {
        let last = answer();
        if let Some(answer) = last.as_ref().filter(|answer| right(answer)) {
            return answer.clone();
        }
        assert!(Instant::now() < end, "{what}: {last:?}");
        thread::sleep(Duration::from_millis(20));
    }
}
