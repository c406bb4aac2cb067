//! The gateway as a program.

use std::{error::Error, io::Write as _, path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use gateway::{
    config::{self, Source, Surroundings},
    serve::Gateway,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long the end may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The reference OTLP gateway.
#[derive(Parser)]
struct Arguments {
    /// The configuration; what a later one says goes before.
    #[arg(long, required = true)]
    config: Vec<PathBuf>,
    /// How many threads receive and send: as many as there are processors, where nothing is said.
    #[arg(long)]
    shards: Option<usize>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut source: Option<&dyn Error> = Some(error.as_ref());
            while let Some(error) = source {
                // Nobody may be there to read it.
                let _ = writeln!(std::io::stderr(), "{error}");
                source = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let sources: Vec<_> = arguments.config.into_iter().map(Source::File).collect();
    let loaded = config::load(&sources, &Surroundings::here())?;
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let gateway = Gateway::start(&loaded.settings, arguments.shards.unwrap_or(processors))?;
    wait()?;
    gateway.stop(PATIENCE);
    Ok(())
}

/// Waits until somebody wants the gateway to end.
fn wait() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    })
}
