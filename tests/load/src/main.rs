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
        crash::{Kill, Plan, crash},
        goal::{self, Demand, GOALS, Reached},
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
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Seconds of the same load before.
    #[arg(long, default_value_t = 0.5)]
    warmup: f64,
    /// What makes it fail.
    #[arg(long, value_enum, default_value = "ratios")]
    fail_on: Demand,
    /// A file for all figures, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Args)]
struct Soak {
    /// In which scenario: `soak` or `soak-tail`
    #[arg(long, default_value = "soak")]
    scenario: String,
    /// For how many minutes.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// A file for all figures, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Args)]
struct Crash {
    /// In which scenario: `crash`, `crash-power`, `crash-roll`, `crash-tail`, `crash-tail-slow`, `crash-tail-long`
    /// or `crash-tail-whole`
    #[arg(long, default_value = "crash")]
    scenario: String,
    /// How often it is killed.
    #[arg(long, default_value_t = 200)]
    times: u32,
    /// After how many acknowledged spans at least, each time.
    #[arg(long, default_value_t = 1_000_000)]
    spans: u64,
    /// The most percent of what was acknowledged that may come twice.
    #[arg(long, default_value_t = 0.1)]
    twice: f64,
    /// A file for all figures, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Bench(bench) => bench.run(),
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
    fn run(&self) -> Result<ExitCode, BenchError> {
        let scenarios = self.scenarios()?;
        try_to_write(self.json.as_ref())?;
        let setting = setting(self.seconds, self.warmup)?;
        let runs = interleaved(&self.peers, &scenarios, setting, self.times, tell)?;
        let goals = goal::reached(GOALS, &runs);
        println!("{}", report::markdown(&runs, &scenarios));
        println!("{}", goal::markdown(&goals));
        let is_good = goal::is_good(&runs, &goals, self.fail_on);
        write(self.json.as_ref(), &Compared { runs, goals })?;
        Ok(exit(is_good))
    }

    /// What is asked for, in the order of the tables.
    fn scenarios(&self) -> Result<Vec<Scenario>, BenchError> {
        if self.scenarios.is_empty() {
            return Ok(ALL.to_vec());
        }
        let known: Vec<Scenario> = ALL.iter().chain(NAMED).copied().collect();
        for name in &self.scenarios {
            named(&known, name)?;
        }
        let is_named = |one: &Scenario| self.scenarios.iter().any(|name| name == one.name);
        Ok(known.into_iter().filter(is_named).collect())
    }
}

/// Runs and goals, for a file.
#[derive(serde::Serialize)]
struct Compared {
    runs: Vec<Measured>,
    goals: Vec<Reached>,
}

impl Soak {
    fn run(&self) -> Result<ExitCode, BenchError> {
        try_to_write(self.json.as_ref())?;
        let setting = setting(self.minutes * 60.0, 0.0)?;
        let scenario = named(SOAK, &self.scenario)?;
        let soaked = in_folder(|folder| soak(scenario, setting, folder))?;
        write(self.json.as_ref(), &soaked)?;
        let last = soaked.samples.last().copied().unwrap_or_default();
        println!("{}", scenario.title);
        println!("  at the end: {last:?}");
        println!("  {:?}", soaked.verdict);
        if let Some(what) = soaked.not_judged() {
            println!("  too short: {what}");
        }
        for (what, before, after) in &soaked.grew {
            println!("  grew: {what} {before:.0} → {after:.0}");
        }
        Ok(exit(soaked.is_good()))
    }
}

impl Crash {
    fn run(&self) -> Result<ExitCode, BenchError> {
        try_to_write(self.json.as_ref())?;
        let plan = Plan {
            kills: self.times,
            spans: self.spans,
            twice: self.twice,
        };
        // It ends when the last kill is over; nothing is to take longer.
        let setting = setting(60.0 * f64::from(self.times), 0.0)?;
        let scenario = named(CRASH, &self.scenario)?;
        let crashed = in_folder(|folder| crash(scenario, setting, plan, folder, killed))?;
        write(self.json.as_ref(), &crashed)?;
        println!("{}: {} kills", scenario.title, crashed.kills.len());
        println!(
            "  acknowledged before each: at least {} spans, undecided at each: at least {}",
            crashed.least(|kill| kill.acknowledged),
            crashed.least(|kill| kill.undecided),
        );
        println!(
            "  started: listened within {:.2} s, answered within {:.2} s, after {:.2} CPU-s and {} MiB read",
            crashed.most(|kill| kill.listened),
            crashed.most(|kill| kill.answered),
            crashed.most(|kill| kill.cpu),
            crashed.most_read() >> 20,
        );
        println!("  refused {:?}", crashed.sent.refused);
        println!("  {:?}", crashed.verdict);
        println!("  twice: {:.3} %, {:?}", crashed.doubled(), crashed.twice);
        let wrong = crashed.wrong(scenario, plan);
        for what in &wrong {
            println!("  wrong: {what}");
        }
        Ok(exit(wrong.is_empty()))
    }
}

fn named<'a>(known: &'a [Scenario], name: &str) -> Result<&'a Scenario, BenchError> {
    let found = known.iter().find(|scenario| scenario.name == name);
    let names = || known.iter().map(|scenario| scenario.name);
    found.ok_or_else(|| BenchError::Unknown {
        name: name.to_owned(),
        known: names().collect::<Vec<_>>().join(", "),
    })
}

fn exit(is_good: bool) -> ExitCode {
    if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
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

/// Finds out before anything is run whether figures can be written afterwards.
fn try_to_write(file: Option<&PathBuf>) -> Result<(), BenchError> {
    let Some(file) = file else { return Ok(()) };
    let opened = fs::File::options().create(true).append(true).open(file);
    opened.map_err(|error| BenchError::File(file.clone(), error))?;
    Ok(())
}

fn write(file: Option<&PathBuf>, figures: &impl serde::Serialize) -> Result<(), BenchError> {
    if let Some(file) = file {
        let json = serde_json::to_vec_pretty(figures).map_err(std::io::Error::other);
        let written = json.and_then(|json| fs::write(file, json));
        written.map_err(|error| BenchError::File(file.clone(), error))?;
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

/// The same of a kill.
fn killed(kill: &Kill) {
    eprintln!(
        "killed after {:8} spans, {:8} undecided: listened after {:5.2} s, answered after {:5.2} s, {:5.2} CPU-s, {:5} MiB read",
        kill.acknowledged,
        kill.undecided,
        kill.listened,
        kill.answered,
        kill.cpu,
        kill.read >> 20,
    );
}
