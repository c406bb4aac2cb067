//! What does a process use? It runs alone on its core, and the kernel says.

use std::{
    fs, io,
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::machine;

/// How long one may take to listen, and to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program that runs; it ends with this value.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts a program on a core.
    pub fn start(mut command: Command, core: Option<usize>) -> io::Result<Self> {
        // A child begins on the cores of the thread that starts it.
        let child = thread::spawn(move || {
            machine::stay_on(core)?;
            command.spawn()
        });
        let child = child
            .join()
            .map_err(|_| io::Error::other("the starting thread ended"))??;
        Ok(Self { child })
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
            thread::sleep(Duration::from_millis(20));
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Processor time that it has used, in seconds.
    pub fn cpu(&self) -> io::Result<f64> {
        cpu(self.id())
    }

    /// Resident bytes now.
    pub fn resident(&self) -> io::Result<u64> {
        self.status("VmRSS:")
    }

    /// The most resident bytes there ever were.
    pub fn peak(&self) -> io::Result<u64> {
        self.status("VmHWM:")
    }

    /// How many descriptors are open.
    pub fn descriptors(&self) -> io::Result<usize> {
        Ok(fs::read_dir(self.proc("fd"))?.count())
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

    fn status(&self, name: &str) -> io::Result<u64> {
        let status = fs::read_to_string(self.proc("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok())
            .map(|kib| kib << 10)
            .ok_or_else(|| io::Error::other(format!("status has no {name}")))
    }

    fn proc(&self, file: &str) -> PathBuf {
        ["/proc", &self.child.id().to_string(), file]
            .iter()
            .collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Processor time that a process has used, its own and the kernel's for it, in seconds.
pub fn cpu(id: u32) -> io::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name may hold spaces and brackets; after its last one come the fields from the third on.
    let after = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = |field: usize| {
        fields
            .get(field - 3)
            .and_then(|ticks| ticks.parse::<f64>().ok())
    };
    let (Some(user), Some(system)) = (ticks(14), ticks(15)) else {
        return Err(io::Error::other("stat has no times"));
    };
    Ok((user + system) / rustix::param::clock_ticks_per_second() as f64)
}

/// An address on loopback where nobody listens.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}
