//! How is a child started, and when does it work?

use std::{
    io,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::Signal;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::{
    LocalError,
    draft::Draft,
    end,
    place::{Choice, Place, Told, digest, make},
    ports::Ports,
    program::{LOCALHOST, Program},
};

/// How long a child may take until it works.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(20);
/// What of this process's own variables a child is given.
const KEPT: [&str; 6] = [
    "PATH",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "LANG",
    "RUST_BACKTRACE",
];

/// A program with all that it takes to run it.
pub(super) struct Prepared {
    pub(super) program: Program,
    pub(super) place: Place,
    pub(super) draft: Draft,
    pub(super) choice: Choice,
    /// Kept from others until the child listens.
    pub(super) ports: Ports,
}

impl Prepared {
    /// What is set over the configuration, with what it is.
    fn overlay(&self) -> String {
        let settings = serde_saphyr::to_string(&self.draft.overlay)
            .expect("maps with text keys, lists and scalars can be written");
        format!(
            "# What is different where `{}` runs on this machine: set over config.yaml by `stacks up`.\n{settings}",
            self.program.id
        )
    }

    /// The digest of what it is to run.
    pub(super) fn digest(&self) -> String {
        digest(&self.program.config, &self.overlay())
    }

    fn write(&self) -> Result<(), LocalError> {
        let data = self.place.data();
        for folder in [&data].into_iter().chain(&self.draft.folders) {
            make(folder)?;
        }
        let choice = Choice {
            ports: self.ports.chosen().clone(),
            ..self.choice.clone()
        };
        self.place
            .write(&self.program.config, &self.overlay(), &choice)
    }

    /// Starts it, and waits until it works. A child that does not is ended again.
    pub(super) async fn start(
        &self,
        interrupted: &mut (impl Future<Output = ()> + Unpin),
    ) -> Result<u32, LocalError> {
        self.write()?;
        let (log, begin) = self.place.open_log()?;
        let errors = log.try_clone().map_err(LocalError::Spawn)?;
        let mut command = Command::new(self.choice.executable.file());
        command
            .arg0(self.choice.executable.path())
            .arg("local-gateway")
            .arg(self.place.folder())
            .current_dir(self.place.folder())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .env_clear()
            .envs(
                KEPT.iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            .envs(&self.program.variables);
        let mut child = command.spawn().map_err(LocalError::Spawn)?;
        let ready = tokio::select! {
            ready = self.ready(&mut child, begin) => ready,
            () = interrupted => Err(LocalError::Interrupted),
        };
        if ready.is_err() {
            // It is ours and was not waited for: its number cannot be another's.
            let _ = child.kill();
            let _ = child.wait();
        }
        ready.map(|()| child.id())
    }

    /// Asks a child that runs to read its configuration again, and waits until it does what that says.
    pub(super) async fn reload(
        &self,
        pid: u32,
        interrupted: &mut (impl Future<Output = ()> + Unpin),
    ) -> Result<(), LocalError> {
        self.write()?;
        let wanted = self.digest();
        if !end::signal(&self.place, pid, Signal::HUP) {
            return Err(LocalError::Refused("it is gone".to_owned()));
        }
        let begun = Instant::now();
        let answered = async {
            loop {
                let told = self.place.told().unwrap_or_default();
                if told.asked.as_ref() == Some(&wanted) {
                    return match told.refused {
                        Some(why) if told.runs.as_ref() != Some(&wanted) => {
                            Err(LocalError::Refused(why))
                        }
                        _ => Ok(()),
                    };
                }
                if begun.elapsed() > PATIENCE {
                    return Err(self.not_ready(u64::MAX));
                }
                sleep(LOOK).await;
            }
        };
        tokio::select! {
            answered = answered => answered,
            () = interrupted => Err(LocalError::Interrupted),
        }
    }

    async fn ready(&self, child: &mut Child, begin: u64) -> Result<(), LocalError> {
        let wanted = self.digest();
        let begun = Instant::now();
        loop {
            if let Some(status) = child.try_wait().map_err(LocalError::Spawn)? {
                let log = self.place.said_since(begin);
                let how = status.to_string();
                return Err(LocalError::Ended { how, log });
            }
            let told = self.place.told();
            let runs = told.is_some_and(|Told { pid, runs, .. }| {
                pid == child.id() && runs.as_ref() == Some(&wanted)
            });
            if runs && self.is_healthy().await {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                return Err(self.not_ready(begin));
            }
            sleep(LOOK).await;
        }
    }

    fn not_ready(&self, begin: u64) -> LocalError {
        LocalError::NotReady {
            seconds: PATIENCE.as_secs(),
            log: self.place.said_since(begin),
        }
    }

    async fn is_healthy(&self) -> bool {
        let Some((port, path)) = &self.draft.health else {
            return true;
        };
        let asked = timeout(Duration::from_secs(1), ask(*port, path));
        asked.await.is_ok_and(|answer| answer.unwrap_or(false))
    }
}

/// Whether a page is there.
async fn ask(port: u16, path: &str) -> io::Result<bool> {
    let mut stream = TcpStream::connect((LOCALHOST, port)).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {LOCALHOST}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(1 << 10).read_to_end(&mut answer).await?;
    Ok(answer.starts_with(b"HTTP/1.1 200"))
}

/// A path as people write it: from the folder that they are in.
pub(super) fn shown(path: &Path) -> &Path {
    let here = std::env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok())
        .unwrap_or(path)
}
