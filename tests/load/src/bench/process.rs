//! What does a process use? It runs alone on its core, and the kernel says.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{BenchError, at};
use crate::machine;

/// How long one may take to listen, and to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program that runs; it ends with this value, and with whoever holds that.
pub struct Process {
    child: Child,
    watch: Watch,
}

impl Process {
    /// Starts a program on a core.
    pub fn start(mut command: Command, core: Option<usize>) -> Result<Self, BenchError> {
        let program = command.get_program().display().to_string();
        // A child begins on the cores of the thread that starts it.
        let child = thread::spawn(move || {
            machine::stay_on(core)?;
            command.spawn()
        });
        let child = child
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the starting thread ended")));
        let mut child = child.map_err(|error| BenchError::Start(program, error))?;
        match Watch::start(child.id()) {
            Ok(watch) => Ok(Self { child, watch }),
            Err(error) => {
                drop(child.kill().and_then(|()| child.wait()));
                Err(BenchError::Start("sh".to_owned(), error))
            }
        }
    }

    /// Waits until it listens there.
    pub fn listens(&mut self, address: SocketAddr) -> io::Result<()> {
        let last = Instant::now() + PATIENCE;
        while Instant::now() < last {
            if TcpStream::connect(address).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!(
                    "it ended before it listened: {status}"
                )));
            }
            thread::sleep(Duration::from_millis(2));
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Processor time that it has used.
    pub fn cpu(&self) -> Result<Used, BenchError> {
        Used::by(self.id())
    }

    /// Bytes that it has read from files and sockets.
    pub fn read(&self) -> Result<u64, BenchError> {
        self.number("io", "rchar:")
    }

    /// Resident bytes now.
    pub fn resident(&self) -> Result<u64, BenchError> {
        self.number("status", "VmRSS:").map(|kib| kib << 10)
    }

    /// The most resident bytes there ever were.
    pub fn peak(&self) -> Result<u64, BenchError> {
        self.number("status", "VmHWM:").map(|kib| kib << 10)
    }

    /// How many descriptors are open.
    pub fn descriptors(&self) -> Result<usize, BenchError> {
        let folder = self.proc("fd");
        Ok(fs::read_dir(&folder).map_err(at(&folder))?.count())
    }

    /// Asks it to end, and waits.
    pub fn stop(&mut self) -> io::Result<Option<ExitStatus>> {
        if let Some(pid) = Pid::from_raw(self.child.id().try_into().unwrap_or_default()) {
            kill_process(pid, Signal::TERM)?;
        }
        let last = Instant::now() + PATIENCE;
        while Instant::now() < last {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(None)
    }

    /// The number of a line in one of its files.
    fn number(&self, file: &str, name: &str) -> Result<u64, BenchError> {
        let path = self.proc(file);
        let text = fs::read_to_string(&path).map_err(at(&path))?;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        let missing = || io::Error::other(format!("it has no number of `{name}`"));
        number.ok_or_else(missing).map_err(at(&path))
    }

    fn proc(&self, file: &str) -> PathBuf {
        ["/proc", &self.child.id().to_string(), file]
            .iter()
            .collect()
    }
}

/// Ends a process when this program has ended, killed by whatever signal: a pipe is closed then.
struct Watch(Child);

impl Watch {
    fn start(id: u32) -> io::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", r#"read -r line || kill -KILL "$1""#, "sh"]);
        command.arg(id.to_string()).stdin(Stdio::piped());
        Ok(Self(command.spawn()?))
    }

    /// Its process may end by itself now, and its number be another's.
    fn end(&mut self) {
        if let Some(mut pipe) = self.0.stdin.take() {
            drop(pipe.write_all(b"\n"));
        }
        drop(self.0.wait());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.watch.end();
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Processor time that a process has used, its own and the kernel's for it.
#[derive(Clone, Debug, Default)]
pub struct Used {
    /// Of the whole process, threads that have ended among it, in steps that are many milliseconds long.
    ticks: Duration,
    /// Of each thread that there is, in nanoseconds.
    threads: BTreeMap<u32, Duration>,
}

impl Used {
    /// What the process has used until now.
    pub fn by(id: u32) -> Result<Self, BenchError> {
        let mut threads = BTreeMap::new();
        let folder = format!("/proc/{id}/task");
        for entry in fs::read_dir(&folder).map_err(at(&folder))? {
            let entry = entry.map_err(at(&folder))?;
            // One that ends meanwhile is not counted, which `since` notices.
            let Ok(said) = fs::read_to_string(entry.path().join("schedstat")) else {
                continue;
            };
            let thread = entry.file_name().to_str().and_then(|id| id.parse().ok());
            let nanos = said.split_whitespace().next().and_then(|n| n.parse().ok());
            let (Some(thread), Some(nanos)) = (thread, nanos) else {
                continue;
            };
            threads.insert(thread, Duration::from_nanos(nanos));
        }
        Ok(Self {
            ticks: ticks(id)?,
            threads,
        })
    }

    /// What was used since then: to the nanosecond, unless a thread ended in between and took its count along.
    pub fn since(&self, before: &Self) -> Duration {
        let coarse = self.ticks.saturating_sub(before.ticks);
        let ended = before
            .threads
            .keys()
            .any(|id| !self.threads.contains_key(id));
        let fine = self.threads.iter().map(|(id, used)| {
            let before = before.threads.get(id).copied().unwrap_or_default();
            used.saturating_sub(before)
        });
        let fine: Duration = fine.sum();
        // One that began and ended in between is in neither list, but its steps are.
        if ended || coarse.saturating_sub(fine) > 4 * tick() {
            coarse
        } else {
            fine
        }
    }
}

/// User and system time of a process, in steps of the kernel.
fn ticks(id: u32) -> Result<Duration, BenchError> {
    let path = format!("/proc/{id}/stat");
    let stat = fs::read_to_string(&path).map_err(at(&path))?;
    // The name may hold spaces and brackets; after its last one come the fields from the third on.
    let after = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = |field: usize| {
        fields
            .get(field - 3)
            .and_then(|ticks| ticks.parse::<u32>().ok())
    };
    let (Some(user), Some(system)) = (ticks(14), ticks(15)) else {
        return Err(at(&path)(io::Error::other("it has no times")));
    };
    Ok(tick() * user + tick() * system)
}

/// One step of the kernel.
fn tick() -> Duration {
    Duration::from_secs(1) / u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100)
}

/// An address on loopback where nobody listens.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    fn used(ticks: u64, threads: &[(u32, u64)]) -> Used {
        let threads = threads.iter();
        Used {
            ticks: tick() * u32::try_from(ticks).unwrap(),
            threads: threads
                .map(|(id, nanos)| (*id, Duration::from_nanos(*nanos)))
                .collect(),
        }
    }

    #[test]
    fn what_threads_use_is_known_to_the_nanosecond_unless_one_ends() {
        let before = used(10, &[(1, 70), (2, 9)]);
        let went_on = used(10, &[(1, 75), (2, 9), (3, 1)]);
        assert_eq!(went_on.since(&before), Duration::from_nanos(6));
        let ended = used(12, &[(1, 75)]);
        assert_eq!(ended.since(&before), tick() * 2);
        // One came and went: only the steps tell.
        let passed = used(30, &[(1, 75), (2, 9)]);
        assert_eq!(passed.since(&before), tick() * 20);
    }

    #[test]
    fn a_program_ends_with_this_one_however_that_ends() {
        let mut sleep = Command::new("sleep");
        sleep.arg("600");
        let mut process = Process::start(sleep, None).unwrap();
        assert!(process.child.try_wait().unwrap().is_none());
        // The kernel closes what a killed program has open.
        drop(process.watch.0.stdin.take());
        let status = process.child.wait().unwrap();
        assert_eq!(status.signal(), Some(9));
    }

    #[test]
    fn each_thread_of_a_process_is_seen() {
        let (end, wait) = std::sync::mpsc::channel::<()>();
        let waiting = thread::spawn(move || wait.recv());
        let seen = Used::by(std::process::id()).unwrap();
        assert!(seen.threads.len() > 1, "{seen:?}");
        assert!(seen.threads.values().any(|used| !used.is_zero()));
        drop(end);
        assert!(waiting.join().unwrap().is_err());
    }
}
