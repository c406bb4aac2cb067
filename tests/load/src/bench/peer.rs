//! Who is measured, and how is it started?

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{BenchError, at, scenario::Scenario};
use crate::{client::Transport, compress::Encoding};

/// Who stands between generator and sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Peer {
    /// Ours.
    Gateway,
    /// Ours, with HTTP/2 of the package hyper.
    Hyper,
    /// The OpenTelemetry Collector.
    Collector,
    /// rotel.
    Rotel,
    /// Nobody: what generator and sink cost themselves.
    Direct,
}

/// What is different each time that a peer is started.
pub struct Run<'a> {
    /// Where it is to listen.
    pub listens: SocketAddr,
    /// Where the sink listens.
    pub sink: SocketAddr,
    /// A folder for it alone.
    pub folder: &'a Path,
}

impl Peer {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Hyper => "gateway on hyper",
            Self::Collector => "collector",
            Self::Rotel => "rotel",
            Self::Direct => "direct",
        }
    }

    /// Whether it can do that.
    pub fn does(self, scenario: &Scenario) -> bool {
        // Nobody samples, stores, batches or limits anything.
        let is_plain = scenario.config == "grpc" || scenario.config == "http";
        !scenario.without.contains(&self) && (self != Self::Direct || is_plain)
    }

    /// The command that starts it; nothing for nobody.
    pub fn command(
        self,
        scenario: &Scenario,
        run: &Run<'_>,
    ) -> Result<Option<Command>, BenchError> {
        let mut command = match self {
            Self::Direct => return Ok(None),
            Self::Gateway => configured(program("gateway", "OTELIER_GATEWAY")?, scenario, run)?,
            Self::Hyper => {
                let gateway = program("gateway", "OTELIER_GATEWAY")?;
                let mut command = configured(gateway, scenario, run)?;
                command.args(["--http2", "hyper"]);
                command
            }
            Self::Collector => configured(program("otelcol", "OTELIER_PEERS")?, scenario, run)?,
            Self::Rotel => rotel(program("rotel", "OTELIER_PEERS")?, scenario, run)?,
        };
        // One core is one thread of Go; rotel and the gateway look at what they may use.
        command
            .env("GOMAXPROCS", "1")
            .env("NO_PROXY", "127.0.0.1,localhost")
            .current_dir(run.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit());
        Ok(Some(command))
    }
}

/// A program in the folder or file that a variable names; ours stands beside this program otherwise.
fn program(name: &'static str, variable: &'static str) -> Result<PathBuf, BenchError> {
    let path = match env::var_os(variable).map(PathBuf::from) {
        Some(folder) if folder.is_dir() => folder.join(name),
        Some(file) => file,
        None => env::current_exe()?.with_file_name(name),
    };
    if !path.is_file() {
        return Err(BenchError::Missing { path, variable });
    }
    // It is started in a folder of its own, from where a relative path would lead nowhere.
    fs::canonicalize(&path).map_err(at(&path))
}

/// Collector and gateway read the same file, in which the variables are what they are for this run.
fn configured(program: PathBuf, scenario: &Scenario, run: &Run<'_>) -> Result<Command, BenchError> {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    let file = peers.join(format!("{}.yaml", scenario.config));
    let read = fs::read_to_string(&file);
    let mut config = read.map_err(|error| BenchError::Configuration(file, error))?;
    for (name, value) in [
        ("IN", run.listens.to_string()),
        ("OUT", run.sink.to_string()),
        ("FOLDER", run.folder.display().to_string()),
        ("COMPRESSION", compression(scenario).to_owned()),
    ] {
        config = config.replace(&format!("${{env:{name}}}"), &value);
    }
    let file = run.folder.join("config.yaml");
    fs::write(&file, config).map_err(at(&file))?;
    let mut command = Command::new(program);
    command.arg("--config").arg(file);
    for setting in scenario.set {
        command.args(["--set", setting]);
    }
    Ok(command)
}

/// rotel takes options. Its batcher is on, as it has it and advises, because without it, it says, nobody should run it.
fn rotel(program: PathBuf, scenario: &Scenario, run: &Run<'_>) -> Result<Command, BenchError> {
    let unused = super::process::free_address()?;
    let (grpc, http, protocol) = match scenario.transport {
        Transport::Grpc => (run.listens, unused, "grpc"),
        Transport::Http => (unused, run.listens, "http"),
    };
    let mut command = Command::new(program);
    command
        .args([
            "start",
            "--exporter",
            "otlp",
            "--otlp-grpc-max-recv-msg-size-mib",
            "64",
        ])
        .args([
            "--otlp-grpc-endpoint",
            &grpc.to_string(),
            "--otlp-http-endpoint",
            &http.to_string(),
        ])
        .args(["--otlp-exporter-protocol", protocol])
        .args(["--otlp-exporter-endpoint", &format!("http://{}", run.sink)])
        .args(["--otlp-exporter-compression", compression(scenario)]);
    Ok(command)
}

fn compression(scenario: &Scenario) -> &'static str {
    match scenario.encoding {
        Encoding::None => "none",
        other => other.name(),
    }
}
