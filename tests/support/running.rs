//! A container of a stack as a real program on this machine.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{Container, peers::peer};

/// How long a program may take to start, and what it was given to arrive.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program that runs until this value is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts a container's program with its arguments, its variables and its files, and `more` arguments.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(container: &Container, program: &str, more: &[String]) -> Self {
        let mut command = peer(program);
        command
            .args(&container.args)
            .args(more)
            .envs(&container.env);
        Self::of(command, container.path("/output.log"))
    }

    /// Starts a program that writes what it prints to a file.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn of(mut command: Command, log: PathBuf) -> Self {
        let output = File::create(&log).expect("a file of ours");
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a file of ours"))
            .stderr(output)
            .spawn()
            .expect("the program starts");
        Self { child, log }
    }

    /// Waits until something is there, as long as the program runs.
    ///
    /// # Panics
    /// If it does not come, with what the program printed.
    pub fn wait<T>(&mut self, what: &str, look: impl Fn() -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            let ended = self.child.try_wait().expect("a child of ours");
            let late = started.elapsed() > PATIENCE;
            assert!(
                ended.is_none() && !late,
                "{what}: {}\n{}",
                if late {
                    "it did not come"
                } else {
                    "the program ended"
                },
                fs::read_to_string(&self.log).unwrap_or_default()
            );
            sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks a server on this machine: the body of its answer, where it answered with success.
pub fn ask(address: &str, method: &str, path: &str, body: &str) -> Option<String> {
    let stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    ask_over(stream, method, path, body).ok()
}

/// The same over a connection that is there already.
///
/// # Errors
/// Why there is no answer, or what it says when it is not success.
pub fn ask_over(
    mut stream: impl Read + Write,
    method: &str,
    path: &str,
    body: &str,
) -> io::Result<String> {
    // In HTTP/1.0, whose answers come in one piece.
    let request = format!(
        "{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status.starts_with('2') {
        Ok(body.to_owned())
    } else {
        Err(io::Error::other(answer))
    }
}
