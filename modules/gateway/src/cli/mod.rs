//! What can the program be asked? It is part of the library, so that other programs can run a gateway as their child.

mod components;
mod pages;
mod print_config;
mod remainder;
mod report;
mod retired;
mod serve;
mod signals;
mod taken;

use std::{convert::Infallible, process::ExitCode};

use clap::{CommandFactory as _, Parser, Subcommand, builder::RangedU64ValueParser};
use clap_complete::{Shell, generate};

use crate::{
    config::{self, Loaded, Setting, Source, Surroundings},
    settings::Http2,
};

use report::Report;

pub use serve::News;

/// The reference OTLP gateway: the OpenTelemetry Collector's configuration, at a fraction of its cost.
#[derive(Debug, Parser)]
#[command(name = "gateway", version, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(flatten)]
    configuration: Configuration,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Where the configuration comes from.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Configuration {
    /// A file with the configuration, or `env:NAME`, or `yaml:KEYS: VALUE`; may be given several times, the later goes
    /// before the earlier
    #[arg(long, value_name = "FILE")]
    config: Vec<Source>,
    /// One key of the configuration, which goes before all files: `exporters.otlp.endpoint=backend:4317`
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Setting>,
    /// How many threads take and send, each on its own: as many as there are processors where nothing is said
    #[arg(long, value_name = "COUNT", value_parser = RangedU64ValueParser::<usize>::new().range(1..=256))]
    shards: Option<usize>,
    /// Who speaks HTTP/2
    #[arg(long, value_enum, default_value_t)]
    http2: Http2,
    /// What the collector takes and the gateway has not: known, so that it can be refused with what to do
    #[arg(long, hide = true, value_parser = no_gates)]
    feature_gates: Option<Infallible>,
    /// A file that is given without `--config`, or a command that there is not: known for the same reason
    #[arg(hide = true, value_name = "COMMAND", value_parser = no_command)]
    misplaced: Option<Infallible>,
}

/// Refuses what the collector calls a feature gate.
fn no_gates(_: &str) -> Result<Infallible, &'static str> {
    Err("the gateway has no feature gates: leave the flag out")
}

/// Refuses what is neither a flag nor a command.
fn no_command(text: &str) -> Result<Infallible, String> {
    Err(format!(
        "there is no such command; if it is a configuration, give it with `--config {text}`"
    ))
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say everything that is wrong with a configuration
    Validate(Configuration),
    /// List the components that this program runs
    Components {
        /// How they are listed: for people on a terminal, as YAML elsewhere
        #[arg(long, value_enum)]
        format: Option<components::Format>,
    },
    /// Print the configuration that would be run, with everything in its place and secrets left out
    PrintConfig {
        #[command(flatten)]
        configuration: Configuration,
        /// What is printed
        #[arg(long, value_enum, default_value = "redacted")]
        mode: print_config::Mode,
    },
    /// Print what a shell needs to complete this program's arguments
    Completion {
        /// For which shell
        shell: Shell,
    },
}

impl Configuration {
    /// A configuration from these sources, to be run on so many shards.
    pub fn new(sources: Vec<Source>, shards: usize) -> Self {
        Self {
            config: sources,
            shards: Some(shards),
            ..Self::default()
        }
    }

    /// All sources in their order.
    fn sources(&self) -> Vec<Source> {
        let files = self.config.iter().cloned();
        files
            .chain(self.set.iter().cloned().map(Source::Set))
            .collect()
    }

    /// Reads it anew.
    pub(crate) fn load(&self) -> Result<Loaded, config::Problems> {
        let mut loaded = config::load(&self.sources(), &Surroundings::here())?;
        loaded.settings.http2 = self.http2;
        Ok(loaded)
    }

    /// On how many shards it runs.
    pub(crate) fn shards(&self) -> usize {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        self.shards.unwrap_or(processors).clamp(1, 256)
    }
}

/// Does what the arguments ask for.
pub fn run(arguments: &Arguments) -> ExitCode {
    let report = Report::default();
    match &arguments.command {
        Some(Command::Components { format }) => components::list(*format),
        Some(Command::Completion { shell }) => {
            let mut text = Vec::new();
            generate(*shell, &mut Arguments::command(), "gateway", &mut text);
            components::print(&text)
        }
        Some(Command::Validate(configuration)) => match loaded(configuration, &report) {
            Ok(loaded) => Report::valid(&loaded),
            Err(code) => code,
        },
        Some(Command::PrintConfig {
            configuration,
            mode,
        }) => match loaded(configuration, &report) {
            Ok(loaded) => print_config::print(&loaded, *mode),
            Err(code) => code,
        },
        None => match loaded(&arguments.configuration, &report) {
            Ok(loaded) => serve::serve(&arguments.configuration, loaded, &report, &|_| ()),
            Err(code) => code,
        },
    }
}

/// Runs a gateway until somebody ends this process, and tells what becomes of it.
pub fn run_told(configuration: &Configuration, told: &dyn Fn(&News)) -> ExitCode {
    let report = Report::default();
    match loaded(configuration, &report) {
        Ok(loaded) => serve::serve(configuration, loaded, &report, told),
        Err(code) => code,
    }
}

fn loaded(configuration: &Configuration, report: &Report) -> Result<Loaded, ExitCode> {
    if configuration.sources().is_empty() {
        return Err(report.usage("no configuration: give it with `--config FILE`"));
    }
    let loaded = configuration
        .load()
        .map_err(|problems| report.problems(&problems))?;
    report.notes(&loaded.notes);
    Ok(loaded)
}
