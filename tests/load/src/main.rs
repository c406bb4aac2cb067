//! `load`: measures gateways, and tells what was lost.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program is a view"
)]

use std::{error::Error, fs, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, Parser, Subcommand};
use load::{
    bench::{
        BenchError,
        crash::crash,
        in_folder, interleaved,
        peer::Peer,
        report,
        run::{Measured, Setting},
        scenario::{ALL, CRASH, NAMED, SOAK, Scenario},
        soak::soak,
    },
    machine,
};

/// Measures OTLP gateways side by side, and finds what they lose.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the gateway and its peers in turn, and print a table.
    Bench(Bench),
    /// Load the gateway for a long time, and say what grew.
    Soak(Soak),
    /// Kill the gateway again and again under load, and say what was lost.
    Crash(Crash),
}

#[derive(Args)]
struct Bench {
    /// Who is measured.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "gateway,collector,rotel,direct"
    )]
    peers: Vec<Peer>,
    /// In what; where none is named, in all but `tail-million`, which needs a core of its own
    #[arg(long, value_delimiter = ',')]
    scenarios: Vec<String>,
    /// How often each.
    #[arg(long, default_value_t = 5)]
    times: usize,
    /// Seconds of load in each run.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Seconds of the same load before.
    #[arg(long, default_value_t = 1.0)]
    warmup: f64,
    /// A file for all figures, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Args)]
struct Soak {
    /// For how many minutes.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// A file for all figures, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Args)]
struct Crash {
    /// In which scenario: one that keeps what it acknowledged.
    #[arg(long, default_value = "crash")]
    scenario: String,
    /// How often it is killed, about.
    #[arg(long, default_value_t = 200)]
    times: u32,
    /// After how many seconds, about.
    #[arg(long, default_value_t = 1.0)]
    every: f64,
    /// A file for all figures, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Bench(bench) => bench.run().map(|()| ExitCode::SUCCESS),
        Command::Soak(soak) => soak.run(),
        Command::Crash(crash) => crash.run(),
    };
    let error = match result {
        Ok(code) => return code,
        Err(error) => error,
    };
    eprintln!("load: {error}");
    let mut source = error.source();
    while let Some(error) = source {
        eprintln!("  because: {error}");
        source = error.source();
    }
    ExitCode::FAILURE
}

impl Bench {
    fn run(&self) -> Result<(), BenchError> {
        let is_named = |one: &Scenario| self.scenarios.iter().any(|name| name == one.name);
        let scenarios: Vec<Scenario> = ALL
            .iter()
            .filter(|_| self.scenarios.is_empty())
            .chain(
                ALL.iter()
                    .chain(NAMED)
                    .filter(|scenario| is_named(scenario)),
            )
            .copied()
            .collect();
        let setting = setting(self.seconds, self.warmup)?;
        let runs = interleaved(&self.peers, &scenarios, setting, self.times, tell)?;
        println!("{}", report::markdown(&runs, &scenarios));
        write(self.json.as_ref(), &runs)
    }
}

impl Soak {
    fn run(&self) -> Result<ExitCode, BenchError> {
        let setting = setting(self.minutes * 60.0, 0.0)?;
        let soaked = in_folder(|folder| soak(&SOAK, setting, folder))?;
        write(self.json.as_ref(), &soaked)?;
        let last = soaked.samples.last().copied().unwrap_or_default();
        println!("{}", SOAK.title);
        println!("  at the end: {last:?}");
        println!("  {:?}", soaked.verdict);
        for (what, before, after) in &soaked.grew {
            println!("  grew: {what} {before:.0} → {after:.0}");
        }
        Ok(if soaked.is_flat() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

impl Crash {
    fn run(&self) -> Result<ExitCode, BenchError> {
        let every = Duration::from_secs_f64(self.every);
        let setting = setting(self.every * f64::from(self.times), 0.0)?;
        let scenario = CRASH.iter().find(|scenario| scenario.name == self.scenario);
        let scenario =
            scenario.ok_or_else(|| std::io::Error::other("there is no such scenario"))?;
        let crashed = in_folder(|folder| crash(scenario, setting, every, folder))?;
        write(self.json.as_ref(), &crashed)?;
        println!(
            "{}: {} kills, started within {:.2} s",
            scenario.title, crashed.kills, crashed.slowest_start
        );
        println!("  {:?}", crashed.sent.refused);
        println!("  {:?}", crashed.verdict);
        let clean = crashed.verdict.is_clean() && crashed.verdict.delivered > 0;
        Ok(if clean {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// Who is measured on one core, generator and sink on another, if there are two.
fn setting(seconds: f64, warmup: f64) -> Result<Setting, BenchError> {
    let cores = machine::cores()?;
    let setting = Setting {
        duration: Duration::from_secs_f64(seconds),
        warmup: Duration::from_secs_f64(warmup),
        cores: cores.first().copied().zip(cores.get(1).copied()),
    };
    machine::stay_on(setting.cores.map(|(_, ours)| ours))?;
    Ok(setting)
}

fn write(file: Option<&PathBuf>, figures: &impl serde::Serialize) -> Result<(), BenchError> {
    if let Some(file) = file {
        let json = serde_json::to_vec_pretty(figures).map_err(std::io::Error::other)?;
        fs::write(file, json)?;
    }
    Ok(())
}

/// A line for who waits.
fn tell(run: &Measured) {
    eprintln!(
        "{:10} {:10} {:6.2} CPU-s/M  {:3.0} %  {:8.0} spans/s  {:6.1} MiB  ack p99 {:7.2} ms  lost {}  refused {:?}",
        run.scenario,
        run.peer,
        run.cpu.unwrap_or_default(),
        run.busy.unwrap_or_default() * 100.0,
        run.rate,
        run.peak.unwrap_or_default(),
        run.acknowledgement[1],
        run.verdict.lost,
        run.sent.refused,
    );
}
