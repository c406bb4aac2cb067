//! The gateway as a program.

use std::{collections::BTreeMap, error::Error, path::PathBuf, process::ExitCode};

use clap::Parser;
use collector_config::{
    Class, Config,
    components::{otlp::Otlp, otlp_exporters::OtlpGrpc},
};
use gateway::{
    export::{Queue, Retry, otlp},
    receive,
    serve::{Destination, Exporter, Gateway, Settings, Way},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The reference OTLP gateway.
#[derive(Parser)]
struct Arguments {
    /// The configuration.
    #[arg(long)]
    config: PathBuf,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write as _;
            let mut source: Option<&dyn Error> = Some(error.as_ref());
            while let Some(error) = source {
                let _ = writeln!(std::io::stderr(), "{error}");
                source = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let text = std::fs::read_to_string(&arguments.config)?;
    let settings = settings(&Config::from_yaml(&text)?)?;
    let gateway = Gateway::start(&settings)?;
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
        Ok::<_, std::io::Error>(())
    })?;
    gateway.stop();
    Ok(())
}

fn settings(config: &Config) -> Result<Settings, Box<dyn Error>> {
    let mut receivers = BTreeMap::new();
    for (id, _) in config.section(Class::Receiver) {
        let otlp: Otlp = config.get(id)?;
        let grpc = otlp.protocols.grpc.map(|grpc| {
            let endpoint = match grpc.endpoint.as_str() {
                "" => "localhost:4317",
                endpoint => endpoint,
            };
            let mut server = receive::Server::grpc(receive::Listen::Tcp(endpoint.to_owned()));
            if let Some(mib) = grpc.max_recv_msg_size_mib {
                server.max_message = u64::from(mib) << 20;
            }
            server
        });
        receivers.insert(id.clone(), receive::Settings { grpc, http: None });
    }
    let mut exporters = BTreeMap::new();
    for (id, _) in config.section(Class::Exporter) {
        let settings: OtlpGrpc = config.get(id)?;
        let exporter = Exporter {
            to: Destination::Grpc(otlp::Settings::to(settings.endpoint)),
            queue: Queue::default(),
            retry: Some(Retry::default()),
        };
        exporters.insert(id.clone(), exporter);
    }
    let pipelines = config.service.pipelines.iter().map(|(id, pipeline)| {
        let way = Way {
            receivers: pipeline.receivers.clone(),
            exporters: pipeline.exporters.clone(),
        };
        (id.clone(), way)
    });
    Ok(Settings {
        memory: 512 << 20,
        shards: 1,
        receivers,
        exporters,
        pipelines: pipelines.collect(),
    })
}
